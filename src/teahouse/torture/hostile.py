"""Strangers with bad intentions, in a process of their own, so that what they cost themselves disturbs nobody.

async with Hostile(host, port, seed) as hostile:
    await hostile.attack("JSON bombs", seconds=2.0)
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys

import uvloop

from teahouse.torture import greedy, strange
from teahouse.torture.target import Attack, Target, carry_out

ATTACKS: dict[str, Attack] = {attack.name: attack for attack in (*strange.ATTACKS, *greedy.ATTACKS)}
LATE_S = 30.0
NICE = 10
"""The strangers give way: on a small machine they must not take the server's processor from it by being clumsy."""


class Hostile:
    """The process that attacks. `done`: how often each attack was carried out."""

    def __init__(self, host: str, port: int, seed: int) -> None:
        self._words = [host, str(port), str(seed)]
        self._process: asyncio.subprocess.Process | None = None
        self.done: dict[str, int] = {}

    async def __aenter__(self) -> Hostile:
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", __name__, *self._words),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.end()

    async def attack(self, name: str, seconds: float) -> None:
        """Attack for so long.

        raises  RuntimeError: the process of the strangers failed, which is nobody's fault but their own
        """
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([name, seconds]).encode() + b"\n")
        async with asyncio.timeout(seconds + LATE_S):
            line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"those who attack by «{name}» fell over")
        self.done[name] = self.done.get(name, 0) + json.loads(line)

    async def end(self) -> None:
        """They go."""
        process = self._process
        if process is not None:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def attack_as_told(host: str, port: int, seed: int) -> None:
    """Carry out what the standard input says, line by line, until it ends."""
    loop = asyncio.get_running_loop()
    chance = random.Random(f"{seed} strangers")
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        name, seconds = json.loads(line)
        count = await carry_out(ATTACKS[name], Target(host, port, chance), seconds)
        print(json.dumps(count), flush=True)


def main() -> None:
    """The process of the strangers."""
    os.nice(NICE)
    host, port, seed = sys.argv[1:]
    uvloop.run(attack_as_told(host, int(port), int(seed)))


if __name__ == "__main__":
    main()
