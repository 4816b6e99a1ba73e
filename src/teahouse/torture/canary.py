"""Keeping a canary: somebody talks and somebody listens all the while, and how long it takes is measured.

    async with Canary(host, port) as canary:
        calm = await canary.watch(2.0)
        async with canary.during("JSON bombs") as gaps:
            …
        print(gaps.worst_ms, calm.worst_ms)

What is measured, and how, stands in bird.py: a process of its own. Here its notes are kept, and windows are cut out
of them. A window is over when everything that was due in it was heard, so that nothing that hangs is left out.
"""

from __future__ import annotations

import asyncio
import bisect
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from teahouse.server.tasks import Tasks
from teahouse.torture import bird

PATIENCE_S = 30.0
"""How long a message may be on its way before the canary counts as dead; whoever expects worse says so."""
BESIDE_S = 0.5  # an fsync counts for what happened so shortly before or after it
AFTER_S = 0.25
Span = tuple[float, float]


class Silent(AssertionError):
    """The canary does not sing any more, or heard what is wrong; says which."""


@dataclass
class Gaps:
    """How long messages took in one window, in ms.

    worst_ms   the longest, less the longest fsync that a probe of the same disk met just then: whoever shares a disk
               that stalls waits with it
    raw_ms     the longest as it was
    at         when what took longest was due, by the monotonic clock of the machine
    """

    what: str
    count: int = 0
    worst_ms: float = 0.0
    raw_ms: float = 0.0
    p99_ms: float = 0.0
    median_ms: float = 0.0
    fsync_ms: float = 0.0
    at: float = 0.0

    def __str__(self) -> str:
        return (
            f"{self.what}: {self.count} peeps, median {self.median_ms:.1f} ms, p99 {self.p99_ms:.1f} ms, "
            f"worst {self.worst_ms:.1f} ms ({self.raw_ms:.1f} ms; the longest fsync {self.fsync_ms:.1f} ms)"
        )


class Record:
    """What the bird noted: peeps (due, heard) and fsyncs (began, seconds), by the monotonic clock of the machine."""

    def __init__(self) -> None:
        self.peeps: list[Span] = []
        self.fsyncs: list[Span] = []
        self.away: list[Span] = []

    def note(self, peeps: Iterable[Span], fsyncs: Iterable[Span], away: Iterable[Span]) -> None:
        """Keep these too."""
        self.peeps += [(due, heard) for due, heard in peeps]
        self.fsyncs += [(began, seconds) for began, seconds in fsyncs]
        self.away += [(left, back) for left, back in away]

    def fsync_s(self, due: float, heard: float) -> float:
        """The longest fsync beside this peep."""
        first = bisect.bisect_left(self.fsyncs, (due - PATIENCE_S,))
        return max(
            (
                seconds
                for began, seconds in self.fsyncs[first:]
                if began <= heard + BESIDE_S and began + seconds >= due - BESIDE_S
            ),
            default=0.0,
        )

    def gaps(self, what: str, begin: float, end: float, excused: Iterable[Span] = ()) -> Gaps:
        """What was due from `begin` to `end`, but for what was on its way in an excused time."""
        free = list(excused)
        spans = [
            (due, heard)
            for due, heard in self.peeps
            if begin <= due < end and not any(due < last and heard > first for first, last in free)
        ]
        return measured(what, spans, self.fsync_s)


def measured(what: str, spans: list[Span], fsync_s: Callable[[float, float], float]) -> Gaps:
    """The figures of these peeps."""
    if not spans:
        return Gaps(what)
    took = sorted(heard - due for due, heard in spans)
    fsyncs = [fsync_s(due, heard) for due, heard in spans]
    worst, at = max((heard - due - fsync, due) for (due, heard), fsync in zip(spans, fsyncs, strict=True))
    return Gaps(
        what=what,
        count=len(took),
        worst_ms=max(worst, 0.0) * 1_000,
        raw_ms=took[-1] * 1_000,
        p99_ms=took[len(took) * 99 // 100] * 1_000,
        median_ms=median(took) * 1_000,
        fsync_ms=max(fsyncs) * 1_000,
        at=at,
    )


class Canary:
    """One of them, in a process of its own. `sung`: how many peeps came through.

    comes_back   it bears that the server goes away and that a disk is full: away, not dead
    beside       a folder on the disk of the server, for the probe
    patience_s   how long a peep may be on its way
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        comes_back: bool = False,
        beside: Path | None = None,
        patience_s: float = PATIENCE_S,
        heard: Callable[[Gaps], None] = print,
    ) -> None:
        self._words = [host, str(port), *(["--comes-back"] if comes_back else [])]
        self._beside = beside
        self._patience_s = patience_s
        self._say = heard
        self._process: asyncio.subprocess.Process | None = None
        self._tasks = Tasks()
        self._moved = asyncio.Event()
        self._wrong: str | None = None
        self._ended = asyncio.Event()
        self.record = Record()

    @property
    def sung(self) -> int:
        return len(self.record.peeps)

    @property
    def pid(self) -> int:
        """Of its process."""
        assert self._process is not None
        return self._process.pid

    async def __aenter__(self) -> Canary:
        with tempfile.TemporaryDirectory(prefix="canary-", dir=self._beside, ignore_cleanup_errors=True) as scratch:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", bird.__name__, *self._words, "--folder", scratch),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
            )
            self._tasks.spawn(self._read(self._process), "canary")
            try:
                await self.sings()
            except BaseException:
                await self._end()
                raise
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                await self.sings()
                await self._hush()
        finally:
            await self._end()

    async def sings(self) -> None:
        """Wait until something that is due from now on came through.

        raises  Silent
        """
        await self._heard_from(time.monotonic())

    async def watch(self, seconds: float, what: str = "calm") -> Gaps:
        """The gaps of the next so many seconds.

        raises  Silent
        """
        begin = time.monotonic()
        await asyncio.sleep(seconds)
        return await self._gaps(what, begin)

    @asynccontextmanager
    async def during(self, what: str) -> AsyncIterator[Gaps]:
        """The gaps while something is done and just after it; filled at the end.

        raises  Silent
        """
        gaps, begin = Gaps(what), time.monotonic()
        yield gaps
        await asyncio.sleep(AFTER_S)  # what was done is not yet what was suffered
        gaps.__dict__.update((await self._gaps(what, begin)).__dict__)

    async def _gaps(self, what: str, begin: float) -> Gaps:
        end = time.monotonic()
        await self._heard_from(end)
        gaps = self.record.gaps(what, begin, end)
        self._say(gaps)
        return gaps

    async def _heard_from(self, moment: float) -> None:
        """Wait until a peep was heard that was due after this: all before it were, unless it was away meanwhile."""
        await self._until(lambda: bool(self.record.peeps) and self.record.peeps[-1][0] >= moment)

    async def _until(self, true: Callable[[], bool]) -> None:
        ends_at = time.monotonic() + self._patience_s
        while not true():
            if self._wrong is not None:
                raise Silent(f"the canary: {self._wrong}")
            if self._ended.is_set():
                raise Silent("the canary's process has ended")
            self._moved.clear()
            try:
                async with asyncio.timeout(max(0.0, ends_at - time.monotonic())):
                    await self._moved.wait()
            except TimeoutError:
                raise Silent(f"nothing came through for {self._patience_s:.0f} s") from None

    async def _hush(self) -> None:
        """Let it sing to its end."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            async with asyncio.timeout(self._patience_s):
                await self._ended.wait()
        except TimeoutError:
            raise Silent("the canary does not come to an end") from None
        if self._wrong is not None:
            raise Silent(f"the canary: {self._wrong}")

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while line := await process.stdout.readline():
            note = json.loads(line)
            if "wrong" in note:
                self._wrong = note["wrong"]
            else:
                self.record.note(note["peeps"], note["fsyncs"], note["away"])
            self._moved.set()
        self._ended.set()
        self._moved.set()

    async def _end(self) -> None:
        """Nothing of it is left."""
        process = self._process
        if process is not None:
            if process.returncode is None:
                process.kill()
            await process.wait()
        await self._tasks.stop()
