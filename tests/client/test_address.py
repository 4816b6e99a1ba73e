"""What people write for a place, and what it means."""

from __future__ import annotations

import pytest

from teahouse.client.address import Address, parse
from teahouse.client.errors import BadAddress


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("tea.lan", Address("tea.lan", 7256)),
        (" tea.lan:7300 ", Address("tea.lan", 7300)),
        ("127.0.0.1:1", Address("127.0.0.1", 1)),
        ("茶馆.example:7256", Address("茶馆.example", 7256)),
        ("[::1]", Address("::1", 7256)),
        ("[::1]:7300", Address("::1", 7300)),
        ("fe80::1%eth0", Address("fe80::1%eth0", 7256)),
        ("ws://tea.lan:7300/ws", Address("tea.lan", 7300, "/ws")),
        ("ws://tea.lan/", Address("tea.lan", 80, "/ws")),
        ("wss://tea.lan/rooms/ws", Address("tea.lan", 443, "/rooms/ws", tls=True)),
        ("WS://[::1]:7300/ws", Address("::1", 7300, "/ws")),
        ("http://tea.lan:7256/r/lobby", Address("tea.lan", 7256, "/ws")),
        ("https://tea.lan", Address("tea.lan", 443, "/ws", tls=True)),
    ],
)
def test_an_address_means_a_place(text: str, address: Address) -> None:
    assert parse(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "", ":", ":7256", "tea.lan:", "tea.lan:port", "tea.lan:0", "tea.lan:65536", "tea.lan:７２５６", "a b", "a/b",
        "[::1", "[::1]x", "[]:1", "ftp://tea.lan", "ws://", "ws://tea.lan:99999/ws", "ws://[::1/ws", "user@tea.lan",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused_with_what_would_do(text: str) -> None:
    with pytest.raises(BadAddress) as refused:
        parse(text)
    assert "would do" in refused.value.message


@pytest.mark.parametrize("text", ["tea.lan:7300", "[::1]:7300", "ws://tea.lan:7300/ws", "wss://[::1]:443/ws"])
def test_an_address_reads_as_it_is_written(text: str) -> None:
    assert str(parse(text)) == text
