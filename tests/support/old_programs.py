"""The two old programs, as they read and as they write.

    text program     recv(2) until a read comes back short; what was read is one message
    frame program    recv(10), appended until one frame is complete; its body is the message, the rest is thrown away

Both lose or mix up what does not arrive as they expect, and that is the point. Twice each: as a pure reader that is
fed what arrives, and as a client on a socket with its own thread.
"""

from __future__ import annotations

import select
import socket
import struct
import threading
from collections.abc import Callable
from typing import Protocol, Self

PATIENCE_S = 60.0
HEADER = struct.Struct("!3I")


class Reader(Protocol):
    """Reads as a program does."""

    shown: list[str]
    read_size: int

    def read(self, data: bytes) -> None:
        """One `recv` has brought this."""


class TextReader:
    """The text program. `shown` is what it has printed, `unfinished` what it has read since."""

    read_size = 2

    def __init__(self) -> None:
        self.shown: list[str] = []
        self.unfinished = b""

    def read(self, data: bytes) -> None:
        """Print when the read came back short."""
        self.unfinished += data
        if len(data) < self.read_size:
            message, self.unfinished = self.unfinished.decode(), b""
            if message:
                self.shown.append(message)


class FrameReader:
    """The frame program. It looks at no version and no cmd."""

    read_size = 10

    def __init__(self) -> None:
        self.shown: list[str] = []
        self.unfinished = b""

    def read(self, data: bytes) -> None:
        """Print when a frame is complete; an empty body is no message, and is never got past."""
        self.unfinished += data
        if len(self.unfinished) < HEADER.size:
            return
        _, length, _ = HEADER.unpack_from(self.unfinished)
        body = self.unfinished[HEADER.size : HEADER.size + length]
        if body and len(body) == length:
            self.unfinished = b""
            self.shown.append(body.decode())


def arrive(reader: Reader, data: bytes) -> None:
    """These bytes are in the program's receive buffer; it reads until that is empty."""
    for at in range(0, len(data), reader.read_size):
        reader.read(data[at : at + reader.read_size])


class Program:
    """An old program on a socket, in its own thread.

    pause() is SIGSTOP: bytes go on arriving, nothing is read until resume().
    """

    def __init__(self, address: tuple[str, int], reader: Reader, pack: Callable[[str], bytes]) -> None:
        self._reader = reader
        self._pack = pack
        self._changed = threading.Condition()
        self._running = threading.Event()
        self._running.set()
        self.broken: Exception | None = None
        """What ended the program: bytes that it cannot decode."""
        self.ended = False
        """Whether its connection is no more."""
        self.socket = socket.create_connection(address, timeout=PATIENCE_S)
        self.socket.settimeout(None)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            while True:
                select.select([self.socket], [], [])
                self._running.wait()
                data = self.socket.recv(self._reader.read_size)
                if not data:
                    return
                with self._changed:
                    self._reader.read(data)
                    self._changed.notify_all()
        except (OSError, ValueError) as error:
            # A closed socket ends it quietly; so does not what it cannot decode.
            self.broken = error if isinstance(error, UnicodeDecodeError) else None
        finally:
            with self._changed:
                self.ended = True
                self._changed.notify_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def shown(self) -> list[str]:
        """What it has printed so far."""
        with self._changed:
            return list(self._reader.shown)

    def say(self, text: str) -> None:
        """Send one message."""
        self.socket.sendall(self._pack(text))

    def wait_until(self, holds: Callable[[list[str]], bool]) -> list[str]:
        """Wait until this holds of what it has printed; return that."""
        with self._changed:
            self._changed.wait_for(lambda: self.ended or holds(self._reader.shown), PATIENCE_S)
            shown = list(self._reader.shown)
        if not holds(shown):
            raise AssertionError(f"broken={self.broken!r} ended={self.ended} last={shown[-3:]!r} of {len(shown)}")
        return shown

    def wait_for(self, count: int) -> list[str]:
        """Wait until it has printed so many messages."""
        return self.wait_until(lambda shown: len(shown) >= count)

    def wait_for_end(self) -> None:
        """Wait until its connection is no more."""
        with self._changed:
            if not self._changed.wait_for(lambda: self.ended, PATIENCE_S):
                raise AssertionError("the connection is still open")

    def pause(self) -> None:
        """Stop reading."""
        self._running.clear()

    def resume(self) -> None:
        """Go on reading."""
        self._running.set()

    def close(self) -> None:
        """Close the connection and end the thread. Idempotent."""
        self._running.set()
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # the other side was first
        self._thread.join(PATIENCE_S)
        self.socket.close()


def text_program(address: tuple[str, int]) -> Program:
    """The old text program: UTF-8 with no line end."""
    return Program(address, TextReader(), str.encode)


def frame_program(address: tuple[str, int]) -> Program:
    """The old frame program: version 1, cmd 100."""
    return Program(address, FrameReader(), lambda text: HEADER.pack(1, len(text.encode()), 100) + text.encode())
