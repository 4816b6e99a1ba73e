"""A person or an old program at a door for text: frames with cmd 100, lines, or raw.

What came is kept as lines, because that is what all three show. Expectations are matched at the head of what
came, so nothing is skipped; lines that tell who came and went are set aside.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import re
from typing import Literal

from tests.support.inbox import PATIENCE_S, Ended, Inbox
from tests.support.wires import Hung, Wire, open_frames, open_lines, open_raw

Kind = Literal["text frames", "lines", "raw"]


class TextClient:
    """One connection.

    lines    what came and was not looked at; a message's own trailing spaces are not kept
    inside   whether something was said: before that, a line end would make a raw door one of lines
    """

    def __init__(self, wire: Wire, kind: Kind) -> None:
        self.wire = wire
        self.kind: Kind = kind
        self.lines: Inbox[str] = Inbox()
        self.wrong: list[str] = []
        self._rest = ""
        self.inside = False
        self._settled = itertools.count(1)
        self._task = asyncio.create_task(self._read())

    @classmethod
    async def by_frames(cls, host: str, port: int) -> TextClient:
        return cls(await open_frames(host, port, 100), "text frames")

    @classmethod
    async def by_lines(cls, host: str, port: int) -> TextClient:
        return cls(await open_lines(host, port), "lines")

    @classmethod
    async def by_raw(cls, host: str, port: int) -> TextClient:
        return cls(await open_raw(host, port), "raw")

    # ---- saying

    def send(self, text: str) -> None:
        """Say it as this program does: one frame, one line, or bytes with a pause after them."""
        self.inside = True
        self.wire.send(text)

    def send_at_once(self, texts: list[str]) -> None:
        """Several in a burst. At the raw door a line end parts them where no pause can."""
        if self.kind == "raw":
            self.wire.send("".join(f"{text}\n" for text in texts))
        else:
            for text in texts:
                self.wire.send(text)

    def command(self, text: str) -> None:
        """Type something that does not wait for a pause. The raw door has no other way, once it is known as raw."""
        self.wire.send(f"\n{text}\n" if self.kind == "raw" and self.inside else text)
        self.inside = True

    async def settle(self) -> list[str]:
        """Ask something of which the answer is known; return the lines that came before the answer.

        Answers come in the order of the questions: all that was asked before is done.
        """
        word = f"/settle{letters(next(self._settled))}"
        self.command(word)
        index = await self._find(re.compile(rf"^\* There is no {word}:"))
        before = [self.lines.take() for _ in range(index)]
        self.lines.take()
        return before

    def put_back(self, lines: list[str]) -> None:
        """These were not what was looked for."""
        for line in reversed(lines):
            self.lines.put_first(line)

    async def _find(self, pattern: re.Pattern[str]) -> int:
        """Where the first line with this pattern is, as soon as it has come."""
        index = 0
        while True:
            await self.lines.more_than(index)
            if pattern.search(self.lines[index]):
                return index
            index += 1

    # ---- leaving

    async def close(self) -> None:
        """Say no more and wait for the end."""
        self.wire.close()
        await self._gone()

    async def vanish(self) -> None:
        """Be gone at once, as by a cut cable."""
        self.wire.abort()
        await self._gone()

    async def ended(self) -> None:
        """Wait until the server has closed the connection."""
        async with asyncio.timeout(PATIENCE_S):
            with contextlib.suppress(Ended):
                while True:
                    await self.lines.more_than(len(self.lines))

    async def _gone(self) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    # ---- reading

    async def _read(self) -> None:
        try:
            while True:
                self._take(await self.wire.receive())
        except Hung:
            pass
        except (AssertionError, UnicodeDecodeError) as error:
            self.wrong.append(str(error))
        finally:
            if self._rest:
                self.wrong.append(f"the connection ended within a line: {self._rest!r}")
            self.lines.end()
            self.wire.abort()

    def _take(self, text: str) -> None:
        if self.kind == "text frames":
            text = text.rstrip(" \n") + "\n"
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self.lines.put(line.rstrip(" "))


def letters(number: int) -> str:
    """The number in letters, because a slash command has only those."""
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))
