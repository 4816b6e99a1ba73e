"""The server that is tortured: a process of its own in a scratch folder, killed and started again on the same port."""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from teahouse.torture.clock import OFFSET, VARIABLE
from teahouse.torture.ledger import Ledger

HOST = "127.0.0.1"
START_S = 30.0
STOP_S = 30.0
UNDER_WAY_S = 3.0  # how long the answers of a full disk may be on their way
PROGRAM = ("-m", "teahouse.torture.program")
TROUBLES = (b"Traceback", b"task-failed", b"writer-failed", b"store-fatal", b"internal-error")
"""What no log may hold, whatever came from outside."""
CANCELLED = b'CancelledError"'  # what a stop cut off, and whoever noted that is none of us
SHOWN = 1_500  # characters of such a line
Span = tuple[float, float]


class House:
    """One server and its folder.

    program   what Python runs
    away      from when to when it did not serve, or could not: kills, stops and the full disk
    """

    def __init__(self, folder: Path, ledger: Ledger, program: Sequence[str] = PROGRAM) -> None:
        self.data = folder / "data"
        self.log = folder / "server.log"
        self.host = HOST
        self.port = free_port()
        self.away: list[Span] = []
        self.kills = self.stops = self.spells = self.jumps = 0
        self._program = list(program)
        self._clock = folder / "clock"
        self._clock.write_bytes(OFFSET.pack(0))
        self._ledger = ledger
        self._process: asyncio.subprocess.Process | None = None
        self._away_since = time.monotonic()
        self._full_since = 0.0
        self._log_read = 0

    @property
    def pid(self) -> int:
        """Of the process that runs."""
        assert self._process is not None
        return self._process.pid

    @property
    def is_up(self) -> bool:
        """Whether its process is there."""
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        """Start it and wait until it accepts.

        raises  RuntimeError with what it said: it does not start
        """
        words = ["serve", "--host", HOST, "--port", str(self.port), "--data", str(self.data), "--limits", "lan"]
        began = time.monotonic()
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, *self._program, *words),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.log.parent,
                env=environment(self._clock),
            )
        while not await self._accepts():
            if self._process.returncode is not None or time.monotonic() - began > START_S:
                raise RuntimeError(f"the server does not start: {self.said()[-2_000:]}")
            await asyncio.sleep(0.01)
        self.away.append((self._away_since, time.monotonic()))
        self._ledger.story.tell("weather", f"it serves again, after {time.monotonic() - self._away_since:.2f} s")

    async def _accepts(self) -> bool:
        try:
            _, writer = await asyncio.open_connection(HOST, self.port)
        except OSError:
            return False
        writer.transport.abort()
        return True

    def kill_now(self) -> None:
        """As a power cut ends it, but for the disk. May be called from anywhere: it happens at once."""
        os.kill(self.pid, signal.SIGKILL)
        self._away_since = time.monotonic()
        self.kills += 1
        self._ledger.story.tell("weather", "kill -9")

    async def killed(self) -> None:
        """Wait until it is gone."""
        assert self._process is not None
        await self._process.wait()

    async def stop(self) -> None:
        """Ask it to stop; it must, and with 0."""
        self._away_since = time.monotonic()
        self.stops += 1
        self._ledger.story.tell("weather", "SIGTERM")
        assert self._process is not None
        os.kill(self.pid, signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_S):
                code = await self._process.wait()
        except TimeoutError:
            self._ledger.find("broken", f"SIGTERM did not end the server in {STOP_S:.0f} s", "weather")
            await self.end()
        else:
            if code:
                self._ledger.find("broken", f"SIGTERM ended the server with {code}: {self.said()[-500:]}", "weather")

    def looks_well(self) -> None:
        """A server that ended by itself, or logged an error of its own, is a finding."""
        assert self._process is not None
        if self._process.returncode is not None:
            code = self._process.returncode
            self._ledger.find("broken", f"the server ended by itself with {code}: {self.said()[-2_000:]}", "weather")
        self.reads_well()

    def reads_well(self) -> None:
        """What it logged since the last look is free of errors of its own."""
        with self.log.open("rb") as log:
            log.seek(self._log_read)
            fresh = log.read()
        self._log_read += len(fresh)
        for line in fresh.split(b"\n"):
            if any(trouble in line for trouble in TROUBLES) and not line.endswith(CANCELLED):
                words = line.decode(errors="replace").replace("\\n", "\n")
                shown = words if len(words) <= SHOWN else f"{words[: SHOWN // 3]} … {words[-SHOWN * 2 // 3 :]}"
                self._ledger.find("broken", f"the server logged an error of its own: {shown}", "weather")
                return

    async def end(self) -> None:
        """Make sure that nothing is left running."""
        process = self._process
        if process is not None:
            if process.returncode is None:
                process.kill()
            await process.wait()

    def said(self) -> str:
        """What it printed and logged."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    # ---- what it is put through while it runs

    def fill_disk(self, room_bytes: int) -> tuple[int, int]:
        """Let nothing be written beyond so many bytes of a file: a disk that is full. Returns how it was."""
        self.becomes_full()
        before = resource.prlimit(self.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.pid, resource.RLIMIT_FSIZE, (room_bytes, before[1]))
        return before

    def heal_disk(self, before: tuple[int, int]) -> None:
        """There is room again."""
        with contextlib.suppress(ProcessLookupError):  # that it is gone is found elsewhere
            resource.prlimit(self.pid, resource.RLIMIT_FSIZE, before)
        self.has_room()

    def becomes_full(self) -> None:
        """From now on nothing fits; it is not to blame for what it cannot store."""
        self._ledger.full_until = math.inf
        self._full_since = time.monotonic()
        self.spells += 1
        self._ledger.story.tell("weather", "the disk is full")

    def has_room(self) -> None:
        """From now on it has to serve as ever."""
        now = time.monotonic()
        self._ledger.full_until = now + UNDER_WAY_S
        self.away.append((self._full_since, now))
        self._ledger.story.tell("weather", "there is room on the disk again")

    def data_bytes(self) -> int:
        """How much its folder holds."""
        return sum(path.stat().st_size for path in self.data.iterdir())

    async def move(self, data: Path) -> None:
        """Take its folder elsewhere, perhaps to another disk. It must not run."""
        await asyncio.to_thread(shutil.move, self.data, data)
        self.data = data

    def set_clock(self, offset_ms: int) -> None:
        """Let the wall time be so far from the true one."""
        with self._clock.open("r+b") as file:
            file.write(OFFSET.pack(offset_ms))
        self.jumps += 1
        self._ledger.story.tell("weather", f"the clock is {offset_ms / 3_600_000:+.3f} h off")

    # ---- what it costs

    def resident_kib(self) -> int:
        """Its memory now (VmRSS)."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="utf-8")
        return int(status.partition("VmRSS:")[2].split()[0])

    def descriptors(self) -> int:
        """How many files and sockets it has open."""
        return len(os.listdir(f"/proc/{self.pid}/fd"))


def environment(clock: Path) -> dict[str, str]:
    """That of the server: no settings of whoever tortures, and the very modules that run here."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TEAHOUSE_")}
    return {**inherited, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path), VARIABLE: str(clock)}


def free_port() -> int:
    """A port of the loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
