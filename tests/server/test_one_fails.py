"""What fails for one format or one connection is nobody else's: nobody misses a number, and nobody waits for ever."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from teahouse.core.commands import Command, Delete, Edit, Join, Post, React, Rename, Type
from teahouse.core.errors import ServerFault
from teahouse.core.events import Event
from teahouse.wire.frames import JsonFrames
from teahouse.wire.lines import LinesFormat
from tests.server.world import Reader, World

Patch = pytest.MonkeyPatch


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path / "data")
    yield world
    world.close()


def in_rooms(world: World, *rooms: str) -> Reader:
    reader = world.a_json_reader()
    for room in rooms:
        reader.asks(Join(room=room))
        world.settle()
    return reader


def say(world: World, *asked: tuple[Reader, Command]) -> None:
    """All in one batch."""
    for reader, command in asked:
        reader.asks(command)
    world.settle()
    world.disk.release(len(world.disk.waiting))
    world.settle()


def numbers(reader: Reader, room: str = "lobby") -> list[int]:
    reader.hears()
    return [word["seq"] for word in reader.told if word.get("room") == room and word["type"] in ("posted", "edited", "deleted", "reacted")]  # fmt: skip


def answers(reader: Reader) -> set[int]:
    reader.hears()
    return {word["ref"] for word in reader.told if word.get("ref")}


def failing(
    patch: Patch, format: type, method: str, times: int, when: Callable[[Any], bool] = lambda word: True
) -> None:
    """This method of a format fails so many times for what `when` says; -1: always."""
    left = [times]
    real = getattr(format, method)

    def fails(self: Any, word: Any) -> Any:
        if left[0] and when(word):
            left[0] -= 1
            raise ValueError("planted")
        return real(self, word)

    patch.setattr(format, method, fails)


def is_two(event: Event) -> bool:
    return getattr(event, "text", None) == "two"


def test_a_format_that_fails_once_is_read_again_from_the_log(world: World, monkeypatch: Patch) -> None:
    asker, listener = in_rooms(world, "lobby", "other"), in_rooms(world, "lobby")
    failing(monkeypatch, JsonFrames, "event", 1, is_two)
    for text in ("one", "two", "three"):
        say(world, (asker, Post(room="lobby", text=text)), (asker, Post(room="other", text=text)))
    assert numbers(listener) == [1, 2, 3]
    assert numbers(asker) == numbers(asker, "other") == [1, 2, 3]
    assert answers(asker) == set(asker.asked)
    assert not listener.closed_for


def test_a_format_that_fails_always_ends_its_connections_with_a_reason_and_no_others(
    world: World, monkeypatch: Patch
) -> None:
    asker, listener, elsewhere = in_rooms(world, "lobby"), in_rooms(world, "lobby"), in_rooms(world, "other")
    nc = world.a_person_with_nc()
    failing(monkeypatch, LinesFormat, "event", -1, is_two)
    for text in ("one", "two", "three"):
        say(world, (asker, Post(room="lobby", text=text)), (elsewhere, Post(room="other", text=text)))
    assert [type(why) for why in nc.closed_for] == [ServerFault]
    assert numbers(listener) == [1, 2, 3]
    assert numbers(elsewhere, "other") == [1, 2, 3]
    assert answers(asker) == set(asker.asked)
    assert answers(elsewhere) == set(elsewhere.asked)


def test_who_comes_back_to_what_cannot_be_shown_is_told_so(world: World, monkeypatch: Patch) -> None:
    asker = in_rooms(world, "lobby")
    say(world, (asker, Post(room="lobby", text="two")))
    world.engine.pages.drop(world.lobby.id, 1)
    failing(monkeypatch, JsonFrames, "event", -1, is_two)
    late = world.a_json_reader()
    late.asks(Join(room="lobby", after=0))
    world.settle()
    world.settle()
    assert [type(why) for why in late.closed_for] == [ServerFault]


@pytest.mark.parametrize(
    "command", [Edit(room="lobby", target=1, text="two"), Delete(room="lobby", target=1), React(room="lobby", target=1, emoji="🍵")]
)  # fmt: skip
def test_it_is_so_for_every_kind_of_event(world: World, monkeypatch: Patch, command: Command) -> None:
    asker, listener = in_rooms(world, "lobby"), in_rooms(world, "lobby")
    say(world, (asker, Post(room="lobby", text="one")))
    failing(monkeypatch, JsonFrames, "event", 1, lambda event: type(event).__name__ != "Posted")
    say(world, (asker, command))
    say(world, (asker, Post(room="lobby", text="three")))
    assert numbers(listener) == [1, 2, 3]
    assert answers(asker) == set(asker.asked)


def test_one_connection_whose_outbox_fails_is_read_again_or_let_go_and_the_others_hear_it(
    world: World, monkeypatch: Patch
) -> None:
    asker, first, broken, last = [in_rooms(world, "lobby") for _ in range(4)]
    push = type(broken.outbox).push
    left = [1]

    def fails(self: Any, unit: bytes) -> None:
        if self is broken.outbox and left[0]:
            left[0] -= 1
            raise ValueError("planted")
        push(self, unit)

    monkeypatch.setattr(type(broken.outbox), "push", fails)
    for text in ("one", "two", "three"):
        say(world, (asker, Post(room="lobby", text=text)))
    assert numbers(first) == numbers(last) == numbers(broken) == [1, 2, 3]
    left[0] = -1
    say(world, (asker, Post(room="lobby", text="four")))
    world.settle()
    assert broken.peer.lost
    assert numbers(first) == numbers(last) == [1, 2, 3, 4]


def test_one_connection_that_cannot_be_written_to_keeps_no_other_from_being_written_to(world: World) -> None:
    asker, first, broken, last = [in_rooms(world, "lobby") for _ in range(4)]

    def fails(data: object) -> None:
        raise OSError("planted")

    broken.transport.write = fails  # type: ignore[method-assign]
    for text in ("one", "two", "three"):
        say(world, (asker, Post(room="lobby", text=text)))
    assert numbers(first) == numbers(last) == [1, 2, 3]
    assert answers(asker) == set(asker.asked)
    assert broken.peer.lost


def test_one_answer_that_cannot_be_written_ends_its_asker_alone(world: World, monkeypatch: Patch) -> None:
    asker, other = in_rooms(world, "lobby"), in_rooms(world, "lobby")
    monkeypatch.setattr(asker.codec, "answer", lambda reply: 1 / 0)
    say(world, (asker, Post(room="lobby", text="one")), (other, Post(room="lobby", text="two")))
    assert [type(why) for why in asker.closed_for] == [ServerFault]
    assert answers(other) == set(other.asked)
    assert numbers(other) == [1, 2]


@pytest.mark.parametrize("command", [Type(room="lobby"), Rename(name="ana"), Join(room="other")])
def test_a_signal_that_cannot_be_shown_keeps_no_number_from_anybody(
    world: World, monkeypatch: Patch, command: Command
) -> None:
    asker, listener, elsewhere = in_rooms(world, "lobby"), in_rooms(world, "lobby", "other"), in_rooms(world, "other")
    failing(monkeypatch, JsonFrames, "signal", -1)
    say(world, (asker, command))
    monkeypatch.undo()
    say(world, (asker, Post(room="lobby", text="one")), (elsewhere, Post(room="other", text="one")))
    for reader, room in ((asker, "lobby"), (listener, "lobby"), (elsewhere, "other")):
        assert numbers(reader, room) == [1] or [type(why) for why in reader.closed_for] == [ServerFault]
        assert answers(reader) == set(reader.asked) or reader.peer.lost


@pytest.mark.parametrize("place", ["teahouse.core.chat.apply", "teahouse.server.counters.Counters.committed"])
def test_what_fails_for_the_whole_room_ends_the_node_and_nothing_is_shown_after_it(
    world: World, monkeypatch: Patch, place: str
) -> None:
    asker = in_rooms(world, "lobby")

    def fails(*_: object) -> None:
        raise ValueError("planted")

    with monkeypatch.context() as patch:
        patch.setattr(place, fails)
        asker.asks(Post(room="lobby", text="one"))
        world.run(_turn())
        world.disk.release(1)
        world.run(_until(world))
    assert "planted" in world.engine.fatal.result().message
    assert "stored" not in {word["type"] for word in asker.hears()}
    assert world.engine.trouble() is not None


async def _turn() -> None:
    """The loop turns once."""


async def _until(world: World) -> None:
    await world.engine.fatal
