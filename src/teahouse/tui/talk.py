"""One room's conversation as a person sees it: messages with what became of them, where «New» begins, what is unread.

Pages of history come with their edits and reactions folded in, up to a number; events come one by one. An event is
applied to a message only if it is newer than what was folded in (docs/protocol.md, «History and search»).

Events that come while a page is on its way may be newer than the page: they are kept until it is here, and applied again
to what it brought.

The conversation is a window into the log. Usually its end is the newest message; after a jump to an old one it is not
(`has_newer`), and what is said now waits at the end until one comes there.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache

from teahouse.core.events import (
    Deleted,
    Edited,
    Event,
    History,
    Posted,
    Reacted,
    RoomJoined,
    RulesChanged,
    TopicChanged,
    Unreacted,
)  # fmt: skip
from teahouse.core.message import Message, Person, Reaction

Item = Message | TopicChanged | RulesChanged

MOST = 3_000
"""Items that are kept while one reads at the end; the older ones are fetched again when somebody looks."""


class Talk:
    """What is shown of one room.

    items      messages and changes, by number
    new_after  where the «New» line is: behind this number; None for none
    read       what was read, as the server was told
    unread     messages of others that were not looked at; `mentions` of them name us
    has_older, has_newer   whether the log goes on beyond the items
    keys       of our own messages that are among the items
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.other: Person | None = None
        self.topic = ""
        self.items: list[Item] = []
        self.new_after: int | None = None
        self.read = 0
        self.unread = 0
        self.mentions = 0
        self.has_older = False
        self.has_newer = False
        self.keys: set[str] = set()
        self.versions: dict[int, int] = {}
        self._by_seq: dict[int, Message] = {}
        self._as_of: dict[int, int] = {}
        self._loading = 0
        self._meanwhile: list[tuple[Event, int]] = []

    @property
    def title(self) -> str:
        """How the room is called on the screen."""
        if self.name.startswith("@"):
            return f"@{self.other.name}" if self.other is not None else self.name
        return self.name

    @property
    def first(self) -> int:
        """The number of the first item; 0 for none."""
        return self.items[0].seq if self.items else 0

    @property
    def last(self) -> int:
        """The number of the last item; 0 for none."""
        return self.items[-1].seq if self.items else 0

    def message(self, seq: int) -> Message | None:
        """The message with this number, if it is here."""
        return self._by_seq.get(seq)

    def messages(self) -> list[Message]:
        """All messages that are here and were not taken away, oldest first."""
        return [item for item in self.items if isinstance(item, Message) and item.text is not None]

    # ---- pages

    def joined(self, room: RoomJoined) -> None:
        """The server's word on the room."""
        self.topic = room.topic
        self.read = room.read
        self.unread = room.unread

    @property
    def is_loading(self) -> bool:
        """Whether a page is on its way."""
        return self._loading > 0

    @contextmanager
    def loading(self) -> Iterator[None]:
        """A page is asked for: keep what happens until it is here."""
        self._loading += 1
        try:
            yield
        finally:
            self._loading -= 1
            if not self._loading:
                self._meanwhile.clear()

    def begin(self, page: History) -> None:
        """Show the newest messages."""
        self._clear()
        self._take(page, 0)
        self.has_older, self.has_newer = page.more, False
        self._replay()

    def begin_around(self, page: History) -> None:
        """Show an old message and what is around it."""
        self._clear()
        self._take(page, 0)
        self.has_older, self.has_newer = self.first > 1, True
        self._replay()

    def add_older(self, page: History) -> None:
        """What was before the first item."""
        self._take(page, 0)
        self.has_older = page.more
        self._replay()

    def add_newer(self, page: History) -> None:
        """What was after the last item."""
        self._take(page, len(self.items))
        self.has_newer = page.more
        self._replay()

    def _clear(self) -> None:
        self.items.clear()
        self._by_seq.clear()
        self._as_of.clear()

    def _replay(self) -> None:
        for event, me in self._meanwhile:
            self._apply(event, me)

    def _take(self, page: History, place: int) -> None:
        fresh = [item for item in page.messages if item.seq not in self._as_of]
        self.items[place:place] = fresh
        for item in fresh:
            self._as_of[item.seq] = page.as_of
            if isinstance(item, Message):
                self._by_seq[item.seq] = item
                if item.key is not None:
                    self.keys.add(item.key)

    # ---- events

    def apply(self, event: Event, me: int) -> bool:
        """Something happened; whether anything that is shown has changed.

        me   our own id
        """
        if self._loading:
            self._meanwhile.append((event, me))
        return self._apply(event, me)

    def _apply(self, event: Event, me: int) -> bool:
        if isinstance(event, Posted):
            return self._append(_message(event))
        if isinstance(event, TopicChanged):
            self.topic = event.topic or ""
            return self._append(event)
        if isinstance(event, RulesChanged):
            return self._append(event)
        if isinstance(event, Edited | Deleted | Reacted | Unreacted):
            if isinstance(event, Deleted) and event.topic is not None:
                self.topic = event.topic
            message = self._by_seq.get(event.target)
            if message is None:
                return isinstance(event, Deleted) and self._take_topic_away(event.target)
            if event.seq <= self._as_of[event.target]:
                return False
            _change(message, event, me)
            self._as_of[event.target] = event.seq
            self.versions[event.target] = event.seq
            return True
        return False

    def _take_topic_away(self, seq: int) -> bool:
        place = bisect.bisect_left(self.items, seq, key=lambda item: item.seq)
        item = self.items[place] if place < len(self.items) else None
        if not isinstance(item, TopicChanged) or item.seq != seq:
            return False
        item.topic, item.deleted = None, True
        return True

    def _append(self, item: Item) -> bool:
        if item.seq <= self.last or self.has_newer:
            return False
        self.items.append(item)
        self._as_of[item.seq] = item.seq
        if isinstance(item, Message):
            self._by_seq[item.seq] = item
            if item.key is not None:
                self.keys.add(item.key)
        return True

    def trim(self) -> None:
        """Let the oldest go, when there are many."""
        if len(self.items) <= MOST:
            return
        for item in self.items[: -MOST // 2]:
            self._by_seq.pop(item.seq, None)
            del self._as_of[item.seq]
        del self.items[: -MOST // 2]
        self.has_older = True

    # ---- reading

    def arrived(self, event: Posted, me: Person, looking: bool) -> None:
        """Count what somebody else said while nobody looked, and let «New» begin there."""
        if event.author.id == me.id or looking or event.text is None:
            return
        self.unread += 1
        self.mentions += names_us(event.text, me)
        if self.new_after is None:
            self.new_after = event.seq - 1

    def opened(self) -> None:
        """Somebody comes to look: «New» is above what was not read. Who has never read here begins at the end."""
        if self.unread and self.read:
            self.new_after = self.read

    def seen(self, seq: int) -> None:
        """All up to here was looked at."""
        self.read = max(self.read, seq)
        self.unread = self.mentions = 0

    def first_new(self) -> int | None:
        """The number of the item above which the «New» line is."""
        if self.new_after is None:
            return None
        place = bisect.bisect_right(self.items, self.new_after, key=lambda item: item.seq)
        return self.items[place].seq if place < len(self.items) else None


def names_us(text: str, me: Person) -> bool:
    """Whether this text calls us: @name."""
    return me.chosen and "@" in text and call_of(me.name).search(text) is not None


@lru_cache(maxsize=16)
def call_of(name: str) -> re.Pattern[str]:
    """What finds `@name`: not in a mail address, not the beginning of a longer name. As the server counts."""
    return re.compile(rf"(?<![A-Za-z0-9_])@{re.escape(name)}(?![\w\-\[\]{{}}\\|^`])", re.IGNORECASE)


def _message(event: Posted) -> Message:
    return Message(
        room=event.room, seq=event.seq, time=event.time, author=event.author, form=event.form, text=event.text,
        key=event.key, reply_to=event.reply_to, deleted=event.deleted,
    )  # fmt: skip


def _change(message: Message, event: Edited | Deleted | Reacted | Unreacted, me: int) -> None:
    if isinstance(event, Edited):
        if not message.deleted:
            message.text = event.text
            message.edited = event.time
    elif isinstance(event, Deleted):
        message.text, message.deleted, message.edited, message.reactions = None, True, None, []
    elif not message.deleted and event.emoji is not None:
        step = 1 if isinstance(event, Reacted) else -1
        message.reactions = list(_counted(message.reactions, event.emoji, step, event.author.id == me))


def _counted(reactions: Sequence[Reaction], emoji: str, step: int, mine: bool) -> Iterable[Reaction]:
    """The reactions with one more, or one less, of an emoji."""
    known = False
    for reaction in reactions:
        if reaction.emoji != emoji:
            yield reaction
            continue
        known = True
        if reaction.count + step > 0:
            yield Reaction(emoji, reaction.count + step, step > 0 if mine else reaction.mine)
    if not known and step > 0:
        yield Reaction(emoji, 1, mine)
