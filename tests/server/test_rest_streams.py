"""Rooms that are followed over HTTP: nothing twice, nothing left out, and a slow reader costs the others nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from teahouse.core.limits import LAN
from tests.server.house import House, hears, open_house
from tests.support.http_client import Answer, Follower, ask, follow
from tests.support.inbox import until

PATIENT = msgspec.structs.replace(LAN, listener_ms=60_000)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path / "data", PATIENT) as house:
        yield house


async def says(house: House, *texts: str, room: str = "lobby", **headers: str) -> None:
    for text in texts:
        answer = await ask(house.port, "POST", f"/r/{room}", text, **headers)
        assert answer.status == 201, answer.body


async def texts_of(stream: Follower, count: int) -> list[str]:
    """What the next events say."""
    found: list[str] = []
    while len(found) < count:
        word = await stream.event()
        if word["type"] == "posted":
            found.append(word["text"])
    return found


def code(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.json["code"]


async def all_gone(house: House) -> None:
    """Wait until nothing is left of any request."""
    await until(lambda: not house.engine.dispatch.peers and not house.engine.flusher.outboxes)


# ---- plain lines


async def test_plain_lines_are_the_last_fifty_as_people_read_them(house: House) -> None:
    ana = await house.program(name="ana")
    for number in range(60):
        await ana.ask("post", room="lobby", text=f"m{number}")
    await ana.ask("post", room="lobby", text="waves", form="act")
    answer = await ask(house.port, "GET", "/r/lobby")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.text.splitlines() == [*(f"ana: m{number}" for number in range(11, 60)), "* ana waves"]


async def test_plain_lines_begin_after_a_number_or_with_so_many(house: House) -> None:
    await says(house, "one", "two", "three")
    assert (await ask(house.port, "GET", "/r/lobby?after=1")).text == "two\nthree\n"
    assert (await ask(house.port, "GET", "/r/lobby?last=1")).text == "three\n"
    assert (await ask(house.port, "GET", "/r/lobby?after=3")).text == ""
    assert code(await ask(house.port, "GET", "/r/lobby?after=4")) == (409, "log-changed")
    assert code(await ask(house.port, "GET", "/r/lobby?after=1&last=1")) == (400, "bad-field")


async def test_what_was_left_out_on_purpose_is_said(house: House) -> None:
    await says(house, "one", "two", "three")
    text = (await ask(house.port, "GET", "/r/lobby?after=0&at_most=1")).text
    assert text == "* messages 1 to 2 of lobby are not shown\nthree\n"


async def test_a_long_past_comes_whole(house: House) -> None:
    ana = await house.program(name="ana")
    long = "x" * 5_000
    for answer in [ana.question("post", room="lobby", text=f"{number} {long}") for number in range(300)]:
        await answer
    lines = (await ask(house.port, "GET", "/r/lobby?after=0")).text.splitlines()
    assert [line.split(" ")[1] for line in lines] == [str(number) for number in range(300)]


async def test_followed_lines_go_on(house: House) -> None:
    await says(house, "before")
    stream = await follow(house.port, "/r/lobby?follow")
    assert await stream.until(b"\n") == b"before\n"
    await says(house, "now", room="lobby?name=ci")
    assert await stream.until(b"\n") == b"ci: now\n"
    await stream.close()
    await all_gone(house)


async def test_nobody_can_forge_a_line(house: House) -> None:
    await says(house, "ana: I owe you\nbob: thanks")
    (line, indented, _) = (await ask(house.port, "GET", "/r/lobby")).text.split("\n")
    assert line.startswith("guest-")
    assert indented == "  bob: thanks"


async def test_a_head_of_a_stream_ends_at_once(house: House) -> None:
    for target in ("/r/lobby?follow", "/api/rooms/lobby/events"):
        answer = await ask(house.port, "HEAD", target)
        assert (answer.status, answer.body) == (200, b"")
    await all_gone(house)


# ---- server-sent events


async def test_events_come_with_their_numbers_and_then_what_is_new(house: House) -> None:
    await says(house, "one", "two")
    stream = await follow(house.port, "/api/rooms/lobby/events?after=1")
    assert stream.answer.headers["content-type"] == "text/event-stream"
    two = await stream.event()
    assert (two["id"], two["seq"], two["text"]) == (2, 2, "two")
    assert await stream.event() == {"type": "caught_up", "room": "lobby", "seq": 2}
    await says(house, "three")
    assert (await stream.event())["id"] == 3
    await stream.close()
    await all_gone(house)


async def test_without_a_number_events_begin_with_now(house: House) -> None:
    await says(house, "before")
    stream = await follow(house.port, "/api/rooms/lobby/events")
    await says(house, "after")
    assert (await stream.event())["text"] == "after"
    await stream.close()


async def test_an_event_source_that_comes_back_misses_nothing_and_gets_nothing_twice(house: House) -> None:
    heard: list[str] = []
    last = 0
    for round in range(5):
        stream = await follow(house.port, "/api/rooms/lobby/events?after=0", last_event_id=str(last))
        await says(house, f"a{round}", f"b{round}")
        for _ in range(2):
            while (word := await stream.event())["type"] != "posted":
                pass
            heard.append(word["text"])
            last = word["id"]
        await stream.close()
        await says(house, f"c{round}")
        heard_next = await follow(house.port, "/api/rooms/lobby/events", last_event_id=str(last))
        word = await heard_next.event()
        heard.append(word["text"])
        last = word["id"]
        await heard_next.close()
    assert heard == [f"{letter}{round}" for round in range(5) for letter in "abc"]


async def test_a_stream_hears_who_comes_and_who_writes(house: House) -> None:
    stream = await follow(house.port, "/api/rooms/lobby/events")
    ana = await house.program(name="ana")
    word = await stream.event()
    assert (word["type"], [person["name"] for person in word["came"]]) == ("present", ["ana"])
    await ana.ask("typing", room="lobby")
    assert (await stream.event())["type"] == "typing"
    await stream.close()


async def test_who_follows_is_not_there(house: House) -> None:
    ana = await house.program(name="ana")
    stream = await follow(house.port, "/api/rooms/lobby/events?name=ci")
    assert (await ask(house.port, "GET", "/api/rooms/lobby")).json["count"] == 1
    assert code(await ask(house.port, "POST", "/r/lobby?name=ci", "x")) == (409, "name-taken")
    await stream.close()
    await until(lambda: len(house.engine.dispatch.peers) == 1)
    await says(house, "free again", room="lobby?name=ci")
    assert await hears(ana) == "free again"


async def test_a_whisper_reaches_the_streams_of_its_two_people_alone(house: House) -> None:
    welcome = (await ask(house.port, "POST", "/api/guests", {"name": "ana"})).json
    other = (await ask(house.port, "POST", "/api/guests", {"name": "bob"})).json
    room = f"@{welcome['you']['id']}+{other['you']['id']}"
    mine, theirs = (f"Bearer {guest['token']}" for guest in (welcome, other))
    await says(house, "psst", room=room, authorization=mine)
    stream = await follow(house.port, f"/api/rooms/{room}/events?after=0", authorization=theirs)
    assert (await stream.event())["text"] == "psst"
    assert code(await ask(house.port, "GET", f"/api/rooms/{room}/events?after=0")) == (404, "no-such-room")
    await stream.close()


async def test_a_silent_stream_has_a_comment_now_and_then(tmp_path: Path) -> None:
    async with open_house(tmp_path, msgspec.structs.replace(PATIENT, comment_ms=10)) as house:
        stream = await follow(house.port, "/api/rooms/lobby/events")
        assert await stream.until(b"\n\n") == b":\n\n"
        await says(house, "still here")
        assert (await stream.event())["text"] == "still here"
        await stream.close()


async def test_a_stopping_server_says_so_and_ends_every_stream(house: House) -> None:
    await says(house, "one")
    events = await follow(house.port, "/api/rooms/lobby/events?after=0")
    lines = await follow(house.port, "/r/lobby?follow")
    poll = asyncio.ensure_future(ask(house.port, "GET", "/api/rooms/lobby/events?wait=60"))
    await until(lambda: len([peer for peer in house.engine.dispatch.peers.values() if peer.cursors]) == 3)
    assert await texts_of(events, 1) == ["one"]
    await house.server.stop()
    assert b'"code":"going-away"' in await events.rest()
    assert (await lines.rest()).startswith(b"one\n* The server stops.")
    assert (await poll).json["events"] == []
    await events.close()
    await lines.close()


async def test_a_reader_who_stops_does_not_stop_the_room_and_misses_nothing(tmp_path: Path) -> None:
    small = msgspec.structs.replace(PATIENT, write_high_bytes=4_096, write_low_bytes=1_024)
    async with open_house(tmp_path, small) as house:
        ana = await house.program(name="ana")
        slow = await follow(house.port, "/api/rooms/lobby/events?after=0")
        long = "x" * 20_000
        for answer in [ana.question("post", room="lobby", text=f"{number} {long}") for number in range(600)]:
            assert (await answer)["type"] == "stored"
        waiting = sum(outbox.size for outbox in house.engine.flusher.outboxes)
        assert waiting < 200_000
        assert house.engine.fanout.behind() >= 1
        texts = await texts_of(slow, 600)
        assert [text.split(" ")[0] for text in texts] == [str(number) for number in range(600)]
        await slow.close()


async def test_a_reader_who_never_reads_is_let_go(tmp_path: Path) -> None:
    small = msgspec.structs.replace(PATIENT, stall_ms=50)
    async with open_house(tmp_path, small) as house:
        ana = await house.program(name="ana")
        caller = await house.call()
        caller.writer.transport.get_extra_info("socket").setsockopt(1, 8, 2_048)  # SO_RCVBUF
        caller.reader._transport.pause_reading()  # type: ignore[attr-defined]
        caller.send(b"GET /api/rooms/lobby/events?after=0 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        long = "x" * 50_000
        for answer in [ana.question("post", room="lobby", text=f"{number} {long}") for number in range(200)]:
            assert (await answer)["type"] == "stored"
        await until(lambda: len(house.engine.dispatch.peers) == 1)
        caller.abort()


# ---- the long poll


async def test_a_long_poll_gives_what_there_is_at_once(house: House) -> None:
    await says(house, "one", "two", "three")
    answer = (await ask(house.port, "GET", "/api/rooms/lobby/events?after=1&wait=60")).json
    assert (answer["type"], answer["room"], answer["head"]) == ("events", "lobby", 3)
    assert [event["text"] for event in answer["events"]] == ["two", "three"]
    await all_gone(house)


async def test_a_long_poll_waits_for_what_comes(house: House) -> None:
    await says(house, "one")
    poll = asyncio.ensure_future(ask(house.port, "GET", "/api/rooms/lobby/events?after=1&wait=60"))
    await until(lambda: len(house.engine.dispatch.peers) == 1)
    await says(house, "two")
    answer = (await poll).json
    assert ([event["text"] for event in answer["events"]], answer["head"]) == (["two"], 2)


async def test_a_long_poll_that_does_not_wait_is_empty_where_nothing_came(house: House) -> None:
    await says(house, "one")
    for query in ("after=1&wait=0", "wait=0"):
        answer = await ask(house.port, "GET", f"/api/rooms/lobby/events?{query}")
        assert answer.json == {"type": "events", "room": "lobby", "events": [], "head": 1}
    assert code(await ask(house.port, "GET", "/api/rooms/lobby/events?after=9&wait=0")) == (409, "log-changed")
    assert code(await ask(house.port, "GET", "/api/rooms/lobby/events?wait=soon")) == (400, "bad-field")


async def test_who_leaves_a_long_poll_is_forgotten_at_once(house: House) -> None:
    caller = await house.call()
    caller.send(b"GET /api/rooms/lobby/events?wait=60&name=ci HTTP/1.1\r\nHost: localhost\r\n\r\n")
    await until(lambda: len(house.engine.dispatch.peers) == 1)
    caller.abort()
    await all_gone(house)
    assert house.engine.state.claims == {}


async def test_polling_again_after_the_last_number_gets_everything_once(house: House) -> None:
    ana = await house.program(name="ana")
    long = "x" * 3_000
    posts = [ana.question("post", room="lobby", text=f"{number} {long}") for number in range(200)]
    heard: list[str] = []
    after = 0
    while len(heard) < 200:
        answer = (await ask(house.port, "GET", f"/api/rooms/lobby/events?after={after}&wait=60")).json
        heard += [event["text"].split(" ")[0] for event in answer["events"]]
        after = answer["events"][-1]["seq"]
        assert answer["head"] >= after
    assert heard == [str(number) for number in range(200)]
    for post in posts:
        await post


# ---- who ends their side


@pytest.mark.parametrize("target", ["/r/lobby", "/r/lobby?follow", "/api/rooms/lobby/events?after=0"])
async def test_who_ends_their_side_gets_what_there_is_and_the_end(house: House, target: str) -> None:
    ana = await house.program(name="ana")
    long = "x" * 5_000
    for answer in [ana.question("post", room="lobby", text=f"{number} {long}") for number in range(40)]:
        await answer
    caller = await house.call()
    caller.send(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    caller.end()
    body = await caller.rest()
    assert [b"%d %b" % (number, long.encode()) in body for number in range(40)] == [True] * 40


async def test_who_ends_their_side_of_a_long_poll_is_answered(house: House) -> None:
    caller = await house.call()
    caller.send(b"GET /api/rooms/lobby/events?wait=60 HTTP/1.1\r\nHost: localhost\r\n\r\n")
    await until(lambda: any(peer.cursors for peer in house.engine.dispatch.peers.values()))
    caller.end()
    assert (await caller.rest()).endswith(b'{"type":"events","room":"lobby","events":[],"head":0}\n')
