"""A program that speaks JSON: by frames with cmd 200, or by a WebSocket.

    answer = await client.ask("post", room="tea", text="hello")     the answer that has our `ref`
    word = await client.heard.next()                                 what came unasked, in the order of arrival

It checks on its own what every client may rely on: each room's events arrive in consecutive numbers, from the
place where the room was joined; answers come in the order of their questions.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from collections import deque
from typing import Any

from tests.support.inbox import PATIENCE_S, Ended, Inbox
from tests.support.wires import Hung, Wire, open_frames, open_websocket

Word = dict[str, Any]

EVENTS = {"posted", "edited", "deleted", "reacted", "unreacted", "topic_changed"}


class JsonClient:
    """One connection. `heads`: the last number of each room that came, or from which on it was asked for."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.heard: Inbox[Word] = Inbox()
        self.heads: dict[str, int] = {}
        self.wrong: list[str] = []
        self.closed: int | None = None
        self._open: set[str] = set()
        self._refs = itertools.count(1)
        self._asked: deque[tuple[int, asyncio.Future[Word], Word]] = deque()
        self._task = asyncio.create_task(self._read())

    @classmethod
    async def by_frames(cls, host: str, port: int) -> JsonClient:
        return cls(await open_frames(host, port, 200))

    @classmethod
    async def by_websocket(cls, host: str, port: int) -> JsonClient:
        return cls(await open_websocket(host, port))

    # ---- asking

    def question(self, type: str, **fields: Any) -> asyncio.Future[Word]:
        """Ask; the future is the answer, or Ended when the connection went before."""
        ref = next(self._refs)
        future: asyncio.Future[Word] = asyncio.get_running_loop().create_future()
        self._asked.append((ref, future, fields))
        if self.heard.ended:
            future.set_exception(Ended())
            future.exception()
        else:
            self.wire.send(json.dumps({"type": type, "ref": ref, **fields}, ensure_ascii=False))
        return future

    async def ask(self, type: str, **fields: Any) -> Word:
        """Ask and wait for the answer."""
        async with asyncio.timeout(PATIENCE_S):
            return await self.question(type, **fields)

    async def hello(self, name: str | None = None, token: str | None = None) -> Word:
        """Say who we are; a refusal is an error here."""
        wishes = {key: value for key, value in (("name", name), ("token", token)) if value is not None}
        return granted(await self.ask("hello", **wishes))

    async def join(self, room: str, **fields: Any) -> Word:
        """Join a room; a refusal is an error here."""
        return granted(await self.ask("join", room=room, **fields))

    # ---- leaving

    async def close(self) -> None:
        """Say no more and wait for the end."""
        self.wire.close()
        await self._gone()

    async def vanish(self) -> None:
        """Be gone at once, as by a cut cable."""
        self.wire.abort()
        await self._gone()

    async def _gone(self) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    # ---- reading

    async def _read(self) -> None:
        try:
            while True:
                self._take(json.loads(await self.wire.receive()))
        except Hung as hung:
            self.closed = hung.code
        except AssertionError as error:
            self.wrong.append(str(error))
        finally:
            self.heard.end()
            self.wire.abort()
            for _, future, _ in self._asked:
                if not future.done():
                    future.set_exception(Ended())
                    future.exception()  # whoever waits still gets it; nobody is warned for those who do not

    def _take(self, word: Word) -> None:
        ref = word.get("ref")
        if word["type"] == "room":
            self._joined(word)
        if ref is None:
            if word["type"] in EVENTS:
                self._count(word)
            self.heard.put(word)
            return
        expected, future, _ = self._asked.popleft()
        if ref != expected:
            self.wrong.append(f"the answer to {ref} came before the answer to {expected}: {word}")
        if not future.done():
            future.set_result(word)

    def _joined(self, word: Word) -> None:
        asked = self._asked[0][2] if word.get("ref") is not None else {}
        if "last" in asked:
            self.heads.pop(word["room"], None)  # the first event tells where the newest n begin
            self._open.add(word["room"])
        else:
            after = asked.get("after")
            self.heads[word["room"]] = word["head"] if after is None else after

    def _count(self, event: Word) -> None:
        room, seq = event["room"], event["seq"]
        head = self.heads.get(room)
        if head is None and room not in self._open:
            self.wrong.append(f"an event of a room where we are not: {event}")
        elif head is not None and seq != head + 1:
            self.wrong.append(f"{room}: {seq} came after {head}")
        self.heads[room] = seq


def granted(answer: Word) -> Word:
    """The answer, which is not a refusal."""
    assert answer["type"] != "refused", answer
    return answer
