"""What runs behind a client: the line, the outbox, the places, the readers, each told what the others need to know.

    Link ──welcomed, hear, lost──▶ Engine ──▶ Places ──▶ Readers, or the listener
      ▲                              │
      └──put, ask────────────────────┴── Outbox ──▶ Journal

It decides three things: who we are when the line is new (the same person, unless nobody would mind another), what is
said first (the places in the rooms, then what was not stored), and when nothing more will come.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import msgspec

from teahouse.client.address import Address
from teahouse.client.errors import ClientError, Closed
from teahouse.client.journal import Journal
from teahouse.client.link import Link, Patience
from teahouse.client.outbox import Outbox, Sending
from teahouse.client.places import Declined, Heard, LineState, Places
from teahouse.client.readers import Readers
from teahouse.client.room import Room
from teahouse.client.within import within
from teahouse.client.words import Word, fit
from teahouse.core.commands import Command, Hello, Leave, Post
from teahouse.core.errors import TeahouseError
from teahouse.core.events import Event, Gap, Reply, RoomEntry, ServerInfo, Welcome
from teahouse.core.message import Person

R = TypeVar("R", bound=Reply)

NOBODY = Person(0, "", "guest", False)


class Wishes(msgspec.Struct, kw_only=True):
    """What `connect` was asked for; see there."""

    name: str | None
    token: str | None
    agent: str
    outbox: Path | None
    fresh: bool
    buffer: int
    patience: Patience


class Engine:
    """Everything but the public methods. Serves `Link` as its owner and `Room` as its keeper."""

    def __init__(self, address: Address, wishes: Wishes, heard: Callable[[Heard], None] | None) -> None:
        self._wishes = wishes
        self.link = Link(address, wishes.patience, self)
        self.readers = Readers(wishes.patience.backlog, self._come_back)
        self.places = Places(self, self.readers, heard, wishes.buffer)
        self.outbox: Outbox | None = None
        self._journal: Journal | None = None
        self._returning: set[Room] = set()
        self.you = NOBODY
        self.name = wishes.name
        self.token = wishes.token
        self.server = ServerInfo("", "")
        self.limits: dict[str, int] = {}
        self.listed: list[RoomEntry] = []
        self.unsent: list[Sending] = []

    # ---- coming and going

    async def open(self) -> None:
        """See `Client.open`."""
        if self._wishes.outbox is not None:
            self._journal = Journal(self._wishes.outbox)
            # What waits in the file was said by the person in the file.
            if self._journal.token and not self._wishes.fresh and (self.token is None or self._journal.waiting):
                self.token = self._journal.token
        self.outbox = Outbox(self.link.put, self._declined, self._journal)
        for sending in self.outbox.waiting:
            self.places.at(sending.room).here = True  # what waits there can be said there alone
        try:
            await self.link.open()
        except BaseException:
            self.outbox.close(Closed("This client was never open."))
            raise

    async def close(self) -> None:
        """See `Client.close`."""
        if self.outbox is None:
            return
        await within(self._wishes.patience.goodbye, self._part(self.outbox))
        await self.link.close()

    async def _part(self, outbox: Outbox) -> None:
        """Let what was said be stored, and leave the rooms."""
        await outbox.drained()
        if self.link.online:
            leaves = [self.link.ask(Leave(room=room.name)) for room in self.places.rooms if room.here]
            await asyncio.gather(*leaves, return_exceptions=True)

    @property
    def outbox_file(self) -> Path | None:
        """See `Client.outbox`."""
        return self._wishes.outbox

    @property
    def waiting(self) -> list[Sending]:
        """What was said and is not stored yet, oldest first."""
        return [] if self.outbox is None else self.outbox.waiting

    # ---- what rooms need

    async def ask(self, command: Command, kind: type[R]) -> R:
        """Ask until it is answered."""
        self.readers.stir()
        reply = await self.link.ask(command)
        if not isinstance(reply, kind):
            raise ClientError(f"The server answered with something else than {kind.__name__}.")
        return reply

    def hint(self, command: Command) -> None:
        """Say it if there is a line now; it is of no interest later."""
        if self.link.online:
            self.link.put(fit(command), lambda _: None)

    def send(self, post: Post) -> Sending:
        """Put it into the outbox.

        raises  BadText, BadField   nobody could read it;  OutboxError   it cannot be kept;  what ended the client
        """
        if self.outbox is None or self.readers.error is not None:
            raise self.readers.error or Closed("This client is not open.")
        sending = self.outbox.add(fit(post))
        self.readers.stir()
        return sending

    async def next_event(self, room: Room) -> Event | Gap:
        """The next unread event of a room."""
        return await self.readers.next_event(room)

    def renamed(self, person: Person) -> None:
        """Somebody is called otherwise; it may be us."""
        if person.id == self.you.id:
            self.you = person

    def forget(self, room: Room) -> None:
        """It was left."""
        self.places.leave(room)

    # ---- what the link needs

    def hello(self) -> Hello:
        """Who we are. The name is a wish of the first hello; the token brings it back."""
        name = self.name if self.token is None or self.you is NOBODY else None
        return Hello(token=self.token, name=name, agent=self._wishes.agent)

    def may_be_another(self) -> bool:
        """The token has ended. Nobody minds if we come as somebody else, unless a message may have been stored for
        who we were: sent once more by another person, it would stand there twice."""
        assert self.outbox is not None
        if self.token is None or self.outbox.in_doubt or (self._wishes.token is not None and self.you is NOBODY):
            return False
        self.token = None
        return True

    def welcomed(self, welcome: Welcome) -> None:
        """A line stands: take the old places again; then say what was not stored."""
        before = {entry.room: entry.head for entry in self.listed} if self.you is not NOBODY else None
        self.you, self.token, self.server = welcome.you, welcome.token, welcome.server
        self.limits, self.listed = welcome.limits, welcome.rooms
        if self._journal is not None:
            self._journal.remember(welcome.token)
        self.places.tell(LineState("online"))
        if before is not None:
            self.places.find_opened(welcome.rooms, before)
        self._returning.clear()
        for room in self.places.rooms:
            if room.here:
                self._come_back(room)
        self._say_what_waits()

    def _come_back(self, room: Room) -> None:
        """Ask for the place in a room where we were."""
        if self.link.online and room not in self._returning:
            self._returning.add(room)
            try:
                self.link.put(room.seat.way_back(room.name), partial(self._came_back, room))
            except BaseException:
                self._returning.discard(room)
                raise

    def _came_back(self, room: Room, reply: Reply) -> None:
        self._returning.discard(room)
        self.places.returned(room, reply)
        self._say_what_waits()

    def _say_what_waits(self) -> None:
        """Not before every room has answered: what is said in a room where we are not yet is declined."""
        if not self._returning and self.outbox is not None and not self.outbox.online:
            self.outbox.online = True
            self.outbox.pump()

    def hear(self, word: Word) -> None:
        """Something that nobody asked for."""
        self.places.hear(word)

    def lost(self, why: str, pause: float) -> None:
        """The line broke."""
        if self.outbox is not None:
            self.outbox.lost()
        self._returning.clear()
        self.places.tell(LineState("offline", why, pause))

    def ended(self, error: TeahouseError) -> None:
        """There will be no more attempts."""
        self.readers.error = error
        try:
            if self.outbox is not None:
                self.unsent = self.outbox.close(error)
        finally:
            self.readers.stir()
        self.places.tell(LineState("ended", str(error), error=error))

    async def may_hear(self) -> None:
        """Wait until there is room for more words."""
        await self.readers.may_hear(lambda: self.link.asking)

    def _declined(self, sending: Sending, error: TeahouseError) -> None:
        self.places.tell(Declined(sending, error))
