"""The conversation on the screen. It draws only the lines that are visible, and stays where one reads.

At the end it follows what is said. Anywhere else the line at the top of the screen stays where it is, whatever comes
above (older pages) or below (new messages), and however wide the window becomes.
"""

from __future__ import annotations

import bisect
from collections.abc import Callable
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message as Note
from textual.scroll_view import ScrollView
from textual.strip import Strip

from teahouse.client import Sending
from teahouse.core.message import Message
from teahouse.tui.rows import Painter, Palette, Row, rows_of
from teahouse.tui.talk import Talk

NEAR = 3
"""Lines from the top or the end at which the next page is fetched."""
CACHED = 4_000


class MessageList(ScrollView, can_focus=True):
    """One conversation; a message can be chosen by keys or mouse."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "messages--soft", "messages--line", "messages--new", "messages--us", "messages--chip", "messages--link",
        "messages--chosen", *(f"messages--person-{number}" for number in range(8)),
    }  # fmt: skip
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "choose(-1)", "Up", show=False),
        Binding("down,j", "choose(1)", "Down", show=False),
        Binding("pageup", "page_up", show=False),
        Binding("pagedown", "page_down", show=False),
        Binding("home", "scroll_home", show=False),
        Binding("end", "app.newest", show=False),
        Binding("r", "app.reply", "Reply"),
        Binding("e", "app.edit", "Edit"),
        Binding("plus,a", "app.react", "React", key_display="+"),
        Binding("d,delete", "app.delete", "Delete", key_display="d"),
        Binding("y", "app.copy", "Copy"),
        Binding("escape,enter,tab", "app.compose", "Back", key_display="esc"),
    ]

    class Wants(Note):
        """The reader comes near an end: the next page, if there is one."""

        def __init__(self, older: bool) -> None:
            super().__init__()
            self.older = older

    class Moved(Note):
        """Somebody scrolled."""

    def __init__(self, make_painter: Callable[[Palette], Painter], *, id: str) -> None:
        super().__init__(id=id)
        self._make_painter = make_painter
        self._talk: Talk | None = None
        self._rows: list[Row] = []
        self._drawn: list[list[Strip]] = []
        self._drawn_width = 0
        self._starts: list[int] = []  # the first line of each row
        self._height = 0
        self._cache: dict[tuple[object, ...], list[Strip]] = {}
        self._painter: Painter | None = None
        self.chosen = 0
        """The number of the message that is chosen; 0 for none."""
        self._at_end = True

    # ---- what is shown

    @property
    def at_end(self) -> bool:
        """Whether the end of the conversation is on the screen."""
        return self._at_end

    def show(self, talk: Talk | None, waiting: list[Sending]) -> None:
        """Show this conversation as it is now."""
        if talk is not self._talk:
            self._talk, self.chosen, self._at_end = talk, 0, True
            self._cache.clear()
            at_new = talk is not None and talk.first_new() is not None
            self._lay_out(waiting)
            if at_new:
                self._scroll_to_new()
            return
        anchor = self._anchor()
        self._lay_out(waiting)
        self._hold(anchor)

    def _lay_out(self, waiting: list[Sending]) -> None:
        talk = self._talk
        self._drawn_width = self._width
        self._rows = [] if talk is None else list(rows_of(talk, waiting))
        self._drawn = [self._strips(row) for row in self._rows]
        self._starts = []
        line = 0
        for strips in self._drawn:
            self._starts.append(line)
            line += len(strips)
        self._height = line
        self.virtual_size = Size(self._drawn_width, line)
        if self._at_end:
            self.scroll_end(animate=False, immediate=True)
        self.refresh()

    @property
    def _width(self) -> int:
        return max(self.scrollable_content_region.width, 10)

    def _strips(self, row: Row) -> list[Strip]:
        """The lines of a row; drawn once for each width."""
        if row.seq != 0 and row.seq == self.chosen:
            return self._draw(row, self.get_component_rich_style("messages--chosen"))
        key = (*row.key, self._drawn_width)
        found = self._cache.get(key)
        if found is None:
            if len(self._cache) > CACHED:
                self._cache.clear()
            found = self._cache[key] = self._draw(row, self.rich_style)
        return found

    def _draw(self, row: Row, base: Style) -> list[Strip]:
        assert self._talk is not None
        lines = self._painted().lines(row, self._talk, self._drawn_width - 1)
        return [self._strip(line, base) for line in lines]

    def _strip(self, line: Text, base: Style) -> Strip:
        segments = line.render(self.app.console)
        return Strip(segments).apply_style(base).adjust_cell_length(self._drawn_width, base)

    def _painted(self) -> Painter:
        if self._painter is None:
            people = tuple(self._style(f"person-{number}") for number in range(8))
            palette = Palette(
                soft=self._style("soft"), line=self._style("line"), new=self._style("new"), us=self._style("us"),
                chip=self._style("chip"), link=self._style("link"), people=people,
            )  # fmt: skip
            self._painter = self._make_painter(palette)
        return self._painter

    def _style(self, name: str) -> Style:
        """A style of our own alone, with its colours as they are over our background: partly transparent ones too."""
        own = self.get_component_rich_style(f"messages--{name}", partial=True)
        over = self.get_component_rich_style(f"messages--{name}")
        return own + Style(
            color=over.color if own.color is not None else None,
            bgcolor=over.bgcolor if own.bgcolor is not None else None,
        )

    def forget_drawings(self) -> None:
        """Names, or colours, have changed."""
        self._cache.clear()
        self._painter = None

    def notify_style_update(self) -> None:
        """The theme has changed."""
        super().notify_style_update()
        self.forget_drawings()

    def render_line(self, y: int) -> Strip:
        """One line of the screen. A short conversation stands at the bottom, where one writes."""
        line = self._line_at(y)
        if line is None:
            return Strip.blank(self._width, self.rich_style)
        place = bisect.bisect_right(self._starts, line) - 1
        strip = self._drawn[place][line - self._starts[place]]
        return strip.adjust_cell_length(self._width, self.rich_style)

    def _line_at(self, y: int) -> int | None:
        """The line of the conversation at a line of the screen."""
        line = y + self.scroll_offset.y - max(self.size.height - self._height, 0)
        return line if 0 <= line < self._height else None

    # ---- staying where one reads

    def _anchor(self) -> tuple[tuple[object, ...], int] | None:
        """The row at the top of the screen, and which of its lines."""
        if self._at_end or not self._rows:
            return None
        top = self.scroll_offset.y
        place = max(bisect.bisect_right(self._starts, top) - 1, 0)
        return self._identity(self._rows[place]), top - self._starts[place]

    @staticmethod
    def _identity(row: Row) -> tuple[object, ...]:
        return row.key[:2]

    def _hold(self, anchor: tuple[tuple[object, ...], int] | None) -> None:
        """Let the same line be at the top again."""
        if anchor is None:
            return
        for row, start in zip(self._rows, self._starts, strict=True):
            if self._identity(row) == anchor[0]:
                self.scroll_to(y=start + anchor[1], animate=False, immediate=True)
                return

    def _scroll_to_new(self) -> None:
        """Begin to read at the «New» line, with a little of what was before it."""
        place = next((at for at, row in enumerate(self._rows) if row.key == ("new",)), None)
        if place is not None and self._height > self.size.height:
            self.scroll_to(y=max(self._starts[place] - self.size.height // 4, 0), animate=False, immediate=True)

    def on_resize(self, event: events.Resize) -> None:
        """Lay it out anew for another width."""
        if self._talk is not None:
            anchor = self._anchor()
            self._lay_out([row.item for row in self._rows if isinstance(row.item, Sending)])
            self._hold(anchor)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Somebody scrolls, or we do."""
        super().watch_scroll_y(old_value, new_value)
        self._at_end = new_value >= self.max_scroll_y - 1
        if self._talk is None:
            return
        if new_value <= NEAR and self._talk.has_older and new_value < old_value:
            self.post_message(self.Wants(older=True))
        if self._at_end and self._talk.has_newer:
            self.post_message(self.Wants(older=False))
        self.post_message(self.Moved())

    def go_to_end(self) -> None:
        """Follow what is said."""
        self._at_end = True
        self.scroll_end(animate=False, immediate=True)
        self.post_message(self.Moved())

    # ---- choosing

    def chosen_message(self) -> Message | None:
        """The message that is chosen."""
        return None if self._talk is None else self._talk.message(self.chosen)

    def choose(self, seq: int) -> None:
        """Choose a message and have it on the screen; 0 for none."""
        places = {row.seq: place for place, row in enumerate(self._rows) if row.seq in (self.chosen, seq) and row.seq}
        before, self.chosen = self.chosen, seq
        for each in (before, seq):
            if (place := places.get(each)) is not None:
                self._drawn[place] = self._strips(self._rows[place])
        if (place := places.get(seq)) is not None:
            region = Region(0, self._starts[place], 1, len(self._drawn[place]))
            self.scroll_to_region(region, animate=False, immediate=True)
        self.refresh()

    def action_choose(self, step: int) -> None:
        """The next message up or down."""
        seqs = [row.seq for row in self._rows if row.seq]
        if not seqs:
            return
        place = bisect.bisect_left(seqs, self.chosen) + step if self.chosen else len(seqs) - 1
        if place >= len(seqs):
            self.go_to_end()
        self.choose(seqs[max(0, min(place, len(seqs) - 1))])

    def on_focus(self) -> None:
        """Keys choose from the last message on."""
        if not self.chosen:
            self.action_choose(0)

    def on_click(self, event: events.Click) -> None:
        """The mouse chooses too."""
        line = self._line_at(event.y)
        if line is not None:
            row = self._rows[bisect.bisect_right(self._starts, line) - 1]
            if row.seq:
                self.choose(row.seq)
