"""The WebSocket door: its handshake, its close codes, its bounds."""

from __future__ import annotations

import asyncio
import json
import os
import struct
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from websockets.http11 import Request
from websockets.server import ServerProtocol

from teahouse.core.limits import LAN
from teahouse.server.web.websocket import is_between_frames
from tests.server.house import Caller, House, hears, open_house
from tests.support.json_client import JsonClient

PATIENT = msgspec.structs.replace(LAN, listener_ms=60_000)
TEXT, BINARY, CONTINUATION, CLOSE, PING, PONG = 1, 2, 0, 8, 9, 10


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path / "data", PATIENT) as house:
        yield house


def handshake(path: str = "/ws", host: str = "localhost", *more: str) -> bytes:
    lines = [f"GET {path} HTTP/1.1", f"Host: {host}", "Upgrade: websocket", "Connection: keep-alive, Upgrade"]
    lines += ["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", *more]
    return "\r\n".join([*lines, "", ""]).encode()


def frame(opcode: int, payload: bytes, fin: bool = True) -> bytes:
    """A client's frame: masked."""
    size = len(payload)
    length = (
        bytes([0x80 | size])
        if size < 126
        else struct.pack("!BH", 0xFE, size)
        if size < 1 << 16
        else struct.pack("!BQ", 0xFF, size)
    )
    mask = os.urandom(4)
    masked = bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))
    return bytes([(0x80 if fin else 0) | opcode]) + length + mask + masked


def said(**fields: object) -> bytes:
    return frame(TEXT, json.dumps(fields).encode())


async def opened(house: House, *more: str) -> Caller:
    caller = await house.call()
    caller.send(handshake("/ws", "localhost", *more))
    assert (await caller.until(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
    return caller


async def next_frame(caller: Caller) -> tuple[int, bytes]:
    async with asyncio.timeout(20):
        first, second = await caller.reader.readexactly(2)
        assert first & 0x80
        assert not second & 0x80
        size = second
        if size == 126:
            (size,) = struct.unpack("!H", await caller.reader.readexactly(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", await caller.reader.readexactly(8))
        return first & 0x0F, await caller.reader.readexactly(size)


async def next_word(caller: Caller) -> dict[str, Any]:
    opcode, payload = await next_frame(caller)
    assert opcode == TEXT, (opcode, payload)
    word: dict[str, Any] = json.loads(payload)
    return word


async def closed_with(caller: Caller) -> int:
    """The code of the close frame, which is the last of all."""
    while True:
        opcode, payload = await next_frame(caller)
        if opcode == CLOSE:
            assert await caller.rest() == b""
            (code,) = struct.unpack_from("!H", payload)
            return int(code)


# ---- the handshake


async def test_a_program_without_an_origin_is_let_in(house: House) -> None:
    caller = await opened(house)
    caller.send(said(type="hello", name="ana"))
    assert (await next_word(caller))["you"]["name"] == "ana"


async def test_our_own_page_is_let_in(house: House) -> None:
    await opened(house, "Origin: http://localhost")


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost:81"])
async def test_a_foreign_page_is_refused(house: House, origin: str) -> None:
    answer = await house.ask(handshake("/ws", "localhost", f"Origin: {origin}"))
    assert answer.startswith(b"HTTP/1.1 403 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["code"] == "foreign-origin"


async def test_a_page_of_a_name_that_was_rebound_to_us_is_refused(house: House) -> None:
    answer = await house.ask(handshake("/ws", "evil.example", "Origin: http://evil.example"))
    assert answer.startswith(b"HTTP/1.1 421 ")


async def test_another_path_has_no_websocket(house: House) -> None:
    assert (await house.ask(handshake("/chat"))).startswith(b"HTTP/1.1 404 ")


async def test_a_handshake_without_a_key_is_refused(house: House) -> None:
    request = handshake().replace(b"Sec-WebSocket-Key", b"X-Key")
    assert (await house.ask(request)).startswith(b"HTTP/1.1 400 ")


async def test_nothing_is_compressed(house: House) -> None:
    caller = await house.call()
    caller.send(handshake("/ws", "localhost", "Sec-WebSocket-Extensions: permessage-deflate"))
    assert b"extensions" not in (await caller.until(b"\r\n\r\n")).lower()


async def test_a_plain_request_of_the_path_is_not_found(house: House) -> None:
    answer = await house.ask(b"GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 404 ")


# ---- messages


async def test_what_is_said_is_heard_at_other_doors_and_back(house: House) -> None:
    program = await house.program()
    caller = await opened(house)
    caller.send(said(type="hello") + said(type="join", room="lobby") + said(type="post", room="lobby", text="茶"))
    assert [(await next_word(caller))["type"] for _ in range(2)] == ["welcome", "room"]
    assert await hears(program) == "茶"
    await program.ask("post", room="lobby", text="back")
    while (word := await next_word(caller)).get("text") != "back":
        assert word["type"] in ("present", "posted", "stored")


async def test_a_message_in_pieces_with_pings_between_is_one_message(house: House) -> None:
    caller = await opened(house)
    whole = json.dumps({"type": "hello", "name": "茶客"}, ensure_ascii=False).encode()
    caller.send(frame(TEXT, b"", fin=False))
    for byte in whole:
        caller.send(frame(CONTINUATION, bytes([byte]), fin=False) + frame(PING, b"?"))
    caller.send(frame(CONTINUATION, b""))
    opcodes = []
    while (got := await next_frame(caller))[0] != TEXT:
        opcodes.append(got)
    assert opcodes == [(PONG, b"?")] * len(whole)
    assert json.loads(got[1])["you"]["name"] == "茶客"


async def test_a_handshake_and_frames_cut_anywhere_are_understood(house: House) -> None:
    caller = await house.call()
    await caller.dribble(handshake())
    await caller.until(b"\r\n\r\n")
    await caller.dribble(said(type="hello", name="ana"))
    assert (await next_word(caller))["type"] == "welcome"


async def test_bad_json_is_refused_and_the_connection_goes_on(house: House) -> None:
    caller = await opened(house)
    caller.send(frame(TEXT, b"{") + said(type="hello"))
    assert (await next_word(caller))["code"] == "bad-json"
    assert (await next_word(caller))["type"] == "welcome"


# ---- close codes


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (frame(BINARY, b"{}"), 1003),
        (frame(BINARY, b"{", fin=False), 1003),
        (frame(BINARY, b"{", fin=False) + frame(TEXT, b"{}"), 1002),
        (frame(TEXT, b"\xff\xfe"), 1007),
        (frame(TEXT, b"\xe8", fin=False) + frame(CONTINUATION, b"\x28"), 1007),
        (frame(TEXT, b" " * (LAN.frame_bytes + 1)), 1009),
        (frame(TEXT, b" " * LAN.frame_bytes, fin=False) + frame(CONTINUATION, b" "), 1009),
        (bytes([0x81, 0x00]), 1002),
        (frame(CONTINUATION, b"x"), 1002),
        (frame(3, b""), 1002),
        (bytes([0xC1]) + frame(TEXT, b"")[1:], 1002),
        (frame(CLOSE, b""), 1005),
        (frame(CLOSE, struct.pack("!H", 1000)), 1000),
    ],
    ids=["binary", "binary in pieces", "text in a binary message", "no utf-8", "no utf-8 in pieces", "too big", "too big in pieces", "unmasked",
         "continues nothing", "unknown opcode", "compressed", "close without code", "close"],
)  # fmt: skip
async def test_the_close_code_says_what_was_wrong(house: House, sent: bytes, code: int) -> None:
    caller = await opened(house)
    caller.send(sent)
    if code == 1005:
        assert await next_frame(caller) == (CLOSE, b"")
        assert await caller.rest() == b""
    else:
        assert await closed_with(caller) == code
    await caller.close()
    await house.empty()


async def test_nothing_is_done_after_a_close_frame(house: House) -> None:
    program = await house.program()
    caller = await opened(house)
    caller.send(said(type="hello") + said(type="join", room="lobby"))
    await next_word(caller)
    await next_word(caller)
    caller.send(frame(CLOSE, struct.pack("!H", 1000)) + said(type="post", room="lobby", text="a ghost"))
    await closed_with(caller)
    await program.ask("post", room="lobby", text="still here")
    assert await hears(program) == "still here"


async def test_whoever_never_says_hello_is_closed(tmp_path: Path) -> None:
    async with open_house(tmp_path, msgspec.structs.replace(PATIENT, hello_ms=50)) as house:
        assert await closed_with(await opened(house)) == 1008


async def test_a_stopping_server_says_that_it_goes_away(house: House) -> None:
    caller = await opened(house)
    caller.send(said(type="hello"))
    await next_word(caller)
    await house.server.stop()
    assert await closed_with(caller) == 1001


# ---- halves


def dribbled(data: bytes) -> list[bytes]:
    return [bytes([byte]) for byte in data]


LONG = json.dumps({"type": "ping", "ref": "x" * 60}).encode()
HALVES = {
    "a message whose last frame never comes": [frame(TEXT, b'{"type', fin=False)],
    "a frame whose rest never comes": [frame(TEXT, LONG)[:40]],
    "half the header of a frame": [b"\x81"],
    "half a long length": [b"\x81\xfe\x01"],
    "a header without its mask": [frame(TEXT, LONG)[:2]],
    "half a ping": [frame(PING, b"12345678")[:9]],
    "empty frames of one message, on and on": [
        frame(TEXT, b"", fin=False),
        *[frame(CONTINUATION, b"", fin=False)] * 400,
    ],
    "a byte of a frame now and then": dribbled(frame(TEXT, b"x" * 120)[:-1]),
    "whole messages, then half of one": [said(type="ping"), frame(TEXT, b"{", fin=False)],
}


@pytest.mark.parametrize("pieces", HALVES.values(), ids=HALVES.keys())
async def test_what_is_never_finished_has_a_deadline_though_pings_and_pongs_come(
    tmp_path: Path, pieces: list[bytes]
) -> None:
    may_ping = len(pieces) == 1 and pieces[0][0] == TEXT  # between the frames of a message, not inside of one
    pings = (100, 50) if may_ping else (LAN.ping_ms, LAN.pong_ms)
    quick = msgspec.structs.replace(PATIENT, half_frame_ms=300, ping_ms=pings[0], pong_ms=pings[1])
    async with open_house(tmp_path, quick) as house:
        caller = await opened(house)
        caller.send(said(type="hello"))

        async def keep_on() -> None:
            for piece in pieces:
                caller.send(piece)
                await asyncio.sleep(0.01)
            while True:
                if may_ping:
                    caller.send(frame(PONG, b"") + frame(PING, b"x"))
                await asyncio.sleep(0.02)

        talking = asyncio.create_task(keep_on())
        try:
            code = 0
            while code == 0:
                opcode, payload = await next_frame(caller)
                if opcode == CLOSE:
                    (code,) = struct.unpack_from("!H", payload)
                    assert payload[2:] == b"timed-out"
        finally:
            talking.cancel()
        assert code == 1008


async def test_who_always_sends_half_a_message_and_then_its_rest_is_welcome(tmp_path: Path) -> None:
    quick = msgspec.structs.replace(PATIENT, half_frame_ms=1_000)
    async with open_house(tmp_path, quick) as house:
        caller = await opened(house)
        caller.send(said(type="hello"))
        await next_word(caller)
        whole = said(type="ping", ref="x" * 40)
        rest = b""
        for _ in range(12):  # all together longer than the time of one, and each far shorter
            caller.send(rest + whole[:20])
            rest = whole[20:]
            await asyncio.sleep(0.1)
        caller.send(rest)
        for _ in range(12):
            assert (await next_word(caller))["type"] == "pong"


def test_the_parser_of_websockets_still_tells_where_it_waits() -> None:
    ws = ServerProtocol()
    ws.receive_data(handshake())
    (request,) = ws.events_received()
    assert isinstance(request, Request)
    ws.send_response(ws.accept(request))
    assert is_between_frames(ws)
    whole = frame(TEXT, b"x" * 300) + frame(PING, b"y") + frame(TEXT, b"", fin=False)
    ends = {len(frame(TEXT, b"x" * 300)), len(frame(TEXT, b"x" * 300) + frame(PING, b"y")), len(whole)}
    for place in range(1, len(whole) + 1):
        ws.receive_data(whole[place - 1 : place])
        assert is_between_frames(ws) == (place in ends), place


# ---- is anybody there?


async def test_whoever_answers_pings_stays_and_whoever_does_not_goes(tmp_path: Path) -> None:
    async with open_house(tmp_path, msgspec.structs.replace(PATIENT, ping_ms=60, pong_ms=40)) as house:
        caller = await opened(house)
        for _ in range(4):
            assert await next_frame(caller) == (PING, b"")
            caller.send(frame(PONG, b""))
        assert await next_frame(caller) == (PING, b"")
        assert await closed_with(caller) == 1011


async def test_whoever_vanishes_without_a_close_frame_is_let_go(house: House) -> None:
    caller = await opened(house)
    caller.end()
    assert await caller.rest() == b""
    await caller.close()
    await house.empty()


async def test_a_page_that_reloads_comes_back_as_the_same_guest(house: House) -> None:
    before = await JsonClient.by_websocket("127.0.0.1", house.port)
    token = (await before.hello("ana"))["token"]
    await before.vanish()
    after = await JsonClient.by_websocket("127.0.0.1", house.port)
    house.programs.append(after)
    assert (await after.hello(token=token))["you"]["name"] == "ana"


async def test_everybody_gets_the_very_same_frame(house: House) -> None:
    members = [await opened(house) for _ in range(3)]
    for caller in members:
        caller.send(said(type="hello") + said(type="join", room="tea"))
        await next_word(caller)
        await next_word(caller)
    program = await house.program(room="tea")
    await program.ask("post", room="tea", text="the same for all")
    frames = []
    for caller in members:
        while b"the same for all" not in (got := (await next_frame(caller))[1]):
            continue
        frames.append(got)
    assert len(set(frames)) == 1
