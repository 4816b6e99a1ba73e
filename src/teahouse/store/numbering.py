"""Drafts become numbered events, or are told why not. The checks that only the log can make; see log.py.

    Numbering(tips, targets, meter, known, …)
        .take(draft)  for each, in order ─▶ what is stored, deletions, new tips: what one transaction has to write

Nothing is written here and nothing that was is changed: the ends of the rooms are copies until the batch is on disk.
A batch may be numbered twice: where a key turns out to be on the disk already, the whole batch is numbered again
with what is `known` now. So `take` sets all that it may have set before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Mapping

from teahouse.core.errors import KeyReused, NoSuchMessage, NotAllowed, Stale, TooFast, TooMany
from teahouse.core.events import Deleted, Draft, Edited, Posted, Reacted, TopicChanged, Unreacted
from teahouse.core.limits import AHEAD_MS, Limits
from teahouse.core.message import Person
from teahouse.core.meter import Meter
from teahouse.core.room import RoomRecord, fold
from teahouse.store.retries import Retries
from teahouse.store.rows import event_id
from teahouse.store.targets import Target, Targets

Key = tuple[str, int, int]  # the key, its author, the room
Pair = tuple[int, int]  # a person, a message (ids)


class Tip:
    """Where a room's log ends: the last number, its time, and the record after it."""

    __slots__ = ("record", "seq", "time")

    def __init__(self, seq: int, time: int, record: RoomRecord) -> None:
        self.seq = seq
        self.time = time
        self.record = record


class First:
    """The event that has a key: its number, its time, and the digest of what was posted with it."""

    __slots__ = ("digest", "seq", "time")

    def __init__(self, seq: int, time: int, digest: int | None) -> None:
        self.seq = seq
        self.time = time
        self.digest = digest


class Numbering:
    """One batch.

    stored   drafts whose event has a number now, in order
    tips     the new ends of the rooms that got events
    changes  how often each (person, message) changed something: what is answered `again` costs nothing
    reacted  (message, emoji, person) → (there now, id of the event)
    tallied  (message, emoji) → the message, which knows how many have it there now
    deleted  ids of the messages and topics whose text goes
    shaped   rooms whose record changed
    people   authors who have no record yet
    retries  what later retries of these messages are known by
    """

    def __init__(
        self,
        tips: Mapping[int, Tip],
        targets: Targets,
        meter: Meter,
        known: Mapping[Key, First],
        recorded: Container[int],
        now: int,
        ticks: int,
        limits: Limits,
        retries: Retries,
    ) -> None:
        self._before = tips
        self._targets = targets
        self._meter = meter
        self._keys = dict(known)
        self._recorded = recorded
        self._now = now
        self._ticks = ticks
        self._limits = limits
        self.stored: list[Draft] = []
        self.tips: dict[int, Tip] = {}
        self.changes: Counter[Pair] = Counter()
        self.reacted: dict[tuple[int, str, int], tuple[bool, int]] = {}
        self.tallied: dict[tuple[int, str], Target] = {}
        self.deleted: list[int] = []
        self.shaped: set[int] = set()
        self.people: dict[int, Person] = {}
        self.retries = retries

    @property
    def plain(self) -> bool:
        """Whether one INSERT is all there is to do."""
        return not (self.changes or self.shaped or self.people or self.retries)

    def take(self, draft: Draft) -> None:
        """Give the draft its number, or the number it had before, or its refusal."""
        draft.again = False
        draft.refusal = None
        tip = self.tips.get(draft.room)
        if tip is None:
            before = self._before[draft.room]
            tip = Tip(before.seq, before.time, before.record)
        if draft.rules != tip.record.rules:
            draft.refusal = Stale("The rules of the room have changed meanwhile.")
            return
        event = draft.event
        seq, time = tip.seq + 1, self._now
        if time < tip.time <= time + AHEAD_MS:
            time = tip.time
        target: Target | None = None
        if isinstance(event, Posted):
            if event.key is not None and self._key_is_known(draft, event.key, seq, time):
                return
        elif isinstance(event, Edited | Deleted | Reacted | Unreacted):
            target = self._target(draft, event)
            if target is None or self._changes_nothing(draft, event, target, seq, time):
                return
            if isinstance(event, Deleted):
                is_current = target.is_topic and tip.record.topic_seq == event.target
                event.topic = "" if is_current else None
        event.seq, event.time = seq, time
        tip.seq, tip.time = seq, time
        self.tips[draft.room] = tip
        self.stored.append(draft)
        if event.shapes:
            record = fold(tip.record, event)
            if record is not tip.record:
                tip.record = record
                self.shaped.add(draft.room)
        if event.author.id not in self._recorded:
            self.people.setdefault(event.author.id, event.author)

    def _key_is_known(self, draft: Draft, name: str, seq: int, time: int) -> bool:
        if draft.retry is not None:
            return self._was_said(draft, draft.retry, seq, time)
        key = (name, draft.event.author.id, draft.room)
        first = self._keys.get(key)
        if first is None:
            self._keys[key] = First(seq, time, draft.digest)
            return False
        # What was deleted has no digest that could be guessed, so any contents are the first ones.
        if first.digest == draft.digest or self._is_gone(event_id(draft.room, first.seq)):
            _again(draft, (first.seq, first.time))
        else:
            draft.refusal = KeyReused(
                f"The key names your message {first.seq} already, with other contents. Use a new key.", field="key"
            )
        return True

    def _was_said(self, draft: Draft, mark: bytes, seq: int, time: int) -> bool:
        first = self.retries.first(mark, draft.digest)
        if first is not None:
            _again(draft, first)
            return True
        self.retries.add(event_id(draft.room, seq), mark, draft.digest, (seq, time))
        return False

    def _is_gone(self, id: int) -> bool:
        first = self._targets.of(id)
        return first is not None and first.deleted is not None

    def _target(self, draft: Draft, event: Edited | Deleted | Reacted | Unreacted) -> Target | None:
        id = event_id(draft.room, event.target)
        target = self._targets.of(id) or self._in_this_batch(id)
        if target is None or (target.is_topic and not isinstance(event, Deleted)):
            draft.refusal = NoSuchMessage(f"There is no message {event.target} in this room.", field="target")
            return None
        if draft.own_only and target.author != event.author.id:
            draft.refusal = NotAllowed("The message is another's.")
            return None
        return target

    def _in_this_batch(self, id: int) -> Target | None:
        for draft in reversed(self.stored):
            event = draft.event
            if isinstance(event, Posted | TopicChanged) and event_id(draft.room, event.seq) == id:
                target = Target(event.author.id, (event.seq, event.time), is_topic=isinstance(event, TopicChanged))
                self._targets.add(id, target)
                return target
        return None

    def _changes_nothing(
        self, draft: Draft, event: Edited | Deleted | Reacted | Unreacted, target: Target, seq: int, time: int
    ) -> bool:
        """Whether the draft is answered already; else it is played into the target."""
        id, person = event_id(draft.room, event.target), event.author.id
        if self._is_so(draft, event, id, target):
            return True
        draft.refusal = self._too_fast((person, id)) or self._too_many(event, target)
        if draft.refusal is not None:
            return True
        self.changes[person, id] += 1
        if isinstance(event, Deleted):
            target.deleted = (seq, time)
            self.deleted.append(id)
        elif isinstance(event, Edited):
            target.edits += 1
        elif event.emoji is not None:
            there, by = isinstance(event, Reacted), event_id(draft.room, seq)
            target.react(event.emoji, person, there, by, time)
            self.reacted[id, event.emoji, person] = (there, by)
            self.tallied[id, event.emoji] = target
        return False

    def _is_so(self, draft: Draft, event: Edited | Deleted | Reacted | Unreacted, id: int, target: Target) -> bool:
        """Whether what is asked is done already, or can't be any more."""
        if target.deleted is not None:
            if isinstance(event, Deleted):
                _again(draft, target.deleted)
            else:
                draft.refusal = NoSuchMessage(f"The message {event.target} was deleted.", field="target")
            return True
        if isinstance(event, Reacted | Unreacted) and event.emoji is not None:
            there, *since = self._targets.reaction(id, target, event.emoji, event.author.id)
            if there == isinstance(event, Reacted):
                _again(draft, (since[0], since[1]))
                return True
        return False

    def _too_fast(self, pair: Pair) -> TooFast | None:
        wait = self._meter.wait_ms(pair, self._ticks, self.changes[pair])
        if not wait:
            return None
        most = self._limits.changes_per_minute
        return TooFast(
            f"You changed this message {most} times within a minute. Wait a little.", limit=most, retry_after_ms=wait
        )

    def _too_many(self, event: Edited | Deleted | Reacted | Unreacted, target: Target) -> TooMany | None:
        emoji, edits = self._limits.emoji_per_message, self._limits.edits_per_message
        if isinstance(event, Reacted) and event.emoji not in target.emoji and len(target.emoji) >= emoji:
            return TooMany(
                f"The message has {emoji} different emoji, its limit. Use one that is there.",
                field="emoji",
                limit=emoji,
            )
        if isinstance(event, Edited) and edits is not None and target.edits >= edits:
            return TooMany(
                f"The message was edited {edits} times, its limit. Delete it and say it anew.",
                field="target", limit=edits,
            )  # fmt: skip
        return None


def _again(draft: Draft, first: tuple[int, int]) -> None:
    draft.again = True
    draft.event.seq, draft.event.time = first
