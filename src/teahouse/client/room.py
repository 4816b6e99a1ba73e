"""A room, as a client has it: what is known of it, what can be done in it, and its events one by one."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Protocol, TypeVar

from teahouse.client.keys import new_key
from teahouse.client.outbox import Sending
from teahouse.client.seat import Seat
from teahouse.core.commands import (
    Command,
    Delete,
    Edit,
    Leave,
    ListMembers,
    Mark,
    Post,
    React,
    ReadHistory,
    Search,
    SetTopic,
    Type,
    Unreact,
)  # fmt: skip
from teahouse.core.errors import NotInRoom, TeahouseError
from teahouse.core.events import (
    Deleted,
    Event,
    Found,
    Gap,
    History,
    MemberList,
    Present,
    Reply,
    RoomJoined,
    Stored,
    TopicChanged,
)  # fmt: skip
from teahouse.core.message import Form, Message, Person

R = TypeVar("R", bound=Reply)


class Keeper(Protocol):
    """What a room needs of its client."""

    async def ask(self, command: Command, kind: type[R]) -> R:
        """Ask until it is answered."""

    def hint(self, command: Command) -> None:
        """Say it if there is a line now; it is of no interest later."""

    def send(self, post: Post) -> Sending:
        """Put it into the outbox."""

    async def next_event(self, room: Room) -> Event | Gap:
        """The next unread event of a room."""

    def renamed(self, person: Person) -> None:
        """Somebody is called otherwise."""

    def forget(self, room: Room) -> None:
        """It was left."""


class Room:
    """One room where the client is.

    name      as the server writes it; `@12+40` for the room of two people
    topic     what it is about
    members   who is here, by id: the first 200 of them
    count     how many are here
    head      the number of the last event that came
    unread    messages of others, after `read`, when it was joined

    Example:
        async with connect(server, name="ana") as me:
            tea = await me.join("tea")
            stored = await tea.say("who wants some?")
            await tea.react(stored.seq, "🍵")
            print(stored.seq, tea.topic, [person.name for person in tea.members.values()])
    """

    def __init__(self, keeper: Keeper, name: str, seat: Seat) -> None:
        self._keeper = keeper
        self.seat = seat
        self.here = False
        self.lost: TeahouseError | None = None
        self.name = name
        self.topic = ""
        self.members: dict[int, Person] = {}
        self.count = 0
        self.head = 0
        self.read = 0
        self.unread = 0

    def __repr__(self) -> str:
        return f"<Room {self.name} at {self.head}>"

    # ---- saying

    async def say(
        self, text: str, *, reply_to: int | None = None, form: Form = "say", key: str | None = None
    ) -> Stored:
        """Say something; return when it is on the server's disk, however often the line breaks before.

        Whoever stops waiting does not take it back: it is sent all the same.

        form     `act` for what one does («* ana waves»), `notice` for a bot's
        key      the message's own name, for whoever wants to say it again and have it once
        raises   Refusal       declined, with the server's `code`
                 OutboxError   it cannot be kept: nothing was sent
                 Closed, BadToken, Removed: it is not known to be stored

        Example:
            async with connect(server, name="ana") as me:
                tea = await me.join("tea")
                await tea.say("hello")
                await tea.say("waves", form="act")
        """
        return await self.send(text, reply_to=reply_to, form=form, key=key)

    def send(self, text: str, *, reply_to: int | None = None, form: Form = "say", key: str | None = None) -> Sending:
        """Say something and don't wait: it is sent when there is a line, in the order in which it was said.

        raises   OutboxError   it cannot be kept: nothing was sent
                 NotInRoom     the room was left

        Example:
            async with connect(server, name="ana") as me:
                tea = await me.join("tea")
                sendings = [tea.send(f"cup {number}") for number in range(100)]
                for sending in sendings:
                    await sending
        """
        if not self.here:
            raise NotInRoom(f"Join {self.name} first.", field="room")
        post = Post(room=self.name, text=text, form=form, reply_to=reply_to, key=key or new_key())
        return self._keeper.send(post)

    async def edit(self, seq: int, text: str) -> Stored:
        """Let one's own message read otherwise."""
        return await self._keeper.ask(Edit(room=self.name, target=seq, text=text), Stored)

    async def delete(self, seq: int) -> Stored:
        """Take one's own message away."""
        return await self._keeper.ask(Delete(room=self.name, target=seq), Stored)

    async def react(self, seq: int, emoji: str) -> Stored:
        """Put an emoji at a message."""
        return await self._keeper.ask(React(room=self.name, target=seq, emoji=emoji), Stored)

    async def unreact(self, seq: int, emoji: str) -> Stored:
        """Take one's emoji away."""
        return await self._keeper.ask(Unreact(room=self.name, target=seq, emoji=emoji), Stored)

    async def set_topic(self, topic: str) -> Stored:
        """Say what the room is about; empty takes it away."""
        return await self._keeper.ask(SetTopic(room=self.name, topic=topic), Stored)

    async def mark(self, seq: int) -> None:
        """Everything up to here was read."""
        await self._keeper.ask(Mark(room=self.name, seq=seq), Reply)
        self.read = max(self.read, seq)

    def typing(self) -> None:
        """Show the others that something is being written; they show it for three seconds."""
        self._keeper.hint(Type(room=self.name))

    async def leave(self) -> None:
        """Hear no more of it."""
        self._keeper.forget(self)
        with contextlib.suppress(NotInRoom):  # asked twice, because the line broke between question and answer
            await self._keeper.ask(Leave(room=self.name), Reply)

    # ---- hearing

    def __aiter__(self) -> AsyncIterator[Event | Gap]:
        """The room's events from where it was joined, one's own too; it ends when the room is left or the client closed.

        Nothing is left out and nothing comes twice, however often the line breaks. A `Gap` says which numbers the
        server does not show.

        Example:
            async with connect(server, name="ana") as me:
                tea = await me.join("tea")
                await tea.say("hello")
                async for event in tea:
                    print(event.seq, event.author.name, event.text)
                    break
        """
        return self

    async def __anext__(self) -> Event | Gap:
        return await self._keeper.next_event(self)

    # ---- looking back

    async def page(
        self,
        *,
        before: int | None = None,
        after: int | None = None,
        around: int | None = None,
        limit: int | None = None,
    ) -> History:
        """One page of the past, oldest first; the newest without any of the three."""
        command = ReadHistory(room=self.name, before=before, after=after, around=around, limit=limit)
        return await self._keeper.ask(command, History)

    async def history(
        self, *, before: int | None = None, after: int | None = None, most: int | None = None
    ) -> AsyncIterator[Message]:
        """Messages with their edits and reactions folded in: backwards from the newest or from `before`; with
        `after`, forwards from there.

        Example:
            async with connect(server, name="ana") as me:
                tea = await me.join("tea")
                async for message in tea.history(most=100):
                    print(message.author.name, message.text)
        """
        given = 0
        forwards = after is not None
        while True:
            page = await self.page(before=before, after=after, limit=500)
            for message in page.messages if forwards else reversed(page.messages):
                if isinstance(message, Message):
                    if most is not None and given >= most:
                        return
                    given += 1
                    yield message
            if not page.more or not page.messages:
                return
            if forwards:
                after = page.messages[-1].seq
            else:
                before = page.messages[0].seq

    async def find(self, query: str, *, before: int | None = None, limit: int | None = None) -> Found:
        """One page of what has every word, newest first. `complete` is false while the newest are not searched yet."""
        return await self._keeper.ask(Search(query=query, room=self.name, before=before, limit=limit), Found)

    async def search(self, query: str, *, most: int | None = None) -> AsyncIterator[Message]:
        """Messages of this room that have every word, newest first.

        Example:
            async with connect(server, name="ana") as me:
                tea = await me.join("tea")
                async for message in tea.search("green 茶"):
                    print(message.seq, message.text)
        """
        given = 0
        before: int | None = None
        while True:
            found = await self.find(query, before=before, limit=100)
            for message in found.messages:
                if most is not None and given >= most:
                    return
                given += 1
                yield message
            if not found.more or not found.messages:
                return
            before = found.messages[-1].seq

    async def everybody(self) -> AsyncIterator[Person]:
        """Who is here, by id: all of them, however many."""
        after: int | None = None
        while True:
            page = await self._keeper.ask(ListMembers(room=self.name, after=after), MemberList)
            for person in page.members:
                yield person
            if not page.more or not page.members:
                return
            after = page.members[-1].id

    # ---- what the client tells it

    def joined(self, reply: RoomJoined) -> None:
        """The server's answer to a join."""
        self.here = True
        self.lost = None
        self.name = reply.room
        self.topic = reply.topic
        self.members = {person.id: person for person in reply.members}
        self.count = reply.count
        self.head = reply.head
        self.read = reply.read
        self.unread = reply.unread

    def happened(self, event: Event) -> None:
        """An event came."""
        self.head = max(self.head, event.seq)
        if isinstance(event, TopicChanged):
            self.topic = event.topic or ""
        elif isinstance(event, Deleted) and event.topic is not None:
            self.topic = event.topic

    def present(self, signal: Present) -> None:
        """Somebody came or went."""
        for person in signal.came:
            self.members[person.id] = person
        for person in signal.went:
            self.members.pop(person.id, None)
        self.count = signal.count

    def renamed(self, person: Person) -> None:
        """Somebody is called otherwise."""
        if person.id in self.members:
            self.members[person.id] = person


def other_of(room: Room, me: Person) -> Person | None:
    """The other person of a room of two; None for any other room, and while that person is not known here."""
    if not room.name.startswith("@"):
        return None
    return next((person for person in room.members.values() if person.id != me.id), None)
