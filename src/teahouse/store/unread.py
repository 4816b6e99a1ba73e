"""What somebody has not read, counted from one look at each room's newest messages.

Whoever says hello is told of every room how much is unread, and after a restart all come back at once. Who wrote the
newest messages is the same for everybody, so it is read once a head and shared; what differs is where one has read up
to, and who one is.

    look(room, head)   the newest WINDOW messages: (seq, author, the addresses in it, if any), newest first
    standing           counts in it; the rare one who needs more than the window has asks the log itself
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from sys import getsizeof
from threading import Lock

import apsw

from teahouse.core.events import Posted
from teahouse.core.message import Person
from teahouse.store.base import Standing
from teahouse.store.connect import run
from teahouse.store.rows import SEQ, event_id

UNREAD = 100  # counted up to here
UNREAD_SCAN = 10_000  # the newest events that are looked at: somebody who talks alone is no reason to read a whole log
WINDOW = 128
LOOKS_BYTES = 32 * 1_024 * 1_024  # of looks that are kept: some two thousand rooms where few are addressed
LOOK_BYTES = 16_384  # of a look beside its addresses
ADDRESSES = 100  # “@” of one message that are looked at; whoever writes more means nobody
ADDRESS_CHARS = 100  # behind an “@”: a name of 32 characters has at most 96 once it is casefolded, and then it ends

_NEWEST = (
    "SELECT id, author, iif(instr(text, '@'), text, NULL) FROM events "
    "WHERE id > ? AND id <= ? AND kind = ? AND text IS NOT NULL ORDER BY id DESC LIMIT ?"
)
_OTHERS = _NEWEST.replace("ORDER BY", "AND author <> ? ORDER BY")


class Look:
    """The newest messages of a room, newest first, as of one head; all that are above `floor`."""

    __slots__ = ("_authors", "_numbers", "_texts", "_whose", "addresses", "bytes", "floor", "head")

    def __init__(self, head: int, floor: int, messages: Sequence[tuple[int, int, str | None]]) -> None:
        self.head = head
        self.floor = floor
        self._numbers = [-seq for seq, _, _ in messages]  # so that they rise
        self._authors = [author for _, author, _ in messages]
        self._whose = frozenset(self._authors)
        self._texts = [addresses_in(text) for _, _, text in messages]
        self.bytes = LOOK_BYTES + sum(getsizeof(text) for text in self._texts if text is not None)
        self.addresses = any(text is not None for text in self._texts)

    def of_others(self, person: int, after: int) -> list[str | None]:
        """The addresses in the newest UNREAD messages of others after a number. Most people have said none of them."""
        end = bisect_left(self._numbers, -after)
        if person not in self._whose:
            return self._texts[: min(end, UNREAD)]
        said = zip(self._authors[:end], self._texts, strict=False)
        return [text for author, text in said if author != person][:UNREAD]


class Unread:
    """Shared by the readers' threads: a look never changes, and only with the lock one is put in or taken out."""

    def __init__(self) -> None:
        self._looks: OrderedDict[int, Look] = OrderedDict()
        self._lock = Lock()
        self._forgotten = 0  # how often
        self.bytes = 0

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
                others, addresses = [addresses_in(text) for _, _, text in run(connection, _OTHERS, span)], True
            answers.append(Standing(read, len(others), mentions(person.name, others) if addresses else 0))
        return answers

    def forget_room(self, room: int) -> None:
        """The room is no more."""
        with self._lock:
            self._drop(room)

    def _drop(self, room: int) -> None:
        look = self._looks.pop(room, None)
        if look is not None:
            self.bytes -= look.bytes

    def _keep(self, room: int, look: Look) -> None:
        with self._lock:
            self._drop(room)
            self._looks[room] = look
            self.bytes += look.bytes
            while self.bytes > LOOKS_BYTES and len(self._looks) > 1:
                self._drop(next(iter(self._looks)))

    def forget(self, rooms: Iterable[int]) -> None:
        """Something was deleted there: its text does not stay in memory. Called by the writer's thread."""
        self._forgotten += 1
        with self._lock:
            for room in rooms:
                self._drop(room)

    def _look(self, connection: apsw.Connection, room: int, head: int, known: int) -> Look:
        look = self._looks.get(room)
        if look is not None and look.head == head:
            return look
        span = (event_id(room, max(0, head - UNREAD_SCAN)), event_id(room, head), Posted.kind, WINDOW)
        messages = [(id & SEQ, author, text) for id, author, text in run(connection, _NEWEST, span)]
        floor = messages[-1][0] - 1 if len(messages) == WINDOW else max(0, head - UNREAD_SCAN)
        look = Look(head, floor, messages)
        if known == self._forgotten:  # else it has, perhaps, what was deleted meanwhile
            self._keep(room, look)
        return look


def addresses_in(text: str | None) -> str | None:
    """What stands around each “@” of a text, casefolded, a line each; None without any. A text may be long."""
    if text is None:
        return None
    pieces: list[str] = []
    place = text.find("@")
    while place >= 0 and len(pieces) < ADDRESSES:
        following = text.find("@", place + 1)
        end = place + 1 + ADDRESS_CHARS
        pieces.append(text[max(place - 1, 0) : end if following < 0 else min(end, following)].casefold())
        place = following
    return "\n".join(pieces) if pieces else None


def mentions(name: str, texts: Sequence[str | None]) -> int:
    """How many of these addresses are `@name`. There is seldom an “@” in any, so the pattern is not made before."""
    return sum(1 for text in texts if text is not None and mention_of(name).search(text))


@lru_cache(maxsize=256)
def mention_of(name: str) -> re.Pattern[str]:
    """What finds `@name` in a casefolded text: not in a mail address, not the beginning of a longer name."""
    return re.compile(rf"(?<![a-z0-9_])@{re.escape(name.casefold())}(?![\w\-\[\]{{}}\\|^`])")
