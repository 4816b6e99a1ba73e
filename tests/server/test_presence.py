"""In a crowd comings and goings are gathered for a moment; what everybody knows in the end is who is there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from teahouse.core.events import Event, Posted, Present, Typing
from teahouse.core.limits import LAN
from teahouse.core.message import nameless
from teahouse.core.room import Room, RoomRecord
from teahouse.core.session import Session
from teahouse.server import presence
from teahouse.server.counters import Counters
from teahouse.server.cursor import Cursor
from teahouse.server.fanout import Fanout
from teahouse.server.outbox import Outbox
from teahouse.server.pages import Pages
from teahouse.server.peer import Peer
from teahouse.wire.frames import HEADER_BYTES, FramesCodec, json_frame


class Pile:
    """An outbox that is never written."""

    def __init__(self) -> None:
        self.units: list[bytes] = []
        self.full = False

    def push(self, unit: bytes) -> None:
        self.units.append(unit)


class Watcher:
    """Somebody in the room, and whom they believe to be there."""

    def __init__(self, house: House, id: int) -> None:
        self.pile = Pile()
        self.peer = Peer(Session(id), a_codec(), cast(Outbox, self.pile), lambda why: None, "")
        self.believes = set(house.room.present)
        self.cursor: Cursor = house.fanout.seat(self.peer, house.room, house.room.head, False)

    def told(self) -> list[dict[str, Any]]:
        words = [msgspec.json.decode(unit[HEADER_BYTES:]) for unit in self.pile.units]
        self.pile.units.clear()
        for word in words:
            came, went = ({person["id"] for person in word.get(side, ())} for side in ("came", "went"))
            assert not came & self.believes
            assert went <= self.believes
            self.believes = (self.believes | came) - went
        return words


def a_codec() -> FramesCodec:
    codec = FramesCodec(LAN)
    assert codec.receive(json_frame(b"")) == []  # it speaks JSON from here on
    return codec


class House:
    """One room, without a loop: `moment` is the time for which presence is gathered."""

    def __init__(self) -> None:
        self.timers: list[Callable[[], object]] = []
        self.fanout = Fanout(Pages(1_000_000), self._no_page, lambda _, then: self.timers.append(then), Counters())
        self.room = Room(1, "tea", None, RoomRecord())
        self.watchers: list[Watcher] = []

    def _no_page(self, room: Room, after: int, back: Callable[[Any], None]) -> None:
        raise AssertionError("nobody is behind")

    def comes(self, id: int) -> Watcher:
        """The order of a join: the others hear it, then one is seated."""
        self.room.present[id] = []
        self._shows(came=[id], went=[])
        watcher = Watcher(self, id)
        self.watchers.append(watcher)
        return watcher

    def goes(self, watcher: Watcher) -> None:
        self.watchers.remove(watcher)
        self.fanout.unseat(watcher.peer, self.room)
        id = watcher.peer.session.id
        del self.room.present[id]
        self._shows(came=[], went=[id])

    def _shows(self, came: list[int], went: list[int]) -> None:
        signal = Present(
            room="tea", came=[nameless(id) for id in came], went=[nameless(id) for id in went], count=self.room.count()
        )
        self.fanout.signal(self.room, signal, self.fanout.next_signal())

    def types(self) -> None:
        signal = Typing(room="tea", person=nameless(1))
        self.fanout.signal(self.room, signal, self.fanout.next_signal())

    def says(self) -> None:
        self.room.head += 1
        event: Event = Posted(room="tea", seq=self.room.head, time=0, author=nameless(1), text="x", form="say")
        self.fanout.publish(self.room, [event], [None])

    def moment(self) -> None:
        timers, self.timers = self.timers, []
        for then in timers:
            then()

    def pumps(self) -> None:
        for watcher in self.watchers:
            self.fanout.pump(watcher.cursor)


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setattr(presence, "CROWD", 2)
    return House()


def test_those_who_come_in_one_moment_are_shown_in_one_signal(house: House) -> None:
    first, second = house.comes(1), house.comes(2)
    house.pumps()
    first.told(), second.told()
    third, fourth = house.comes(3), house.comes(4)
    house.pumps()
    assert first.told() == []
    house.moment()
    for watcher, came in ((first, [3, 4]), (second, [3, 4]), (third, [4])):
        [word] = watcher.told()
        assert ([person["id"] for person in word["came"]], word["went"], word["count"]) == (came, [], 4)
    assert fourth.told() == []


def test_where_few_are_everyone_hears_of_each_at_once(house: House) -> None:
    first = house.comes(1)
    house.pumps()
    house.comes(2)
    assert [word["type"] for word in first.told()] == ["present"]


def test_nothing_overtakes_those_who_came(house: House) -> None:
    first = house.comes(1)
    house.pumps()
    for id, happens, type in ((2, house.says, "posted"), (3, house.types, "typing"), (4, house.says, "posted")):
        house.comes(id)
        house.pumps()
        happens()
        assert [word["type"] for word in first.told()] == ["present", type]
    house.moment()
    assert first.told() == []


def test_who_came_and_went_in_a_moment_is_not_shown(house: House) -> None:
    watchers = [house.comes(id) for id in (1, 2, 3)]
    house.pumps()
    house.moment()
    for watcher in watchers:
        watcher.told()
    house.goes(house.comes(4))
    house.moment()
    assert [watcher.told() for watcher in watchers] == [[], [], []]


steps = st.lists(st.tuples(st.sampled_from(["come", "go", "say", "type", "moment", "pump"]), st.integers(0, 5)))


@given(steps)
def test_everybody_knows_in_the_end_who_is_there(steps: list[tuple[str, int]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(presence, "CROWD", 2)
        house = House()
        for step, which in steps:
            if step == "come" and which + 1 not in house.room.present:
                house.comes(which + 1)
            elif step == "go" and house.watchers:
                house.goes(house.watchers[which % len(house.watchers)])
            elif step == "say" and all(watcher.cursor.live for watcher in house.watchers):
                house.says()
            elif step == "type":
                house.types()
            elif step == "moment":
                house.moment()
            elif step == "pump":
                house.pumps()
        house.pumps()
        house.moment()
        for watcher in house.watchers:
            watcher.told()
            assert watcher.believes == set(house.room.present)
