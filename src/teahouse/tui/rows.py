"""From a conversation to lines on a screen of a certain width. Wide characters (Chinese, emoji) count two cells.

──────── Tuesday 24 November ────────        a new day
ana 12:01                                     who speaks; once for what is said in one breath
  hello there
  ↪ bob: does anybody want …                  what it answers
  🍵 2  👍 1                                   reactions
──────────── New ────────────
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.style import Style
from rich.text import Text

from teahouse.client import Sending
from teahouse.core.message import Message, Person
from teahouse.tui.talk import Item, Talk, call_of, names_us
from teahouse.wire import text as texts

BREATH_MS = 5 * 60_000
"""What one person says within so long of the last word belongs together."""
INDENT = 2
QUOTED = 60
_LINK = re.compile(r"https?://[^\s<>]+[^\s<>.,;:!?)\]}'\"”’。，；：！？）】」]")
_MEASURE = Console(width=10_000, legacy_windows=False, color_system=None)


class Palette(NamedTuple):
    """The styles of a conversation."""

    soft: Style
    line: Style
    new: Style
    us: Style
    chip: Style
    link: Style
    people: tuple[Style, ...]

    def name(self, person: Person) -> Style:
        """Each person has a colour, the same everywhere."""
        return self.people[person.id % len(self.people)]


class Row(NamedTuple):
    """One thing to show. `seq` is the message's number, or 0 for what nobody can choose; `key` tells whether it has
    changed."""

    key: tuple[object, ...]
    seq: int
    item: Item | Sending | date | None
    lead: bool = False


def rows_of(talk: Talk, waiting: list[Sending]) -> Iterator[Row]:
    """What is to be shown, from top to bottom."""
    day: date | None = None
    speaker: tuple[int, int] | None = None
    new = talk.first_new()
    for item in talk.items:
        today = datetime.fromtimestamp(item.time / 1_000).date()
        if today != day:
            day, speaker = today, None
            yield Row(("day", today), 0, today)
        if item.seq == new:
            speaker = None
            yield Row(("new",), 0, None)
        if not isinstance(item, Message):
            speaker = None
            yield Row(("item", item.seq), 0, item)
            continue
        lead = speaker is None or speaker[0] != item.author.id or item.time - speaker[1] > BREATH_MS
        speaker = (item.author.id, item.time) if item.form != "act" else None
        quoted = None if item.reply_to is None else talk.message(item.reply_to)
        version = (talk.versions.get(item.seq, 0), None if quoted is None else talk.versions.get(quoted.seq, 0))
        yield Row(("message", item.seq, version, quoted is None, lead), item.seq, item, lead or item.form == "act")
    for sending in waiting:
        yield Row(("waiting", sending.key), 0, sending)


class Painter:
    """Draws rows."""

    def __init__(self, palette: Palette, me: Person) -> None:
        self.palette = palette
        self.me = me

    def lines(self, row: Row, talk: Talk, width: int) -> list[Text]:
        """The lines of one row, none wider than `width` cells."""
        item = row.item
        if item is None:
            return [self._ruled("New · 新消息", width, self.palette.new)]
        if isinstance(item, date):
            return [self._ruled(item.strftime("%A %-d %B %Y"), width, self.palette.line)]
        if isinstance(item, Sending):
            return self._wrapped(Text(f"{texts.visible(item.text)} …", self.palette.soft), width)
        if not isinstance(item, Message):
            return self._wrapped(Text(texts.happening(item), self.palette.soft), width, indent=0)
        return self._message(item, row.lead, talk, width)

    def _message(self, message: Message, lead: bool, talk: Talk, width: int) -> list[Text]:
        soft = self.palette.soft
        clock = datetime.fromtimestamp(message.time / 1_000).strftime("%H:%M")
        lines: list[Text] = []
        if message.form == "act" and message.text is not None:
            said = Text.assemble(
                ("* ", soft), (message.author.name, self.palette.name(message.author)), " ", self._said(message), (f" {clock}", soft)
            )  # fmt: skip
            return [*self._wrapped(said, width, indent=0), *self._reactions(message, width)]
        if lead:
            name = Text(message.author.name, self.palette.name(message.author) + Style(bold=True))
            lines += self._wrapped(Text.assemble(name, (f" {clock}", soft)), width, indent=0)
        if message.reply_to is not None:
            lines.append(self._cut(Text(self._quote(message.reply_to, talk), soft), width))
        if message.text is None:
            said = Text("taken away", soft)
        else:
            said = self._said(message)
            if message.edited is not None:
                said.append(" (edited)", soft)
        return [*lines, *self._wrapped(said, width), *self._reactions(message, width)]

    def _said(self, message: Message) -> Text:
        said = Text(texts.visible(message.text or "").replace("\t", "    "))
        if message.form == "notice":
            said.stylize(self.palette.soft)
        for link in _LINK.finditer(said.plain):
            said.stylize(self.palette.link + Style(link=link[0]), *link.span())
        if names_us(said.plain, self.me):
            for found in call_of(self.me.name).finditer(said.plain):
                said.stylize(self.palette.us, *found.span())
        return said

    def _quote(self, seq: int, talk: Talk) -> str:
        quoted = talk.message(seq)
        if quoted is None:
            return f"↪ an earlier message ({seq})"
        said = " ".join((quoted.text or "taken away").split())
        return f"↪ {quoted.author.name}: {said[:QUOTED]}{'…' if len(said) > QUOTED else ''}"

    def _reactions(self, message: Message, width: int) -> list[Text]:
        if not message.reactions:
            return []
        chips = Text()
        for reaction in message.reactions:
            style = self.palette.us if reaction.mine else self.palette.chip
            chips.append(f" {reaction.emoji} {reaction.count} ", style).append(" ")
        return self._wrapped(chips, width)

    def _ruled(self, title: str, width: int, style: Style) -> Text:
        if cell_len(title) + 4 > width:
            return self._cut(Text(title, style), width, indent=0)
        left = (width - cell_len(title) - 2) // 2
        right = width - cell_len(title) - 2 - left
        return Text.assemble((f"{'─' * left} {title} {'─' * right}", style))

    def _wrapped(self, text: Text, width: int, indent: int = INDENT) -> list[Text]:
        """Broken at words, and within those that are longer than a line; indented."""
        room = max(width - indent, 1)
        lines = text.wrap(_MEASURE, room, overflow="fold", no_wrap=False, tab_size=4)
        return [Text.assemble(" " * indent, line) for line in lines]

    def _cut(self, text: Text, width: int, indent: int = INDENT) -> Text:
        text.truncate(max(width - indent, 1), overflow="ellipsis")
        return Text.assemble(" " * indent, text)


def fitted(text: str, width: int) -> str:
    """The text in exactly so many cells."""
    if cell_len(text) > width:
        return set_cell_size(text, max(width - 1, 0)) + "…"[:width]
    return set_cell_size(text, width)
