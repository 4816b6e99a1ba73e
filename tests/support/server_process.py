"""A real server: `python -m teahouse serve` in a process of its own, on a port of its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.support.inbox import PATIENCE_S

HOST = "127.0.0.1"
ROOT = Path(__file__).parents[2]


def environment() -> dict[str, str]:
    """That of a server under test: the settings of whoever runs the tests are none of its own."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TEAHOUSE_")}
    return {**inherited, "PYTHONPATH": str(ROOT)}


def free_port() -> int:
    """A port of the loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


class Unstarted(Exception):
    """The server ended before it listened: its exit code, and all that it said."""

    def __init__(self, code: int, said: str) -> None:
        super().__init__(code, said)
        self.code = code
        self.said = said


class ServerProcess:
    """One server and its folder; it may be started, killed and started again, on the same port.

    program   what Python runs in place of `-m teahouse`
    """

    def __init__(self, data: Path, *, program: Sequence[str] = ("-m", "teahouse")) -> None:
        self.data = data
        self.host = HOST
        self.port = free_port()
        self.program = list(program)
        self.log = data.parent / f"{data.name}-{self.port}.log"
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        """Start it and wait until it says that it listens.

        raises Unstarted   it has ended; nothing is left running
        """
        log_before = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, *self.program, "serve"),
                *("--host", self.host, "--port", str(self.port), "--data", str(self.data)),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.data.parent,
                env=environment(),
            )
        try:
            async with asyncio.timeout(PATIENCE_S):
                while b"listening" not in self.log.read_bytes()[log_before:]:
                    if self._process.returncode is not None:
                        raise Unstarted(self._process.returncode, self.said())
                    await asyncio.sleep(0.01)
        except BaseException:
            await self.end()
            raise

    async def kill(self) -> None:
        """As a power cut ends it, but for the disk: no goodbye, no flush."""
        os.kill(self.pid, signal.SIGKILL)
        await self.ended()

    async def stop(self) -> int:
        """Ask it to stop; return its exit code."""
        os.kill(self.pid, signal.SIGTERM)
        return await self.ended()

    async def ended(self) -> int:
        """Wait for its end; return its exit code."""
        assert self._process is not None
        async with asyncio.timeout(PATIENCE_S):
            return await self._process.wait()

    async def end(self) -> None:
        """Make sure that nothing is left running."""
        process = self._process
        if process is not None and process.returncode is None:
            process.kill()
            await process.wait()

    def said(self) -> str:
        """All that it has printed and logged."""
        return self.log.read_text(errors="replace")

    def resident_kib(self) -> int:
        """Its memory now, as the kernel counts it (VmRSS)."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        raise AssertionError("no VmRSS: the server is gone")

    def sockets(self) -> int:
        """How many sockets it has open."""
        count = 0
        for descriptor in Path(f"/proc/{self.pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # closed meanwhile
                count += str(descriptor.readlink()).startswith("socket:")
        return count
