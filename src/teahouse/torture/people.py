"""People who do not give up, as clients should: they resume from where they were, and send again with the same key.

    Sender      frames or a WebSocket: numbered messages in bursts, each with a key
    Poster      REST: one after the other, with an Idempotency-Key
    Speaker     the public client library
    Typist      lines, raw, frames with cmd 100: no acknowledgement, so nothing is sent twice

Those who follow the room are in readers.py. All come by the bad network of proxy.py.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random

from teahouse.client import Patience, Room, connect
from teahouse.core.errors import Refusal, TeahouseError
from teahouse.torture.ledger import Ledger, said
from teahouse.torture.link import Broken, Link, Refused, Word, open_stream, read_some
from teahouse.torture.wires import HEADER

ROOM = "arena"
BURST = 16
REST_S = (0.02, 0.3)
"""Between two bursts of one sender: some fifty messages a second each, so that the machine is never the bottleneck."""
AGAIN_S = (0.02, 0.2)
PASSES = frozenset(
    {"storage-full", "storage-error", "storage-unknown", "too-fast", "too-many", "too-many-connections", "going-away"}
)
"""Refusals that pass: the same again, a little later."""


class Person:
    """Somebody who comes back until told to stop.

    address   where to come: a port of the bad network
    """

    door = ""

    def __init__(self, name: str, ledger: Ledger, host: str, port: int, seed: int) -> None:
        self.name = name
        self.ledger = ledger
        self.host = host
        self.port = port
        self.chance = random.Random(f"{seed} {name}")
        self.stopping = False
        self.ended = False
        self.token: str | None = None
        self._wishes = 0
        self._told: set[str | None] = set()

    def done(self) -> bool:
        """Whether nothing is left to do."""
        return self.stopping

    async def run(self) -> None:
        """Until it is done, whatever happens."""
        while not self.done():
            try:
                await self.live()
            except Broken as error:
                self.breaks(str(error))
            except Refused as refused:
                self.declined(refused.word)
            await asyncio.sleep(self.chance.uniform(*AGAIN_S))
        self.ended = True

    async def live(self) -> None:
        """One connection, from beginning to end.

        raises  Broken, Refused
        """
        raise NotImplementedError

    def breaks(self, why: str) -> None:
        """The connection is gone."""
        self.ledger.story.tell(self.name, f"— the connection breaks: {why}")

    def declined(self, word: Word) -> None:
        """What was asked is refused; some refusals pass."""
        self.ledger.refusals += 1
        self.ledger.story.tell(self.name, f"— is refused: {word.get('code')}")
        if word.get("code") == "log-changed":
            self.ledger.find("lost", f"{self.name} came back, and the log is another: {word}", self.name)
        elif (code := word.get("code")) not in PASSES | self._told:
            self._told.add(code)  # once is enough
            self.ledger.find("broken", f"{self.name} was refused without a reason: {word}", self.name)

    def wish(self) -> str:
        """A name to ask for. Where the answer was lost with its token, the name is somebody's who vanished: another."""
        self._wishes += 1
        return self.name if self._wishes == 1 else f"{self.name}-{self._wishes}"

    async def enter(self, door: str) -> Link:
        """Come, and be who one was.

        raises  Broken, Refused
        """
        link = await Link.open(door, self.host, self.port)
        try:
            who = {"name": self.wish()} if self.token is None else {"token": self.token}
            welcome = await link.ask("hello", **who)
        except BaseException:
            link.close()
            raise
        self.token = welcome.get("token", self.token)
        return link


class Sender(Person):
    """By frames or a WebSocket."""

    def __init__(self, name: str, door: str, ledger: Ledger, host: str, port: int, seed: int) -> None:
        super().__init__(name, ledger, host, port, seed)
        self.door = door
        self._last = 0
        self._open: dict[int, bool] = {}  # not acknowledged; whether it is under way on this connection

    def done(self) -> bool:
        return self.stopping and not self._open

    async def live(self) -> None:
        link = await self.enter(self.door)
        try:
            await link.ask("join", room=ROOM)
            while not self.done():
                wait_s = await self._burst(link)
                await asyncio.sleep(max(wait_s, self.chance.uniform(*REST_S)))
        finally:
            link.close()
            self._nobody_knows()

    async def _burst(self, link: Link) -> float:
        """Send what is open, and some more; wait for all answers. Returns how long to wait, where one was refused."""
        if not self.stopping:
            for _ in range(self.chance.randint(1, BURST) - len(self._open)):
                self._last += 1
                self.ledger.sent += 1
                self._open[self._last] = False
        numbers = sorted(self._open)
        if not numbers:
            return 0.0
        self.ledger.sends(self.name, numbers[0], numbers[-1])
        refs: dict[int, int] = {}
        for number in numbers:
            text = said(self.name, number)
            refs[link.say("post", room=ROOM, text=text, key=f"{self.name}-{number}")] = number
            self._open[number] = True
        wait_ms = 0
        while refs:
            word = await link.next()
            if (asked := word.get("ref")) in refs:
                wait_ms = max(wait_ms, self._answer(refs.pop(asked), word))
        return wait_ms / 1_000

    def _answer(self, number: int, word: Word) -> int:
        if word["type"] == "stored":
            del self._open[number]
            self.ledger.acknowledged(self.name, number, word["seq"])
            return 0
        self._open[number] = False
        self.ledger.may_be_late(self.name, number)
        self.declined(word)
        return int(word.get("retry_after", 100))

    def _nobody_knows(self) -> None:
        """Answers that were lost may have been refusals, where the disk was full. Elsewhere the order must hold."""
        for number, under_way in self._open.items():
            if under_way and self.ledger.disk_is_full:
                self.ledger.may_be_late(self.name, number)
            self._open[number] = False


class Poster(Person):
    """By REST, one request a connection."""

    door = "REST"

    def __init__(self, name: str, ledger: Ledger, host: str, port: int, seed: int) -> None:
        super().__init__(name, ledger, host, port, seed)
        self._number = 1
        self._is_open = False

    def done(self) -> bool:
        return self.stopping and not self._is_open

    async def live(self) -> None:
        if self.token is None:
            self.token = (await self.request("POST", "/api/guests", {"name": self.wish()}))["token"]
        if not self._is_open:
            self.ledger.sent += 1
        self._is_open = True
        self.ledger.sends(self.name, self._number, self._number)
        body = {"text": said(self.name, self._number)}
        stored = await self.request("POST", f"/api/rooms/{ROOM}/messages", body, key=f"{self.name}-{self._number}")
        self.ledger.acknowledged(self.name, self._number, stored["seq"])
        self._number += 1
        self._is_open = False

    async def request(self, method: str, path: str, body: Word | None = None, *, key: str = "") -> Word:
        """Ask, on a connection of its own.

        raises  Broken, Refused
        """
        return await ask_rest(self.host, self.port, method, path, body, token=self.token, key=key)


async def ask_rest(
    host: str, port: int, method: str, path: str, body: Word | None = None, *, token: str | None = None, key: str = ""
) -> Word:
    """One request of HTTP/1.0, whose answer ends with the connection.

    raises  Broken, Refused
    """
    data = b"" if body is None else json.dumps(body).encode()
    head = f"{method} {path} HTTP/1.0\r\nHost: {host}:{port}\r\nContent-Length: {len(data)}\r\n"
    head += f"Authorization: Bearer {token}\r\n" if token else ""
    head += f"Idempotency-Key: {key}\r\n" if key else ""
    head += "Content-Type: application/json\r\n\r\n"
    reader, writer = await open_stream(host, port)
    try:
        writer.write(head.encode() + data)
        answer = b""
        with contextlib.suppress(Broken):
            while True:
                answer += await read_some(reader)
        top, end, found = answer.partition(b"\r\n\r\n")
        lengths = [line for line in top.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        if not end or not lengths or len(found) != int(lengths[0].partition(b":")[2]):
            raise Broken("the answer is cut")
    finally:
        writer.transport.abort()
    word: Word = json.loads(found)
    if top.split(b" ", 2)[1][:1] != b"2":
        raise Refused(word)
    return word


class Speaker(Person):
    """By the client library, which does it all by itself."""

    door = "library"

    def __init__(self, name: str, ledger: Ledger, host: str, port: int, seed: int) -> None:
        super().__init__(name, ledger, host, port, seed)
        self._last = 0
        self._open: list[int] = []

    async def live(self) -> None:
        patience = Patience(answer=5.0, pause=0.05, longest=0.3, goodbye=20.0)
        address, inside = f"{self.host}:{self.port}", False
        try:
            async with connect(
                address,
                name=self.wish() if self.token is None else None,
                token=self.token,
                patience=patience,
                heard=lambda _: None,
            ) as me:
                room = await me.join(ROOM)
                self.token, inside = me.token, True
                while not self.stopping or self._open:
                    await self._burst(room)
                    await asyncio.sleep(self.chance.uniform(*REST_S))
        except TeahouseError as error:
            if inside:  # from here on it comes back by itself
                self.ledger.find("broken", f"the client library gave up: {error!r}", self.name)
            raise Broken(str(error)) from error

    async def _burst(self, room: Room) -> None:
        """Say again what was refused, and something new; wait for all of it."""
        if not self.stopping:
            for _ in range(self.chance.randint(1, BURST)):
                self._last += 1
                self.ledger.sent += 1
                self._open.append(self._last)
        self.ledger.sends(self.name, self._open[0], self._open[-1])
        key = f"{self.name}-{{}}".format
        sendings = [(number, room.send(said(self.name, number), key=key(number))) for number in self._open]
        self._open = []
        for number, sending in sendings:
            try:
                self.ledger.acknowledged(self.name, number, (await sending).seq)
            except Refusal as refusal:
                if refusal.code not in PASSES:
                    raise
                self.ledger.refusals += 1
                self.ledger.may_be_late(self.name, number)
                self._open.append(number)


class Typist(Person):
    """At a door without acknowledgement: `lines`, `raw`, `text frames`."""

    def __init__(self, name: str, door: str, ledger: Ledger, host: str, port: int, seed: int) -> None:
        super().__init__(name, ledger, host, port, seed)
        self.door = door
        self._number = 0

    async def live(self) -> None:
        reader, writer = await open_stream(self.host, self.port)
        try:
            writer.write(self._packed(f"/join {ROOM}"))
            await asyncio.sleep(0.2)
            while not self.stopping and not writer.transport.is_closing():
                for _ in range(1 if self.door == "raw" else self.chance.randint(1, 4)):
                    self._number += 1
                    self.ledger.sent += 1
                    self.ledger.sends(self.name, self._number, self._number)
                    writer.write(self._packed(said(self.name, self._number)))
                ends_at = asyncio.get_running_loop().time() + self.chance.uniform(0.15, 0.6)
                while (left := ends_at - asyncio.get_running_loop().time()) > 0:
                    await self._listen(reader, left)
        finally:
            writer.transport.abort()

    async def _listen(self, reader: asyncio.StreamReader, seconds: float) -> None:
        """Read on for so long: who does not read is closed as too slow."""
        try:
            async with asyncio.timeout(seconds):
                data = await reader.read(1 << 16)
        except TimeoutError:
            return
        except OSError as error:
            raise Broken(str(error)) from error
        if not data:
            raise Broken("closed")

    def _packed(self, text: str) -> bytes:
        data = text.encode()
        if self.door == "text frames":
            return HEADER.pack(1, len(data), 100) + data
        return data + b"\n" if self.door == "lines" else data
