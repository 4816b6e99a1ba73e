"""What is measured: a server that can be started on a port of the loopback, and stopped.

A `Subject` says how; `Running` is one process of it. Generator and servers are kept on processors of their own, so
that neither takes time from the other: on a machine with two, the server has one for all its threads.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

HOST = "127.0.0.1"
START_S = 60.0
STOP_S = 30.0


class Failed(Exception):
    """Something could not be measured; the message says what, for people."""


@dataclass(frozen=True)
class Subject:
    """One server, by one of its doors.

    name     as the tables call it
    door     what the generator speaks to it
    version  as the server says itself
    command  from a port and a folder of its own to the words of the command line; it may write files there
    environ  more variables of the environment
    """

    name: str
    door: str
    version: str
    command: Callable[[int, Path], list[str]]
    environ: Mapping[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """The name, with the door where a server has more than one."""
        return f"{self.name} {self.door}" if self.name == TEAHOUSE else self.name


@dataclass
class Running:
    """One process that serves."""

    subject: Subject
    process: subprocess.Popen[bytes]
    port: int
    folder: Path
    start_s: float = 0.0  # until it accepted connections

    @property
    def door(self) -> str:
        return self.subject.door

    @property
    def pid(self) -> int:
        return self.process.pid


TEAHOUSE = "Teahouse"
DOORS = ("frames", "ws", "lines")


def teahouse(door: str, *, under: tuple[str, ...] = ()) -> Subject:
    """This project's server. `under` is put before `-m teahouse`: options of Python, as `-X importtime`."""

    def command(port: int, folder: Path) -> list[str]:
        serve = ["serve", "--host", HOST, "--port", str(port), "--data", str(folder / "data"), "--limits", "none"]
        return [sys.executable, *under, "-m", "teahouse", *serve]

    return Subject(TEAHOUSE, door, said([sys.executable, "-m", "teahouse", "--version"]), command)


def said(command: list[str], environ: Mapping[str, str] | None = None) -> str:
    """The first line that a command prints."""
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **(environ or {})}, check=False)
    lines = (done.stdout or done.stderr).strip().splitlines()
    if not lines:
        raise Failed(f"{Path(command[0]).name} does not say its version")
    return lines[0].strip()


@cache
def processors() -> tuple[int, int]:
    """Which processor the generator has, and which the server: two where there are two."""
    allowed = sorted(os.sched_getaffinity(0))
    return allowed[0], allowed[-1]


def raise_descriptor_limit() -> None:
    """Servers inherit it: each connection is one."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def free_port() -> int:
    """A port of the loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def running(subject: Subject, folder: Path) -> Iterator[Running]:
    """Start it, wait until it accepts connections; stop it in the end.

    raises  Failed with what it printed, where it does not start
    """
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    processor = processors()[1]
    command = subject.command(port, folder)
    start = time.monotonic()
    with (folder / "log.txt").open("ab") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder,
            env={**os.environ, **subject.environ},
            preexec_fn=lambda: os.sched_setaffinity(0, {processor}),
        )
    server = Running(subject, process, port, folder)
    try:
        _wait_until_it_accepts(server)
        server.start_s = time.monotonic() - start
        yield server
    finally:
        stop(process)


def _wait_until_it_accepts(server: Running) -> None:
    end = time.monotonic() + START_S
    while time.monotonic() < end and server.process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection((HOST, server.port), timeout=1):
            return
        time.sleep(0.01)
    words = (server.folder / "log.txt").read_text(errors="replace").strip().splitlines()
    raise Failed(f"{server.subject.name} did not start: {' / '.join(words[-5:]) or 'it said nothing'}")


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a process that we started, kindly if it lets us."""
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
