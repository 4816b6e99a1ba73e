"""Lines from the standard input, without a thread that waits there.

A thread in a blocking read keeps the whole program from ending: after Ctrl-C it would want one more line first. So the
loop is asked to tell when there is something. Where it cannot (a file, /dev/null), a read never waits.
"""

from __future__ import annotations

import asyncio
import os

from teahouse.core.errors import BadText

CHUNK = 1 << 16


class Lines:
    """What comes in by a file descriptor, line by line."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._held = bytearray()
        self._ended = False

    async def next(self) -> str:
        """The next line, with its end; "" when there is no more.

        raises  BadText   it is no UTF-8; the one after it may be
        """
        searched = 0
        while (end := self._held.find(b"\n", searched) + 1) == 0 and not self._ended:
            searched = len(self._held)
            await self._take()
        return self._text(end or len(self._held))

    async def rest(self) -> str:
        """All that is still to come.

        raises  BadText
        """
        while not self._ended:
            await self._take()
        return self._text(len(self._held))

    def _text(self, length: int) -> str:
        data = bytes(self._held[:length])
        del self._held[:length]
        try:
            return data.decode()
        except UnicodeDecodeError as error:
            raise BadText("What came by the standard input is not UTF-8, and was not sent.") from error

    async def _take(self) -> None:
        """Wait until there is something, or the end."""
        await self._ready()
        try:
            data = os.read(self._fd, CHUNK)
        except OSError:  # it is closed, or its terminal is gone
            data = b""
        self._ended = not data
        self._held += data

    async def _ready(self) -> None:
        loop = asyncio.get_running_loop()
        ready = asyncio.Event()
        try:
            loop.add_reader(self._fd, ready.set)
        except OSError:  # epoll takes no files: they are always ready
            await asyncio.sleep(0)
            return
        try:
            await ready.wait()
        finally:
            loop.remove_reader(self._fd)
