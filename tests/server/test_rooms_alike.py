"""Rooms that look like others are not made, by any door; those that were there before stay."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from teahouse.core.limits import LAN
from teahouse.store.sqlite import SqliteStore
from tests.server.house import open_house
from tests.support.http_client import ask

PATIENT = msgspec.structs.replace(LAN, listener_ms=60_000)


@pytest.mark.parametrize("new", ["lоbby", "Iobby", "l0bby", "ｌobby"])
async def test_no_door_makes_a_room_that_looks_like_the_lobby(tmp_path: Path, new: str) -> None:
    async with open_house(tmp_path, PATIENT) as house:
        ana = await house.program(name="ana")
        refused = await ana.ask("join", room=new)
        assert (refused["code"], "“lobby”" in refused["message"]) == ("bad-room", True)
        caller = await house.call()
        caller.send(f"\n/join {new}\n".encode())
        assert "looks like “lobby”".encode() in await caller.until(b"another room")
        answer = await ask(
            house.port,
            "POST",
            "/api/rooms/" + "".join(f"%{byte:02x}" for byte in new.encode()) + "/messages",
            {"text": "x"},
        )
        assert (answer.status, answer.json["code"]) == (400, "bad-room")
        assert set(house.engine.state.rooms_by_name) == {"lobby"}
        assert house.engine.state.opening == {}


async def test_of_two_that_are_made_at_once_one_is(tmp_path: Path) -> None:
    async with open_house(tmp_path, PATIENT) as house:
        ana, bob = await house.program(name="ana"), await house.program(name="bob")
        answers = await asyncio.gather(ana.ask("join", room="garden"), bob.ask("join", room="gаrden"))
        assert sorted(answer["type"] for answer in answers) == ["refused", "room"]
        assert len(house.engine.state.rooms_by_name) == 2


async def test_rooms_that_look_alike_from_before_stay(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path, PATIENT, lambda: 1)
    await store.open()
    for name in ("garden", "gаrden", "tea：house"):
        await store.open_room(name, name, None)
    await store.close()
    async with open_house(tmp_path, PATIENT) as house:
        ana = await house.program(name="ana")
        for name in ("garden", "gаrden", "GАRDEN", "tea：house"):
            assert (await ana.ask("join", room=name))["type"] == "room"
        assert (await ana.ask("join", room="gardеn"))["code"] == "bad-room"
