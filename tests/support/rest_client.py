"""A program that speaks REST, as `JsonClient` speaks JSON: the same questions and the same answers, one request each.

It is a guest with a token, and each room that it has joined is a stream of server-sent events. It checks on its own
that a room's events arrive in consecutive numbers.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any
from urllib.parse import quote, urlencode

from tests.support import http_client
from tests.support.http_client import Follower
from tests.support.inbox import PATIENCE_S, Ended, Inbox
from tests.support.json_client import EVENTS, Word, granted

ROOM = "/api/rooms/{room}"
MESSAGE = ROOM + "/messages/{target}"
REACTION = MESSAGE + "/reactions/{emoji}"
REQUESTS = {
    "hello": ("POST", "/api/guests"),
    "rename": ("POST", "/api/guests"),
    "rooms": ("GET", "/api/rooms"),
    "room": ("GET", ROOM),
    "members": ("GET", ROOM + "/members"),
    "topic": ("PUT", ROOM + "/topic"),
    "history": ("GET", ROOM + "/messages"),
    "post": ("POST", ROOM + "/messages"),
    "edit": ("PATCH", MESSAGE),
    "delete": ("DELETE", MESSAGE),
    "react": ("PUT", REACTION),
    "unreact": ("DELETE", REACTION),
    "search": ("GET", "/api/search"),
}


class RestClient:
    """One guest; see `JsonClient` for what it offers."""

    def __init__(self, port: int) -> None:
        self.heard: Inbox[Word] = Inbox()
        self.wrong: list[str] = []
        self._port = port
        self._headers: dict[str, str] = {}
        self._streams: dict[str, tuple[Follower, asyncio.Task[None]]] = {}
        self._asked: asyncio.Queue[tuple[str, dict[str, Any], asyncio.Future[Word]]] = asyncio.Queue()
        self._asking = asyncio.create_task(self._ask_in_order())

    # ---- asking

    def question(self, type: str, **fields: Any) -> asyncio.Future[Word]:
        """Ask; one request after the other, because what is asked in an order is meant in that order."""
        future: asyncio.Future[Word] = asyncio.get_running_loop().create_future()
        self._asked.put_nowait((type, fields, future))
        return future

    async def ask(self, type: str, **fields: Any) -> Word:
        """Ask and wait for the answer."""
        async with asyncio.timeout(PATIENCE_S):
            return await self.question(type, **fields)

    async def hello(self, name: str | None = None, token: str | None = None) -> Word:
        """Say who we are; a refusal is an error here."""
        if token is not None:
            self._headers = {"authorization": f"Bearer {token}"}
        welcome = granted(await self.ask("hello", **({} if name is None else {"name": name})))
        self._headers = {"authorization": f"Bearer {welcome['token']}"}
        return welcome

    async def _ask_in_order(self) -> None:
        while True:
            type, fields, future = await self._asked.get()
            if type == "join":
                answer = await self._join(**fields)
            elif type == "leave":
                await self._leave(fields["room"])
                answer = {"type": "done"}
            else:
                answer = await self._request(type, fields)
            if not future.done():
                future.set_result(answer)

    async def _request(self, type: str, fields: dict[str, Any]) -> Word:
        method, path = REQUESTS[type]
        rest = {name: value for name, value in fields.items() if f"{{{name}}}" not in path}
        target = path.format_map({name: quote(str(value), safe="@+") for name, value in fields.items()})
        if method in ("GET", "DELETE"):
            return (await http_client.ask(self._port, method, f"{target}?{urlencode(rest)}", **self._headers)).json
        return (await http_client.ask(self._port, method, target, rest, **self._headers)).json

    # ---- rooms

    async def _join(self, room: str, **past: int) -> Word:
        await self._leave(room)
        target = f"/api/rooms/{quote(room, safe='@+')}/events?{urlencode(past)}"
        stream = await http_client.follow(self._port, target, **self._headers)
        if stream.answer.status != 200:
            await stream.close()
            return (await http_client.ask(self._port, "GET", f"{target}&wait=0", **self._headers)).json
        self._streams[room] = stream, asyncio.create_task(self._hear(stream, past.get("after")))
        return await self._request("room", {"room": room})

    async def _hear(self, stream: Follower, head: int | None) -> None:
        with contextlib.suppress(Ended):
            while True:
                word = await stream.event(forever=True)
                if word["type"] in EVENTS:
                    if head is not None and word["seq"] != head + 1:
                        self.wrong.append(f"event {word['seq']} came after {head}")
                    head = word["seq"]
                self.heard.put(word)

    async def _leave(self, room: str) -> None:
        if room in self._streams:
            stream, hearing = self._streams.pop(room)
            await _end(hearing)
            await stream.close()

    # ---- leaving

    async def close(self) -> None:
        """Say no more."""
        for room in list(self._streams):
            await self._leave(room)
        await _end(self._asking)
        self.heard.end()

    async def vanish(self) -> None:
        """Be gone. There is no goodbye in HTTP, so it is the same."""
        await self.close()


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
