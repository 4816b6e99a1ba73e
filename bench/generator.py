"""The load generator (loadgen/, C11): compiled when its sources changed, run, and its one JSON object read.

`measure` runs it to its end; `beside` keeps one going while something else is measured. What the generator itself
found unsound (lost, doubled, out of order, refused) never becomes a figure: `Unsound` is raised.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import msgspec

from bench.subjects import Failed, processors

SOURCES = Path(__file__).parent / "loadgen"
FLAGS = ("-std=c11", "-O2", "-Wall", "-Wextra", "-Werror")


class Unsound(Failed):
    """A message was lost, doubled, out of order or refused: there is no figure."""


class Served(Protocol):
    """What the generator must know of a server."""

    @property
    def door(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def pid(self) -> int: ...


class Joins(msgspec.Struct, frozen=True):
    """How everybody came in; `kib_each` is what the server's memory grew by, for each."""

    seconds: float
    per_s: float
    cpu_us: float
    kib_before: int
    kib_after: int
    kib_each: float


class Delay(msgspec.Struct, frozen=True):
    """From when a message was due to when a member read it, in microseconds."""

    p50: float
    p90: float
    p99: float
    p999: float
    max: float


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What one run of the generator came to. See its main.c for the fields."""

    door: str
    phase: str
    members: int
    senders: int
    rooms: int
    text_bytes: int
    joins: Joins
    seconds: float
    messages: int
    deliveries: int
    deliveries_per_s: float
    cpu_s: float
    cpu_s_per_million: float
    server_busy: float
    generator_busy: float
    missing: int
    own_missing: int
    stored_missing: int
    skipped: int
    repeated: int
    holes: int
    refused: int
    gone: int
    stalled: bool
    sound: bool
    delay_us: Delay | None = None

    def faults(self) -> str:
        """What is wrong with it, in words; empty for a sound one."""
        counts = {
            "missing": self.missing,
            "own copies missing": self.own_missing,
            "not acknowledged": self.stored_missing,
            "skipped": self.skipped,
            "repeated or late": self.repeated,
            "holes in the numbers": self.holes,
            "refused": self.refused,
            "connections gone": self.gone,
        }
        words = [f"{count} {what}" for what, count in counts.items() if count]
        return ", ".join([*words, "stalled"] if self.stalled else words)


class Presence(msgspec.Struct, frozen=True):
    """Everybody is in, and stays."""

    members: int
    joins: Joins


def compiled(scratch: Path) -> Path:
    """The generator, compiled into the scratch folder.

    raises  Failed where there is no C compiler: says so
    """
    sources = sorted(SOURCES.glob("*.[ch]"))
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:12]
    program = scratch / f"loadgen-{digest}"
    if program.exists():
        return program
    compiler = next(filter(shutil.which, filter(None, (os.environ.get("CC"), "cc", "gcc", "clang"))), None)
    if compiler is None:
        raise Failed("There is no C compiler for the load generator. On Debian: apt install gcc libc6-dev")
    scratch.mkdir(parents=True, exist_ok=True)
    fresh = scratch / f"loadgen-{digest}.{os.getpid()}"
    units = [str(path) for path in sources if path.suffix == ".c"]
    done = subprocess.run([compiler, *FLAGS, "-o", str(fresh), *units], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(f"The load generator does not compile:\n{done.stderr}")
    fresh.replace(program)
    return program


def understand(printed: bytes) -> Outcome:
    """What the generator printed.

    raises  Unsound with the faults that it found
    """
    try:
        outcome = msgspec.json.decode(printed, type=Outcome)
    except msgspec.DecodeError as error:
        raise Failed(f"The load generator printed what is no outcome: {error}") from error
    if not outcome.sound:
        raise Unsound(outcome.faults())
    return outcome


def _command(program: Path, server: Served, options: dict[str, object]) -> list[str]:
    words = [str(program), "--door", server.door, "--port", str(server.port)]
    words += ["--pid", str(server.pid), "--cpu", str(processors()[0])]
    for name, value in options.items():
        flag = f"--{name.replace('_', '-')}"
        if value is True:
            words.append(flag)
        elif value is not False:
            words += [flag, str(value)]
    return words


def measure(program: Path, server: Served, **options: object) -> Outcome:
    """Run the generator against a server; its options are named as on its command line.

    raises  Unsound, Failed
    """
    done = subprocess.run(_command(program, server, options), capture_output=True, check=False)
    if not done.stdout:
        raise Failed(
            done.stderr.decode(errors="replace").strip() or f"The load generator ended with {done.returncode}."
        )
    return understand(done.stdout)


@contextlib.contextmanager
def beside(program: Path, server: Served, **options: object) -> Iterator[Presence]:
    """Keep a crowd in the house (`phase` hold or flood) while something else is measured.

    raises  Failed where they do not come in, Unsound where they found a fault by the end
    """
    command = _command(program, server, options)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        first = process.stdout.readline()
        if not first:
            raise Failed(process.stderr.read().decode(errors="replace").strip())
        try:
            yield msgspec.json.decode(first, type=Presence)
        finally:
            process.stdin.close()
            last = process.stdout.read()
            process.wait()
    if process.returncode:
        raise Unsound(f"those beside: {last.decode(errors='replace').strip()}")
