"""One connection: who ends his side first, what takes too long, how the server says goodbye."""

from __future__ import annotations

import asyncio
import contextlib
import json
import struct
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from teahouse.core.limits import LAN
from tests.server.house import Caller, House, hears, open_house

PATIENT = msgspec.structs.replace(LAN, listener_ms=60_000)


def frame(body: bytes | dict[str, object], cmd: int = 100) -> bytes:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return struct.pack("!3I", 1, len(data), 100 if isinstance(body, bytes) else 200) + data


def words_in(data: bytes) -> list[dict[str, object]]:
    words = []
    while data:
        length = struct.unpack_from("!3I", data)[1]
        words.append(json.loads(data[12 : 12 + length]))
        data = data[12 + length :]
    return words


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path / "data", PATIENT) as house:
        yield house


# ---- half-close


async def said_and_ended(house: House, data: bytes) -> Caller:
    caller = await house.call()
    caller.send(data)
    caller.end()
    return caller


async def test_a_line_is_posted_also_if_the_sender_ends_at_once(house: House) -> None:
    program = await house.program()
    caller = await said_and_ended(house, b"hi\n")
    assert b"/help" in await caller.rest()
    assert await hears(program) == "hi"


@pytest.mark.parametrize("data", [b"no line end", frame(b"a frame"), "一".encode()])
async def test_a_message_that_the_end_completes_is_posted(house: House, data: bytes) -> None:
    program = await house.program()
    caller = await said_and_ended(house, data)
    await caller.rest()
    assert await hears(program) in ("no line end", "a frame", "一")


async def test_whoever_ends_his_side_is_shown_the_past_before_we_end_ours(house: House) -> None:
    program = await house.program()
    for number in range(30):
        await program.ask("post", room="lobby", text=f"message {number}")
    caller = await said_and_ended(house, b"hi\n")
    shown = await caller.rest()
    for number in range(20, 30):
        assert b"message %d\n" % number in shown


async def test_everything_asked_is_answered_before_we_end_our_side(house: House) -> None:
    questions: list[dict[str, object]] = [{"type": "hello"}, {"type": "join", "room": "tea", "after": 0}]
    questions += [{"type": "post", "room": "tea", "text": f"{number}", "ref": number} for number in range(50)]
    questions += [{"type": "history", "room": "tea", "ref": "past"}]
    caller = await said_and_ended(house, b"".join(frame(question) for question in questions))
    words = words_in(await caller.rest())
    assert [word["ref"] for word in words if word["type"] == "stored"] == list(range(50))
    assert [word["text"] for word in words if word["type"] == "posted"] == [f"{number}" for number in range(50)]
    assert words[-1]["type"] == "history"


async def test_whoever_ends_before_hello_is_let_go(house: House) -> None:
    caller = await said_and_ended(house, frame({"type": "ping"}))
    assert [word.get("code") for word in words_in(await caller.rest())] == ["hello-first"]
    caller = await said_and_ended(house, frame({"type": "hello", "name": "1st"}))
    assert [word.get("code") for word in words_in(await caller.rest())] == ["bad-name"]
    await house.empty()


async def test_bye_is_followed_by_the_end(house: House) -> None:
    for bye in (b"bye\n", frame(b"bye")):
        caller = await house.call()
        caller.send(bye)
        await caller.rest()
    await house.empty()


# ---- bounds


async def test_a_program_that_never_says_hello_is_closed(tmp_path: Path) -> None:
    async with open_house(tmp_path, msgspec.structs.replace(PATIENT, hello_ms=50)) as house:
        words = words_in(await house.ask(frame({"type": "ping"})))
        assert [word["code"] for word in words] == ["hello-first", "timed-out"]


async def test_a_program_that_said_hello_may_be_silent(tmp_path: Path) -> None:
    async with open_house(tmp_path, msgspec.structs.replace(PATIENT, hello_ms=50)) as house:
        program = await house.program()
        late = await house.call()
        late.send(frame({"type": "ping"}))
        await late.rest()
        assert (await program.ask("ping"))["type"] == "pong"


async def test_a_length_above_the_limit_is_refused_and_the_refusal_can_be_read(house: House) -> None:
    caller = await house.call()
    caller.send(frame({"type": "hello"}) + struct.pack("!3I", 1, LAN.frame_bytes + 1, 200) + bytes(1_000_000))
    _, word = words_in(await caller.rest())
    assert (word["code"], word["limit"]) == ("frame-too-long", LAN.frame_bytes)


async def test_half_frames_that_are_always_followed_by_their_rest_are_welcome(tmp_path: Path) -> None:
    async with open_house(tmp_path, msgspec.structs.replace(PATIENT, half_frame_ms=300)) as house:
        caller = await house.call()
        stream = frame({"type": "hello"}) + b"".join(frame({"type": "ping", "ref": ref}) for ref in range(20))
        caller.send(stream[:20])
        for place in range(20, len(stream), 35):
            caller.send(stream[place : place + 35])
            await asyncio.sleep(0.02)
        caller.end()
        words = words_in(await caller.rest())
        assert [word["type"] for word in words] == ["welcome"] + ["pong"] * 20


async def test_a_bug_in_one_connection_ends_that_one_alone(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    program = await house.program()
    caller = await house.call()
    caller.send(b"hello\n")
    await caller.until(b"/help")

    def broken(*args: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr("teahouse.wire.lines.LinesCodec.receive", broken)
        caller.send(b"this finds the bug\n")
        with contextlib.suppress(ConnectionResetError):
            await caller.rest()
    assert (await program.ask("ping"))["type"] == "pong"
    assert house.engine.counters.closed["bug"] == 1


# ---- the server stops


async def test_a_stopping_server_tells_everyone_in_their_own_terms(tmp_path: Path) -> None:
    async with open_house(tmp_path, PATIENT) as house:
        lines, framed, program, silent = [await house.call() for _ in range(4)]
        lines.send(b"hello\n")
        await lines.until(b"/help")
        framed.send(frame(b"hello"))
        program.send(frame({"type": "hello"}))
        await program.reader.readexactly(12)
        await house.server.stop()
        await house.server.stop()
        assert (await lines.rest()).endswith(b"* the house closes\n")
        assert b"the house closes" in await framed.rest()
        assert b'"going-away"' in await program.rest()
        assert await silent.rest() == b""
        assert not house.server.visits.present


async def test_what_was_posted_when_the_server_stops_is_there_when_it_starts(tmp_path: Path) -> None:
    async with open_house(tmp_path, PATIENT) as house:
        caller = await house.call()
        caller.send(b"".join(b"message %d\n" % number for number in range(100)))
        await caller.until(b"/help")
        await house.server.stop()
        told = house.head
    async with open_house(tmp_path, PATIENT) as house:
        assert house.head >= told


async def test_a_reader_who_never_reads_does_not_keep_the_server_from_stopping(tmp_path: Path) -> None:
    async with open_house(tmp_path, PATIENT) as house:
        caller = await house.call()
        caller.send(b"hello\n")
        await caller.until(b"/help")
        caller.writer.transport.pause_reading()  # type: ignore[attr-defined]  # a stream's transport can
        program = await house.program()
        for _ in range(60):
            await program.ask("post", room="lobby", text="x" * 60_000)
        await house.server.stop()
        assert not house.server.visits.present
        caller.abort()
