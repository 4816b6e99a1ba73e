"""Every play, with every assignment of doors to its actors, on uvloop and on asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from teahouse.core.limits import LAN
from teahouse.server.clock import Clock
from teahouse.server.engine import Engine
from teahouse.server.server import Server
from teahouse.store.sqlite import SqliteStore
from tests.plays.language import Play, read_play
from tests.plays.stage import Stage
from tests.plays.verbs import do
from tests.support.inbox import Ended
from tests.support.speech import Kind

PLAYS = sorted((Path(__file__).parents[1] / "conversations").glob("*.chat"))
AT_ONCE = 16
"""How many assignments are played beside each other."""


@asynccontextmanager
async def a_house(folder: Path) -> AsyncIterator[tuple[str, int]]:
    """A real server with a real store in this process; where it listens."""
    store = SqliteStore(folder, LAN, Clock().now_ms)
    server = Server(Engine(store, LAN, name="Teahouse", version="test"), host="127.0.0.1", port=0)
    await server.start()
    try:
        yield server.addresses[0]
    finally:
        await server.stop()


async def perform(play: Play, kinds: dict[str, Kind], where: tuple[str, int], mark: str) -> str | None:
    """Play it with these doors, from the first step to the curtain; return what went wrong."""
    stage = Stage(play, kinds, *where, mark)
    line = 0
    await stage.open()
    try:
        for step in play.steps:
            line = step.line
            await do(stage, step.text)
        line = -1
        await stage.curtain()
    except (AssertionError, TimeoutError, Ended) as error:
        at = "the curtain" if line < 0 else f"line {line}"
        return f"{play.name}, {at}, with {kinds}: {type(error).__name__} {error}"
    finally:
        await stage.close()
    return None


@pytest.mark.parametrize("path", PLAYS, ids=lambda path: path.stem)
async def test_a_play_passes_at_every_assignment_of_doors(path: Path, tmp_path: Path) -> None:
    play = read_play(path)
    turns = asyncio.Semaphore(AT_ONCE)

    async def own(number: int, kinds: dict[str, Kind]) -> str | None:
        async with turns, a_house(tmp_path / str(number)) as where:
            return await perform(play, kinds, where, "")

    async def shared(number: int, kinds: dict[str, Kind], where: tuple[str, int]) -> str | None:
        async with turns:
            return await perform(play, kinds, where, str(number))

    if play.own_house:
        wrongs = await asyncio.gather(*(own(n, kinds) for n, kinds in enumerate(play.assignments())))
    else:
        async with a_house(tmp_path) as where:
            wrongs = await asyncio.gather(*(shared(n, kinds, where) for n, kinds in enumerate(play.assignments())))
    assert not any(wrongs), "\n".join(wrong for wrong in wrongs if wrong)
