"""The whole of a torture.

    House      the server, killed and started again             weather.py says when
    Proxy      a bad network before it                          proxy.py
    people     senders and readers, who come by it              people.py, readers.py
    Ledger     what they know, held against each other          ledger.py
    Hostile    strangers with bad intentions, another process   hostile.py
    Canary     two who talk all the while, another process      canary.py

It ends when the time is over, or with the first promise that was broken.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import tempfile
import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

from teahouse.server.tasks import Tasks
from teahouse.torture.canary import Canary, Silent
from teahouse.torture.hostile import ATTACKS, Hostile
from teahouse.torture.house import PROGRAM, House
from teahouse.torture.ledger import Ledger
from teahouse.torture.link import EVENTS, Broken, Link, Refused
from teahouse.torture.people import ROOM, Person, Poster, Sender, Speaker, Typist
from teahouse.torture.proxy import Proxy
from teahouse.torture.readers import Follower, Listener, Poller, Reader, Stream
from teahouse.torture.report import Cost, Report
from teahouse.torture.weather import BEGIN_S, Weather, What, plan, tail_s

WORST_MS = 250.0
GRACE_S = 0.5  # after a restart, or a full disk, until all is as before
FINISH_S = 60.0
CALM_S = 2.0
CALM_AT_MOST_S = 45.0  # vanished sessions are kept for 30 s
ATTACK_S = (0.4, 2.0)
BETWEEN_S = 0.1
GROWN_KIB = 96 * 1024
"""What the last server may hold beyond a fresh one: its pages (32 MiB), and as much again twice for what the allocator
does not give back."""
GROWN_DESCRIPTORS = 8  # readers of the file that are opened when they are needed


class Found(Exception):
    """A promise was broken: what would follow is of no interest."""


class Torture:
    """One of them.

    seconds   how long it goes on
    events    these, one after the other, instead of all that may happen; then it ends
    only      these attacks, no others
    worst_ms  how long the canary may wait; nothing of it counts while the server is away or the disk full
    """

    def __init__(
        self,
        folder: Path,
        *,
        seconds: float,
        seed: int,
        events: Sequence[What] | None = None,
        only: Collection[str] = (),
        program: Sequence[str] = PROGRAM,
        worst_ms: float = WORST_MS,
        say: Callable[[str], None] = print,
    ) -> None:
        self.ledger = Ledger()
        self.house = House(folder, self.ledger, program)
        self.proxy = Proxy(self.house.port, self.ledger, seed)
        self._folder = folder
        self._seconds = seconds
        self._events = events
        self._seed = seed
        self._plan = plan(seconds, random.Random(f"{seed} plan"))
        if events is not None:
            self._plan = [(BEGIN_S, what) for what in events]
        self._attacks = [name for name in ATTACKS if not only or name in only]
        self._worst_ms = worst_ms
        self._say = say
        self._tasks = Tasks()
        self._senders: list[Person] = []
        self._readers: list[Reader] = []
        self._attacked: list[tuple[str, float, float]] = []

    async def run(self) -> Report:
        """Torture, and say what it came to. Nothing is left behind, whatever happens."""
        began = time.monotonic()
        report = Report(seed=self._seed)
        try:
            await self.house.start()
            await self.proxy.start()
            report.empty = self._cost()
            await self._open_room()
            self._invite()
            hostile = Hostile(self.house.host, self.house.port, self._seed)
            canary = Canary(
                self.house.host, self.house.port, comes_back=True, beside=self._folder, patience_s=FINISH_S, heard=_deaf
            )
            async with hostile, canary:
                await self._suffer(hostile)
                report.canary(canary.record, self._attacked, self._excused())
                self._end_if_found()
                await hostile.end()
                await self._finish()
                await self._compare()
                report.canary(canary.record, self._attacked, self._excused())
                self._end_if_found()
            await self._calm(report)
        except Found:
            await self._look_once_more()
        except Silent as error:
            self.ledger.find("broken", str(error), "weather")
        finally:
            await self._tasks.stop()
            await self.proxy.stop()
            await self.house.end()
        report.seconds = time.monotonic() - began
        report.take(self.ledger, self.house, self.proxy.cuts)
        return report

    async def _open_room(self) -> None:
        """It is there before those who only read come."""
        link = await Link.open("frames", self.house.host, self.house.port)
        with contextlib.closing(link):
            await link.ask("hello")
            await link.ask("join", room=ROOM)
            await link.ask("post", room=ROOM, text="the room is open")

    def _invite(self) -> None:
        ledger, where = self.ledger, (self.house.host, self.proxy.port, self._seed)
        self._senders = [
            Sender("framer", "frames", ledger, *where),
            Sender("webber", "websocket", ledger, *where),
            Poster("poster", ledger, *where),
            Speaker("speaker", ledger, *where),
            Typist("typist", "lines", ledger, *where),
            Typist("rawling", "raw", ledger, *where),
            Typist("framed", "text frames", ledger, *where),
        ]
        self._readers = [
            Follower("reader", "frames", ledger, *where),
            Follower("watcher", "websocket", ledger, *where),
            Stream("streamer", "events", ledger, *where),
            Poller("poller", "poll", ledger, *where),
            Listener("listener", "library", ledger, *where),
        ]

    # ---- while it lasts

    async def _suffer(self, hostile: Hostile) -> None:
        for person in (*self._senders, *self._readers):
            self._tasks.spawn(self._live(person), person.name)
        weather = Weather(self.house, self.ledger, self._plan, self._seed)
        blowing = self._tasks.start(weather.run(), "weather")
        attacks = self._tasks.start(self._attack(hostile), "attacks")
        telling = self._tasks.start(self._tell(), "telling")
        finding = self._tasks.start(self.ledger.found.wait(), "findings")
        ends_at = time.monotonic() + self._seconds
        waited: list[asyncio.Task[Any]] = [finding, blowing, attacks]
        try:
            while waited and not finding.done() and (left := ends_at - time.monotonic()) > 0:
                done, _ = await asyncio.wait(waited, timeout=left, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()  # what the torture itself does wrong ends it
                waited = [task for task in waited if not task.done()]
                if self._events is not None and blowing.done():
                    break
        finally:
            weather.stopping = True
            for task in (attacks, telling, finding):
                task.cancel()
            await asyncio.gather(attacks, telling, finding, return_exceptions=True)
        await blowing  # what has begun is done: the house is open
        self.house.looks_well()

    async def _live(self, person: Person) -> None:
        try:
            await person.run()
        except Exception as error:  # what nobody foresaw is a finding too, not a torture that hangs
            self.ledger.find("broken", f"{person.name} met what may not be: {error!r}", person.name)

    async def _attack(self, hostile: Hostile) -> None:
        """One attack after the other, each kind as often as all others."""
        if not self._attacks:
            return
        chance = random.Random(f"{self._seed} attacks")
        each_s = min(ATTACK_S[1], max(ATTACK_S[0], tail_s(self._seconds) / len(self._attacks) - BETWEEN_S))
        while True:
            for name in chance.sample(self._attacks, len(self._attacks)):
                self.ledger.story.tell("weather", f"attack: {name}")
                begin = time.monotonic()
                await hostile.attack(name, each_s)
                self._attacked.append((name, begin, time.monotonic()))
                await asyncio.sleep(BETWEEN_S)

    async def _tell(self) -> None:
        began = time.monotonic()
        while True:
            await asyncio.sleep(10.0)
            self._say(
                f"{time.monotonic() - began:5.0f} s: {self.house.kills} kills, {self.proxy.cuts:,} cuts, "
                f"{len(self.ledger.acked):,} acknowledged, {self.ledger.delivered:,} delivered"
            )

    # ---- the end

    async def _finish(self) -> None:
        """Everybody says what he still has to say."""
        self.proxy.is_kind = True
        for sender in self._senders:
            sender.stopping = True
        try:
            async with asyncio.timeout(FINISH_S):
                while self._tasks_of(self._senders) and not self.ledger.found.is_set():
                    await asyncio.sleep(0.05)
        except TimeoutError:
            for name in self._tasks_of(self._senders):
                self.ledger.find("broken", f"{name} could not finish in {FINISH_S:.0f} s of calm", name)

    def _tasks_of(self, people: Sequence[Person]) -> list[str]:
        return [person.name for person in people if not person.ended]

    async def _compare(self) -> None:
        """Somebody who was never there reads the room from its beginning; everybody else must come to the same end."""
        head = await self._read_all()
        self.ledger.close(head)
        try:
            async with asyncio.timeout(FINISH_S):
                while any((reader.head or 0) < head for reader in self._readers) and not self.ledger.found.is_set():
                    await asyncio.sleep(0.05)
        except TimeoutError:
            for reader in self._readers:
                if (reader.head or 0) < head:
                    what = f"{reader.name} has heard up to {reader.head}, and the room ends at {head}"
                    self.ledger.find("lost", what, reader.name)

    async def _read_all(self) -> int:
        try:
            link = await Link.open("frames", self.house.host, self.house.port)
            with contextlib.closing(link):
                await link.ask("hello")
                head: int = (await link.ask("join", room=ROOM, after=0))["head"]
                last = 0
                while last < head:
                    if (word := await link.next())["type"] in EVENTS:
                        self.ledger.heard("newcomer", last, word["seq"], word.get("text"))
                        last = word["seq"]
        except (Broken, Refused) as error:
            self.ledger.find("broken", f"the room cannot be read in the end: {error}", "weather")
            return 0
        return head

    async def _look_once_more(self) -> None:
        """What was found may have a worse side: what is in the room now, held against what was acknowledged."""
        await self._tasks.stop()  # nobody says anything any more
        with contextlib.suppress(RuntimeError):  # it does not start any more: that is a finding already
            if not self.house.is_up:
                await self.house.start()
            async with asyncio.timeout(FINISH_S):
                self.ledger.close(await self._read_all())

    def _end_if_found(self) -> None:
        if self.ledger.found.is_set():
            raise Found

    def _excused(self) -> list[tuple[float, float]]:
        return [(first, last + GRACE_S) for first, last in self.house.away]

    async def _calm(self, report: Report) -> None:
        """Everybody leaves; the last server is held against a fresh one on the same data."""
        if report.worst is not None and report.worst.worst_ms > self._worst_ms:
            what = f"the canary waited for {report.worst.worst_ms:.0f} ms ({report.worst.what})"
            self.ledger.slow(what, report.worst.at)
        await self._tasks.stop()
        await self.proxy.stop()
        if self.ledger.findings:
            return
        ends_at = time.monotonic() + CALM_AT_MOST_S
        while (after := self._cost()).descriptors > report.empty.descriptors + GROWN_DESCRIPTORS:
            if time.monotonic() > ends_at:
                break
            await asyncio.sleep(0.2)
        await asyncio.sleep(CALM_S)
        report.after = after = self._cost()
        await self.house.stop()
        await self.house.start()
        await asyncio.sleep(CALM_S)
        report.fresh = fresh = self._cost()
        if after.resident_kib > fresh.resident_kib + GROWN_KIB:
            self.ledger.find("grown", f"memory: {after.resident_kib} KiB, fresh {fresh.resident_kib} KiB", "weather")
        if after.descriptors > fresh.descriptors + GROWN_DESCRIPTORS:
            self.ledger.find("grown", f"descriptors: {after.descriptors}, fresh {fresh.descriptors}", "weather")
        await self.house.stop()
        self.house.stops -= 2  # these are not part of it
        self.house.reads_well()

    def _cost(self) -> Cost:
        return Cost(self.house.resident_kib(), self.house.descriptors())


def _deaf(_: object) -> None:
    """Its figures are read from the record."""


async def torture(
    *,
    minutes: float,
    seed: int,
    events: Sequence[What] | None = None,
    only: Collection[str] = (),
    program: Sequence[str] = PROGRAM,
    worst_ms: float = WORST_MS,
    folder: Path | None = None,
    say: Callable[[str], None] = print,
) -> Report:
    """Torture a server for so many minutes, in a scratch folder within `folder` that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="teahouse-torture-", dir=folder, ignore_cleanup_errors=True) as scratch:
        work = Torture(
            Path(scratch),
            seconds=minutes * 60,
            seed=seed,
            events=events,
            only=only,
            program=program,
            worst_ms=worst_ms,
            say=say,
        )
        return await work.run()
