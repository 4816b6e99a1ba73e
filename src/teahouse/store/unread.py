"""What somebody has not read, counted from one look at each room's newest messages.

Whoever says hello is told of every room how much is unread, and after a restart all come back at once. Who wrote the
newest messages is the same for everybody, so it is read once a head and shared; what differs is where one has read up
to, and who one is.

    look(room, head)   the newest WINDOW messages: (seq, author, the text if there is an “@” in it), newest first
    standing           counts in it; the rare one who needs more than the window has asks the log itself
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from functools import lru_cache

import apsw

from teahouse.core.events import Posted
from teahouse.core.message import Person
from teahouse.store.base import Standing
from teahouse.store.connect import run
from teahouse.store.rows import SEQ, event_id

UNREAD = 100  # counted up to here
UNREAD_SCAN = 10_000  # the newest events that are looked at: somebody who talks alone is no reason to read a whole log
WINDOW = 128
ROOMS = 1_024  # whose look is kept

_NEWEST = (
    "SELECT id, author, iif(instr(text, '@'), text, NULL) FROM events "
    "WHERE id > ? AND id <= ? AND kind = ? AND text IS NOT NULL ORDER BY id DESC LIMIT ?"
)
_OTHERS = _NEWEST.replace("ORDER BY", "AND author <> ? ORDER BY")


class Look:
    """The newest messages of a room, newest first, as of one head; all that are above `floor`."""

    __slots__ = ("_authors", "_numbers", "_texts", "_whose", "addresses", "floor", "head")

    def __init__(self, head: int, floor: int, messages: Sequence[tuple[int, int, str | None]]) -> None:
        self.head = head
        self.floor = floor
        self._numbers = [-seq for seq, _, _ in messages]  # so that they rise
        self._authors = [author for _, author, _ in messages]
        self._whose = frozenset(self._authors)
        self._texts = [text for _, _, text in messages]
        self.addresses = any(text is not None for text in self._texts)

    def of_others(self, person: int, after: int) -> list[str | None]:
        """The texts of the newest UNREAD messages of others after a number. Most people have said none of them."""
        end = bisect_left(self._numbers, -after)
        if person not in self._whose:
            return self._texts[: min(end, UNREAD)]
        said = zip(self._authors[:end], self._texts, strict=False)
        return [text for author, text in said if author != person][:UNREAD]


class Unread:
    """Shared by the readers' threads: each step on the dictionary is atomic, and a look never changes."""

    def __init__(self) -> None:
        self._looks: OrderedDict[int, Look] = OrderedDict()
        self._forgotten = 0  # how often

    def standing(self, connection: apsw.Connection, person: Person, rooms: Sequence[tuple[int, int]]) -> list[Standing]:
        """How the person stands to each (room id, head)."""
        known = self._forgotten  # asked before anything is read
        marks = dict(run(connection, "SELECT room, read FROM marks WHERE person = ?", (person.id,)))
        answers: list[Standing] = []
        for room, head in rooms:
            read = marks.get(room, 0)
            lowest = max(read, head - UNREAD_SCAN)
            look = self._look(connection, room, head, known)
            others, addresses = look.of_others(person.id, lowest), look.addresses
            if len(others) < UNREAD and look.floor > lowest:
                span = (event_id(room, lowest), event_id(room, head), Posted.kind, person.id, UNREAD)
                others, addresses = [text for _, _, text in run(connection, _OTHERS, span)], True
            answers.append(Standing(read, len(others), mentions(person.name, others) if addresses else 0))
        return answers

    def forget_room(self, room: int) -> None:
        """The room is no more."""
        self._looks.pop(room, None)

    def forget(self, rooms: Iterable[int]) -> None:
        """Something was deleted there: its text does not stay in memory. Called by the writer's thread."""
        self._forgotten += 1
        for room in rooms:
            self._looks.pop(room, None)

    def _look(self, connection: apsw.Connection, room: int, head: int, known: int) -> Look:
        look = self._looks.get(room)
        if look is not None and look.head == head:
            return look
        span = (event_id(room, max(0, head - UNREAD_SCAN)), event_id(room, head), Posted.kind, WINDOW)
        messages = [(id & SEQ, author, text) for id, author, text in run(connection, _NEWEST, span)]
        floor = messages[-1][0] - 1 if len(messages) == WINDOW else max(0, head - UNREAD_SCAN)
        look = Look(head, floor, messages)
        if known != self._forgotten:  # perhaps it has what was deleted meanwhile
            return look
        self._looks[room] = look
        while len(self._looks) > ROOMS:
            self._looks.popitem(last=False)
        return look


def mentions(name: str, texts: Sequence[str | None]) -> int:
    """How many of these have `@name`. There is seldom an “@” in any, so the pattern is not made before."""
    addressed = [text.casefold() for text in texts if text is not None]
    return sum(1 for text in addressed if mention_of(name).search(text))


@lru_cache(maxsize=256)
def mention_of(name: str) -> re.Pattern[str]:
    """What finds `@name` in a casefolded text: not in a mail address, not the beginning of a longer name."""
    return re.compile(rf"(?<![a-z0-9_])@{re.escape(name.casefold())}(?![\w\-\[\]{{}}\\|^`])")
