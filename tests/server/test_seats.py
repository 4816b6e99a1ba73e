"""How many rooms connections sit in together, what a seat costs, what those who are behind make the server hold."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from teahouse.core.commands import Join, Leave, Post, Rename, Type, Whisper
from teahouse.core.errors import TooSlow
from teahouse.core.handlers.presence import enter
from teahouse.core.message import nameless
from teahouse.core.room import Room, RoomRecord
from teahouse.core.session import Neighbours, Session
from teahouse.server import fanout
from teahouse.server.feed import TYPING
from teahouse.server.outbox import Outbox
from teahouse.server.pages import OVERHEAD, PAGE, Pages
from teahouse.server.peer import Peer
from teahouse.wire.frames import FramesCodec
from tests.server.world import SMALL, Reader, World

FEW = msgspec.structs.replace(SMALL, seats_per_address=4, seats=6, connections_per_address=3)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path, FEW)
    yield world
    world.close()


def joins(reader: Reader, *rooms: str) -> list[str]:
    """Ask for these rooms; the kind or the code of each answer."""
    reader.hears()
    for room in rooms:
        reader.asks(Join(room=room))
        reader.world.settle()
    return [word.get("code", word["type"]) for word in reader.hears() if word["type"] in ("room", "refused")]


def seats(world: World) -> int:
    return world.engine.dispatch._house.seats


def elsewhere(world: World, reader: Reader, address: str) -> Reader:
    """The reader comes from another address."""
    dispatch = world.engine.dispatch
    reader.peer.session.neighbours = dispatch._neighbours.setdefault(address, Neighbours(dispatch._house))
    return reader


def test_connections_of_one_address_sit_in_so_many_rooms_together(world: World) -> None:
    ana, ben = world.a_json_reader(), world.a_json_reader()
    assert joins(ana, "a", "b", "c") == ["room"] * 3
    assert joins(ben, "a", "b") == ["room", "too-many"]
    assert joins(ana, "a") == ["room"], "who sits there already keeps the place"
    ana.asks(Leave(room="c"))
    world.settle()
    assert joins(ben, "b") == ["room"]
    ana.lose()
    ben.lose()
    assert seats(world) == 4, "they linger"
    for reader in (ana, ben):
        _, peer, session = world.engine.dispatch._lingering[reader.peer.session.id]
        world.inside(partial(world.engine.dispatch._forget, peer, session))
    assert seats(world) == 0


def test_the_house_has_so_many_seats_whatever_the_address(world: World) -> None:
    ana = world.a_json_reader()
    ben = elsewhere(world, world.a_json_reader(), "192.0.2.2")
    assert joins(ana, "a", "b", "c", "d") == ["room"] * 4
    assert joins(ben, "a", "b", "c") == ["room", "room", "too-many"]


def test_somebody_with_nc_moves_though_the_address_has_no_seat_left(world: World) -> None:
    ana, someone = world.a_json_reader(), world.a_person_with_nc()
    assert joins(ana, "a", "b", "c", "d") == ["room", "room", "room", "too-many"]
    someone.asks(Join(room="a"))
    world.settle()
    assert someone.peer.session.here is world.engine.state.rooms_by_name["a"]
    assert seats(world) == 4


def test_nobody_is_seated_by_others_beyond_the_bound(tmp_path: Path) -> None:
    world = World(tmp_path, msgspec.structs.replace(SMALL, rooms_per_session=2))
    ana, ben = world.a_json_reader(), world.a_json_reader()
    ben.asks(Rename(name="ben"))
    world.settle()
    assert joins(ben, "a", "b") == ["room", "room"]
    someone = world.a_person_with_nc()
    someone.asks(Whisper(to="ben", text="psst"))
    world.settle()
    world.inside(lambda: world.disk.release(1))
    world.settle()
    assert len(ben.peer.session.rooms) == 2
    assert ana.peer.session.rooms == {}
    world.close()


def test_of_one_address_only_so_many_linger_and_the_oldest_is_forgotten(world: World) -> None:
    readers = [world.a_json_reader() for _ in range(5)]
    for number, reader in enumerate(readers):
        if number < 4:
            joins(reader, "lobby")
        reader.lose()
    world.settle()
    lingering = set(world.engine.dispatch._lingering)
    assert lingering == {reader.peer.session.id for reader in readers[1:4]}
    assert set(readers[1].peer.session.neighbours.lingering) == lingering
    assert len(world.lobby.present) == 3


# ---- what it costs


def test_a_seat_costs_less_than_six_hundred_bytes() -> None:
    people, rooms = 50, 100
    pages = Pages(1_000)
    there = [Room(number, f"r{number}", None, RoomRecord()) for number in range(rooms)]
    house = Neighbours()
    peers = [
        Peer(Session(id, neighbours=house), FramesCodec(SMALL), cast(Outbox, None), lambda why: None, "")
        for id in range(people)
    ]
    for peer in peers:
        peer.session.person = nameless(peer.session.id + 1)
    seated = fanout.Fanout(pages, cast(Any, None), cast(Any, None), cast(Any, None))
    gc.collect()
    tracemalloc.start()
    try:
        for peer in peers:
            for room in there:
                enter(peer.session, room)
                seated._go_live(seated.seat(peer, room, 0, announce=False))
        gc.collect()
        each = tracemalloc.get_traced_memory()[0] / people / rooms
    finally:
        tracemalloc.stop()
    print(f"{each:.0f} bytes a seat")
    assert house.seats == people * rooms
    assert each < 600


@pytest.mark.parametrize("size", [0, 1, 40, 500])
@pytest.mark.parametrize("way", ["read", "grown", "grown in many rooms"])
def test_pages_hold_no_more_memory_than_they_may(size: int, way: str) -> None:
    limit = 1 << 20
    pages = Pages(limit)
    formats: list[Any] = [object(), object()]
    rooms = 2 * limit // (size + OVERHEAD) // (PAGE if way != "grown in many rooms" else 8) + 1
    gc.collect()
    tracemalloc.start()
    try:
        for room in range(rooms):
            for format in formats:
                pages.put(room, format, 0, [bytes(bytearray(size)) for _ in range(PAGE if way == "read" else 1)])
                for seq in range(2, {"read": 1, "grown": PAGE, "grown in many rooms": 8}[way]):
                    pages.extend(room, format, seq, [bytes(bytearray(size))])
        gc.collect()
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert pages.bytes <= limit
    assert held <= limit * 1.1
    if size:
        assert held >= limit * 0.2, "and they are of use"


# ---- those who are behind


class Behind:
    """Somebody who is behind in the lobby, and does not read."""

    def __init__(self, world: World) -> None:
        self.reader = world.a_json_reader()
        joins(self.reader, "lobby")
        self.cursor = self.reader.peer.cursors[world.lobby.id]
        self.reader.outbox.pause()

    @property
    def renames(self) -> int:
        return len(self.cursor.renames or ())


def test_who_comes_is_renamed_and_goes_is_not_kept_for_those_who_are_behind(tmp_path: Path) -> None:
    world = World(tmp_path)
    behind = Behind(world)
    stays = world.a_json_reader()
    joins(stays, "lobby")
    stays.asks(Rename(name="stays"))
    world.settle()
    for number in range(20):
        passer = world.a_json_reader()
        joins(passer, "lobby")
        passer.asks(Rename(name=f"passer{number}"))
        world.settle()
        passer.asks(Leave(room="lobby"))
        world.settle()
    assert behind.renames == 1
    assert len(behind.cursor.kept or ()) == 1
    behind.reader.reads()
    behind.reader.outbox.resume()
    world.settle()
    told = [word for word in behind.reader.hears() if word["type"] in ("renamed", "present")]
    assert [word["type"] for word in told] == ["renamed", "present"]
    world.close()


def test_who_went_and_came_back_under_another_name_is_told(tmp_path: Path) -> None:
    world = World(tmp_path)
    ana = world.a_json_reader()
    joins(ana, "lobby")
    behind = Behind(world)
    ana.asks(Rename(name="eva"), Leave(room="lobby"), Join(room="lobby"))
    world.settle()
    assert not behind.cursor.kept
    assert behind.renames == 1
    world.close()


def test_who_writes_and_never_reads_is_let_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fanout, "OWN", 30)
    world = World(tmp_path)
    someone = world.a_person_with_nc()
    other = world.a_json_reader()
    joins(other, "lobby")
    someone.outbox.pause()
    for batch in range(4):
        someone.asks(*[Post(room="", text=f"{batch}") for _ in range(10)])
        world.settle()
        world.inside(lambda: world.disk.release(10))
        world.settle()
    world.settle()
    assert [type(why) for why in someone.closed_for] == [TooSlow]
    assert len([word for word in other.hears() if word["type"] == "posted"]) >= 30
    world.close()


def test_what_waits_to_pass_is_bounded_while_the_disk_takes_nothing(tmp_path: Path) -> None:
    world = World(tmp_path, msgspec.structs.replace(SMALL, queue=1_000, typing_ms=0))
    ana, ben = world.a_json_reader(), world.a_json_reader()
    for reader in (ana, ben):
        joins(reader, "lobby")
    ana.asks(Post(room="lobby", text="on its way"))
    world.settle()
    feed = world.engine.feed
    for _ in range(40):
        ben.asks(*[Type(room="lobby") for _ in range(50)])
    assert feed._passing == TYPING
    for _ in range(100):
        if ben.peer.congested:
            break
        for _ in range(10):
            ben.asks(Leave(room="lobby"), Join(room="lobby"))
            world.settle()
    assert ben.peer.congested
    assert 1_000 < feed._passing < 1_100
    world.inside(lambda: world.disk.release(1))
    world.settle()
    assert feed._passing == 0
    assert ben.peer not in world.engine.dispatch._paused
    world.close()
