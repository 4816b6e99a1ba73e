"""What the text doors share: how typed bytes become messages, and what messages mean.

    bytes ──LineBuffer──▶ one message's bytes ──Conversation──▶ commands

Telnet's bytes and escape sequences are what a person's terminal adds: they are taken out first.

The first message gets somebody in (`Hello`, `Join` the default room) and is said there; `bye` leaves; a slash command
is looked up; everything else is said.
"""

from __future__ import annotations

from teahouse.core.commands import Command, Hello, Join, Quit
from teahouse.core.errors import BadText, MessageTooLong, Overload, Refusal, WireError
from teahouse.core.escapes import without_escapes
from teahouse.core.events import Reply
from teahouse.core.limits import Limits
from teahouse.core.state import DEFAULT_ROOM
from teahouse.wire import slash, text
from teahouse.wire.base import Heard, WireFormat
from teahouse.wire.telnet import Telnet

BYE = "bye"
BYTE_ORDER_MARK = "\ufeff"


class LineBuffer:
    """Bytes that have no line end yet: at most `limit` of them.

    A line that is longer becomes None once, the moment it is known; the rest of it is dropped as it comes.
    """

    __slots__ = ("_dropping", "_held", "_limit")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held = bytearray()
        self._dropping = False

    @property
    def held(self) -> bytearray:
        """What has no line end yet. To be read only."""
        return self._held

    @property
    def unfinished(self) -> bool:
        """Whether something waits for its line end, be it a line that is dropped."""
        return bool(self._held) or self._dropping

    def feed(self, data: bytes) -> list[bytes | None]:
        """Take the next bytes; return the lines they complete, without their LF."""
        *ended, rest = data.split(b"\n")
        lines: list[bytes | None] = []
        for line in ended:
            if self._dropping:
                self._dropping = False
                continue
            if self._held:
                line = bytes(self._held) + line
                self._held.clear()
            lines.append(line if len(line) <= self._limit else None)
        if rest and not self._dropping:
            if len(self._held) + len(rest) > self._limit:
                self._held.clear()
                self._dropping = True
                lines.append(None)
            else:
                self._held += rest
        return lines

    def cut(self) -> list[bytes | None]:
        """What waits is complete as it is: the pause or the end of the stream is its line end."""
        return self.feed(b"\n") if self.unfinished else []


class Conversation:
    """What one text connection says, message by message.

    last    how many messages a `Join` shows; None shows none
    after   the number up to which the peer has heard the default room as a listener; None: it was none
    over    the last word was heard: `bye`, `/quit`, bytes that are no text. Nothing after it counts
    """

    __slots__ = ("_after", "_inside", "_last", "_limit", "over")

    def __init__(self, limit: int, last: int | None = None, after: int | None = None) -> None:
        self._limit = limit
        self._last = last
        self._after = after
        self._inside = False
        self.over = False

    def hear(self, message: bytes | None) -> list[Heard]:
        """What one message asks; None is one that was too long. The first one gets in, even if it is empty."""
        if self.over:
            return []
        if message is None or len(message) > self._limit:
            return [*self._enter(), self._too_long()]
        try:
            said = message.decode()
        except UnicodeDecodeError:
            self.over = True
            return [BadText("That is not UTF-8 text. / 这不是 UTF-8 文本。")]
        if not self._inside:
            said = said.removeprefix(BYTE_ORDER_MARK)
        said = without_escapes(said)
        meant = self._meant(said)
        if not isinstance(meant, Quit):
            return self._enter() if meant is None else [*self._enter(), meant]
        self.over = True
        # Who comes only to leave is not announced to a room.
        return [meant] if self._inside else [Hello(), meant]

    def _meant(self, said: str) -> Command | Refusal | None:
        trimmed = said.strip()
        if not trimmed:
            return None
        if trimmed == BYE:
            return Quit()
        command = slash.understand(said)
        if isinstance(command, Join):
            command.last = self._last
        return command

    def _enter(self) -> list[Heard]:
        if self._inside:
            return []
        self._inside = True
        if self._after is not None:
            return [Hello(), Join(room=DEFAULT_ROOM, after=self._after)]
        return [Hello(), Join(room=DEFAULT_ROOM, last=self._last)]

    def _too_long(self) -> MessageTooLong:
        return MessageTooLong(f"A message has at most {self._limit} bytes. Send it in parts.", limit=self._limit)


class TextDoor:
    """A door without frames: `lines` and `raw` say where a message ends and what they show."""

    format: WireFormat
    one_room = True
    lingers = False
    acknowledges = False

    def __init__(self, limits: Limits, *, last: int | None, after: int | None) -> None:
        self._limits = limits
        self._buffer = LineBuffer(limits.text_bytes)
        self._talk = Conversation(limits.text_bytes, last, after)
        self._telnet = Telnet()

    @property
    def held(self) -> int:
        """Bytes that wait for the rest of their message."""
        return len(self._buffer.held)

    def receive(self, data: bytes) -> list[Heard]:
        """Take the peer's next bytes; return what they complete."""
        return self._hear(self._buffer.feed(self._telnet.text(data))) if not self._talk.over else []

    def end(self) -> list[Heard]:
        """The end of the stream ends a message."""
        return self._hear([*self._buffer.feed(self._telnet.end()), *self._buffer.cut()])

    def owed(self) -> bytes:
        """Nothing: what telnet asks is skipped."""
        self._telnet.owed.clear()
        return b""

    def _hear(self, messages: list[bytes | None]) -> list[Heard]:
        hear = self._talk.hear
        return [word for message in messages for word in hear(message and message.removesuffix(b"\r"))]

    def answer(self, reply: Reply) -> bytes:
        """The answer as people read it."""
        return shown(text.answer(reply))

    def farewell(self, why: WireError | Overload) -> bytes:
        """Why we close, as people read it."""
        return shown(text.farewell(why))


def shown(words: str) -> bytes:
    """Words as lines on a terminal; b"" for none."""
    return words.encode() + b"\n" if words else b""
