"""Rooms in which nothing was said and nobody is go a day after they were made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from teahouse.core.commands import Direct, Join, Leave, Look, Post, SetTopic
from teahouse.core.errors import StorageFull, StorageUnknown
from teahouse.store.check import check_folder
from teahouse.store.connect import FILE, reading, run
from tests.server.world import Reader, World

DAY_MS = 24 * 3_600_000


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.close()
    assert check_folder(tmp_path) == []


def a_day_later(world: World) -> None:
    """It is more than a day later than when the rooms were made, and they were looked at until nobody wanted them."""
    for room in world.engine.state.rooms_by_id.values():
        if room.made is not None:
            room.made -= DAY_MS
    look(world)


def look(world: World) -> None:
    for _ in range(3):
        world.run(world.engine.vacancies.look())


def rooms(world: World) -> set[str]:
    return set(world.engine.state.rooms_by_name)


def on_disk(world: World) -> set[str]:
    """What a start would find."""
    connection = reading(world.folder / FILE)
    found = {name for (name,) in run(connection, "SELECT fold FROM rooms")}
    connection.close()
    return found


def makes(reader: Reader, *names: str) -> None:
    """Make rooms, and leave them."""
    for name in names:
        reader.asks(Join(room=name))
        reader.world.settle()
        reader.asks(Leave(room=name))
        reader.world.settle()


def test_an_empty_room_goes_after_a_day_and_not_before(world: World) -> None:
    ana = world.a_json_reader()
    makes(ana, "tea")
    look(world)
    assert rooms(world) == {"lobby", "tea"}
    a_day_later(world)
    assert rooms(world) == on_disk(world) == {"lobby"}
    assert world.engine.state.unsaid == {}


def test_a_room_that_was_made_before_a_restart_goes_too(tmp_path: Path) -> None:
    world = World(tmp_path)
    makes(world.a_json_reader(), "tea", "milk")
    world.close()
    world = World(tmp_path)
    assert rooms(world) == {"lobby", "tea", "milk"}
    a_day_later(world)
    assert rooms(world) == on_disk(world) == {"lobby"}
    world.close()


def test_the_lobby_stays(world: World) -> None:
    a_day_later(world)
    assert rooms(world) == on_disk(world) == {"lobby"}


def test_a_room_with_a_topic_alone_goes_and_one_where_something_was_said_stays(world: World) -> None:
    ana = world.a_json_reader()
    for name, command in (("tea", SetTopic(room="tea", topic="green")), ("milk", Post(room="milk", text="x"))):
        ana.asks(Join(room=name))
        world.settle()
        ana.asks(command)
        world.settle()
        world.inside(lambda: world.disk.release(1))
        world.settle()
        ana.asks(Leave(room=name))
        world.settle()
    a_day_later(world)
    assert rooms(world) == on_disk(world) == {"lobby", "milk"}


def test_a_room_of_two_goes_too(world: World) -> None:
    ana, ben = world.a_json_reader(), world.a_json_reader()
    ana.asks(Direct(to=ben.peer.session.person.id))
    world.settle()
    a_day_later(world)
    assert len(rooms(world)) == 2, "ana sits there"
    ana.lose()
    look(world)
    assert len(rooms(world)) == 2, "she lingers there"
    world.inside(lambda: world.engine.dispatch._forget(ana.peer, ana.peer.session))
    look(world)
    assert rooms(world) == {"lobby"}
    assert world.engine.state.directs == {}


def sits_there(world: World, reader: Reader) -> None:
    reader.asks(Join(room="tea"))


def lingers_there(world: World, reader: Reader) -> None:
    reader.asks(Join(room="tea"))
    world.settle()
    reader.lose()


def follows_it(world: World, reader: Reader) -> None:
    reader.peer.session.visitor = True
    reader.asks(Join(room="tea"))


def posts_there(world: World, reader: Reader) -> None:
    reader.peer.session.visitor = True
    reader.asks(Post(room="tea", text="on its way"))


def posts_there_and_waits_for_the_turn(world: World, reader: Reader) -> None:
    world.engine.feed._upto = 0
    posts_there(world, reader)


def looked_at_it_just_now(world: World, reader: Reader) -> None:
    reader.asks(Look(room="tea"))


@pytest.mark.parametrize(
    "comes",
    [sits_there, lingers_there, follows_it, posts_there, posts_there_and_waits_for_the_turn, looked_at_it_just_now],
)
def test_a_room_stays_while_somebody(world: World, comes: Callable[[World, Reader], None]) -> None:
    ana = world.a_json_reader()
    makes(ana, "tea")
    for room in world.engine.state.unsaid.values():
        room.made, room.wanted = (room.made or 0) - DAY_MS, 0
    comes(world, ana)
    world.settle()
    world.run(world.engine.vacancies.look())
    assert rooms(world) == {"lobby", "tea"}
    world.engine.feed._upto = 1_000
    world.inside(world.engine.feed._take_turns)
    world.settle()
    world.inside(lambda: world.disk.release(9))
    world.settle()


def test_who_comes_while_the_room_goes_is_in_a_new_one(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ana = world.a_json_reader()
    makes(ana, "tea")
    old = world.engine.state.rooms_by_name["tea"]
    forget = world.store.forget_room

    async def and_ana_comes(room: int) -> bool:
        world.engine.dispatch.handle(ana.peer, [Join(ref=7, room="tea")])
        return await forget(room)

    monkeypatch.setattr(world.store, "forget_room", and_ana_comes)
    a_day_later(world)
    world.settle()
    new = world.engine.state.rooms_by_name["tea"]
    assert new.id > old.id
    assert list(new.present) == [ana.peer.session.person.id]
    assert on_disk(world) == {"lobby", "tea"}
    ana.asks(Post(room="tea", text="x"))
    world.settle()
    world.inside(lambda: world.disk.release(1))
    world.settle()
    assert [word["seq"] for word in ana.hears() if word["type"] == "stored"] == [1]


@pytest.mark.parametrize("fault", [StorageFull("full"), StorageUnknown("who knows")])
def test_a_disk_that_takes_nothing_keeps_the_room(
    world: World, monkeypatch: pytest.MonkeyPatch, fault: StorageFull | StorageUnknown
) -> None:
    ana = world.a_json_reader()
    makes(ana, "tea", "milk")

    async def refuses(room: int) -> bool:
        raise fault

    with monkeypatch.context() as patch:
        patch.setattr(world.store, "forget_room", refuses)
        a_day_later(world)
    assert on_disk(world) == {"lobby", "tea", "milk"}
    ana.asks(Join(room="tea"))
    world.settle()
    assert world.engine.state.rooms_by_name["tea"].count() == 1
    ana.asks(Leave(room="tea"))
    world.settle()
    a_day_later(world)
    if isinstance(fault, StorageFull):
        assert rooms(world) == on_disk(world) == {"lobby"}
    assert "tea" not in rooms(world)


def test_a_question_that_is_answered_when_the_room_is_gone_is_told_so(world: World) -> None:
    ana: Any = world.a_json_reader()
    makes(ana, "tea")
    asked: list[object] = []
    standing = world.store.standing

    async def slow(*words: Any) -> Any:
        world.engine.state.remove(world.engine.state.rooms_by_name["tea"])
        asked.append(words)
        return await standing(*words)

    world.store.standing = slow  # type: ignore[assignment, method-assign]
    ana.hears()
    ana.asks(Join(room="tea"))
    world.settle()
    assert [word["code"] for word in ana.hears()] == ["no-such-room"]
