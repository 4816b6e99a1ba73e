"""People who follow the room from number to number, through every break, and keep all that they heard.

Follower      frames or a WebSocket: `join` with `after` and `at`
Stream        server-sent events: `Last-Event-ID`
Poller        the long poll: `after`
Listener      the public client library
"""

from __future__ import annotations

import asyncio
import json

from teahouse.client import Patience, connect
from teahouse.core.errors import TeahouseError
from teahouse.core.events import Event, Gap
from teahouse.torture.ledger import Ledger
from teahouse.torture.link import EVENTS, Broken, Word, open_stream, read_some
from teahouse.torture.people import ROOM, Person, ask_rest

QUIET_S = 30.0
POLL_S = 5
LOOK_S = 1.0


class Reader(Person):
    """Somebody who reads. `head`: the last number that was heard."""

    def __init__(self, name: str, door: str, ledger: Ledger, host: str, port: int, seed: int) -> None:
        super().__init__(name, ledger, host, port, seed)
        self.door = door
        self.head: int | None = None
        self._time = 0

    def hears(self, event: Word) -> None:
        """Keep an event."""
        self.ledger.heard(self.name, self.head, event["seq"], event.get("text"))
        self.head, self._time = event["seq"], event["time"]

    def told(self, head: int) -> None:
        """Where following begins, told once."""
        if self.head is None:
            self.head = head
            self.ledger.story.tell(self.name, f"— follows from {head}")


class Follower(Reader):
    """By frames or a WebSocket."""

    async def live(self) -> None:
        link = await self.enter(self.door)
        try:
            known: Word = {} if self.head is None else {"after": self.head}
            if self._time:
                known["at"] = self._time
            self.told((await link.ask("join", room=ROOM, **known))["head"])
            while not self.stopping:
                if (word := await link.next(QUIET_S))["type"] in EVENTS:
                    self.hears(word)
        finally:
            link.close()


class Stream(Reader):
    """By server-sent events, as a browser reads them."""

    async def live(self) -> None:
        if self.head is None:
            self.told((await ask_rest(self.host, self.port, "GET", f"/api/rooms/{ROOM}"))["head"])
        reader, writer = await open_stream(self.host, self.port)
        try:
            head = f"GET /api/rooms/{ROOM}/events HTTP/1.0\r\nHost: {self.host}:{self.port}\r\n"
            writer.write(f"{head}Last-Event-ID: {self.head}\r\n\r\n".encode())
            held, is_open = b"", False
            while not self.stopping:
                held += await read_some(reader, QUIET_S)
                if not is_open:
                    top, end, rest = held.partition(b"\r\n\r\n")
                    if not end:
                        continue
                    if top.split(b" ", 2)[1] != b"200":
                        raise Broken(f"no stream: {top[:60]!r}")
                    held, is_open = rest, True
                *whole, held = held.replace(b"\r\n", b"\n").split(b"\n\n")
                for block in whole:
                    self._take(block)
        finally:
            writer.transport.abort()

    def _take(self, block: bytes) -> None:
        for line in block.split(b"\n"):
            if line.startswith(b"data:"):
                word = json.loads(line[5:])
                if word["type"] in EVENTS:
                    self.hears(word)


class Poller(Reader):
    """By the long poll."""

    async def live(self) -> None:
        where = f"/api/rooms/{ROOM}"
        if self.head is None:
            self.told((await ask_rest(self.host, self.port, "GET", where))["head"])
        while not self.stopping:
            path = f"{where}/events?after={self.head}&wait={POLL_S}"
            for event in (await ask_rest(self.host, self.port, "GET", path))["events"]:
                self.hears(event)


class Listener(Reader):
    """By the client library."""

    async def live(self) -> None:
        patience = Patience(answer=5.0, pause=0.05, longest=0.3)
        address = f"{self.host}:{self.port}"
        try:
            async with connect(address, token=self.token, patience=patience, heard=self._take) as me:
                self.token = me.token
                self.told((await me.join(ROOM)).head)
                while not self.stopping:
                    await asyncio.sleep(LOOK_S)
        except TeahouseError as error:
            if self.head is not None:
                self.ledger.find("broken", f"the client library gave up: {error!r}", self.name)
            raise Broken(str(error)) from error

    def _take(self, word: object) -> None:
        if isinstance(word, Gap):
            self.ledger.find("lost", f"the client library has a gap: {word}", self.name)
        elif isinstance(word, Event) and word.room == ROOM:
            self.told(word.seq - 1)
            self.hears({"seq": word.seq, "time": word.time, "text": getattr(word, "text", None)})
