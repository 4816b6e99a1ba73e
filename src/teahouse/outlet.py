"""What this process prints, without waiting for whoever reads it.

    print, log, traceback ──▶ put ──▶ queue, bounded ──▶ a thread ──▶ write(2)
                               └ full: dropped, counted       └ refused: dropped, counted

A write to a descriptor may block (a pipe whose reader is stopped, a terminal after Ctrl-S) or fail (a full disk, a
reader that is gone), and a server that waits or stumbles there waits for its own log. So nobody but this thread
writes, `put` neither blocks nor raises, and what finds no way is counted.

Where the descriptor is a file, `reopen` opens it by its name again: for whoever renames it now and then.
"""

from __future__ import annotations

import contextlib
import io
import os
import queue
import select
import stat
import sys
import threading
from typing import TextIO, cast

LINES = 1_000  # that wait for the descriptor; more are dropped
LINE_BYTES = 16_384  # of one line; the rest of it is cut off: a traceback has a few thousand
FLUSH_S = 0.5  # how long the end waits for what waits


class Outlet:
    """One descriptor. `dropped` is how many lines have found no way to it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._path = _path_of(descriptor)
        self._queue: queue.SimpleQueue[bytes | threading.Event] = queue.SimpleQueue()
        self._counting = threading.RLock()  # the collector may print from within
        self._torn = False
        self.dropped = 0
        threading.Thread(target=self._live, name=f"teahouse-outlet-{descriptor}", daemon=True).start()

    def put(self, text: str) -> None:
        """Let this be written, a line or more with the end of the last; at once, whatever happens."""
        try:
            data = text.encode("utf-8", "backslashreplace")
            if len(data) > LINE_BYTES:
                data = data[:LINE_BYTES] + b" ...\n"
            if self._queue.qsize() < LINES:
                self._queue.put(data)
            else:
                self._drop()
        except Exception:  # no memory, or no text at all
            self._drop()

    def flush(self, patience_s: float = FLUSH_S) -> None:
        """Wait until what was put is written or dropped, for so long at the most."""
        reached = threading.Event()
        self._queue.put(reached)
        reached.wait(patience_s)

    def reopen(self) -> bool:
        """Open the file anew by its name; False where this is none, or it can't be opened: then it stays as it is."""
        if self._path is None:
            return False
        try:
            mode = stat.S_IMODE(os.fstat(self._descriptor).st_mode)
            fresh = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, mode)
        except OSError:
            return False
        try:
            os.dup2(fresh, self._descriptor)
        finally:
            os.close(fresh)
        return True

    def _drop(self) -> None:
        with self._counting:
            self.dropped += 1

    def _live(self) -> None:
        while True:
            data = self._queue.get()
            if isinstance(data, threading.Event):
                data.set()
            elif not self._write(b"\n" + data if self._torn else data):
                self._drop()

    def _write(self, data: bytes) -> bool:
        """Whether it was written; where only a part was, the next line begins anew."""
        rest = data
        while rest:
            try:
                rest = rest[os.write(self._descriptor, rest) :]
            except BlockingIOError:
                with contextlib.suppress(OSError):
                    select.select([], [self._descriptor], [])
            except OSError:
                self._torn = self._torn or len(rest) < len(data)
                return False
        self._torn = False
        return True


class Printed(io.TextIOBase):
    """An outlet in place of sys.stdout or sys.stderr: for print, warnings, tracebacks. Nothing here raises."""

    encoding = "utf-8"
    errors = "backslashreplace"

    def __init__(self, outlet: Outlet, descriptor: int) -> None:
        self._outlet = outlet
        self._descriptor = descriptor
        self._line = ""

    def write(self, text: str) -> int:
        """Whole lines go on; the beginning of one waits for its end."""
        whole, end, self._line = (self._line + text).rpartition("\n")
        if end:
            self._outlet.put(whole + end)
        return len(text)

    def flush(self) -> None:
        """What was begun goes on as it is. Waits for nothing."""
        line, self._line = self._line, ""
        if line:
            self._outlet.put(line)

    def writable(self) -> bool:
        """Always."""
        return True

    def isatty(self) -> bool:
        """Whether somebody looks."""
        return os.isatty(self._descriptor)

    def fileno(self) -> int:
        """For who asks what it is."""
        return self._descriptor


def hold_descriptors() -> None:
    """Make 0, 1 and 2 something, first of all: whoever was started without them would open its database as one.

    What is printed to them, and read from them, is nothing then.
    """
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest that is free: this one
    sys.stdin = sys.stdin or _stream(0, "r")
    sys.stdout = sys.stdout or _stream(1, "w")
    sys.stderr = sys.stderr or _stream(2, "w")


def _stream(descriptor: int, mode: str) -> TextIO:
    return cast(TextIO, os.fdopen(descriptor, mode, encoding="utf-8", closefd=False))


def complain(line: str) -> None:
    """Say on stderr what is wrong; where nobody can hear it, the exit code has to do."""
    _say(line, sys.stderr)


def tell(line: str) -> None:
    """Say on stdout what was found; where nobody can hear it, the exit code has to do."""
    _say(line, sys.stdout)


def _say(line: str, stream: TextIO) -> None:
    try:
        print(line, file=stream, flush=True)
    except (OSError, ValueError):
        silence(stream)


def silence(stream: TextIO) -> None:
    """Let what is printed there go nowhere, also what waits to be written: Python would end with 120 because of it."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def _path_of(descriptor: int) -> str | None:
    """The name of the file that it was opened as; None where it is no file."""
    try:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            path = os.readlink(f"/proc/self/fd/{descriptor}")
            return path if os.path.samestat(os.stat(path), os.fstat(descriptor)) else None
    except OSError:
        pass
    return None
