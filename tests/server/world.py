"""A whole node on the real store, with readers and a disk that the test holds in its hand: no sockets, no waiting.

World     an Engine whose log is behind a gate (`SlowDisk`); `settle` lets everything happen that can
Reader    one connection: a fake transport, a real codec, and what it has understood of what it was sent
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from teahouse.core.commands import Command, Hello, Join
from teahouse.core.errors import Overload, StoreFatal, WireError
from teahouse.core.events import Draft, Event, RulesChanged
from teahouse.core.limits import LAN, Limits
from teahouse.core.message import nameless
from teahouse.server.clock import Clock
from teahouse.server.engine import Engine
from teahouse.server.outbox import Outbox
from teahouse.store.log import Log
from teahouse.store.sqlite import SqliteStore
from teahouse.wire.base import Codec
from teahouse.wire.frames import FramesCodec
from teahouse.wire.lines import LinesCodec
from tests.support.machine import FakeTransport

SMALL = msgspec.structs.replace(LAN, write_high_bytes=600, write_low_bytes=100, page_cache_bytes=20_000)
BUSY = msgspec.structs.replace(SMALL, batch=3, batch_bytes=1_300, waiting_bytes=2_500)
"""The disk has enough after a few messages: the rest waits for its turn."""


class SlowDisk:
    """The real log behind a gate: drafts go on to it when the test says so."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self.waiting: list[Draft] = []

    def append(self, drafts: Sequence[Draft]) -> None:
        self.waiting.extend(drafts)

    def listen(self, on_committed: Callable[[list[Draft]], None], on_fatal: Callable[[StoreFatal], None]) -> None:
        self._log.listen(on_committed, on_fatal)

    def release(self, count: int) -> None:
        """The disk takes the next `count` drafts as one hand-over."""
        drafts, self.waiting = self.waiting[:count], self.waiting[count:]
        if drafts:
            self._log.append(drafts)


class Reader:
    """One connection, and all that it was told.

    events    event objects (JSON) in the order of arrival, since the last join of the room
    told      everything, in order: JSON objects, or lines of text
    """

    def __init__(self, world: World, codec: Codec) -> None:
        self.world = world
        self.codec = codec
        self.transport = FakeTransport(world.limits.write_high_bytes, world.limits.write_low_bytes)
        self.outbox = Outbox(self.transport, world.engine.flusher, world.limits)
        self.transport.on_pause, self.transport.on_resume = self.outbox.pause, self.outbox.resume
        self.told: list[Any] = []
        self.closed_for: list[WireError | Overload | None] = []
        self.asked: list[int] = []
        self._read = 0
        self._rest = b""
        self.peer = world.engine.dispatch.arrive(codec, self.outbox, self._close, "192.0.2.1")
        world.readers.append(self)

    def _close(self, why: WireError | Overload | None) -> None:
        self.closed_for.append(why)
        self.lose()

    @property
    def json(self) -> bool:
        return not self.codec.one_room

    def lose(self) -> None:
        """The connection breaks."""
        if not self.peer.lost:
            self.transport.closed = True
            self.outbox.lost()
            self.world.engine.dispatch.gone(self.peer)

    def reads(self, count: int | None = None) -> None:
        """The peer's machine takes `count` bytes of what is in the transport's buffer, or all."""
        self.world.inside(lambda: self.transport.drain(count))

    def asks(self, *commands: Command) -> None:
        """Commands that arrive in one read; each gets the next `ref`."""
        for command in commands:
            command.ref = len(self.asked) + 1
            self.asked.append(command.ref)
        self.world.inside(lambda: self.world.engine.dispatch.handle(self.peer, list(commands)))

    def says_bytes(self, data: bytes) -> None:
        """Bytes that the peer sends, through the codec."""
        self.world.inside(lambda: self.world.engine.dispatch.handle(self.peer, self.codec.receive(data)))

    def hears(self) -> list[Any]:
        """Understand what has been written since the last look; return only that."""
        fresh = b"".join(self.transport.writes[self._read :])
        self._read = len(self.transport.writes)
        data = self._rest + fresh
        new: list[Any] = []
        if self.json:
            while len(data) >= 12:
                version, length, cmd = struct.unpack_from("!3I", data)
                assert (version, cmd) == (1, 200)
                if len(data) < 12 + length:
                    break
                new.append(msgspec.json.decode(data[12 : 12 + length]))
                data = data[12 + length :]
            self._rest = data
        else:
            *lines, self._rest = data.split(b"\n")
            new.extend(line.decode() for line in lines)
        self.told.extend(new)
        return new


class World:
    """One node. Use `run` for anything that needs the loop."""

    def __init__(self, folder: Path, limits: Limits = SMALL) -> None:
        self.loop = asyncio.new_event_loop()
        self.readers: list[Reader] = []
        self.folder = folder
        self.limits = limits
        self.run(self._start(limits))

    async def _start(self, limits: Limits) -> None:
        self.store = SqliteStore(self.folder, limits, Clock().now_ms)
        self.disk = SlowDisk(self.store.log)
        self.store.log = self.disk
        self.engine = Engine(self.store, limits, name="Teahouse", version="0")
        await self.engine.start()
        self._lasting = self.engine.tasks.running  # tasks that end with the node
        self.lobby = self.engine.state.rooms_by_name["lobby"]

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    def inside(self, step: Callable[[], object]) -> None:
        """One step of the loop."""

        async def go() -> None:
            step()

        self.run(go())

    def close(self) -> None:
        """Stop the node; what waits at the gate reaches the disk first."""
        self.disk.release(len(self.disk.waiting))
        for reader in self.readers:
            reader.lose()
        self.run(self.engine.stop())
        self.loop.close()

    # ---- who is there

    def a_json_reader(self) -> Reader:
        """Somebody with frames and JSON, who has said hello."""
        codec = FramesCodec(SMALL)
        hello = msgspec.json.encode({"type": "hello", "ref": 0})
        reader = Reader(self, codec)
        reader.says_bytes(struct.pack("!3I", 1, len(hello), 200) + hello)
        self.settle()
        return reader

    def a_person_with_nc(self) -> Reader:
        """Somebody with `nc`, who has pressed return once."""
        reader = Reader(self, LinesCodec(SMALL))
        reader.says_bytes(b"\n")
        self.settle()
        return reader

    def moves_the_rules(self) -> None:
        """The room's rules change (they read as before): decisions on their way to the disk are stale now."""
        event = RulesChanged(room="lobby", seq=0, time=0, author=nameless(1), speak="everyone")
        self.engine.feed.hand(Draft(self.lobby.id, event, rules=self.lobby.record.rules))

    # ---- time

    async def _settled(self) -> None:
        engine = self.engine
        quiet = 0
        while quiet < 3:
            await asyncio.sleep(0)
            threads = (
                engine.tasks.running > self._lasting
                or engine.feed.in_flight != len(self.disk.waiting) + engine.feed.waiting
            )
            quiet = 0 if threads or engine.flusher.busy else quiet + 1
            if threads:
                await asyncio.sleep(0.000_2)

    def settle(self) -> None:
        """Let everything happen that can happen without the test's hand."""
        self.run(self._settled())

    # ---- what is there

    def stored(self) -> list[Event]:
        """All events of the lobby that are on disk."""
        events: list[Event] = self.run(self.store.events(self.lobby.id, 0, 2**31, 1_000_000))
        return events


__all__ = ["Hello", "Join", "Reader", "SlowDisk", "World"]
