"""`teahouse join`: the room on the whole screen.

    ┌ rooms ──┬ #lobby  Tea and talk · 3 here ──────┬ people ┐
    │ lobby   │ ana 12:01                           │ ana    │
    │ tea   3 │   who wants some?                   │ bob    │
    │         │ ─────────── New ───────────         │        │
    │         ├ ana is writing …                    │        │
    │         │ > composer                          │        │
    └─────────┴ keys ───────────────────────────────┴────────┘

Narrow windows lose the people first, then the rooms (F2, F3 bring them). All that is known is in `Guest`; here is how
it looks. Which key does what is in app.py.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from textual.app import App, ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Footer, OptionList, Static
from textual.widgets.option_list import Option
from textual.worker import Worker, WorkerState

from teahouse.client import Client, Posted, Sending
from teahouse.core.commands import Command, Help, Quit, Search
from teahouse.core.errors import BadToken, TeahouseError
from teahouse.core.message import Message, Person
from teahouse.tui import panels
from teahouse.tui.composer import Composer
from teahouse.tui.guest import Guest
from teahouse.tui.messages import MessageList
from teahouse.tui.rows import Painter, Palette
from teahouse.tui.screens import AskScreen, HelpScreen, SearchScreen
from teahouse.tui.talk import Talk

NOTICE_S = 8.0


class Frame(App[None]):
    """The screen of one guest.

    rooms      to open at the start, the first is looked at
    come_anew  connects as somebody new, when the house knows us no more
    """

    TITLE = "Teahouse"
    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (72, "-middle"), (100, "-wide")]

    def __init__(self, guest: Guest, rooms: list[str], come_anew: Callable[[], Awaitable[Client]]) -> None:
        super().__init__()
        self.guest = guest
        self._rooms = rooms
        self._come_anew = come_anew
        self._reply_to: Message | None = None
        self._edited: Message | None = None
        self._choices: list[str] = []
        self._dirty = False
        self._drawn_for: Person | None = None  # whose name is marked where it is called

    def compose(self) -> ComposeResult:
        """The parts of the screen."""
        with Horizontal():
            yield OptionList(id="rooms")
            with Vertical(id="middle"):
                yield Static(id="head", markup=False)
                yield MessageList(self._painter, id="messages")
                yield Static(id="bar", markup=False)
                yield Static(id="about", markup=False)
                yield Composer(self.known, id="composer")
            yield OptionList(id="people")
        yield Footer()

    def known(self) -> tuple[list[str], list[str]]:
        """Names for the completion: the people of this room, all rooms."""
        talk = self.guest.current
        people = [] if talk is None else [person.name for person in self.guest.room(talk).members.values()]
        return people, [*(each.name for each in self.guest.talks.values()), *self.guest.elsewhere()]

    # ---- the guest's word

    def soon(self, work: Coroutine[Any, Any, None]) -> None:
        """Do this beside the rest; what it raises is shown."""
        self.run_worker(work, exit_on_error=False)

    def changed(self, talk: Talk) -> None:
        """A conversation is not what it was: draw it when all that came at once was taken."""
        if talk is self.guest.current and not self._dirty:
            self._dirty = self.call_later(self._draw)

    def line_changed(self) -> None:
        """The line came or went."""
        self.call_later(self._draw_bar)
        if self.guest.line.state == "online":
            self.call_later(self._draw_rooms)
        elif isinstance(self.guest.line.error, BadToken):
            self.soon(self._ask_to_come_anew())

    def people_changed(self) -> None:
        """Somebody came, went, writes, or has another name."""
        self.call_later(self._draw_people)
        self.call_later(self._draw_bar)
        if self._drawn_for != self.guest.me:
            self.call_later(self._draw)

    def rooms_changed(self) -> None:
        """Rooms, or what is unread in them."""
        self.call_later(self._draw_rooms)

    def called(self, talk: Talk, event: Posted) -> None:
        """Somebody wants us."""
        self.bell()
        if talk is not self.guest.current:
            self.notify(event.text or "", title=f"{event.author.name} · {talk.title}", markup=False)

    def declined(self, sending: Sending, error: TeahouseError) -> None:
        """It was not stored: the text is back where it was written, if nothing else is there."""
        composer = self.query_one(Composer)
        if not composer.text:
            composer.put(sending.text)
        self._wrong(error)

    def show(self, text: str) -> None:
        """An answer in words."""
        self.notify(text, timeout=NOTICE_S, markup=False)

    def ask_for(self, what: Command) -> None:
        """What the screen alone can do."""
        if isinstance(what, Search):
            self.open_search(what.query)
        elif isinstance(what, Help):
            _ = self.push_screen(HelpScreen())
        elif isinstance(what, Quit):
            self.exit()

    def open_search(self, words: str) -> None:
        """Search, and jump to what is chosen."""
        self.run_worker(self._search(words), exit_on_error=False)

    async def _search(self, words: str) -> None:
        talk = self.guest.here()

        async def find(words: str, everywhere: bool) -> list[Message]:
            return await self.guest.find(words, None if everywhere else talk)

        hit = await self.push_screen_wait(SearchScreen(find, talk.title, words))
        if hit is not None:
            await self.guest.jump(hit.room, hit.seq)
            self._draw()
            messages = self.query_one(MessageList)
            messages.focus()
            messages.choose(hit.seq)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """What was done beside the rest has failed: people are told, a bug is not hidden."""
        error = event.worker.error
        if event.state is not WorkerState.ERROR or error is None:
            return
        if not isinstance(error, TeahouseError):
            raise error
        self._wrong(error)

    def _wrong(self, error: BaseException) -> None:
        self.notify(str(error), severity="error", timeout=NOTICE_S, markup=False)

    async def _ask_to_come_anew(self) -> None:
        waiting = len(self.guest.client.unsent)
        question = (
            "The house does not know you any more: your time here has ended. "
            f"{waiting} messages wait; they can be sent by somebody new, under your name if it is free."
        )
        if not await self.push_screen_wait(AskScreen(question, "come in anew", "quit")):
            self.exit()
            return
        await self.guest.come_anew(self._come_anew)

    # ---- drawing

    def on_mount(self) -> None:
        """Open the rooms."""
        self.guest.attach(self)
        people = self.query_one("#people", OptionList)
        people.can_focus = False  # nothing to choose there
        people.border_title = "Here · 在场"
        self.query_one("#rooms").border_title = "Rooms · 房间"
        self.query_one(Composer).focus()
        self.soon(self.guest.start(self._rooms))
        self.set_interval(1.0, self._draw_bar)  # who was writing is writing no more

    def _painter(self, palette: Palette) -> Painter:
        return Painter(palette, self.guest.me)

    def _draw(self) -> None:
        self._dirty = False
        talk = self.guest.current
        messages = self.query_one(MessageList)
        if self._drawn_for != self.guest.me:
            self._drawn_for = self.guest.me
            messages.forget_drawings()
        if talk is not None and messages.at_end:
            talk.trim()
        messages.show(talk, [] if talk is None else self.guest.waiting(talk))
        self._look()
        self._draw_bar()

    def _look(self) -> None:
        """What is on the screen is read."""
        messages = self.query_one(MessageList)
        self.guest.looking = self.app_focus and messages.at_end
        if self.guest.looking and self.guest.current is not None:
            self.guest.seen(self.guest.current)

    def _draw_bar(self) -> None:
        talk = self.guest.current
        below = talk.unread if talk is not None and not self.query_one(MessageList).at_end else 0
        self.query_one("#bar", Static).update(panels.bar(self.guest, below, self._choices))

    def _draw_rooms(self) -> None:
        rooms = self.query_one("#rooms", OptionList)
        current = self.guest.current
        lines = [
            Option(panels.room_line(talk, talk is current), id=f"in {talk.name}") for talk in self.guest.talks.values()
        ]
        others = [Option(panels.other_room_line(name), id=f"to {name}") for name in self.guest.elsewhere()]
        rooms.set_options([*lines, *([None] if others else []), *others])
        if current in (talks := list(self.guest.talks.values())):
            rooms.highlighted = talks.index(current)
        self._draw_head()

    def _draw_head(self) -> None:
        self.query_one("#head", Static).update(panels.head(self.guest))

    def _draw_people(self) -> None:
        self.query_one("#people", OptionList).set_options([Option(line) for line in panels.people(self.guest)])
        self._draw_head()

    def _draw_about(self) -> None:
        about = self.query_one("#about", Static)
        about.update(panels.about(self._reply_to, self._edited))
        about.display = self._reply_to is not None or self._edited is not None
