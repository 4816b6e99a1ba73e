"""A log that is easy to believe: lists, and for each question a look at all that happened. The judge of the real one."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from teahouse.core.events import Deleted, Draft, Edited, Event, Posted, Reacted, RulesChanged, TopicChanged, Unreacted
from teahouse.core.message import Message, Reaction


class ModelLog:
    """Rooms by id; `kept[room][seq - 1]` is (event, digest)."""

    def __init__(self, rooms: Iterable[int], emoji_per_message: int, edits_per_message: int) -> None:
        self.kept: dict[int, list[tuple[Event, int | None]]] = {room: [] for room in rooms}
        self.emoji_per_message = emoji_per_message
        self.edits_per_message = edits_per_message

    def rules(self, room: int) -> int:
        return max((event.seq for event, _ in self.kept[room] if isinstance(event, RulesChanged)), default=0)

    def take(self, draft: Draft, now: int) -> str | tuple[bool, int, int]:
        """The code of the refusal, or (again, seq, time)."""
        log, event = self.kept[draft.room], draft.event
        if draft.rules != self.rules(draft.room):
            return "stale"
        if isinstance(event, Posted) and event.key is not None:
            for old, digest in log:
                if isinstance(old, Posted) and (old.key, old.author.id) == (event.key, event.author.id):
                    is_the_same = digest == draft.digest or self._gone(draft.room, old.seq)
                    return (True, old.seq, old.time) if is_the_same else "key-reused"
        if isinstance(event, Edited | Deleted | Reacted | Unreacted):
            answer = self._change(draft, event)
            if answer is not None:
                return answer
        seq, time = len(log) + 1, max([now, *(old.time for old, _ in log)])
        log.append((msgspec.structs.replace(event, seq=seq, time=time), draft.digest))
        return False, seq, time

    def _change(
        self, draft: Draft, event: Edited | Deleted | Reacted | Unreacted
    ) -> str | tuple[bool, int, int] | None:
        message = self._message(draft.room, event.target)
        if message is None or (isinstance(message, TopicChanged) and not isinstance(event, Deleted)):
            return "no-such-message"
        if draft.own_only and message.author.id != event.author.id:
            return "not-allowed"
        changes = self._changes(draft.room, event.target)
        deletion = next((change for change in changes if isinstance(change, Deleted)), None)
        if deletion is not None:
            return (True, deletion.seq, deletion.time) if isinstance(event, Deleted) else "no-such-message"
        if isinstance(event, Edited):
            edits = sum(isinstance(change, Edited) for change in changes)
            return "too-many" if edits >= self.edits_per_message else None
        if not isinstance(event, Reacted | Unreacted):
            return None
        mine = [
            change
            for change in changes
            if isinstance(change, Reacted | Unreacted)
            and (change.emoji, change.author.id) == (event.emoji, event.author.id)
        ]
        there = bool(mine) and isinstance(mine[-1], Reacted)
        if there == isinstance(event, Reacted):
            since: Event = mine[-1] if mine else message
            return True, since.seq, since.time
        emoji = self._reactions(changes)
        if isinstance(event, Reacted) and event.emoji not in emoji and len(emoji) >= self.emoji_per_message:
            return "too-many"
        return None

    def _message(self, room: int, seq: int) -> Posted | TopicChanged | None:
        log = self.kept[room]
        event = log[seq - 1][0] if 0 < seq <= len(log) else None
        return event if isinstance(event, Posted | TopicChanged) else None

    def _changes(self, room: int, seq: int, head: int | None = None) -> list[Event]:
        return [event for event, _ in self.kept[room][:head] if getattr(event, "target", None) == seq]

    def _reactions(self, changes: list[Event]) -> dict[str, list[int]]:
        people: dict[str, list[int]] = {}
        for change in changes:
            if not isinstance(change, Reacted | Unreacted):
                continue
            emoji = change.emoji or ""
            if isinstance(change, Reacted):
                people.setdefault(emoji, []).append(change.author.id)
            else:
                people[emoji].remove(change.author.id)
                if not people[emoji]:
                    del people[emoji]
        return people

    def _gone(self, room: int, seq: int) -> bool:
        return any(isinstance(change, Deleted) for change in self._changes(room, seq))

    def events(self, room: int) -> list[Event]:
        """As a client that resumes reads them."""
        read: list[Event] = []
        for event, _ in self.kept[room]:
            if isinstance(event, Posted) and self._gone(room, event.seq):
                event = msgspec.structs.replace(event, text=None, deleted=True)
            elif isinstance(event, Edited) and self._gone(room, event.target):
                event = msgspec.structs.replace(event, text=None)
            elif isinstance(event, Reacted | Unreacted) and self._gone(room, event.target):
                event = msgspec.structs.replace(event, emoji=None)
            elif isinstance(event, TopicChanged) and self._gone(room, event.seq):
                event = msgspec.structs.replace(event, topic=None, deleted=True)
            elif isinstance(event, Deleted) and self._ends_topic(room, event):
                event = msgspec.structs.replace(event, topic="")
            read.append(event)
        return read

    def _ends_topic(self, room: int, event: Deleted) -> bool:
        topics = [old.seq for old, _ in self.kept[room][: event.seq] if isinstance(old, TopicChanged)]
        return bool(topics) and topics[-1] == event.target

    def history(self, room: int, head: int, asker: int) -> list[Message | Event]:
        """All of it, folded up to `head`."""
        read: list[Message | Event] = []
        for event, _ in self.kept[room][:head]:
            if isinstance(event, Posted):
                read.append(self._fold(room, event, head, asker))
            elif isinstance(event, TopicChanged) and self._gone(room, event.seq):
                read.append(msgspec.structs.replace(event, topic=None, deleted=True))
            elif not hasattr(event, "target"):
                read.append(event)
        return read

    def _fold(self, room: int, event: Posted, head: int, asker: int) -> Message:
        message = Message(
            room=event.room, seq=event.seq, time=event.time, author=event.author, form=event.form, text=event.text,
            key=event.key, reply_to=event.reply_to,
        )  # fmt: skip
        if self._gone(room, event.seq):  # wherever the head is: the text is not there to be read
            message.text, message.deleted = None, True
            return message
        changes = self._changes(room, event.seq, head)
        for change in changes:
            if isinstance(change, Edited):
                message.text, message.edited = change.text, change.time
        message.reactions = [
            Reaction(emoji, len(people), asker in people) for emoji, people in self._reactions(changes).items()
        ]
        return message
