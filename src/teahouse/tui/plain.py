"""`teahouse join --plain`: lines in, lines out. For pipes, for screen readers, for terminals that can do no more.

It reads as a room does by `nc`, with the same commands; but it comes back when the line breaks, and what is typed
meanwhile is sent then. Words for the person begin with `*`, and never come between the lines of a message.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from teahouse.client import Client, Room
from teahouse.client.places import Declined, Heard, LineState, Lost
from teahouse.core.commands import (
    Command,
    Help,
    Join,
    Leave,
    ListMembers,
    ListRooms,
    Post,
    Quit,
    ReadHistory,
    ReadRoom,
    Rename,
    Search,
    SetTopic,
    Whisper,
)  # fmt: skip
from teahouse.core.errors import BadText, NotInRoom, Refusal, TeahouseError
from teahouse.core.events import Event, Gap, Posted, Present, Renamed
from teahouse.tui.tail import item_line, newest
from teahouse.wire import slash, text

Print = Callable[[str], None]
LAST = 10


class NotTaken(TeahouseError):
    """Something that was said, or asked, was declined."""


class Plain:
    """One person and their lines.

    out       prints a line
    declined  whether anything that was said was not taken: the exit code tells
    """

    def __init__(self, out: Print) -> None:
        self._out = out
        self._room: Room | None = None
        self._early: list[Heard] | None = []
        self._was_offline = False
        self._listening: asyncio.Timeout | None = None
        self.client: Client
        self.declined = False

    async def run(self, client: Client, room: str, read_line: Callable[[], Awaitable[str]]) -> None:
        """Until there are no more lines, or `/quit`, or `bye`.

        read_line   the next one; "" at the end;  raises BadText: it is none
        raises  Refusal: the first room cannot be joined;  what ended the client
        """
        self.client = client
        early, self._early = self._early or [], None
        for word in early:
            self.heard(word)
        for sending in client.waiting:
            self._out(f"* not sent the last time, and on its way now: {sending.text}")
        await self._join(room)
        await self._listen(read_line)
        for sending in client.waiting:
            with suppress(Refusal):  # `heard` has told
                await sending

    async def _listen(self, read_line: Callable[[], Awaitable[str]]) -> None:
        """Do what each line asks; but no longer than the client lasts: nobody should have to type a line to hear that it
        has ended."""
        try:
            async with asyncio.timeout(None) as self._listening:
                while (line := await self._next(read_line)) and await self._typed(line.rstrip("\r\n")):
                    pass
        except TimeoutError:
            pass  # `_line` has heard the end
        finally:
            self._listening = None
        if self.client.error is not None:
            raise self.client.error

    async def _next(self, read_line: Callable[[], Awaitable[str]]) -> str:
        """The next line that is one."""
        while True:
            try:
                return await read_line()
            except BadText as error:
                self._declined(error)

    async def _typed(self, line: str) -> bool:
        """Do what a line asks; whether to go on."""
        if not line.strip():
            return True
        asked = Quit() if line.strip() == "bye" else slash.understand(line)
        if isinstance(asked, Quit):
            return False
        try:
            if isinstance(asked, Refusal):
                raise asked
            await self._do(asked)
        except TeahouseError as error:
            self._declined(error)
        return True

    def _declined(self, error: TeahouseError) -> None:
        self.declined = True
        self._out(f"* {error}")

    def _here(self) -> Room:
        if self._room is None:
            raise NotInRoom("You are in no room. /join lobby takes you to one.")
        return self._room

    async def _join(self, name: str) -> None:
        room = await self.client.join(name)
        if self._room is not None and self._room.name != room.name:
            await self._room.leave()
        self._room = room
        people = ", ".join(person.name for person in room.members.values())
        self._out(f"* {room.name}{': ' if room.topic else ''}{room.topic} ({people})")
        for item in (await newest(room, LAST))[0]:
            self._out(item_line(item))

    async def _do(self, asked: Command) -> None:
        if isinstance(asked, Post):
            sending = self._here().send(asked.text, form=asked.form)
            if not self.client.online:
                self._out(f"* waits until the server is back: {sending.text}")
        elif isinstance(asked, Join):
            await self._join(asked.room)
        elif isinstance(asked, Leave):
            room, self._room = self._here(), None
            await room.leave()
        elif isinstance(asked, Rename):
            await self.client.rename(asked.name)
        elif isinstance(asked, SetTopic):
            await self._here().set_topic(asked.topic)
        elif isinstance(asked, Whisper):
            whispered = (await self.client.direct(asked.to)).send(asked.text)
            self._out(f"* to {asked.to}: {whispered.text}")
        else:
            for line in await self._answers(asked):
                self._out(line)

    async def _answers(self, asked: Command) -> list[str]:
        """The lines that answer a question."""
        if isinstance(asked, Help):
            return slash.help_text().split("\n")
        if isinstance(asked, ReadRoom):
            topic = self._here().topic
            return [f"* the topic: {topic}" if topic else "* there is no topic"]
        if isinstance(asked, ListRooms):
            listed = await self.client.list_rooms(asked.query, most=slash.ROOMS + 1)
            lines = [f"* {entry.room} ({entry.count} here) {entry.topic}".rstrip() for entry in listed[: slash.ROOMS]]
            return lines + ([f"* {slash.MORE_ROOMS}"] if len(listed) > slash.ROOMS else [])
        if isinstance(asked, ListMembers):
            return [f"* {', '.join([person.name async for person in self._here().everybody()])}"]
        if isinstance(asked, ReadHistory):
            return [item_line(item) for item in (await newest(self._here(), asked.limit or LAST))[0]]
        if isinstance(asked, Search):
            found = [f"{item_line(hit)} ({hit.room})" async for hit in self.client.search(asked.query)]
            return found or ["* nothing found"]
        return []

    # ---- what the client hears

    def heard(self, word: Heard) -> None:
        """Something came, or the line did, or went."""
        if self._early is not None:
            self._early.append(word)
        elif isinstance(word, Event):
            self._happened(word)
        elif (isinstance(word, Present) and self._is_here(word.room)) or isinstance(word, Renamed):
            if shown := text.passing(word):
                self._out(shown)
        elif isinstance(word, Declined):
            self._declined(word.error)
        elif isinstance(word, Lost):
            self._out(f"* {word.room.name}: {word.error}")
        elif isinstance(word, Gap):
            self._out(f"* the numbers {word.from_} to {word.to} are not shown")
        elif isinstance(word, LineState):
            self._line(word)

    def _happened(self, event: Event) -> None:
        """What others did; one's own lines are on the screen already."""
        if not (self._is_here(event.room) or event.room.startswith("@")):
            return
        if isinstance(event, Posted) and event.author.id == self.client.you.id:
            return
        if shown := text.happening(event):
            self._out(shown)

    def _is_here(self, name: str) -> bool:
        return self._room is not None and self._room.name == name

    def _line(self, state: LineState) -> None:
        if state.state == "offline" and not self._was_offline:
            self._out(f"* {state.why}; trying to come back")
        elif state.state == "online" and self._was_offline:
            self._out("* back again")
        elif state.state == "ended" and self._listening is not None:
            self._listening.reschedule(asyncio.get_running_loop().time())
        self._was_offline = state.state == "offline"
