"""What opens above the conversation: search, reactions, a question, help."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Label, OptionList, Static
from textual.widgets.option_list import Option

from teahouse.core.errors import TeahouseError
from teahouse.core.message import Message
from teahouse.tui.tail import clock
from teahouse.wire import slash

EMOJI = ("👍", "🧡", "😂", "🎉", "😮", "😢", "🙏", "🍵")
PAUSE_S = 0.2

Find = Callable[[str, bool], Awaitable[list[Message]]]


class SearchScreen(ModalScreen[Message | None]):
    """Words in, messages out; the one that is chosen is jumped to."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Back"),
        Binding("ctrl+r", "widen", "This room · all rooms"),
        Binding("down", "to_hits", show=False),
    ]

    def __init__(self, find: Find, room: str, words: str = "") -> None:
        super().__init__()
        self._find = find
        self._room = room
        self._words = words
        self._everywhere = False
        self.hits: list[Message] = []

    def compose(self) -> ComposeResult:
        """An input, and what was found."""
        with Vertical(id="box"):
            yield Label(id="where")
            yield Input(self._words, placeholder="Search · 搜索", id="words")
            yield OptionList(id="hits")
            yield Label("enter: jump to it   ctrl+r: this room or all   esc: back", id="keys")

    def on_mount(self) -> None:
        """Search at once for what was given."""
        self._say_where()
        self._search(self._words)

    def _say_where(self) -> None:
        self.query_one("#where", Label).update("in all rooms" if self._everywhere else f"in {self._room}")

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._search(event.value)

    def action_widen(self) -> None:
        """This room, or all."""
        self._everywhere = not self._everywhere
        self._say_where()
        self._search(self.query_one(Input).value)

    def action_to_hits(self) -> None:
        """To what was found."""
        self.query_one(OptionList).focus()

    @work(exclusive=True)
    async def _search(self, words: str) -> None:
        hits = self.query_one("#hits", OptionList)
        try:
            self.hits = await self._find(words, self._everywhere) if words.strip() else []
        except TeahouseError as error:
            self.hits = []
            self.query_one("#where", Label).update(str(error))
        hits.clear_options()
        hits.add_options([Option(self._line(message), id=str(place)) for place, message in enumerate(self.hits)])
        if words.strip() and not self.hits:
            hits.add_option(Option("nothing found · 没有找到", disabled=True))

    def _line(self, message: Message) -> Text:
        said = " ".join((message.text or "").split())
        where = f"{message.room} · " if self._everywhere else ""
        line = Text.assemble((f"{where}{clock(message.time)} ", "dim"), (f"{message.author.name} ", "bold"), said)
        line.no_wrap, line.overflow = True, "ellipsis"
        return line

    @on(Input.Submitted)
    def _first(self) -> None:
        if self.hits:
            _ = self.dismiss(self.hits[0])

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        _ = self.dismiss(self.hits[int(event.option_id or 0)])


class ReactScreen(ModalScreen[str | None]):
    """One of a few, or any other."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Back")]

    def compose(self) -> ComposeResult:
        """Buttons with numbers, and an input."""
        with Vertical(id="box"):
            with Horizontal(id="emoji"):
                for number, emoji in enumerate(EMOJI, 1):
                    yield Button(f"{number} {emoji}", id=f"emoji-{number}", compact=True)
            yield Input(placeholder="1–8, or any emoji", id="other", max_length=32)

    def on_mount(self) -> None:
        """A digit is enough."""
        self.query_one(Input).focus()

    @on(Input.Changed)
    def _digit(self, event: Input.Changed) -> None:
        if event.value in tuple("12345678"):
            _ = self.dismiss(EMOJI[int(event.value) - 1])

    @on(Input.Submitted)
    def _other(self, event: Input.Submitted) -> None:
        _ = self.dismiss(event.value.strip() or None)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        _ = self.dismiss(EMOJI[int((event.button.id or "").removeprefix("emoji-")) - 1])


class AskScreen(ModalScreen[bool]):
    """A question with two answers."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "dismiss(True)", "Yes"),
        Binding("n,escape", "dismiss(False)", "No"),
    ]

    def __init__(self, question: str, yes: str, no: str) -> None:
        super().__init__()
        self._question, self._yes, self._no = question, yes, no

    def compose(self) -> ComposeResult:
        """The question and two buttons."""
        with Vertical(id="box"):
            yield Static(self._question, markup=False)
            with Horizontal(id="answers"):
                yield Button(f"{self._yes} (y)", id="yes", variant="primary", compact=True)
                yield Button(f"{self._no} (n)", id="no", compact=True)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        _ = self.dismiss(event.button.id == "yes")


KEYS = (
    ("enter", "send"),
    ("ctrl+j", "a new line"),
    ("tab", "complete a name, a room or a command"),
    ("up, down", "what was said before"),
    ("shift+tab", "choose a message, then: r reply, e edit, + react, d delete, y copy"),
    ("page up", "look back; end, in the messages: the newest"),
    ("ctrl+f", "search"),
    ("ctrl+n, ctrl+p", "next, previous room"),
    ("ctrl+g", "next unread room"),
    ("f2, f3", "the rooms, to choose one; the people"),
    ("ctrl+q", "quit"),
)


class HelpScreen(ModalScreen[None]):
    """Keys and commands."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,f1,enter,q", "dismiss(None)", "Back")]

    def compose(self) -> ComposeResult:
        """The two tables."""
        with VerticalScroll(id="box"):
            yield Static(_two_columns([*KEYS, ("", ""), *_commands()]), id="help")


def _commands() -> list[tuple[str, str]]:
    """The slash commands, as the server's own help has them."""
    lines = (line.removeprefix("* ").partition("  ") for line in slash.help_text().split("\n"))
    return [(command, what.strip()) for command, _, what in lines]


def _two_columns(rows: Iterable[tuple[str, str]]) -> Table:
    """A table whose right column alone is broken into lines."""
    table = Table.grid("", "", padding=(0, 2, 0, 0))
    table.columns[0].no_wrap = True
    for key, what in rows:
        table.add_row(Text(key, "bold"), what)
    return table
