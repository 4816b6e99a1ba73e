"""A person in a house, as the screen needs it: the rooms, what is unread in each, what is waiting, who is writing.

Everything that the client hears comes through `heard`, at once and in order; everything that the person does is a
method here. The screen is told that something changed, and looks.

    Client ──heard──▶ Guest ──changed──▶ screen
      ▲                 │
      └────say, open …──┘
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from teahouse.client import Client, Room, Sending
from teahouse.client.places import Declined, Heard, LineState, Lost
from teahouse.core import names
from teahouse.core.errors import BadRoom, NotInRoom, Refusal
from teahouse.core.events import Event, Gap, Marked, Posted, Present, Renamed, RoomJoined, Typing
from teahouse.core.message import Message, Person
from teahouse.tui.screen import Screen
from teahouse.tui.talk import Talk
from teahouse.wire import slash

PAGE = 100
TYPING_S = 3.0
CATCH_UP = 1_000
"""Events that are caught up with one by one after a break; where there were more, the newest page is shown instead."""


class Guest:
    """Somebody in a house.

    talks     the rooms where we are, by fold, in the order in which they were opened
    current   the one that is looked at
    looking   whether anybody looks at its end: the terminal has the focus, and is scrolled down
    line      how the line is
    """

    def __init__(self) -> None:
        self.client: Client
        self.screen: Screen
        self._early: list[Heard] | None = []  # what came before there was a screen
        self.talks: dict[str, Talk] = {}
        self.current: Talk | None = None
        self.looking = True
        self.line = LineState("offline", "not connected yet")
        self._rooms: dict[str, Room] = {}
        self._writing: dict[tuple[str, int], tuple[Person, float]] = {}
        self._marking: set[str] = set()
        self._door = asyncio.Lock()  # one room is opened after the other

    def attach(self, screen: Screen) -> None:
        """There is a screen from now on."""
        self.screen = screen
        early, self._early = self._early or [], None
        for word in early:
            self.heard(word)

    # ---- what the screen asks

    @property
    def me(self) -> Person:
        """Who we are."""
        return self.client.you

    def waiting(self, talk: Talk) -> list[Sending]:
        """What was said in a room and is not there yet."""
        folded = fold(talk.name)
        return [
            sending for sending in self.client.waiting if fold(sending.room) == folded and sending.key not in talk.keys
        ]

    def room(self, talk: Talk) -> Room:
        """The room itself."""
        return self._rooms[fold(talk.name)]

    def writing(self, talk: Talk) -> list[str]:
        """Who is writing there now, but for us."""
        now, folded = asyncio.get_running_loop().time(), fold(talk.name)
        return [
            person.name
            for (room, id), (person, until) in self._writing.items()
            if room == folded and until > now and id != self.me.id
        ]

    def elsewhere(self) -> list[str]:
        """Rooms that there are and where we are not."""
        return [
            entry.room for entry in self.client.listed if fold(entry.room) not in self.talks and entry.room[0] != "@"
        ]

    async def come_anew(self, connect: Callable[[], Awaitable[Client]]) -> None:
        """Be somebody new, where the house does not know us any more; what was not stored is said by the new one."""
        names = [talk.name for talk in self.talks.values() if not talk.name.startswith("@")]
        unsent = self.client.unsent
        await self.client.close()
        self.client = await connect()
        self.talks.clear()
        self._rooms.clear()
        self.current = None
        await self.start(names)
        for sending in unsent:
            if (talk := self.talks.get(fold(sending.room))) is not None:
                again = self.room(talk).send(sending.text, form=sending.post.form, key=sending.key)
                del again  # as with all that is said, `heard` tells what becomes of it

    # ---- rooms

    async def start(self, rooms: list[str]) -> None:
        """Open these rooms, and those of two in which something is unread; look at the first that is open."""
        unread = [entry.room for entry in self.client.listed if entry.room.startswith("@") and entry.unread]
        for name in dict.fromkeys([*rooms, *unread]):
            try:
                talk = await self.open(name)
            except Refusal as error:  # it may have been another house's, or is full: the others are open all the same
                self.screen.show(f"{name}: {error}")
                continue
            if self.current is None:
                self.look_at(talk)

    async def open(self, name: str) -> Talk:
        """Be in a room, with its newest messages.

        raises  BadRoom, NoSuchRoom, TooMany
        """
        folded = fold(name)
        async with self._door:
            if folded in self.talks:
                return self.talks[folded]
            room = await self.client.join(name, at_most=CATCH_UP)
            # What comes from here on is kept for the page; what came before is in it.
            talk = self.talks[folded] = Talk(name)
            self._entered(talk, room)
            await self._load(talk)
        return talk

    def _entered(self, talk: Talk, room: Room) -> None:
        self._rooms[fold(room.name)] = room
        talk.name, talk.topic = room.name, room.topic
        talk.read, talk.unread = room.read, room.unread
        others = [person for person in room.members.values() if person.id != self.me.id]
        if room.name.startswith("@"):
            listed = (entry.with_ for entry in self.client.listed if entry.room == room.name)
            talk.other = others[0] if others else next(listed, None)
        self.screen.rooms_changed()

    async def _load(self, talk: Talk) -> None:
        """The newest messages; so many that the first unread one is among them."""
        with talk.loading():
            talk.begin(await self.room(talk).page(limit=min(max(PAGE, talk.unread + PAGE // 4), 5 * PAGE)))
        if talk.name.startswith("@") and talk.other is None:
            listed = await self.client.list_rooms(most=slash.ROOMS)
            talk.other = next((entry.with_ for entry in listed if entry.room == talk.name), None)
        self.screen.changed(talk)
        self.screen.rooms_changed()

    def look_at(self, talk: Talk) -> None:
        """This is the room that is on the screen now."""
        if self.current is not None and self.current is not talk and not self.current.unread:
            self.current.new_after = None
        if self.current is not talk:
            talk.opened()
        self.current = talk
        self.screen.rooms_changed()
        self.screen.changed(talk)
        self.screen.people_changed()

    async def leave(self, talk: Talk) -> None:
        """Hear no more of a room."""
        room = self._rooms.pop(fold(talk.name))
        del self.talks[fold(talk.name)]
        if self.current is talk:
            self.current = None
            if self.talks:
                self.look_at(next(iter(self.talks.values())))
        self.screen.rooms_changed()
        await room.leave()

    def seen(self, talk: Talk) -> None:
        """Somebody looks at the end of a conversation."""
        room = self._rooms.get(fold(talk.name))
        if room is None or talk.has_newer or (talk.read >= room.head and not talk.unread):
            return
        talk.seen(room.head)
        self.screen.rooms_changed()
        if talk.name not in self._marking:
            self._marking.add(talk.name)
            try:
                self.screen.soon(self._mark(talk, room))
            except BaseException:
                self._marking.discard(talk.name)
                raise

    async def _mark(self, talk: Talk, room: Room) -> None:
        """Tell the server once, however much is read meanwhile."""
        try:
            told = -1
            while told < talk.read:
                told = talk.read
                await room.mark(told)
        finally:
            self._marking.discard(talk.name)

    # ---- looking back

    async def older(self, talk: Talk) -> None:
        """Fetch what was before."""
        with talk.loading():
            talk.add_older(await self.room(talk).page(before=talk.first, limit=PAGE))
        self.screen.changed(talk)

    async def newer(self, talk: Talk) -> None:
        """Fetch what was after, when one has jumped back."""
        with talk.loading():
            talk.add_newer(await self.room(talk).page(after=talk.last, limit=PAGE))
        self.screen.changed(talk)

    async def newest(self, talk: Talk) -> None:
        """Go to the end."""
        if talk.has_newer:
            await self._load(talk)

    async def jump(self, name: str, seq: int) -> Talk:
        """Look at an old message and what is around it."""
        talk = await self.open(name)
        if talk.message(seq) is None:
            with talk.loading():
                talk.begin_around(await self.room(talk).page(around=seq, limit=PAGE))
        self.look_at(talk)
        return talk

    async def find(self, words: str, talk: Talk | None) -> list[Message]:
        """Messages of a room, or of all, that have every word."""
        if talk is None:
            return [message async for message in self.client.search(words)]
        return [message async for message in self.room(talk).search(words, most=PAGE)]

    # ---- saying

    def say(self, text: str, *, reply_to: int | None = None) -> None:
        """Say something where we are.

        raises  NotInRoom, OutboxError: it was not said
        """
        talk = self.here()
        talk.new_after = None
        sending = self.room(talk).send(text, reply_to=reply_to)
        self.screen.changed(talk)
        if not self.client.online:
            self.screen.line_changed()
        del sending  # it is awaited by nobody: `heard` tells what becomes of it

    async def edit(self, seq: int, text: str) -> None:
        """Let one's own message read otherwise."""
        await self.room(self.here()).edit(seq, text)

    async def delete(self, seq: int) -> None:
        """Take one's own message away."""
        await self.room(self.here()).delete(seq)

    async def react(self, seq: int, emoji: str) -> None:
        """Put an emoji at a message, or take it away where we had put it."""
        talk = self.here()
        message = talk.message(seq)
        had = message is not None and any(each.emoji == emoji and each.mine for each in message.reactions)
        room = self.room(talk)
        await (room.unreact(seq, emoji) if had else room.react(seq, emoji))

    def writes(self) -> None:
        """We are writing something."""
        if self.current is not None and self.client.online:
            self.room(self.current).typing()

    def here(self) -> Talk:
        """The room that is looked at.

        raises  NotInRoom
        """
        if self.current is None:
            raise NotInRoom("You are in no room. /join lobby takes you to one.")
        return self.current

    # ---- what the client hears

    def heard(self, word: Heard) -> None:
        """Something came, or the line did, or went."""
        if self._early is not None:
            self._early.append(word)
        elif isinstance(word, LineState):
            self.line = word
            self.screen.line_changed()
        elif isinstance(word, Declined):
            self.screen.declined(word.sending, word.error)
            self._changed(word.sending.room)
        elif isinstance(word, RoomJoined):
            self._opened(word)
        elif isinstance(word, Lost):
            self._lost(word)
        elif isinstance(word, Present | Renamed | Typing | Marked):
            self._passing(word)
        elif isinstance(word, Event | Gap):
            self._came(word)

    def _came(self, word: Event | Gap) -> None:
        """Something happened in a room."""
        talk = self.talks.get(fold(word.room))
        if talk is None:
            if word.room.startswith("@"):  # somebody wrote to us while the line was away
                self.screen.soon(self._found(word.room))
        elif isinstance(word, Event):
            self._happened(talk, word)
        else:
            self.screen.soon(self._load(talk))

    async def _found(self, name: str) -> None:
        await self.open(name)

    def _changed(self, name: str) -> None:
        with suppress(BadRoom):  # it is none, so we are not there
            if (talk := self.talks.get(fold(name))) is not None:
                self.screen.changed(talk)

    def _happened(self, talk: Talk, event: Event) -> None:
        changed = talk.apply(event, self.me.id)
        if isinstance(event, Posted):
            self._writing.pop((fold(talk.name), event.author.id), None)
            looking = talk is self.current and self.looking and not talk.has_newer
            before = talk.mentions
            talk.arrived(event, self.me, looking)
            if not looking and event.author.id != self.me.id:
                self.screen.rooms_changed()
                if talk.mentions > before or talk.name.startswith("@"):
                    self.screen.called(talk, event)
            self.screen.people_changed()
        if changed:
            self.screen.changed(talk)

    def _passing(self, word: Present | Renamed | Typing | Marked) -> None:
        if isinstance(word, Typing):
            until = asyncio.get_running_loop().time() + TYPING_S
            self._writing[fold(word.room), word.person.id] = (word.person, until)
        elif isinstance(word, Marked):
            talk = self.talks.get(fold(word.room))
            if talk is not None and word.seq >= talk.last:
                talk.seen(word.seq)
                self.screen.rooms_changed()
        elif isinstance(word, Renamed):
            for talk in self.talks.values():
                if talk.other is not None and talk.other.id == word.person.id:
                    talk.other = word.person
            self.screen.rooms_changed()
        self.screen.people_changed()

    def _opened(self, word: RoomJoined) -> None:
        """Somebody opened a room of two with us."""
        room = next((room for room in self.client.rooms if room.name == word.room), None)
        folded = fold(word.room)
        if room is None or folded in self.talks:
            return
        talk = self.talks[folded] = Talk(word.room)
        self._entered(talk, room)
        self.screen.soon(self._load(talk))

    def _lost(self, word: Lost) -> None:
        """The server does not give a place back. The room is opened anew, unless it is none of ours any more."""
        folded = fold(word.room.name)
        talk = self.talks.pop(folded, None)
        if talk is None:
            return
        self.screen.show(f"{talk.title}: {word.error}")
        self.screen.soon(self._open_again(talk))

    async def _open_again(self, old: Talk) -> None:
        was_current = self.current is old
        talk = await self.open(old.name)
        if was_current:
            self.look_at(talk)


def fold(name: str) -> str:
    """Rooms with the same fold are the same room.

    raises  BadRoom
    """
    return name if name.startswith("@") else names.room_name(name)[1]
