"""The client: one person's rooms, kept in touch with their house.

    connect ──▶ Client ──join──▶ Room ──async for──▶ Event     iterate: each room keeps its unread events (seat.py)
                  │
                  └─heard──▶ every word at once                or listen: for user interfaces; nothing is kept

The line breaks, the server restarts, the laptop sleeps: the client comes back as the same person, goes on in each
room behind the last event that came, and sends what was not stored. Whoever awaits something just waits longer.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from types import TracebackType

from teahouse.client import address
from teahouse.client.engine import Engine, Wishes
from teahouse.client.outbox import Sending
from teahouse.client.places import Heard
from teahouse.client.room import Room
from teahouse.client.seat import Seat
from teahouse.core.commands import Command, Direct, Join, ListRooms, Rename, Search
from teahouse.core.errors import TeahouseError
from teahouse.core.events import Event, Found, Gap, Reply, RoomEntry, RoomList, ServerInfo
from teahouse.core.message import Message, Person


class Client:
    """One person in one house. Made by `connect`.

    Example:
        async with connect(server, name="ana") as me:
            print(me.you.name, me.server.version, me.online)
    """

    def __init__(self, server: str, wishes: Wishes, heard: Callable[[Heard], None] | None) -> None:
        self._engine = Engine(address.parse(server), wishes, heard)

    def __repr__(self) -> str:
        return f"<Client {self.you.name or 'nobody'}, {'online' if self.online else 'offline'}>"

    # ---- coming and going

    async def open(self) -> Client:
        """Connect; what `async with` does first.

        raises  Unreachable, NotAHouse   nobody is there, or somebody else: says what to do
                NameTaken, BadName, BadToken …   the hello was declined
                OutboxError   the file of the outbox cannot be used
        """
        await self._engine.open()
        return self

    async def close(self) -> None:
        """Let what was said be stored, leave the rooms, hang up. Idempotent.

        What is not stored after `patience.goodbye` seconds fails with `Closed`; in an outbox on disk it waits on.
        """
        await self._engine.close()

    async def __aenter__(self) -> Client:
        return await self.open()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    # ---- who and how

    @property
    def you(self) -> Person:
        """Who we are."""
        return self._engine.you

    @property
    def token(self) -> str | None:
        """What brings us back as the same person, within a day. A secret."""
        return self._engine.token

    @property
    def server(self) -> ServerInfo:
        """The server's name and version."""
        return self._engine.server

    @property
    def limits(self) -> dict[str, int]:
        """What the server allows: `text_bytes`, `frame_bytes`, `history` …"""
        return self._engine.limits

    @property
    def listed(self) -> list[RoomEntry]:
        """The rooms that there were at the last welcome, with what is unread."""
        return self._engine.listed

    @property
    def online(self) -> bool:
        """Whether there is a line now."""
        return self._engine.link.online

    @property
    def error(self) -> TeahouseError | None:
        """Why there will be no more attempts; None while there are."""
        return self._engine.readers.error

    @property
    def waiting(self) -> list[Sending]:
        """What was said and is not stored yet, oldest first."""
        return self._engine.waiting

    @property
    def unsent(self) -> list[Sending]:
        """What was said and not stored when the client ended."""
        return self._engine.unsent

    @property
    def outbox(self) -> Path | None:
        """The file in which what is not stored waits on; None: it is gone with this client."""
        return self._engine.outbox_file

    @property
    def rooms(self) -> list[Room]:
        """Where we are."""
        return self._engine.places.rooms

    # ---- doing

    async def join(
        self,
        room: str,
        *,
        after: int | None = None,
        at: int | None = None,
        last: int | None = None,
        at_most: int | None = None,
    ) -> Room:
        """Be in a room and hear it: from now on, behind event `after`, or from the newest `last` messages on.

        at         the time of event `after`, to be sure that it is still the same log
        at_most    events to be caught up with, also after a break; the others are a `Gap`
        raises     BadRoom, TooMany;  LogChanged: the log is another one, start over without `after`

        Example:
            async with connect(server, name="ana") as me:
                tea = await me.join("tea", last=50)
                print(tea.topic, tea.head)
        """
        join = Join(room=room, after=after, at=at, last=last, at_most=at_most)
        return await self._enter(join, partial(self._engine.places.joined, join))

    async def direct(self, to: str | int) -> Room:
        """The room of the two of us: by the other's name, or id.

        Example:
            async with connect(server, name="ana") as me, connect(server, name="bob") as bob:
                both = await me.direct("bob")
                await both.say("between you and me")
        """
        return await self._enter(Direct(to=to), partial(self._engine.places.joined, None))

    def room(self, name: str) -> Room:
        """A room to look back into without being there.

        Example:
            async with connect(server, name="ana") as me:
                async for message in me.room("lobby").history(most=10):
                    print(message.text)
        """
        return Room(self._engine, name, Seat(0))

    async def _enter(self, command: Command, joined: Callable[[Reply], Room]) -> Room:
        entered: list[Room] = []
        self._engine.readers.stir()
        await self._engine.link.ask(command, lambda reply: entered.append(joined(reply)))
        return entered[-1]

    async def rename(self, name: str) -> None:
        """Be called that.

        raises  BadName, NameTaken
        """
        await self._engine.ask(Rename(name=name), Reply)
        self._engine.name = name

    async def list_rooms(self, query: str | None = None, *, most: int = 10_000) -> list[RoomEntry]:
        """The rooms that there are, with what is unread: our own first, then where something happened last.

        query   only those that have this in their name; rooms of two by the other's
        most    so many at the most; they come in pages of a hundred
        raises  NoSuchRoom  the last room of a page went before the next one was asked for: try again

        Example:
            async with connect(server, name="ana") as me:
                for entry in await me.list_rooms("tea"):
                    print(entry.room, entry.unread)
        """
        found: dict[str, RoomEntry] = {}
        after: str | None = None
        while len(found) < most:
            page = await self._engine.ask(ListRooms(query=query, after=after, limit=most - len(found)), RoomList)
            known = len(found)
            found |= {entry.room: entry for entry in page.rooms}
            if not page.more or len(found) == known:
                break
            after = page.rooms[-1].room
        return list(found.values())

    async def search(self, query: str) -> AsyncIterator[Message]:
        """Messages of all rooms that have every word: the newest hundred, newest first. A room's own search finds all."""
        for message in (await self._engine.ask(Search(query=query, limit=100), Found)).messages:
            yield message

    def __aiter__(self) -> AsyncIterator[Event | Gap]:
        """The events of all rooms, in the order in which they came; also of rooms that others open with us.

        Example:
            async with connect(server, name="ana") as me:
                tea, garden = await me.join("tea"), await me.join("garden")
                await garden.say("hello")
                async for event in me:
                    print(event.room, event.text)
                    break
        """
        return self

    async def __anext__(self) -> Event | Gap:
        return await self._engine.readers.next_event(None)
