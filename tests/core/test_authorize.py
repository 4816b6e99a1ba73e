"""Who may what: the whole table, and what it says where existence is a secret."""

from __future__ import annotations

from typing import get_args

import msgspec
import pytest

from teahouse.core.authorize import RANKS, TABLE, Action, Rank, authorize, own_only, rank
from teahouse.core.errors import NoSuchRoom, NotAllowed
from teahouse.core.message import Person
from teahouse.core.room import Member, Room, RoomRecord
from teahouse.core.session import NOBODY

# Written down a second time on purpose: y may, n may not, o may where everybody speaks.
EXPECTED = """
            nobody guest bot member moderator owner
rename      n      y     n   y      y         y
join        n      y     y   y      y         y
read        n      y     y   y      y         y
members     n      y     y   y      y         y
mark        n      y     y   y      y         y
direct      n      y     y   y      y         y
post        n      o     o   y      y         y
typing      n      o     o   y      y         y
react       n      o     o   y      y         y
topic       n      o     o   y      y         y
edit        n      o     o   y      y         y
delete      n      y     y   y      y         y
"""
LINES = [line.split() for line in EXPECTED.strip().splitlines()]
CELLS = [(line[0], LINES[0][place], cell) for line in LINES[1:] for place, cell in enumerate(line[1:])]


def someone(held: Rank) -> tuple[Person, dict[int, Member]]:
    """A person who is this in the room, and the room's members."""
    if held == "nobody":
        return NOBODY, {}
    if held in ("guest", "bot"):
        return Person(7, "ana", "bot" if held == "bot" else "guest"), {}
    person = Person(7, "ana", "member")
    role = "member" if held == "member" else "owner" if held == "owner" else "moderator"
    return person, {7: Member(person, role, 1)}  # type: ignore[arg-type]  # one of the three


def may(person: Person, action: Action, room: Room) -> bool:
    """The answer as yes or no."""
    try:
        authorize(person, action, room)
    except NotAllowed:
        return False
    return True


@pytest.mark.parametrize(("action", "held", "cell"), CELLS)
def test_the_table_says(action: Action, held: Rank, cell: str) -> None:
    person, members = someone(held)
    everyone_speaks = Room(1, "lobby", None, RoomRecord(members=members))
    members_speak = Room(1, "lobby", None, RoomRecord(members=members, speak="members"))
    assert rank(person, everyone_speaks) == held
    assert may(person, action, everyone_speaks) is (cell in "yo")
    assert may(person, action, members_speak) is (cell == "y")


def test_the_table_has_every_action_and_every_rank() -> None:
    assert set(TABLE) == set(get_args(Action)) == {line[0] for line in LINES[1:]}
    assert all(tuple(row) == RANKS for row in TABLE.values())
    assert tuple(LINES[0]) == RANKS


@pytest.mark.parametrize("action", sorted(TABLE))
def test_a_direct_room_exists_for_its_two_people_alone(action: Action) -> None:
    room = Room(1, "@12+40", (12, 40), RoomRecord())
    for stranger in (Person(7, "ana"), Person(1, "root", "member"), NOBODY):
        with pytest.raises(NoSuchRoom):
            authorize(stranger, action, room)
    authorize(Person(12, "bob"), action, room)
    authorize(Person(40, "eve"), action, room)


def test_a_member_of_one_room_is_a_guest_in_another() -> None:
    person, members = someone("owner")
    assert rank(person, Room(1, "here", None, RoomRecord(members=members))) == "owner"
    assert rank(person, Room(2, "there", None, RoomRecord())) == "guest"


@pytest.mark.parametrize("held", RANKS)
def test_nobody_puts_words_into_anothers_mouth(held: Rank) -> None:
    person, members = someone(held)
    assert own_only(person, "edit", Room(1, "lobby", None, RoomRecord(members=members)))


@pytest.mark.parametrize("held", RANKS)
def test_moderators_and_owners_delete_what_others_said(held: Rank) -> None:
    person, members = someone(held)
    room = Room(1, "lobby", None, RoomRecord(members=members))
    assert own_only(person, "delete", room) is (held not in ("moderator", "owner"))


def test_the_rules_of_the_room_are_those_of_its_record() -> None:
    room = Room(1, "lobby", None, RoomRecord())
    guest = Person(7, "ana")
    assert may(guest, "post", room)
    room.record = msgspec.structs.replace(room.record, speak="members")
    assert not may(guest, "post", room)
