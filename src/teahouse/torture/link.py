"""One connection of the torture's own people, by any door: bytes out, words in, and one way in which it breaks."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections import deque
from typing import Any

from teahouse.torture.wires import DOORS, Gone, WebSocket

Word = dict[str, Any]

EVENTS = frozenset({"posted", "edited", "deleted", "reacted", "unreacted", "topic_changed"})
PATIENCE_S = 20.0
"""How long an answer may take before the connection counts as broken."""


class Broken(Exception):
    """The connection is no more, or was never there; the words say why."""


class Refused(Exception):
    """The server declined; the word says why."""

    def __init__(self, word: Word) -> None:
        super().__init__(word.get("code"), word.get("message"))
        self.word = word


async def open_stream(host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection.

    raises  Broken
    """
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await asyncio.open_connection(host, port)
    except OSError as error:  # also the TimeoutError
        raise Broken(f"no connection: {error}") from error


async def read_some(reader: asyncio.StreamReader, seconds: float = PATIENCE_S) -> bytes:
    """The next bytes; there are some.

    raises  Broken
    """
    try:
        async with asyncio.timeout(seconds):
            data = await reader.read(1 << 16)
    except OSError as error:
        raise Broken(f"{type(error).__name__} {error}".strip()) from error
    if not data:
        raise Broken("closed")
    return data


class Link:
    """A connection that speaks JSON. Words come in the order of arrival, answers among them."""

    def __init__(self, door: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._wire = DOORS[door]()
        self._reader = reader
        self._writer = writer
        self._words: deque[Word] = deque()
        self._refs = itertools.count(1)

    @classmethod
    async def open(cls, door: str, host: str, port: int) -> Link:
        """Come to this door.

        raises  Broken
        """
        link = cls(door, *await open_stream(host, port))
        link._writer.write(link._wire.opening(host, port))
        try:
            if isinstance(link._wire, WebSocket):
                await link._take()
        except BaseException:
            link.close()
            raise
        return link

    def say(self, kind: str, **fields: object) -> int:
        """Write a command; return its `ref`. Into a connection that is no more, in vain."""
        ref = next(self._refs)
        if not self._writer.transport.is_closing():
            self._writer.write(self._wire.pack(json.dumps({"type": kind, "ref": ref, **fields}).encode()))
        return ref

    async def next(self, seconds: float = PATIENCE_S) -> Word:
        """The next word.

        raises  Broken
        """
        while not self._words:
            await self._take(seconds)
        return self._words.popleft()

    async def ask(self, kind: str, **fields: object) -> Word:
        """The answer to a command; what came before it is passed over.

        raises  Broken, Refused
        """
        ref = self.say(kind, **fields)
        while (word := await self.next()).get("ref") != ref:
            pass
        if word["type"] == "refused":
            raise Refused(word)
        return word

    async def _take(self, seconds: float = PATIENCE_S) -> None:
        data = await read_some(self._reader, seconds)
        try:
            self._words += [json.loads(message) for message in self._wire.feed(data)]
        except Gone as error:
            raise Broken(str(error)) from error
        if owed := self._wire.owed():
            self._writer.write(owed)

    def close(self) -> None:
        """Be gone at once."""
        self._writer.transport.abort()
