"""Somebody who talks and somebody who listens all the while: nobody else's misfortune may reach them."""

from __future__ import annotations

import asyncio

from tests.support.inbox import PATIENCE_S, until
from tests.support.json_client import JsonClient, granted

ROOM = "cage"
BEAT_S = 0.02


class Canary:
    """Posts by a WebSocket, hears it by frames, one word after the other. `sung`: how many came through."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._task: asyncio.Task[None] | None = None
        self._stopping = False
        self.sung = 0

    async def __aenter__(self) -> Canary:
        self._task = asyncio.create_task(self._sing())
        await self.sings()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        assert self._task is not None
        if kind is None:
            await self.sings()
            self._stopping = True
            async with asyncio.timeout(PATIENCE_S):
                await self._task
        else:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def sings(self) -> None:
        """Wait until it has come through once more; raise what went wrong with it."""
        before = self.sung
        await until(lambda: self.sung > before or (self._task is not None and self._task.done()))
        if self._task is not None and self._task.done():
            self._task.result()

    async def _sing(self) -> None:
        singer = await JsonClient.by_websocket(self._host, self._port)
        hearer = await JsonClient.by_frames(self._host, self._port)
        try:
            for client in (singer, hearer):
                await client.hello()
                await client.join(ROOM)
            while not self._stopping:
                text = f"peep {self.sung}"
                granted(await singer.ask("post", room=ROOM, text=text))
                while (word := await hearer.heard.next()).get("text") != text:
                    assert word["type"] != "posted", f"heard {word} instead of {text}"
                self.sung += 1
                await asyncio.sleep(BEAT_S)
            assert not singer.wrong + hearer.wrong, singer.wrong + hearer.wrong
        finally:
            await singer.vanish()
            await hearer.vanish()
