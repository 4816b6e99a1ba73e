"""A file that remembers who we are and what waits to be sent, so that a program may die and lose nothing.

Lines of JSON, written at the end, read from the beginning:

    {"token": "tea_…"}                                             who we are; the last one counts
    {"post": {"key": "0197…", "room": "lobby", "text": "tea?"}}    waits to be sent
    {"done": "0197…"}                                              is stored; forgotten

When nothing waits any more the file is cut back to one line. Readable by its owner alone, because a token is a secret.

It outlives the program, not a power cut of its machine: to wait for the disk at each line would make a person at a
keyboard wait too. Half a line at the end is what a program left that died while it wrote: the text was not accepted.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import stat
from pathlib import Path

import msgspec

from teahouse.client.errors import OutboxError
from teahouse.core.commands import Post

MODE = 0o600


class _Line(msgspec.Struct, omit_defaults=True):
    """One line: exactly one of the three."""

    token: str = ""
    post: Post | None = None
    done: str = ""


_decode = msgspec.json.Decoder(_Line).decode
_encode = msgspec.json.Encoder().encode


class Journal:
    """One file, in the hands of one program at a time.

    token     who we were; "" for nobody
    waiting   what was not stored when the file was last closed, oldest first
    unfit     … and can never be
    """

    def __init__(self, path: Path) -> None:
        """Open the file, or make it.

        raises  OutboxError   it cannot be used: what to do
        """
        self._path = path
        self.token = ""
        self._open: dict[str, Post] = {}
        self._unfit: dict[str, Post] = {}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC, MODE)
        except OSError as error:
            raise self._failed("opened", error) from error
        try:
            self._size = self._read()
        except BaseException:
            os.close(self._file)
            raise

    def _read(self) -> int:
        """Lock it, learn what it says; where its last whole line ends."""
        try:
            if not stat.S_ISREG(os.fstat(self._file).st_mode):
                raise OutboxError(f"{self._path} is no file, so nothing can be kept there. Name another one.")
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with open(self._file, "rb", closefd=False) as file:
                content = file.read()
        except BlockingIOError as error:
            raise OutboxError(f"{self._path} is used by another program. Give each its own.") from error
        except OSError as error:
            raise self._failed("read", error) from error
        whole, _, _ = content.rpartition(b"\n")
        for number, line in enumerate(whole.split(b"\n") if whole else [], 1):
            try:
                self._learn(_decode(line))
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                if (post := _unfit(line)) is not None and post.key is not None:
                    self._unfit[post.key] = post
                    continue
                raise OutboxError(f"{self._path}, line {number} is not an outbox's. Name another file.") from error
        try:
            os.fchmod(self._file, MODE)  # it is an outbox: from now on there is a secret in it
        except OSError as error:
            raise self._failed("made private", error) from error
        return len(whole) + 1 if whole else 0

    def _learn(self, line: _Line) -> None:
        if line.token:
            self.token = line.token
        elif line.post is not None and line.post.key is not None:
            self._open[line.post.key] = line.post
        else:
            self._open.pop(line.done, None)
            self._unfit.pop(line.done, None)

    @property
    def unfit(self) -> list[Post]:
        """What an older version kept although it can never be sent: half a character, None, a number without bounds."""
        return list(self._unfit.values())

    @property
    def waiting(self) -> list[Post]:
        """What waits, oldest first."""
        return list(self._open.values())

    def remember(self, token: str) -> None:
        """We are whom this token brings back.

        raises  OutboxError
        """
        if token != self.token:
            self._append(_Line(token=token))
            self.token = token

    def add(self, post: Post) -> None:
        """It waits from now on.

        raises  OutboxError   it does not: the disk is full, or worse
        """
        assert post.key is not None
        self._append(_Line(post=post))
        self._open[post.key] = post

    def done(self, key: str) -> None:
        """It waits no more. Where that cannot be written it will be sent once more, and be known to the server."""
        self._open.pop(key, None)
        self._unfit.pop(key, None)
        with contextlib.suppress(OutboxError):
            if self._open or self._unfit:
                self._append(_Line(done=key))
            else:
                self._cut()

    def close(self) -> None:
        """Give it back. Idempotent."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _cut(self) -> None:
        """Nothing waits: only who we are is still of interest. It stands in the first line, unless we were another."""
        line = _encode(_Line(token=self.token)) + b"\n" if self.token else b""
        try:
            if os.pread(self._file, len(line), 0) == line:
                self._size = len(line)
                os.ftruncate(self._file, self._size)
                return
            self._size = 0
            os.ftruncate(self._file, 0)
        except OSError as error:
            raise self._failed("written", error) from error
        if self.token:
            self._append(_Line(token=self.token))

    def _append(self, line: _Line) -> None:
        data = _encode(line) + b"\n"
        try:
            written = os.pwrite(self._file, data, self._size)
            if written < len(data):
                raise OSError("the disk is full")
        except OSError as error:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, self._size)
            raise self._failed("written", error) from error
        self._size += len(data)

    def _failed(self, what: str, error: OSError) -> OutboxError:
        return OutboxError(f"{self._path} cannot be {what}: {error.strerror or error}. Nothing was sent.")


def _unfit(line: bytes) -> Post | None:
    """A post that can never be sent, as far as it can be shown; None where this is no line of an outbox."""
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        return None
    post = said.get("post") if isinstance(said, dict) else None
    if not isinstance(post, dict) or not isinstance(post.get("key"), str) or not post.keys() >= {"room", "text"}:
        return None
    room, text, key = (str(post.get(name, "")).encode(errors="replace").decode() for name in ("room", "text", "key"))
    return Post(room=room, text=text, key=key)
