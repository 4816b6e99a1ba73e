"""What happens to the server, and when: drawn from the seed before it begins, so that a torture can be repeated.

kill    kill -9; most of them in the very moment in which somebody reads `stored` (hunter.py)
stop    SIGTERM: it must end with 0
full    no file may grow for a while, then there is room again; every second time a small disk is full in truth
clock   the wall time jumps, by a second or by years, forwards or back; sometimes right back to the true time
"""

from __future__ import annotations

import asyncio
import random
from typing import Literal

from teahouse.torture.disk import SmallDisk, small_disk
from teahouse.torture.house import House
from teahouse.torture.hunter import BURST, NAME, hunt
from teahouse.torture.ledger import Ledger

What = Literal["kill", "stop", "full", "clock"]
A_MINUTE: dict[What, float] = {"kill": 11.5, "stop": 1.5, "full": 1.0, "clock": 3.0}
AT_LEAST: dict[What, int] = {"kill": 2, "stop": 1, "full": 1, "clock": 1}
FIRST: tuple[What, ...] = ("clock", "full", "kill", "stop")
"""Everything once, soon; the disk early, because it shows for certain what is acknowledged before it is written."""
BEGIN_S = 1.0
TAIL = 0.25
TAIL_S = 60.0
"""The last part of a torture, a quarter or a minute, has no restart: the last server must have lived through enough
for what it keeps to be worth a look."""
AT_AN_ACK = 0.7  # so many kills come in the very moment in which somebody reads `stored`
LIFE_S = 0.5  # between two events, however late they are: people must come to say something
FULL_S = (1.5, 3.0)
FULL_BYTES = 256 * 1024  # of a file; what was written before counts, but for a write-ahead log that began again
SPARE_BYTES = 32 * 1024 * 1024  # of a small disk, beside the data
FILLING = 10  # bursts: more than still fits
JUMPS_MS = (1_000, 60_000, 3_600_000, 50 * 3_600_000, 10 * 365 * 24 * 3_600_000)
"""At most so far from the true time: a correction, the wrong hour, more than a token's life, an empty battery."""


def tail_s(seconds: float) -> float:
    """How long the last part of a torture of so many seconds is."""
    return min(TAIL_S, seconds * TAIL)


def plan(seconds: float, chance: random.Random) -> list[tuple[float, What]]:
    """What is to happen after how many seconds, in order."""
    kinds: list[What] = []
    for what, often in A_MINUTE.items():
        kinds += [what] * max(AT_LEAST[what], round(often * seconds / 60))
    chance.shuffle(kinds)
    for what in FIRST:
        kinds.remove(what)
    kinds[:0] = FIRST
    slot = max(0.0, seconds - tail_s(seconds) - BEGIN_S) / len(kinds)
    return [(BEGIN_S + (place + chance.uniform(0.0, 0.8)) * slot, what) for place, what in enumerate(kinds)]


class Weather:
    """Lets it happen."""

    def __init__(self, house: House, ledger: Ledger, events: list[tuple[float, What]], seed: int) -> None:
        self._house = house
        self._ledger = ledger
        self._chance = random.Random(f"{seed} weather")
        self._plan = events
        self._hunted = 1
        self._spells = 0
        self.stopping = False

    async def run(self) -> None:
        """From now on, to the end of the plan. What is late follows at once."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        for at, what in self._plan:
            await asyncio.sleep(LIFE_S)
            while (left := began + at - loop.time()) > 0 and not self.stopping:
                await asyncio.sleep(min(left, 0.1))
            if self.stopping:
                break
            self._house.looks_well()
            if self._ledger.found.is_set():
                break
            match what:
                case "kill":
                    await self._kill()
                case "stop":
                    await self._house.stop()
                    await self._house.start()
                case "full":
                    await self._full()
                case "clock":
                    jump = self._chance.choice(JUMPS_MS) * self._chance.uniform(0.5, 1.0)
                    self._house.set_clock(int(jump) * self._chance.choice((-1, 0, 1)))
        self._house.set_clock(0)

    async def _kill(self) -> None:
        kills = self._house.kills
        if self._chance.random() < AT_AN_ACK:
            await self._hunt()
        if self._house.kills == kills:  # or it was too busy to acknowledge anything
            self._house.kill_now()
        await self._house.killed()
        await self._house.start()

    async def _hunt(self, *, kill: bool = True) -> int:
        """Say much at once, and kill it when it acknowledges; what it has acknowledged is held against what is stored; how many."""
        first, self._hunted = self._hunted, self._hunted + BURST
        self._ledger.sent += BURST
        self._ledger.sends(NAME, first, first + BURST - 1)
        house, then = self._house, self._house.kill_now if kill else lambda: None
        acked = await asyncio.to_thread(hunt, house.host, house.port, first, then)
        for number, seq in acked.items():
            self._ledger.acknowledged(NAME, number, seq)
        return len(acked)

    async def _full(self) -> None:
        """By turns: a limit of the files, and a small disk where one may be mounted."""
        self._spells += 1
        if self._spells % 2 == 0:
            size = SPARE_BYTES + self._house.data_bytes()
            with small_disk(self._house.data.parent / "disk", size) as disk:
                if disk is not None:
                    await self._live_on(disk)
                    return
        await self._limit_files()

    async def _live_on(self, disk: SmallDisk) -> None:
        """One life there: it becomes full, and has room again."""
        home = self._house.data
        await self._house.stop()
        await self._house.move(disk.path / "data")
        try:
            await self._house.start()
            await asyncio.sleep(LIFE_S)
            self._house.becomes_full()
            disk.fill()
            try:
                await self._hunt(kill=False)
                await asyncio.sleep(self._chance.uniform(*FULL_S))
            finally:
                disk.heal()
                self._house.has_room()
            await asyncio.sleep(LIFE_S)
            await self._house.stop()
        finally:
            await self._house.end()
            await self._house.move(home)
        await self._house.start()

    async def _limit_files(self) -> None:
        before = self._house.fill_disk(FULL_BYTES)
        try:
            for _ in range(FILLING):
                if await self._hunt(kill=False) < BURST:
                    break
            await asyncio.sleep(self._chance.uniform(*FULL_S))
        finally:
            self._house.heal_disk(before)
