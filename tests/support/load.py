"""People who do not give up: they send and follow through every break of their connection and every death of the server.

Sender        numbered messages, each with a key; what was not acknowledged is sent again
LineSender    numbered lines by the door that has no acknowledgement; nothing is sent twice
Follower      follows the room from the number where it was
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import deque
from collections.abc import Awaitable, Callable

from tests.support.inbox import PATIENCE_S, Ended, until
from tests.support.json_client import JsonClient, Word, granted
from tests.support.text_client import TextClient
from tests.support.wires import Hung

Connect = Callable[[str, int], Awaitable[JsonClient]]
BROKEN = (OSError, Hung, Ended)
PAUSE_S = 0.02
"""Between two attempts to reach a server that is not there."""


class _Restless:
    """Somebody who comes back with a token as often as the connection breaks.

    cuts   how many messages pass, at the least and at the most, before they break it themselves; None: never
    """

    def __init__(
        self, host: str, port: int, room: str, name: str, connect: Connect, cuts: tuple[int, int] | None = None
    ) -> None:
        self.host = host
        self.port = port
        self.room = room
        self.name = name
        self.wrong: list[str] = []
        self.breaks = 0
        self.stopping = False
        self._connect = connect
        self._token: str | None = None
        self._cuts = cuts
        self._random = random.Random(name)

    async def run(self) -> None:
        """Until it is done, whatever happens to the connection."""
        while not self.done():
            try:
                client = await self._connect(self.host, self.port)
            except BROKEN:
                await asyncio.sleep(PAUSE_S)
                continue
            try:
                welcome = await client.hello(self.name if self._token is None else None, self._token)
                self._token = welcome["token"]
                await self.live(client)
            except Ended:
                await asyncio.sleep(PAUSE_S)
            finally:
                self.breaks += 1
                await client.vanish()
                self.wrong += client.wrong

    def done(self) -> bool:
        raise NotImplementedError

    async def live(self, client: JsonClient) -> None:
        """What is done while there is a connection; Ended when it breaks."""
        raise NotImplementedError

    def _until_cut(self) -> int | None:
        return None if self._cuts is None else self._random.randint(*self._cuts)


class Sender(_Restless):
    """Sends `total` messages, or until `stopping`. `acked`: the number of each acknowledged message, in order."""

    def __init__(
        self,
        host: str,
        port: int,
        room: str,
        name: str,
        connect: Connect,
        cuts: tuple[int, int] | None = None,
        *,
        total: int | None = None,
        window: int = 16,
    ) -> None:
        super().__init__(host, port, room, name, connect, cuts)
        self.acked: list[int] = []
        self._total = total
        self._window = window

    def key(self, number: int) -> str:
        return f"{self.name}-{number}"

    def done(self) -> bool:
        return self.stopping or len(self.acked) == self._total

    async def live(self, client: JsonClient) -> None:
        await client.join(self.room)
        asked: deque[asyncio.Future[Word]] = deque()
        number = len(self.acked) + 1
        left = self._until_cut()
        while asked or not self.done():
            while len(asked) < self._window and not self.stopping and (self._total is None or number <= self._total):
                text = f"{self.name} says {number}"
                asked.append(client.question("post", room=self.room, text=text, key=self.key(number)))
                number += 1
            async with asyncio.timeout(PATIENCE_S):
                answer = granted(await asked.popleft())
            self.acked.append(answer["seq"])
            if left is not None and (left := left - 1) < 0:
                return


class Follower(_Restless):
    """Hears the room from its beginning. `events`: all that happened there, 1 … n."""

    def __init__(
        self, host: str, port: int, room: str, name: str, connect: Connect, cuts: tuple[int, int] | None = None
    ) -> None:
        super().__init__(host, port, room, name, connect, cuts)
        self.events: list[Word] = []

    def done(self) -> bool:
        return self.stopping

    async def live(self, client: JsonClient) -> None:
        at = {"at": self.events[-1]["time"]} if self.events else {}
        await client.join(self.room, after=len(self.events), **at)
        left = self._until_cut()
        while not self.stopping:
            word = await client.heard.next(forever=True)
            if "author" not in word:
                continue  # what only passes
            if word["seq"] != len(self.events) + 1:
                self.wrong.append(f"{self.name} got {word['seq']} after {len(self.events)}")
            self.events.append(word)
            if left is not None and (left := left - 1) < 0:
                return


class LineSender:
    """Types numbered lines at the door that has no acknowledgement. `sent`: how many; none is sent twice."""

    def __init__(self, host: str, port: int, room: str, name: str) -> None:
        self.host = host
        self.port = port
        self.room = room
        self.name = name
        self.sent = 0
        self.stopping = False
        self.heard: list[str] = []
        self.wrong: list[str] = []

    def line(self, number: int) -> str:
        return f"{self.name} types {number}"

    async def run(self) -> None:
        """Until `stopping`, whatever happens to the connection."""
        while not self.stopping:
            try:
                client = await TextClient.by_lines(self.host, self.port)
            except BROKEN:
                await asyncio.sleep(PAUSE_S)
                continue
            with contextlib.suppress(Ended):
                client.command(f"/join {self.room}")
                self.heard += await client.settle()
                while not self.stopping:
                    for _ in range(8):
                        self.sent += 1
                        client.send(self.line(self.sent))
                    self.heard += await client.settle()
            await client.vanish()
            self.wrong += [wrong for wrong in client.wrong if "within a line" not in wrong]  # the server may die there


Restless = Sender | Follower | LineSender


class Company:
    """Some of them together, as tasks."""

    def __init__(self, *members: Restless) -> None:
        self.members = members
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Company:
        self._tasks = [asyncio.create_task(member.run()) for member in self.members]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def when(self, true: Callable[[], bool]) -> None:
        """Wait until this is true; somebody who fails meanwhile fails the test."""

        def true_or_failed() -> bool:
            return true() or any(task.done() and task.exception() is not None for task in self._tasks)

        await until(true_or_failed)
        self._look()

    async def reach(self, goal: int, count: Callable[[], int]) -> None:
        """Wait until `count` has come to `goal`."""
        await self.when(lambda: count() >= goal)

    async def finish(self, *members: Restless) -> None:
        """Tell these to stop, and wait until they have."""
        for member in members:
            member.stopping = True
        tasks = [task for task, member in zip(self._tasks, self.members, strict=True) if member in members]
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.gather(*tasks)
        self._look()

    def _look(self) -> None:
        for task in self._tasks:
            if task.done():
                task.result()
