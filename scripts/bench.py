"""How many messages a second reach their readers, and how soon: `make bench`.

A real server in a process of its own, `--limits none`, and readers and one sender here, by frames with cmd 200. Everything
goes through the disk, as always. For each size of room, twice:

    full speed   the sender keeps a window of unacknowledged messages
    at a pace    5,000 deliveries a second; how long after the sending each arrived, in the middle and at the 99th percentile
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import resource
import struct
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import uvloop

HEADER = struct.Struct("!3I")
PACE = 5_000  # deliveries a second
TEXT = re.compile(rb'"text":"(\d+) ')
FILL = "x" * 100


class Client(asyncio.Protocol):
    """One connection; `heard` is called with the body of every frame."""

    def __init__(self, heard: Callable[[bytes], None]) -> None:
        self.heard = heard
        self.held = b""
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        data = self.held + data
        at = 0
        while len(data) - at >= HEADER.size:
            end = at + HEADER.size + HEADER.unpack_from(data, at)[1]
            if end > len(data):
                break
            self.heard(data[at + HEADER.size : end])
            at = end
        self.held = data[at:]

    def ask(self, **command: object) -> None:
        """Send one command."""
        body = json.dumps(command).encode()
        self.transport.write(HEADER.pack(1, len(body), 200) + body)


class Audience:
    """A room with readers and a sender in it."""

    def __init__(self, port: int, readers: int) -> None:
        self.port = port
        self.room = f"room-of-{readers}"
        self.readers = readers
        self.delivered = 0
        self.late_us: list[float] = []
        self.here = 0
        self.stored = 0
        self.changed = asyncio.Event()

    def reader_heard(self, body: bytes) -> None:
        """Count what was said, and how late it is."""
        if found := TEXT.search(body):
            self.delivered += 1
            self.late_us.append((time.perf_counter_ns() - int(found[1])) / 1_000)
        elif b'"type":"room"' in body:
            self.here += 1
        self.changed.set()

    def sender_heard(self, body: bytes) -> None:
        """Count what is on the disk."""
        if b'"type":"stored"' in body:
            self.stored += 1
        elif b'"type":"room"' in body:
            self.here += 1
        elif b'"type":"refused"' in body:
            raise SystemExit(body.decode())
        self.changed.set()

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until this is true."""
        async with asyncio.timeout(120):
            while not true():
                self.changed.clear()
                await self.changed.wait()

    async def come(self) -> None:
        """Everyone joins."""
        loop = asyncio.get_running_loop()
        make = [lambda: Client(self.reader_heard)] * self.readers + [lambda: Client(self.sender_heard)]
        self.clients = [(await loop.create_connection(one, "127.0.0.1", self.port))[1] for one in make]
        for client in self.clients:
            client.ask(type="hello")
            client.ask(type="join", room=self.room)
        await self.until(lambda: self.here == len(self.clients))
        self.sender = self.clients[-1]

    def say(self) -> None:
        """One message, with its time in it."""
        self.sender.ask(type="post", room=self.room, text=f"{time.perf_counter_ns()} {FILL}")

    async def full_speed(self, seconds: float, window: int) -> float:
        """Deliveries a second."""
        began = time.perf_counter()
        said = self.stored = self.delivered = 0
        while time.perf_counter() - began < seconds:
            for _ in range(window - (said - self.stored)):
                self.say()
                said += 1
            free_at = self.stored
            await self.until(lambda free_at=free_at: self.stored > free_at)  # type: ignore[misc]
        await self.until(lambda: self.delivered == said * self.readers)
        return self.delivered / (time.perf_counter() - began)

    async def at_a_pace(self, seconds: float) -> tuple[float, float]:
        """Microseconds from saying to hearing: in the middle, at the 99th percentile."""
        self.late_us.clear()
        self.delivered = 0
        count = max(20, int(seconds * PACE / self.readers))
        for _ in range(count):
            self.say()
            await asyncio.sleep(self.readers / PACE)
        await self.until(lambda: self.delivered == count * self.readers)
        self.late_us.sort()
        return self.late_us[len(self.late_us) // 2], self.late_us[len(self.late_us) * 99 // 100]

    def go(self) -> None:
        """Everyone leaves."""
        for client in self.clients:
            client.transport.abort()


async def bench(sizes: list[int], seconds: float, window: int) -> None:
    """Start a server, measure each size, end it."""
    with tempfile.TemporaryDirectory(prefix="teahouse-bench-") as name:
        server = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "teahouse", "serve", "--port", "0", "--limits", "none", "--data", str(Path(name) / "data")),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            assert server.stderr is not None
            while not (listening := re.search(rb"event=listening .*\bport=(\d+)", await server.stderr.readline())):
                pass
            print(f"{'readers':>8}{'deliveries/s':>16}{'p50 µs':>10}{'p99 µs':>10}")
            for size in sizes:
                audience = Audience(int(listening[1]), size)
                await audience.come()
                speed = await audience.full_speed(seconds, window)
                middle, tail = await audience.at_a_pace(seconds)
                audience.go()
                print(f"{size:>8,}{speed:>16,.0f}{middle:>10,.0f}{tail:>10,.0f}", flush=True)
        finally:
            server.terminate()
            await server.wait()


def main() -> None:
    """Read what was asked, and measure it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--sizes", type=int, nargs="+", default=[10, 100, 1_000], help="readers of a room (10 100 1000)"
    )
    parser.add_argument("--seconds", type=float, default=5, help="of each measurement (5)")
    parser.add_argument("--window", type=int, default=64, help="messages on their way at full speed (64)")
    options = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    uvloop.run(bench(options.sizes, options.seconds, options.window))


if __name__ == "__main__":
    main()
