"""A person at the screen: keys and clicks in, what stands there out. The house and its log are real."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from textual.pilot import Pilot
from textual.widgets import OptionList, Static

from teahouse.client import Client, Patience, connect
from teahouse.tui.app import TeahouseApp
from teahouse.tui.composer import Composer
from teahouse.tui.guest import Guest
from teahouse.tui.messages import MessageList
from tests.support.inbox import until

HURRY = Patience(pause=0.01, longest=0.05)


class Person:
    """Somebody who sits there."""

    def __init__(self, app: TeahouseApp, guest: Guest, pilot: Pilot[None]) -> None:
        self.app = app
        self.guest = guest
        self.pilot = pilot

    # ---- doing

    async def presses(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def types(self, text: str) -> None:
        """As typed on a keyboard; spaces and signs too."""
        for char in text:
            await self.pilot.press(" " if char == " " else char)
        await self.pilot.pause()

    async def says(self, text: str) -> None:
        self.composer.put(text)
        await self.presses("enter")

    # ---- seeing

    @property
    def composer(self) -> Composer:
        return self.app.screen_stack[0].query_one(Composer)

    @property
    def messages(self) -> MessageList:
        return self.app.screen_stack[0].query_one(MessageList)

    def lines(self) -> list[str]:
        """The lines of the conversation that are on the screen."""
        height = self.messages.size.height
        return [line for y in range(height) if (line := self.messages.render_line(y).text.rstrip())]

    def rooms(self) -> list[str]:
        options = self.app.screen_stack[0].query_one("#rooms", OptionList).options
        return [" ".join(str(option.prompt).split()) for option in options]

    def people(self) -> list[str]:
        return [str(option.prompt) for option in self.app.screen_stack[0].query_one("#people", OptionList).options]

    def static(self, id: str) -> str:
        return str(self.app.screen_stack[0].query_one(f"#{id}", Static).content).strip()

    def notices(self) -> list[str]:
        """What has popped up."""
        return [notice.message for notice in self.app._notifications]

    async def sees(self, *pieces: str) -> None:
        """Wait until all of this is in the conversation."""
        await until(lambda: all(piece in "\n".join(self.lines()) for piece in pieces))

    async def sees_not(self, piece: str) -> None:
        await until(lambda: piece not in "\n".join(self.lines()))


@asynccontextmanager
async def at_the_screen(
    address: str,
    name: str | None = "ana",
    *,
    rooms: Sequence[str] = ("lobby",),
    size: tuple[int, int] = (110, 30),
    outbox: Path | None = None,
    wanted: int | None = None,
) -> AsyncIterator[Person]:
    """Somebody sits down, and the rooms are there: all of them, or as many as are wanted."""
    guest = Guest()

    async def enter() -> Client:
        return await connect(address, name=name, heard=guest.heard, outbox=outbox, patience=HURRY).open()

    guest.client = await enter()
    app = TeahouseApp(guest, list(rooms), enter)
    try:
        async with app.run_test(size=size) as pilot:
            await until(lambda: guest.current is not None and len(guest.talks) >= (wanted or len(rooms)))
            await pilot.pause()
            yield Person(app, guest, pilot)
    finally:
        await guest.client.close()
