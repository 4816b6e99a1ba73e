"""Which addresses a host stands for, and that each one that is shown lets somebody in."""

from __future__ import annotations

import asyncio
import re
import socket
import sys
from pathlib import Path

import pytest

from teahouse.core.errors import ConfigError
from teahouse.core.limits import LAN
from teahouse.server import addresses
from teahouse.server.addresses import bare_host, candidates, is_private, those_that_answer, url_host
from teahouse.server.server import bind
from teahouse.server.web.origin import is_our_host, is_our_origin
from tests.support.server_process import environment

HAS_IPV6 = (
    socket.has_ipv6 and Path("/proc/net/if_inet6").exists() and "00000001" in Path("/proc/net/if_inet6").read_text()
)
needs_ipv6 = pytest.mark.skipif(not HAS_IPV6, reason="this machine has no IPv6: its loopback has no ::1")


def bound(host: str) -> set[str]:
    """The addresses that are listened on, all on one port."""
    sockets = bind(host, 0, LAN)
    try:
        assert len({sock.getsockname()[1] for sock in sockets}) == 1
        return {sock.getsockname()[0] for sock in sockets}
    finally:
        for sock in sockets:
            sock.close()


@needs_ipv6
@pytest.mark.parametrize(
    ("host", "both"),
    [
        ("::", {"0.0.0.0", "::"}), ("[::]", {"0.0.0.0", "::"}), ("", {"0.0.0.0", "::"}), ("::0", {"0.0.0.0", "::"}), ("0.0.0.0", {"0.0.0.0"}),
        ("[::1]", {"::1"}), ("::1", {"::1"}), ("::1%lo", {"::1"}), ("[::1%lo]", {"::1"}), ("0:0:0:0:0:0:0:1", {"::1"}), ("127.0.0.1", {"127.0.0.1"}),
    ],
)  # fmt: skip
def test_a_host_stands_for(host: str, both: set[str]) -> None:
    assert bound(host) == both


def test_a_name_with_several_addresses_stands_for_those_that_are_here(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = (socket.SOCK_STREAM, 6, "")
    found = [(socket.AF_INET, *stream, (ip, 0)) for ip in ("192.0.2.77", "127.0.0.1", "127.0.0.2", "127.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    assert bound("tea.example") == {"127.0.0.1", "127.0.0.2"}


@pytest.mark.parametrize("host", ["::", ""])
def test_without_ipv6_every_address_is_that_of_ipv4(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Old(socket.socket):
        def __init__(self, family: int = -1, *rest: int, **more: object) -> None:
            if family == socket.AF_INET6:
                raise OSError(97, "Address family not supported by protocol")
            super().__init__(family, *rest)

    with monkeypatch.context() as patched:
        patched.setattr(socket, "socket", Old)
        assert bound(host) == {"0.0.0.0"}
        with pytest.raises(ConfigError, match="no such network"):
            bind("[::1]", 0, LAN)


@pytest.mark.parametrize("host", ["[::1", "::1]", "[127.0.0.1]x", "[]", "[nowhere.invalid]"])
def test_half_a_bracket_is_no_host(host: str) -> None:
    with pytest.raises(ConfigError):
        bind(host, 0, LAN)


@pytest.mark.parametrize(
    ("host", "bare", "private"),
    [("[::1]", "::1", True), ("::1%lo", "::1", True), ("[fe80::1%eth0]", "fe80::1%eth0", True), ("[::]", "::", False), ("localhost", "localhost", True),
     ("[fd00::7]", "fd00::7", True), ("[2606:4700::1111]", "2606:4700::1111", False)],
)  # fmt: skip
def test_brackets_and_zones_are_no_part_of_an_address(host: str, bare: str, private: bool) -> None:
    assert bare_host(host) == bare
    assert is_private(host) is private


def test_an_address_stands_in_a_url_with_brackets() -> None:
    assert (url_host("::1"), url_host("127.0.0.1"), url_host("tea.example")) == ("[::1]", "127.0.0.1", "tea.example")


@pytest.mark.parametrize("host", ["[::1]:7256", "[::1]", "[fd00::2]:80", "[FD00::2]", "[::ffff:127.0.0.1]:1"])
def test_an_ipv6_host_is_ours_with_its_brackets(host: str) -> None:
    assert is_our_host(host, set())
    assert is_our_origin(f"http://{host}", host)
    assert not is_our_origin("http://[::2]:7256", host)


@pytest.mark.parametrize(
    "host", ["::1", "::1:7256", "[::1]7256", "[::1]:x", "[localhost]", "[127.0.0.1]", "[tea.example]:80", "[]", "[::1"]
)
def test_brackets_hold_an_ipv6_address_and_nothing_else(host: str) -> None:
    assert not is_our_host(host, {"tea.example"})


# ---- what is shown is tried


async def test_what_does_not_answer_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "TRY_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as open_here, socket.socket() as silent, socket.socket() as closed:
        silent.bind(("127.0.0.1", 0))
        silent.listen(0)
        closed.bind(("127.0.0.1", 0))
        waiting = [socket.socket() for _ in range(3)]  # more than the queue of one who never accepts takes
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(silent.getsockname())
        there, busy, nobody = (each.getsockname() for each in (open_here, silent, closed))
        assert await those_that_answer([nobody, busy, there]) == [there]
        for each in waiting:
            each.close()


def test_every_address_stands_for_the_networks_first_and_the_machines_own(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = {(socket.AF_INET,): "192.168.1.20", (socket.AF_INET6,): "fd00::2"}
    monkeypatch.setattr(addresses, "lan_address", lambda families: ours[families])
    assert candidates([("0.0.0.0", 7), ("::", 7)]) == [
        ("192.168.1.20", 7),
        ("fd00::2", 7),
        ("127.0.0.1", 7),
        ("::1", 7),
    ]
    assert candidates([("127.0.0.1", 7)]) == [("127.0.0.1", 7)]
    monkeypatch.setattr(addresses, "lan_address", lambda families: None)
    assert candidates([("::", 7)]) == [("::1", 7)]


async def health(host: str, port: int) -> bytes:
    """What a browser at this address is told."""
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(f"GET /healthz HTTP/1.1\r\nHost: {url_host(host)}:{port}\r\nConnection: close\r\n\r\n".encode())
    async with asyncio.timeout(20):
        answer = await reader.read()
    writer.close()
    return answer


@pytest.mark.asyncio(loop_factories=["asyncio"])
@pytest.mark.parametrize("host", ["0.0.0.0", "localhost", *(["::", "[::]", "[::1]", "::1%lo"] if HAS_IPV6 else [])])
async def test_every_address_on_the_screen_serves(tmp_path: Path, host: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "teahouse", "serve", "--host", host, "--port", "0", "--data", str(tmp_path / "data"), "--limits", "lan"),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL, cwd=tmp_path, env=environment(),
    )  # fmt: skip
    try:
        assert process.stdout is not None
        async with asyncio.timeout(60):
            screen = (await process.stdout.readuntil(b"Ctrl-C")).decode()
        places = re.findall(r"(?:http|ws)://\[?([^\]/]+?)\]?:([0-9]+)/", screen)
        (nc,) = re.findall(r"nc (\S+) ([0-9]+)", screen)
        assert len(places) >= 2
        for shown, port in {*places, nc}:
            assert (await health(shown, int(port))).startswith(b"HTTP/1.1 200 ")
        families = {":" in shown for shown, _ in places}
        assert families == ({True, False} if host in ("::", "[::]") else {True} if ":" in host else families)
    finally:
        process.terminate()
        await process.wait()
