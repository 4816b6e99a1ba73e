"""A play performed: a house, a stage with one assignment of doors, every step, the curtain."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from teahouse.core.limits import LAN
from teahouse.server.clock import Clock
from teahouse.server.engine import Engine
from teahouse.server.server import Server
from teahouse.store.sqlite import SqliteStore
from tests.plays.language import Play
from tests.plays.stage import Stage
from tests.plays.verbs import do
from tests.support.inbox import Ended
from tests.support.speech import Kind

Where = tuple[str, int]

ROOMY = msgspec.structs.replace(LAN, new_rooms_per_hour=None)  # a thousand performances at one house


@asynccontextmanager
async def a_house(folder: Path) -> AsyncIterator[Where]:
    """A real server with a real store in this process; where it listens."""
    store = SqliteStore(folder, ROOMY, Clock().now_ms)
    server = Server(Engine(store, ROOMY, name="Teahouse", version="test"), host="127.0.0.1", port=0)
    await server.start()
    try:
        yield server.addresses[0]
    finally:
        await server.stop()


async def perform(play: Play, kinds: dict[str, Kind], where: Where, mark: str) -> str | None:
    """Play it with these doors, from the first step to the curtain; return what went wrong.

    mark   makes the names and rooms of this performance its own, where others are played at the same house
    """
    stage = Stage(play, kinds, *where, mark)
    at = "the beginning"
    await stage.open()
    try:
        for step in play.steps:
            at = f"line {step.line}, {step.text}"
            await do(stage, step.text)
        at = "the curtain"
        await stage.curtain()
    except (AssertionError, TimeoutError, Ended) as error:
        return f"{play.name}, {at}, with {kinds}: {type(error).__name__} {error}"
    finally:
        await stage.close()
    return None
