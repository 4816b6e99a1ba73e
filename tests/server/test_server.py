"""A node on its port: what is bound, and what is said where it cannot be."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from teahouse.core.errors import ConfigError
from teahouse.core.limits import LAN
from teahouse.server.clock import Clock
from teahouse.server.engine import Engine
from teahouse.server.server import Server, bind, our_names
from teahouse.store.connect import FILE, run, writing
from teahouse.store.sqlite import SqliteStore
from tests.server.house import open_house
from tests.support.json_client import JsonClient


def test_a_port_that_is_taken_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"Port {port} of 127.0.0.1 is taken"):
            bind("127.0.0.1", port, LAN)


@pytest.mark.parametrize("host", ["192.0.2.1", "no such name", "a" * 70])
def test_a_host_that_is_not_ours_is_named(host: str) -> None:
    with pytest.raises(ConfigError, match=host):
        bind(host, 0, LAN)


def test_every_address_of_a_name_is_bound_on_one_port() -> None:
    sockets = bind("localhost", 0, LAN)
    try:
        assert len({sock.getsockname()[1] for sock in sockets}) == 1
        assert {sock.getsockname()[0] for sock in sockets} <= {"127.0.0.1", "::1"}
    finally:
        for sock in sockets:
            sock.close()


def test_our_names_are_the_configured_ones_and_the_machines_in_lower_case() -> None:
    names = our_names(["Tea.Example"])
    assert "tea.example" in names
    assert socket.gethostname().casefold() in names


async def test_a_taken_port_leaves_the_store_closed(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        engine = Engine(SqliteStore(tmp_path, LAN, Clock().now_ms), LAN, name="Teahouse", version="0")
        server = Server(engine, host="127.0.0.1", port=taken.getsockname()[1])
        with pytest.raises(ConfigError):
            await server.start()
    async with open_house(tmp_path):
        pass  # the folder is free


async def test_accepted_connections_are_watched(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        caller = await house.call()
        caller.send(b"hello\n")
        await caller.until(b"/help")
        (visit,) = house.server.visits.present
        sock = visit.transport.get_extra_info("socket")
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 30
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == LAN.stall_ms
        assert visit.transport.get_write_buffer_limits() == (LAN.write_low_bytes, LAN.write_high_bytes)


async def whole_search(program: JsonClient, query: str) -> list[str]:
    """What is found, newest first, once the search is complete."""
    while True:
        found = await program.ask("search", query=query)
        if found["complete"]:
            return [message["text"] for message in found["messages"]]


async def test_a_server_whose_search_index_is_damaged_starts_and_serves_and_finds_again(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        program = await house.program()
        await program.ask("post", room="lobby", text="绿茶 before")
        assert await whole_search(program, "绿茶") == ["绿茶 before"]
    damaged = writing(tmp_path / FILE)
    run(damaged, "UPDATE words_data SET block = zeroblob(length(block)) WHERE id > 10")
    damaged.close()
    async with open_house(tmp_path) as house:
        program = await house.program()
        assert (await program.ask("post", room="lobby", text="绿茶 after"))["type"] == "stored"
        assert await whole_search(program, "绿茶") == ["绿茶 after", "绿茶 before"]
