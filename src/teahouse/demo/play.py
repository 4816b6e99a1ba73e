"""Plays the script: the past in a moment, on a clock that is told what time it is; then, live, at the pace of people.

Everybody in it is a client like any other. What is in the room afterwards came in by the front door.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from pathlib import Path

from teahouse.client import Client, Room, connect
from teahouse.demo.script import Line, Scene, people, the_week
from teahouse.server.clock import Clock
from teahouse.testing import House, house

STEP_MS = 23_000
"""Between two lines of a scene."""
PACE_S = (4.0, 14.0)
"""Between two lines while somebody looks: at the least and at the most."""
WRITES_S = 2.0


class ToldClock(Clock):
    """What time it is, is said by whoever tells the story."""

    def __init__(self) -> None:
        self.ms = 0
        self._ticks = 0

    def now_ms(self) -> int:
        """The time of the story."""
        return self.ms

    def ticks_ms(self) -> int:
        """It passes with the story: whoever was there a week ago has no name any more that must be kept for them."""
        self._ticks = max(self._ticks, self.ms)
        return self._ticks


class Company:
    """Everybody in the story, in the rooms of the story."""

    def __init__(self, clients: dict[str, Client]) -> None:
        self._clients = clients
        self._rooms: dict[tuple[str, str], Room] = {}

    async def enter(self, scenes: list[Scene]) -> None:
        """Everybody is in the rooms where they appear."""
        for scene in scenes:
            for name in people([scene]):
                await self._room(name, scene.room)

    async def _room(self, name: str, room: str) -> Room:
        if (name, room) not in self._rooms:
            self._rooms[name, room] = await self._clients[name].join(room)
        return self._rooms[name, room]

    async def plays(self, line: Line, room: str, seqs: list[int]) -> int:
        """Do what the line says; its number."""
        place = await self._room(line.who, room)
        if line.form == "topic":
            return (await place.set_topic(line.text)).seq
        reply_to = seqs[-line.back] if line.back else None
        seq = (await place.say(line.text, form=line.form, reply_to=reply_to)).seq
        for who, emoji in line.reactions:
            await (await self._room(who, room)).react(seq, emoji)
        if line.edit is not None:
            await place.edit(seq, line.edit)
        if line.deleted:
            await place.delete(seq)
        return seq

    async def writes(self, who: str, room: str) -> None:
        """Show that somebody is writing."""
        (await self._room(who, room)).typing()


@asynccontextmanager
async def company(server: House, week: list[Scene]) -> AsyncIterator[Company]:
    """Everybody comes; in the end everybody goes."""
    async with AsyncExitStack() as stack:
        clients = {
            name: await stack.enter_async_context(connect(server.address, name=name, heard=lambda word: None))
            for name in people(week)
        }
        yield Company(clients)


async def fill(data: Path, now: int) -> int:
    """Play the past into an empty folder; how many lines there were.

    now   ms since 1970 UTC: what «ago» counts from
    """
    past = [scene for scene in the_week() if not scene.live]
    day = datetime.fromtimestamp(now / 1_000)
    midnight = now - ((day.hour * 60 + day.minute) * 60 + day.second) * 1_000
    past.sort(key=lambda scene: scene.begins(now, midnight))
    clock = ToldClock()
    clock.ms = past[0].begins(now, midnight)
    lines = 0
    async with house(data=data, clock=clock) as server, company(server, past) as everybody:
        for scene in past:
            clock.ms = scene.begins(now, midnight)
            seqs: list[int] = []
            for line in scene.lines:
                seqs.append(await everybody.plays(line, scene.room, seqs))
                clock.ms += STEP_MS
                lines += 1
    return lines


async def live(server: House, chance: random.Random, ended: asyncio.Event) -> None:
    """Go on until it is ended: the live scenes, again and again."""
    week = the_week()
    async with company(server, week) as everybody:
        await everybody.enter(week)
        for scene in itertools.cycle(scene for scene in week if scene.live):
            seqs: list[int] = []
            for line in scene.lines:
                if await _is_over(ended, chance.uniform(*PACE_S)):
                    return
                await everybody.writes(line.who, scene.room)
                if await _is_over(ended, WRITES_S):
                    return
                seqs.append(await everybody.plays(line, scene.room, seqs))


async def _is_over(ended: asyncio.Event, seconds: float) -> bool:
    """Wait for so long, or until it is ended; whether it is."""
    try:
        async with asyncio.timeout(seconds):
            await ended.wait()
    except TimeoutError:
        return False
    return True
