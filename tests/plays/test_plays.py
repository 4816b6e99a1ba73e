"""Every play, with every assignment of doors to its actors, on uvloop and on asyncio."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.plays.language import read_play
from tests.plays.performance import Where, a_house, perform
from tests.support.speech import Kind

PLAYS = sorted((Path(__file__).parents[1] / "conversations").glob("*.chat"))
AT_ONCE = 16
"""How many assignments are played beside each other."""


@pytest.mark.parametrize("path", PLAYS, ids=lambda path: path.stem)
async def test_a_play_passes_at_every_assignment_of_doors(path: Path, tmp_path: Path) -> None:
    play = read_play(path)
    turns = asyncio.Semaphore(AT_ONCE)

    async def own(number: int, kinds: dict[str, Kind]) -> str | None:
        async with turns, a_house(tmp_path / str(number)) as where:
            return await perform(play, kinds, where, "")

    async def shared(number: int, kinds: dict[str, Kind], where: Where) -> str | None:
        async with turns:
            return await perform(play, kinds, where, str(number))

    if play.own_house:
        wrongs = await asyncio.gather(*(own(n, kinds) for n, kinds in enumerate(play.assignments())))
    else:
        async with a_house(tmp_path) as where:
            wrongs = await asyncio.gather(*(shared(n, kinds, where) for n, kinds in enumerate(play.assignments())))
    assert not any(wrongs), "\n".join(wrong for wrong in wrongs if wrong)
