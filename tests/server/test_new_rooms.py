"""How many rooms somebody may make in an hour, by whichever way."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from teahouse.core.errors import StorageFull
from teahouse.core.limits import INTERNET, LAN, NONE
from teahouse.core.room import Room
from teahouse.server.clock import Clock
from tests.server.house import House, open_house
from tests.support.json_client import JsonClient

FEW = msgspec.structs.replace(LAN, new_rooms_per_hour=3)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path, FEW) as house:
        yield house


async def refused(client: JsonClient, **command: Any) -> dict[str, Any]:
    """The refusal of a command."""
    answer = await client.ask(**command)
    assert answer["type"] == "refused", answer
    return answer


async def request(house: House, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
    """Status and all of the answer."""
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    answer = await house.ask(head.encode() + body)
    return int(answer.split()[1]), answer


def test_the_bounds_are_those_that_were_promised() -> None:
    assert (INTERNET.new_rooms_per_hour, LAN.new_rooms_per_hour, NONE.new_rooms_per_hour) == (5, 100, None)


async def test_one_more_than_the_bound_is_too_fast_and_says_when_to_try_again(house: House) -> None:
    ana = await house.program(name="ana")
    for number in range(3):
        assert (await ana.ask(type="join", room=f"r{number}"))["type"] == "room"
    no = await refused(ana, type="join", room="r3")
    assert (no["code"], no["limit"]) == ("too-fast", 3)
    assert 0 < no["retry_after"] <= 3_600_000
    assert (await ana.ask(type="join", room="r1"))["type"] == "room", "a room that there is can be joined"
    assert "r3" not in house.engine.state.rooms_by_name


async def test_a_script_with_fresh_guests_is_one_neighbour(house: House) -> None:
    for number in range(3):
        assert (await request(house, "POST", f"/r/r{number}", b"x"))[0] == 201
    status, answer = await request(house, "POST", "/r/r3", b"x")
    assert status == 429
    assert b"retry-after: " in answer
    assert (await request(house, "POST", "/r/r2", b"x"))[0] == 201


@pytest.mark.parametrize("way", ["join", "direct", "/join", "/msg", "POST /r", "POST /api"])
async def test_every_way_to_a_new_room_is_counted_and_held(house: House, way: str) -> None:
    ana, ben = await house.program(name="ana"), await house.program(name="ben")
    for number in range(3):
        await ana.ask(type="join", room=f"r{number}")
    before = set(house.engine.state.rooms_by_id)
    if way == "join":
        assert (await refused(ben, type="join", room="new"))["code"] == "too-fast"
    elif way == "direct":
        assert (await refused(ben, type="direct", to="ana"))["code"] == "too-fast"
    elif way.startswith("/"):
        caller = await house.call()
        caller.send(b"hello\n" + (b"/join new\n" if way == "/join" else b"/msg ana psst\n"))
        await caller.until(b"new rooms an hour are the limit")
    else:
        path, body = ("/r/new", b"x") if way == "POST /r" else ("/api/rooms/new/messages", b'{"text":"x"}')
        assert (await request(house, "POST", path, body))[0] == 429
    assert set(house.engine.state.rooms_by_id) == before


async def test_several_at_once_are_not_one_too_many(house: House) -> None:
    programs = [await house.program() for _ in range(8)]
    answers = await asyncio.gather(*(one.ask(type="join", room=f"r{at}") for at, one in enumerate(programs)))
    assert sorted(answer["type"] for answer in answers) == ["refused"] * 5 + ["room"] * 3


async def test_a_person_is_held_wherever_they_come_from(house: House) -> None:
    ana = await house.program(name="ana")
    for number in range(3):
        house.engine.dispatch.peers[max(house.engine.dispatch.peers)].neighbours = f"192.0.2.{number}"
        assert (await ana.ask(type="join", room=f"r{number}"))["type"] == "room"
    house.engine.dispatch.peers[max(house.engine.dispatch.peers)].neighbours = "192.0.2.9"
    assert (await refused(ana, type="join", room="r3"))["code"] == "too-fast"


async def test_a_room_that_the_disk_did_not_take_does_not_count(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    ana = await house.program(name="ana")

    async def full(*_: object) -> Room:
        raise StorageFull("The disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr(house.engine.queries._making, "_open", full)
        for _ in range(5):
            assert (await refused(ana, type="join", room="r"))["code"] == "storage-full"
    assert (await ana.ask(type="join", room="r"))["type"] == "room"


async def test_after_an_hour_there_may_be_more_whatever_the_clock_says(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = await house.program(name="ana")
    for number in range(3):
        await ana.ask(type="join", room=f"r{number}")
    clock = house.engine.clock
    day = 86_400_000
    monkeypatch.setattr(clock, "now_ms", lambda: Clock.now_ms(clock) + day)
    assert (await refused(ana, type="join", room="r3"))["code"] == "too-fast"
    monkeypatch.setattr(clock, "ticks_ms", lambda: Clock.ticks_ms(clock) + 3_600_000)
    assert (await ana.ask(type="join", room="r3"))["type"] == "room"


async def test_a_welcome_and_a_page_over_http_say_that_there_are_more(tmp_path: Path) -> None:
    few = msgspec.structs.replace(LAN, rooms_page=3)
    async with open_house(tmp_path, few) as house:
        ana = await house.program(name="ana")
        for number in range(5):
            await ana.ask(type="join", room=f"r{number}")
            await ana.ask(type="leave", room=f"r{number}")
        ben = await JsonClient.by_frames("127.0.0.1", house.port)
        house.programs.append(ben)
        welcome = await ben.ask(type="hello", name="ben")
        assert [entry["room"] for entry in welcome["rooms"]] == ["r4", "r3", "r2"]
        assert welcome["more"] is True
        rest = await ben.ask(type="rooms", after="r2")
        assert [entry["room"] for entry in rest["rooms"]] == ["r1", "r0", "lobby"]
        assert rest["more"] is False
        _, answer = await request(house, "GET", "/api/rooms?query=R&after=r3&limit=1")
        page = json.loads(answer.partition(b"\r\n\r\n")[2])
        assert ([entry["room"] for entry in page["rooms"]], page["more"]) == (["r2"], True)
        assert (await refused(ben, type="rooms", after="nowhere"))["code"] == "no-such-room"
