"""Which hosts and which origins are ours."""

from __future__ import annotations

import pytest

from teahouse.server.web.origin import hostname, is_our_host, is_our_origin, only

NAMES = {"tea.example", "box.local"}


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:7256", "127.0.0.1:7256", "192.168.1.7", "[::1]:7256", "[::1]",
                                  "tea.example:7256", "Tea.Example", "tea.example.", "box.local"])  # fmt: skip
def test_addresses_localhost_and_our_names_are_ours(host: str) -> None:
    assert is_our_host(host, NAMES)


@pytest.mark.parametrize("host", [None, "", "evil.example", "127.0.0.1.evil.example", "tea.example.evil.example",
                                  "localhost.evil.example", "127.0.0.1:port", "[::1", "[::1]x", "localhost:80:80",
                                  "user@localhost", "evil.example:127", " localhost"])  # fmt: skip
def test_what_somebody_else_may_call_himself_is_not(host: str | None) -> None:
    assert not is_our_host(host, NAMES)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        (None, "localhost:7256"),
        ("http://localhost:7256", "localhost:7256"),
        ("https://tea.example", "tea.example"),
        ("https://tea.example", "tea.example:443"),
        ("http://TEA.example:80", "tea.example"),
        ("http://[::1]:7256", "[::1]:7256"),
    ],
)
def test_a_page_of_this_very_host_is_ours(origin: str | None, host: str) -> None:
    assert is_our_origin(origin, host)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("null", "localhost:7256"),
        ("", "localhost:7256"),
        ("http://localhost:8080", "localhost:7256"),
        ("http://127.0.0.1:7256", "localhost:7256"),
        ("http://evil.example", "tea.example"),
        ("http://tea.example.evil.example", "tea.example"),
        ("http://tea.example/", "tea.example"),
        ("ftp://tea.example", "tea.example"),
        ("http://tea.example", None),
    ],
)
def test_a_page_from_anywhere_else_is_not(origin: str, host: str | None) -> None:
    assert not is_our_origin(origin, host)


def test_a_header_that_stands_twice_says_nothing() -> None:
    headers = [(b"host", b"localhost"), (b"x", b" one "), (b"host", b"evil.example")]
    assert only(headers, b"host") is None
    assert only(headers, b"x") == "one"
    assert only(headers, b"y") is None


def test_the_port_is_no_part_of_the_name() -> None:
    assert hostname("a:1") == "a"
    assert hostname("[2001:db8::1]:1") == "2001:db8::1"
    assert hostname("2001:db8::1") == ""
