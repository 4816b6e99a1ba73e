"""A thousand programs that come back at once, each some events behind, and how long it takes until all are live."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import cast

import uvloop

from bench.caller import PATIENCE_S, Word, framed, run_of, words_of
from bench.subjects import HOST, Failed

LIVE = b'"type":"caught_up"'
WELCOME = b'"type":"welcome"'


class Returning(asyncio.Protocol):
    """One of them: hello, then join from where it was.

    live  is done when it has caught up
    """

    def __init__(self, token: str | None, room: str, after: int, live: asyncio.Future[None]) -> None:
        self._token = token
        self._join = framed({"type": "join", "room": room, "after": after})
        self._joined = False
        self._after = after
        self.live = live
        self.heard: list[bytes] = []
        self.transport: asyncio.Transport | None = None

    def itself(self) -> Returning:
        """What makes the protocol of a connection: the one that waits for it."""
        return self

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's are none of asyncio's classes
        hello: Word = {"type": "hello"} if self._token is None else {"type": "hello", "token": self._token}
        self.transport.write(framed(hello))

    def data_received(self, data: bytes) -> None:
        self.heard.append(data)
        if not self._joined:
            if WELCOME in data:
                self._joined = True
                assert self.transport is not None
                self.transport.write(self._join)
        elif not self.live.done() and LIVE in self._end():
            self.live.set_result(None)

    def _end(self) -> bytes:
        """Enough of what came last that the word is not cut."""
        return b"".join(self.heard[-2:]) if len(self.heard[-1]) < 4_096 else self.heard[-1]

    def connection_lost(self, error: Exception | None) -> None:
        if not self.live.done():
            self.live.set_exception(Failed(f"a connection was lost before it was live: {error}"))

    def words(self) -> list[Word]:
        """All that it heard, in order."""
        return list(words_of(b"".join(self.heard)))


def come(
    port: int, rooms: Sequence[str], afters: Sequence[int], tokens: Sequence[str | None]
) -> tuple[float, list[str]]:
    """Let them all come at once, the i-th into rooms[i] from afters[i] on; return the seconds until all are live,
    and their tokens.

    raises  Failed where somebody was not given every event since, once and in order
    """
    try:
        return uvloop.run(_come(port, rooms, afters, tokens))
    except TimeoutError as error:
        raise Failed(f"not all of them were live after {PATIENCE_S:.0f} s") from error


async def _come(
    port: int, rooms: Sequence[str], afters: Sequence[int], tokens: Sequence[str | None]
) -> tuple[float, list[str]]:
    loop = asyncio.get_running_loop()
    crowd = [
        Returning(token, room, after, loop.create_future())
        for token, room, after in zip(tokens, rooms, afters, strict=True)
    ]
    start = time.perf_counter()
    async with asyncio.timeout(PATIENCE_S):
        await asyncio.gather(*(loop.create_connection(one.itself, HOST, port) for one in crowd))
        await asyncio.gather(*(one.live for one in crowd))
    seconds = time.perf_counter() - start
    given: list[str] = []
    for one, after in zip(crowd, afters, strict=True):
        words = one.words()
        caught_up = next(word for word in words if word["type"] == "caught_up")
        run_of(iter(words), after, caught_up["seq"])
        given.append(next(word["token"] for word in words if word["type"] == "welcome"))
        assert one.transport is not None
        one.transport.abort()
    return seconds, given


def heads_of(welcome: Word) -> dict[str, int]:
    """The last number of each room, as a welcome tells it."""
    return {entry["room"]: entry["head"] for entry in welcome["rooms"]}
