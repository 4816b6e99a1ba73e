"""Where one writes. Enter sends, Ctrl+J begins a new line, Tab completes, the arrows bring back what was said."""

from __future__ import annotations

from collections.abc import Callable

from textual import events
from textual.message import Message as Note
from textual.widgets import TextArea

from teahouse.tui.complete import Completion, complete, shared

REMEMBERED = 200


class Composer(TextArea):
    """A few lines of text, and what was sent before."""

    class Sent(Note):
        """Enter was pressed on a text."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Writes(Note):
        """A key was pressed that is no command."""

    class Hint(Note):
        """What Tab could make of the last word; empty for nothing."""

        def __init__(self, choices: list[str]) -> None:
            super().__init__()
            self.choices = choices

    def __init__(self, known: Callable[[], tuple[list[str], list[str]]], *, id: str) -> None:
        """known: the people and the rooms that a word may become."""
        super().__init__(
            id=id,
            compact=True,
            show_line_numbers=False,
            highlight_cursor_line=False,
            placeholder="Say something · 说点什么",
        )
        self._known = known
        self._sent: list[str] = []
        self._back = 0  # how far one has gone back in what was sent
        self._draft = ""
        self._cycle: tuple[Completion, int] | None = None

    async def _on_key(self, event: events.Key) -> None:
        if event.key != "tab":
            self._cycle = None
            self.post_message(self.Hint([]))
        handled = True
        if event.key == "enter":
            self._send()
        elif event.key in ("ctrl+j", "shift+enter", "alt+enter"):
            self.insert("\n")
        elif event.key == "tab":
            self._complete()
        elif event.key == "up" and self.cursor_at_first_line:
            self._recall(1)
        elif event.key == "down" and self.cursor_at_last_line and self._back:
            self._recall(-1)
        else:
            handled = False
        if handled:
            event.stop()
            event.prevent_default()
            return
        if event.is_printable and not self.text.startswith("/"):
            self.post_message(self.Writes())
        await super()._on_key(event)

    def _send(self) -> None:
        text = self.text.strip("\n")
        if not text.strip():
            return
        if not self._sent or self._sent[-1] != text:
            self._sent = [*self._sent[-REMEMBERED:], text]
        self._back = 0
        self.put("")
        self.post_message(self.Sent(text))

    def put(self, text: str) -> None:
        """Have this text, with the cursor behind it."""
        self.text = text
        self.move_cursor(self.document.end)

    def _recall(self, step: int) -> None:
        """Go back in what was sent, or forward again to what was being written."""
        if not self._back:
            self._draft = self.text
        back = max(0, min(self._back + step, len(self._sent)))
        if back == self._back:
            return
        self._back = back
        self.put(self._sent[-back] if back else self._draft)

    def _complete(self) -> None:
        """The first Tab completes as far as it is clear; the next ones go through the choices."""
        if self._cycle is not None and len(self._cycle[0].choices) > 1:
            completion, place = self._cycle
            place = (place + 1) % len(completion.choices)
            self._replace_end(completion.start, completion.choices[place])
            self._cycle = (completion, place)
            return
        before = self.document.get_text_range((0, 0), self.cursor_location)
        people, rooms = self._known()
        found = complete(before, people, rooms)
        if found is None:
            return
        self._replace_end(found.start, shared(found.choices))
        self._cycle = (found, -1)
        self.post_message(self.Hint(found.choices if len(found.choices) > 1 else []))

    def _replace_end(self, start: int, word: str) -> None:
        """Put a word in place of what is between an offset and the cursor, which is on the same line."""
        row, column = self.cursor_location
        before = self.document.get_text_range((0, 0), (row, column))
        self.replace(word, (row, column - (len(before) - start)), (row, column))
