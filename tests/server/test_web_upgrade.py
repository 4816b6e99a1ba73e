"""A connection that asks for another protocol: nothing that comes with the request, or right behind it, is lost."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from teahouse.core.limits import LAN
from tests.server.house import Caller, House, hears, open_house
from tests.server.test_web_socket import TEXT, frame, handshake, next_frame, said

PATIENT = msgspec.structs.replace(LAN, listener_ms=60_000)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path / "data", PATIENT) as house:
        yield house


def post(body: bytes, *headers: str, method: str = "POST", target: str = "/r/lobby", length: bool = True) -> bytes:
    lines = [f"{method} {target} HTTP/1.1", "Host: localhost", *headers]
    if length:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


UPGRADES = {
    "h2c": ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA"],
    "TLS": ["Connection: Upgrade", "Upgrade: TLS/1.0"],
    "TLS in another version": ["Upgrade: TLS/1.3, HTTP/1.1", "Connection: upgrade"],
    "a WebSocket by POST": [
        "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    ],
    "a WebSocket of another version": ["Connection: Upgrade", "Upgrade: WebSocket", "Sec-WebSocket-Version: 8"],
    "two at once": ["Connection: Upgrade", "Upgrade: websocket", "Upgrade: h2c"],
    "something new": ["Connection: keep-alive, Upgrade", "Upgrade: tea/2"],
}  # fmt: skip


@pytest.mark.parametrize("headers", UPGRADES.values(), ids=UPGRADES.keys())
@pytest.mark.parametrize("cut", [0, 40, -7, -1])
async def test_a_body_arrives_whatever_upgrade_is_asked_for(house: House, headers: list[str], cut: int) -> None:
    ana = await house.program(name="ana")
    request = post(b"a cup of tea", *headers)
    caller = await house.call()
    caller.send(request[:cut] if cut else request)
    if cut:
        await house.has(2)
        caller.send(request[cut:])
    answer = await caller.rest()
    assert answer.startswith(b"HTTP/1.1 201 "), answer
    assert b"connection: close" in answer
    assert await hears(ana) == "a cup of tea"


async def test_a_body_in_chunks_arrives(house: House) -> None:
    request = post(b"5\r\nhello\r\n0\r\n\r\n", "Transfer-Encoding: chunked", *UPGRADES["h2c"], length=False)
    assert (await house.ask(request)).startswith(b"HTTP/1.1 201 ")
    assert house.head == 1


async def test_who_asks_to_continue_is_told_so(house: House) -> None:
    caller = await house.call()
    caller.send(post(b"", "Expect: 100-continue", *UPGRADES["h2c"], "Content-Length: 3", length=False))
    assert (await caller.until(b"\r\n\r\n")).startswith(b"HTTP/1.1 100 ")
    caller.send(b"tea")
    assert (await caller.until(b"\r\n\r\n")).startswith(b"HTTP/1.1 201 ")


async def test_a_body_that_is_too_long_is_still_refused(house: House) -> None:
    caller = await house.call()
    caller.send(post(b"", "Content-Length: 9999999", *UPGRADES["TLS"], length=False))
    assert (await caller.rest()).startswith(b"HTTP/1.1 413 ")


async def test_upgrades_one_behind_the_other_end(house: House) -> None:
    answer = await house.ask(post(b"tea", *UPGRADES["h2c"]) * 40)
    assert answer.startswith(b"HTTP/1.1 201 ")


async def test_a_tunnel_is_refused(house: House) -> None:
    assert b" 40" in (await house.ask(b"CONNECT localhost:1 HTTP/1.1\r\nHost: localhost\r\n\r\nhello"))[:12]


async def test_a_get_with_a_body_is_no_websocket(house: House) -> None:
    answer = await house.ask(handshake("/ws", "localhost", "Content-Length: 3") + b"tea")
    assert answer.startswith(b"HTTP/1.1 404 ")


# ---- words behind a handshake


async def welcome(caller: Caller) -> None:
    assert (await caller.until(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
    opcode, payload = await next_frame(caller)
    assert (opcode, json.loads(payload)["type"]) == (TEXT, "welcome")


HELLO = said(type="hello", name="ana")
JOIN = said(type="join", room="lobby")
POST = said(type="post", room="lobby", text="at once")


async def test_words_in_the_segment_of_the_handshake_are_heard(house: House) -> None:
    bob = await house.program(name="bob")
    caller = await house.call()
    caller.send(handshake() + HELLO + JOIN + POST)
    await welcome(caller)
    assert await hears(bob) == "at once"


@pytest.mark.parametrize("cut", [1, 5, len(HELLO) + 3])
async def test_half_a_word_in_the_segment_of_the_handshake_is_kept(house: House, cut: int) -> None:
    bob = await house.program(name="bob")
    words = HELLO + JOIN + POST
    caller = await house.call()
    caller.send(handshake() + words[:cut])
    assert (await caller.until(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
    caller.send(words[cut:])
    assert await hears(bob) == "at once"


async def test_who_ends_their_side_with_the_handshake_is_answered(house: House) -> None:
    caller = await house.call()
    caller.send(handshake() + frame(9, b"are you there"))
    caller.end()
    answer = await caller.rest()
    assert answer.startswith(b"HTTP/1.1 101 ")


async def test_words_behind_a_handshake_that_is_refused_do_no_harm(house: House) -> None:
    answer = await house.ask(handshake("/ws", "localhost", "Origin: http://evil.example") + HELLO + POST)
    assert answer.startswith(b"HTTP/1.1 403 ")
    assert house.head == 0


async def test_a_great_many_words_behind_a_handshake_are_all_heard(house: House) -> None:
    bob = await house.program(name="bob")
    caller = await house.call()
    caller.send(handshake() + HELLO + JOIN + b"".join(said(type="post", room="lobby", text=str(n)) for n in range(500)))
    for n in range(500):
        assert await hears(bob) == str(n)
    await caller.close()
