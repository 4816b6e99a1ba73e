"""A room as the core sees it: what its record keeps, and what passes.

RoomRecord   folded from the log by `fold`, kept beside it as a snapshot: topic, rules, members
Room         one room now: its record, its published head, who is present
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Literal

import msgspec

from teahouse.core.events import Deleted, Event, RulesChanged, TopicChanged
from teahouse.core.message import Person

if TYPE_CHECKING:
    from teahouse.core.session import Session


class Member(msgspec.Struct, frozen=True):
    """A person who belongs to a room. Kept in the log."""

    person: Person
    role: Literal["member", "moderator", "owner"]
    since: int


class RoomRecord(msgspec.Struct, frozen=True):
    """What a room's log has decided about the room itself.

    topic_seq  the seq of the event that last set the topic
    rules      the seq that last moved the rules
    """

    topic: str = ""
    topic_seq: int = 0
    speak: Literal["everyone", "members"] = "everyone"
    rules: int = 0
    members: dict[int, Member] = {}


def fold(record: RoomRecord, event: Event) -> RoomRecord:
    """The record after this event. Pure; the log and the core fold alike."""
    if isinstance(event, TopicChanged):
        return msgspec.structs.replace(record, topic=event.topic or "", topic_seq=event.seq)
    if isinstance(event, Deleted):
        return record if event.topic is None else msgspec.structs.replace(record, topic=event.topic)
    if isinstance(event, RulesChanged):
        return msgspec.structs.replace(record, speak=event.speak, rules=event.seq)
    return record


class Room:
    """One room now.

    id       its number on disk, 1 … 2³¹-1
    name     as shown; `@12+40` for a direct room
    pair     the two ids of a direct room, else None
    head     the number of the last event that was published here
    time     of that event; ms
    fold     what its name compares as; "" before the state has it
    made     when it was made (ms), as long as nothing was ever said here; then None
    wanted   somebody has named it lately: it does not go
    present  person id → the sessions of that person which are in the room; never an empty list
    """

    __slots__ = ("fold", "head", "id", "made", "name", "pair", "present", "record", "time", "wanted")

    def __init__(
        self, id: int, name: str, pair: tuple[int, int] | None, record: RoomRecord, head: int = 0, time: int = 0,
        made: int | None = None,
    ) -> None:  # fmt: skip
        self.id = id
        self.name = name
        self.pair = pair
        self.record = record
        self.head = head
        self.time = time
        self.made = made
        self.fold = ""
        self.wanted = 0
        self.present: dict[int, list[Session]] = {}

    def latest(self) -> int:
        """When something happened here last, if only that it was made; ms."""
        return max(self.time, self.made or 0)

    def count(self) -> int:
        """How many belong to the room or are present."""
        members = self.record.members
        return len(self.present.keys() | members.keys()) if members else len(self.present)

    def people(self, after: int, most: int) -> list[Person]:
        """Of those who belong to the room or are present: those with ids after `after`, by id, `most` at the most."""
        members = self.record.members
        ids = self.present.keys() | members.keys() if members else self.present.keys()
        # Linear: whoever comes into a room of ten thousand is told of a few, and nobody waits for all to be sorted.
        chosen = heapq.nsmallest(most, (id for id in ids if id > after) if after else ids)
        return [self.present[id][0].person if id in self.present else members[id].person for id in chosen]
