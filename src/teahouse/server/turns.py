"""What waits for the disk, person by person: each has a turn, round after round, however much somebody else has waiting.

    put(person, entry)    behind what the person has waiting
    small, large          the entry whose turn it is among the small ones and among the large ones: two rounds, because
                          the disk has room for one more small one long after it had enough of the large
    take(entry)           it is on its way

A person, not a connection: whoever opens a thousand connections has one turn a round. What one person does keeps its
order, so a person is in one of the two rounds, by what is next. A turn is FEW small entries or one large one: in a round
nobody waits for more than that of each of the others.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from teahouse.core.events import Draft

Entry = Draft | Callable[[], None]
"""A draft, or a signal that passes when all before it are on their way."""

FEW = 4  # so that going round costs little where everybody has many


class Round:
    """People in the order of their turns; `left` is what is left of the turn of the first."""

    __slots__ = ("left", "people")

    def __init__(self) -> None:
        self.people: deque[int] = deque()
        self.left = FEW

    def leave(self) -> None:
        """The first has nothing of this kind that is next."""
        self.people.popleft()
        self.left = FEW

    def turn(self) -> None:
        """It is the next one's turn."""
        self.people.rotate(-1)
        self.left = FEW


class Turns:
    """See the module's docstring.

    count  entries that wait
    bytes  of the large drafts among them
    """

    __slots__ = ("_large", "_of", "_owed", "_small", "bytes", "count")

    def __init__(self) -> None:
        self._of: dict[int, deque[Entry]] = {}
        self._owed: dict[int, int] = {}  # bytes of large drafts, by person
        self._small, self._large = Round(), Round()
        self.count = 0
        self.bytes = 0

    def has(self, person: int) -> bool:
        """Whether something of this person waits."""
        return person in self._of

    def owed(self, person: int) -> int:
        """How many bytes of large drafts the person has waiting."""
        return self._owed.get(person, 0)

    @property
    def small(self) -> Entry | None:
        """The small entry whose turn it is."""
        return self._first(self._small)

    @property
    def large(self) -> Entry | None:
        """The large draft whose turn it is."""
        return self._first(self._large)

    def _first(self, round: Round) -> Entry | None:
        return self._of[round.people[0]][0] if round.people else None

    def _round_of(self, entry: Entry) -> Round:
        return self._large if isinstance(entry, Draft) and entry.weight else self._small

    def put(self, person: int, entry: Entry) -> None:
        """It waits behind what the person has waiting."""
        waiting = self._of.get(person)
        if waiting is None:
            waiting = self._of[person] = deque()
            self._round_of(entry).people.append(person)
        waiting.append(entry)
        self.count += 1
        if isinstance(entry, Draft) and entry.weight:
            self._weigh(person, entry.weight)

    def take(self, entry: Entry) -> None:
        """This one, `small` or `large`, is on its way: who has said enough for one turn waits for the next round."""
        round = self._round_of(entry)
        person = round.people[0]
        waiting = self._of[person]
        waiting.popleft()
        self.count -= 1
        round.left -= 1
        if isinstance(entry, Draft) and entry.weight:
            round.left = 0
            self._weigh(person, -entry.weight)
        if not waiting:
            del self._of[person]
            self._owed.pop(person, None)
            round.leave()
        elif (following := self._round_of(waiting[0])) is not round:
            round.leave()
            following.people.append(person)
        elif round.left <= 0:
            round.turn()

    def _weigh(self, person: int, weight: int) -> None:
        self.bytes += weight
        self._owed[person] = self._owed.get(person, 0) + weight
