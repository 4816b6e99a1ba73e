"""The canary's own process: one connection sings, another hears, and a thread probes the disk.

    python -m teahouse.torture.bird HOST PORT --folder SCRATCH [--comes-back]

Twenty messages a second are due by a schedule that nothing moves. Each is timed from the moment when it was due until
the *other* connection has it, so that a server that stands still is charged for every message that it held up, also
for those that could not be sent (no coordinated omission). In a process of its own, because whoever attacks is busy.

Each message must come, once, in order, and the room's numbers without a hole: else it says what is wrong and ends.
With --comes-back it bears a connection that breaks and a refusal that passes, and goes on as a client should.

Prints JSON, a line now and then (`Note`). Ends when its standard input does, once all that was sung was heard.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import secrets
import select
import socket
import sys
import threading
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from teahouse.torture.wires import Frames, Gone, WebSocket, Wire

Word = dict[str, Any]

ROOM = "cage"
BEAT_S = 0.05
NOTE_S = 0.1
PROBE_S = 0.1
PROBE_BYTES = 4_096  # a page, as the log writes it
UNDER_WAY = 32  # messages without an answer; the server stops reading at 64
AGAIN_S = 0.02  # between two attempts to reach a server that is not there
REFUSED_S = 0.1  # until a refused message is sent again
ASKING_S = 10.0
EVENTS = {"posted", "edited", "deleted", "reacted", "unreacted", "topic_changed"}


class Wrong(Exception):
    """A promise was broken; the words say which."""


@dataclass
class Peep:
    """One message that is not done yet. `again`: it was, or may have been, refused or lost, and may stand after others."""

    due: float
    stored: bool = False
    again: bool = False
    heard: bool = False
    overtaken: bool = False


class Perch:
    """One connection of it. `token`: who it is when it comes back."""

    def __init__(self, wire: type[Frames] | type[WebSocket], host: str, port: int) -> None:
        self._kind = wire
        self._where = (host, port)
        self._wire: Wire = wire()
        self.socket: socket.socket | None = None
        self.token: str | None = None

    def open(self, **join: object) -> tuple[Word, list[Word]]:
        """Come in and join; the room's answer, and what came behind it.

        raises  OSError, Gone: not now
        """
        self.close()
        self._wire = self._kind()
        self.socket = socket.create_connection(self._where, timeout=ASKING_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(self._wire.opening(*self._where))
        if self._kind is WebSocket:
            self._wire.feed(self.socket.recv(1 << 16))
        welcome, _ = self._ask("hello", **({} if self.token is None else {"token": self.token}))
        self.token = welcome.get("token", self.token)
        return self._ask("join", room=ROOM, **join)

    def _ask(self, kind: str, **fields: object) -> tuple[Word, list[Word]]:
        self.say({"type": kind, "ref": kind, **fields})
        while True:
            words = self.hear()
            for index, word in enumerate(words):
                if word.get("ref") == kind:
                    if word.get("code") == "log-changed":
                        raise Wrong(f"what was heard is not there any more: {word}")
                    if word["type"] == "refused":
                        raise Gone(f"{kind} is refused: {word}")
                    return word, words[index + 1 :]

    def say(self, word: Word) -> None:
        """Write a command."""
        assert self.socket is not None
        self.socket.sendall(self._wire.pack(json.dumps(word).encode()))

    def hear(self) -> list[Word]:
        """Read what has come; waits for it.

        raises  OSError, Gone
        """
        assert self.socket is not None
        if not (data := self.socket.recv(1 << 16)):
            raise Gone("the server closed without a word")
        words = [json.loads(message) for message in self._wire.feed(data)]
        if owed := self._wire.owed():
            self.socket.sendall(owed)
        return words

    def close(self) -> None:
        """Be gone."""
        if self.socket is not None:
            self.socket.close()
            self.socket = None


class Bird:
    """It sings until it is told to stop. `comes_back`: whether it bears that the server goes away."""

    def __init__(self, host: str, port: int, *, comes_back: bool) -> None:
        self._singer = Perch(WebSocket, host, port)
        self._hearer = Perch(Frames, host, port)
        self._comes_back = comes_back
        self._song = secrets.token_hex(4)
        self._peeps: dict[int, Peep] = {}  # not done yet, in the order of singing
        self._waiting: deque[int] = deque()  # to be sent
        self._under_way: set[int] = set()
        self._hold_until = 0.0
        self._heard: tuple[int, int] | None = None  # the last number that was heard, and its time
        self._stopping = False
        self._next = 0
        self._due = 0.0
        self._away_since: float | None = None
        self.note: dict[str, list[Any]] = {"peeps": [], "away": []}

    def live(self, probe: Probe) -> None:
        """Sing and hear until the end of the standard input, and of what was sung.

        raises  Wrong
        """
        told = time.monotonic()
        while not (self._stopping and not self._peeps):
            try:
                if self._hearer.socket is None:
                    self._come()
                self._step()
            except (OSError, Gone) as error:
                self._lost(error)
            if (now := time.monotonic()) - told >= NOTE_S:
                told = now
                self._tell(probe)
        self._tell(probe)

    def _come(self) -> None:
        """Both come in; first the one who listens."""
        known = {}
        if self._heard is not None:
            head, at = self._heard
            known = {"after": head, "at": at} if at else {"after": head}
        room, behind = self._hearer.open(**known)
        self._singer.open()
        if self._heard is None:
            self.begin(head=room["head"], due=time.monotonic())
        if self._away_since is not None:
            self.note["away"].append((self._away_since, time.monotonic()))
            self._away_since = None
        for number in self._under_way:
            self._peeps[number].again = True  # its answer is lost, and may have been a refusal
        self._under_way.clear()
        self._waiting = deque(number for number, peep in self._peeps.items() if not peep.stored)
        self.listen(behind)

    def begin(self, *, head: int, due: float) -> None:
        """Hear what comes after `head`; the first peep is due at this moment."""
        self._heard = (head, 0)
        self._due = due

    def _lost(self, error: Exception) -> None:
        self._singer.close()
        self._hearer.close()
        if not self._comes_back:
            raise Wrong(f"the connection was lost: {error}") from error
        now = time.monotonic()
        self._away_since = now if self._away_since is None else self._away_since
        ready, _, _ = select.select([sys.stdin], [], [], AGAIN_S)
        self._stopping = self._stopping or bool(ready)
        self.plan(now)

    def plan(self, now: float) -> None:
        """What is due by now waits to be sent."""
        while self._heard is not None and self._due <= now and not self._stopping:
            self._peeps[self._next] = Peep(self._due)
            self._waiting.append(self._next)
            self._next += 1
            self._due += BEAT_S

    def _step(self) -> None:
        """Send what is due, read what comes, for a beat at most."""
        now = time.monotonic()
        self.plan(now)
        while self._waiting and now >= self._hold_until and len(self._under_way) < UNDER_WAY:
            number = self._waiting.popleft()
            self._under_way.add(number)
            word = {"type": "post", "ref": number, "room": ROOM, "text": self.text(number), "key": self.text(number)}
            self._singer.say(word)
        inputs: list[Any] = [self._singer.socket, self._hearer.socket]
        if not self._stopping:
            inputs.append(sys.stdin)
        patience = BEAT_S if self._stopping else max(0.0, self._due - now)
        ready, _, _ = select.select(inputs, [], [], patience)
        if self._hearer.socket in ready:  # first: it is what is timed
            self.listen(self._hearer.hear())
        if self._singer.socket in ready:
            for word in self._singer.hear():
                self._answer(word)
        if sys.stdin in ready:
            self._stopping = True

    def text(self, number: int) -> str:
        """What a peep says, which is its key, too."""
        return f"peep {number} of {self._song}"

    def _answer(self, word: Word) -> None:
        number = word.get("ref")
        if number not in self._under_way:
            return  # its own copy, or what passes
        self._under_way.discard(number)
        peep = self._peeps[number]
        if word["type"] == "stored":
            peep.stored = True
            self._done(number, peep)
        elif not self._comes_back:
            raise Wrong(f"{self.text(number)} is refused: {word}")
        else:
            peep.again = True
            self._waiting.append(number)
            self._hold_until = time.monotonic() + max(REFUSED_S, word.get("retry_after", 0) / 1_000)

    def listen(self, words: list[Word]) -> None:
        """Take what the hearer heard.

        raises  Wrong
        """
        now = time.monotonic()
        for word in words:
            if word["type"] not in EVENTS:
                continue
            assert self._heard is not None
            if word["seq"] != self._heard[0] + 1:
                raise Wrong(f"number {word['seq']} came after {self._heard[0]}")
            self._heard = (word["seq"], word["time"])
            said, _, song = str(word.get("text")).partition(" of ")
            if song == self._song:
                self._hears(int(said.removeprefix("peep ")), now)

    def _hears(self, number: int, now: float) -> None:
        if number >= self._next:
            raise Wrong(f"peep {number} was never sung")
        peep = self._peeps.get(number)
        if peep is None or peep.heard:
            raise Wrong(f"peep {number} came twice")
        if peep.overtaken and not peep.again:
            raise Wrong(f"peep {number} came after a later one")
        for earlier, other in self._peeps.items():
            if earlier == number:
                break
            other.overtaken = True  # judged when it comes: its refusal may be under way
        peep.heard = True
        self.note["peeps"].append((peep.due, now))
        self._done(number, peep)

    def _done(self, number: int, peep: Peep) -> None:
        if peep.stored and peep.heard:
            del self._peeps[number]

    def _tell(self, probe: Probe) -> None:
        note, self.note = self.note, {"peeps": [], "away": []}
        oldest = next((peep.due for peep in self._peeps.values() if not peep.heard), None)
        print(json.dumps({**note, "fsyncs": probe.taken(), "oldest": oldest}), flush=True)


class Probe(threading.Thread):
    """What an fsync takes here, ten times a second: beside a server whose disk stalls, this one stalls too."""

    def __init__(self, folder: Path) -> None:
        super().__init__(name="probe", daemon=True)
        self._folder = folder
        self._found: deque[tuple[float, float]] = deque()  # when it began, and how many seconds it took

    def run(self) -> None:
        """Write and confirm, until the process ends."""
        path = self._folder / f"probe-{os.getpid()}"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        path.unlink()
        while True:
            began = time.monotonic()
            with contextlib.suppress(OSError):  # full: whoever fills the disk knows it
                os.pwrite(descriptor, os.urandom(PROBE_BYTES), 0)
                os.fsync(descriptor)
                self._found.append((began, time.monotonic() - began))
            time.sleep(PROBE_S)

    def taken(self) -> list[tuple[float, float]]:
        """What was found since the last time."""
        return [self._found.popleft() for _ in range(len(self._found))]


def main() -> int:
    """Sing; the exit code is 1 when something was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--comes-back", action="store_true")
    asked = parser.parse_args()
    probe = Probe(asked.folder)
    probe.start()
    bird = Bird(asked.host, asked.port, comes_back=asked.comes_back)
    try:
        bird.live(probe)
    except Wrong as error:
        print(json.dumps({"wrong": str(error)}), flush=True)
        return 1
    except (BrokenPipeError, KeyboardInterrupt):
        return 1  # whoever kept it is gone
    return 0


if __name__ == "__main__":
    sys.exit(main())
