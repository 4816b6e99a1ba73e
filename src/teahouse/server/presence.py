"""Who came and who went, added up.

In a room of a thousand each who comes is a write to a thousand. When a thousand come back at once, after a restart, that
is a million, and they wait for each other. So in a crowd comings and goings are gathered for a moment, and what is left
of them is shown in one signal; a person who came and went meanwhile is not in it.

    CROWD     people in a room from which on they are gathered; below, everyone hears of each at once
    GATHER_S  how long at most: whatever else happens in the room does not overtake them
"""

from __future__ import annotations

from collections.abc import Iterable

from teahouse.core.events import Present
from teahouse.core.message import Person
from teahouse.core.room import Room

CROWD = 64
GATHER_S = 0.05

Sum = dict[int, tuple[bool, Person]]  # person id → (came, person)


def add(sum: Sum, signal: Present) -> None:
    """One more signal: who came and went is where they were."""
    for came, people in ((True, signal.came), (False, signal.went)):
        for person in people:
            before = sum.pop(person.id, None)
            if before is None or before[0] == came:
                sum[person.id] = (came, person)


def told(room: Room, sum: Sum) -> Present:
    """The sum as one signal."""
    came = [person for came, person in sum.values() if came]
    went = [person for came, person in sum.values() if not came]
    return Present(room=room.name, came=came, went=went, count=room.count())


def added_up(room: Room, signals: Iterable[Present]) -> Present | None:
    """These signals as one; None where nothing is left of them."""
    sum: Sum = {}
    for signal in signals:
        add(sum, signal)
    return told(room, sum) if sum else None
