"""The gate over real sockets: every row of the table, slow beginnings, listeners, and who may come in at all."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import struct
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from teahouse.core.limits import INTERNET, LAN, Limits
from teahouse.server.gate import FEW_BYTES
from teahouse.wire.sniff import FOREIGN, NO_IRC, UNKNOWN, Verdict, sniff
from tests.server.house import HOST, House, hears, open_house

QUICK = msgspec.structs.replace(LAN, listener_ms=10, classify_ms=80, irc_row_ms=80, character_ms=80)
PATIENT = msgspec.structs.replace(LAN, listener_ms=60_000)

CLIENT_HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64)


def frame(body: bytes, cmd: int = 100, version: int = 1) -> bytes:
    return struct.pack("!3I", version, len(body), cmd) + body


def frames_in(data: bytes) -> list[str]:
    texts = []
    while data:
        version, length, cmd = struct.unpack_from("!3I", data)
        assert (version, cmd) == (1, 100)
        texts.append(data[12 : 12 + length].decode().rstrip())
        data = data[12 + length :]
    return texts


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path / "data", PATIENT) as house:
        yield house


@pytest.fixture
async def quick(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path / "data", QUICK) as house:
        yield house


# ---- who becomes a guest


async def test_a_frame_is_heard_however_it_is_cut(house: House) -> None:
    program = await house.program()
    caller = await house.call()
    await caller.dribble(frame("茶 and frames".encode()))
    assert await hears(program) == "茶 and frames"


async def test_a_line_is_heard_and_greeted_however_it_is_cut(house: House) -> None:
    program = await house.program()
    caller = await house.call()
    await caller.dribble("good evening, 茶馆\r\n".encode())
    assert await hears(program) == "good evening, 茶馆"
    assert b"/help" in await caller.until(b"/help")


async def test_text_without_a_line_end_is_heard_after_a_pause(house: House) -> None:
    program = await house.program()
    caller = await house.call()
    await caller.dribble("你好".encode())
    assert await hears(program) == "你好"


@pytest.mark.parametrize(
    ("data", "said"),
    [(b"x" * 3_000, "x" * 3_000), ("茶".encode() * 900, "茶" * 900), (b"/" * 2_500 + b" \xc3\xa9", None)],
)
async def test_a_long_text_that_comes_byte_by_byte_is_looked_at_seldom(
    house: House, monkeypatch: pytest.MonkeyPatch, data: bytes, said: str | None
) -> None:
    looked: list[int] = []

    def counting(data: bytes, ended: bool, limits: Limits) -> Verdict:
        looked.append(len(data))
        return sniff(data, ended, limits)

    monkeypatch.setattr("teahouse.server.gate.sniff", counting)
    program = await house.program()
    caller = await house.call()
    looked.clear()
    await caller.dribble(data)
    assert await hears(program) == (said or data.decode())
    assert sum(looked) <= FEW_BYTES**2 + 40 * len(data)


async def test_text_that_only_looks_like_a_request_is_text(house: House) -> None:
    program = await house.program()
    for text in ("GET lost", "USERS unite", "* star", "PROXY war"):
        caller = await house.call()
        caller.send(text.encode() + b"\n")
        assert await hears(program) == text


async def test_http_is_answered_however_it_is_cut(house: House) -> None:
    caller = await house.call()
    await caller.dribble(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert b'"ok"' in await caller.rest()


# ---- who does not

FOREIGNERS = [
    (CLIENT_HELLO, b""),
    (b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nhello\n", b""),
    (b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c", b""),
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b""),
    (b"SSH-2.0-OpenSSH_9.2\r\n", FOREIGN),
    (b"EHLO there\r\n", FOREIGN),
    (b"*1\r\n$4\r\nPING\r\n", FOREIGN),
    (b"<?xml version='1.0'?><stream:stream>", FOREIGN),
    (b"CONNECT {}\r\n", FOREIGN),
    (b"OPTIONS rtsp://there RTSP/1.0\r\n", FOREIGN),
    (b"USER ana\r\n", FOREIGN),
    (b"hel\0lo\n", FOREIGN),
    (b"NICK ana\r\nUSER a 0 * :a\r\n", NO_IRC),
    (b"CAP LS 302\r\n", NO_IRC),
    (b"NICK ana\n", NO_IRC),
    (b"\xff\xfe\x00", UNKNOWN),
    (b"\xc3\x28\n", UNKNOWN),
]


@pytest.mark.parametrize(("first_bytes", "answer"), FOREIGNERS, ids=lambda value: repr(value[:16]))
@pytest.mark.parametrize("slowly", [False, True], ids=["at once", "byte by byte"])
async def test_another_protocol_is_told_so_and_says_nothing_here(
    house: House, first_bytes: bytes, answer: bytes, slowly: bool
) -> None:
    caller = await house.call()
    if slowly:
        await caller.dribble(first_bytes)
    else:
        caller.send(first_bytes)
    assert await caller.rest() == answer
    assert house.head == 0


async def test_frames_of_an_unknown_version_are_refused_in_a_frame(house: House) -> None:
    answer = await house.ask(frame(b"hello", version=2))
    assert struct.unpack_from("!3I", answer)[::2] == (1, 100)
    assert len(frames_in(answer)) == 1
    assert house.head == 0


async def test_somebody_who_still_sends_can_read_why_we_close(house: House) -> None:
    caller = await house.call()
    caller.send(b"SSH-2.0-OpenSSH_9.2\r\n" + bytes(1_000_000))
    assert await caller.rest() == FOREIGN


async def test_a_request_is_never_chat_whatever_is_in_it(house: House) -> None:
    body = b"\n".join([frame(b"framed"), b"a line", b"NICK x\r\n"])
    head = b"POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
    assert (await house.ask(head + body)).startswith(b"HTTP/1.1 405 ")
    assert house.head == 0


# ---- time


@pytest.mark.parametrize(
    ("beginning", "answer"),
    [
        (b"GET /", b"HTTP/1.1 408"),
        (b"GE", UNKNOWN),
        (b"\0\0", UNKNOWN),
        (b"SS", UNKNOWN),
        (b"NICK", UNKNOWN),
        ("茶".encode()[:2], UNKNOWN),
    ],
)
async def test_a_beginning_that_is_never_finished_is_no_message(
    tmp_path: Path, beginning: bytes, answer: bytes
) -> None:
    limits = msgspec.structs.replace(QUICK, http_head_ms=80)
    async with open_house(tmp_path, limits) as house:
        assert (await house.ask(beginning)).startswith(answer)
        assert house.head == 0


async def test_a_byte_now_and_then_does_not_keep_a_beginning_open(quick: House) -> None:
    caller = await quick.call()
    ended = asyncio.ensure_future(caller.rest())
    for byte in b"OPTIONS rtsp://" + b"x" * 10_000:
        caller.send(bytes([byte]))
        await asyncio.wait([ended], timeout=0.01)
        if ended.done():
            break
    assert await ended == UNKNOWN
    assert quick.head == 0


async def test_half_a_frame_that_never_ends_is_closed(tmp_path: Path) -> None:
    async with open_house(tmp_path, msgspec.structs.replace(PATIENT, half_frame_ms=50)) as house:
        answer = await house.ask(frame(b"hello")[:-1])
        assert len(frames_in(answer)) == 1
        assert house.head == 0


async def test_whoever_ends_without_a_word_is_let_go(house: House) -> None:
    caller = await house.call()
    caller.end()
    assert await caller.rest() == b""
    await house.empty()


# ---- listeners


async def test_whoever_says_nothing_hears_what_is_said(quick: House) -> None:
    program = await quick.program()
    caller = await quick.call()
    await quick.has(1, "listener")
    await program.ask("post", room="lobby", text="good evening")
    written = await caller.until(b"\n")
    assert b"good evening" in written
    assert len(written) % 2 == 1


async def test_a_listener_who_speaks_goes_through_his_own_door_and_misses_nothing(quick: House) -> None:
    program = await quick.program()
    caller = await quick.call()
    await quick.has(1, "listener")
    await program.ask("post", room="lobby", text="one")
    await caller.until(b"\n")
    caller.send(b"hello\n")
    assert await hears(program) == "one"
    assert await hears(program) == "hello"
    await program.ask("post", room="lobby", text="two")
    heard = await caller.until(b"two")
    assert b"one" not in heard


@pytest.mark.parametrize("first_bytes", [b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", CLIENT_HELLO, b"NICK ana\r\n"])
async def test_a_listener_who_has_heard_something_may_not_turn_into_a_browser(quick: House, first_bytes: bytes) -> None:
    program = await quick.program()
    caller = await quick.call()
    await quick.has(1, "listener")
    await program.ask("post", room="lobby", text="good evening")
    await caller.until(b"\n")
    caller.send(first_bytes)
    assert await caller.rest() == b""


async def test_a_listener_who_has_heard_nothing_may_be_a_browser_after_all(quick: House) -> None:
    caller = await quick.call()
    await quick.has(1, "listener")
    caller.send(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert b'"ok"' in await caller.rest()


async def test_spare_connections_of_a_browser_do_not_listen_soon(quick: House) -> None:
    await quick.ask(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    await quick.call()
    caller = await quick.call()
    await quick.has(2, "gate")
    visits = quick.server.visits
    assert {visits.listens_after_ms(visit) for visit in visits.present if visit.door == "gate"} == {
        QUICK.listener_after_http_ms
    }
    caller.send(b"I am a person\n")
    await caller.until(b"/help")


async def test_nobody_listens_on_the_open_internet(tmp_path: Path) -> None:
    limits = msgspec.structs.replace(INTERNET, listener_ms=1, classify_ms=50)
    async with open_house(tmp_path, limits) as house:
        assert await house.ask(b"") == b""
        assert house.server.visits.entered["listener"] == 0


# ---- how many


async def test_one_connection_too_many_is_told_so(tmp_path: Path) -> None:
    async with open_house(tmp_path, msgspec.structs.replace(PATIENT, connections_per_address=2)) as house:
        first, second = await house.call(), await house.call()
        assert (await house.ask(b"")).startswith(b"* There are 2 connections")
        second.abort()
        await house.has(1)
        third = await house.call()
        for caller in (first, third):
            caller.send(b"hello\n")
            await caller.until(b"/help")
        assert house.engine.counters.refused["too-many-connections"] == 1


def open_sockets() -> int:
    """Descriptors of this process that are sockets; the store opens files when it needs them."""
    found = 0
    for descriptor in os.listdir("/proc/self/fd"):
        with contextlib.suppress(FileNotFoundError):  # the listing's own
            found += os.readlink(f"/proc/self/fd/{descriptor}").startswith("socket:")
    return found


async def test_a_thousand_who_come_and_leave_leave_nothing_behind(house: House) -> None:
    await house.ask(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    await house.empty()
    before = open_sockets()
    words = [b"", b"hi\n", frame(b"hi"), b"GET / HTTP/1.1\r\n", b"SSH-2.0-x\r\n", b"h", b"\0\0", b"NICK x\r\n"]
    for batch in range(20):
        callers = [socket.create_connection((HOST, house.port)) for _ in range(50)]
        await house.has(50)
        for number, caller in enumerate(callers):
            caller.send(words[(number + batch) % len(words)])
            if number % 3 == 0:
                caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset
            elif number % 3 == 1:
                caller.shutdown(socket.SHUT_WR)
        for caller in callers:
            caller.close()
        await house.empty()
    assert open_sockets() == before
    assert house.server.visits.entered["gate"] == 1_001
    assert not house.engine.dispatch.peers
