"""What was published, pushed to all live cursors of one format: the inner loop of the house.

There is no `try` in it. Where it fails for one connection, `not_pushed` looks afterwards at the ends of the outboxes: the
units are objects of this one publishing, so whoever has one has it from here.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

from teahouse.server.cursor import Cursor

Slow = list[tuple[Cursor, int]]
"""Cursors that did not get all, each with the place of the first unit that it did not get."""


def push_whole(cursors: Mapping[int, Cursor], units: Sequence[bytes], mine: Mapping[int, Sequence[int]]) -> Slow:
    """The same object for everybody but the authors; return those whose outbox is full, with the place 0.

    mine   session id → places of its own events, which it is not shown
    """
    slow: Slow = []
    whole = b"".join(units)
    if not whole:
        return [(cursor, 0) for cursor in cursors.values() if cursor.peer.outbox.full]
    for id, cursor in cursors.items():
        outbox = cursor.peer.outbox
        if outbox.full:
            slow.append((cursor, 0))
        elif id not in mine:
            outbox.push(whole)
        elif rest := b"".join([unit for place, unit in enumerate(units) if place not in mine[id]]):
            outbox.push(rest)
    return slow


def push_units(cursors: Mapping[int, Cursor], units: Sequence[bytes], mine: Mapping[int, Sequence[int]]) -> Slow:
    """One unit at a time: the outbox of an old door makes up each write by itself, and holds what it cannot write
    yet. Return those whose outbox is full, with the place of the first unit that they did not get."""
    slow: Slow = []
    for id, cursor in cursors.items():
        outbox = cursor.peer.outbox
        own = mine.get(id, ())
        for place, unit in enumerate(units):
            if outbox.full:
                slow.append((cursor, place))
                break
            if unit and place not in own:
                outbox.push(unit)
    return slow


def not_pushed(
    cursors: Mapping[int, Cursor], units: Sequence[bytes], mine: Mapping[int, Sequence[int]]
) -> tuple[Slow, list[Cursor]]:
    """After one of the two has failed: those who did not get all, and those of whom nobody knows what they got.

    Whoever has the last unit that was for them, and will be written to, has all. Whoever has none of them got nothing.
    """
    slow: Slow = []
    unsure: list[Cursor] = []
    whole = b"".join(units)
    for id, cursor in cursors.items():
        own: Container[int] = mine.get(id, ())
        theirs = [unit for place, unit in enumerate(units) if unit and place not in own]
        last = cursor.peer.outbox.last
        if last is None or not theirs:
            slow.append((cursor, 0))
        elif last is whole or last is theirs[-1]:
            if not cursor.peer.outbox.dirty:  # it waits, and nobody would write it
                unsure.append(cursor)
        elif last in theirs or last == b"".join(theirs):
            unsure.append(cursor)
        else:
            slow.append((cursor, 0))
    return slow, unsure
