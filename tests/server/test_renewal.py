"""A token outlives the connection that it was given to, however long that one lasts."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from teahouse.core.errors import StorageFull
from teahouse.core.limits import LAN
from teahouse.core.session import Session
from teahouse.core.state import State
from teahouse.server import tokens
from teahouse.server.clock import Clock
from teahouse.server.tokens import SLACK_MS, Tokens
from tests.server.house import HOST, House, open_house
from tests.support.inbox import until
from tests.support.json_client import JsonClient

HOUR_MS = 3_600_000


class ToldClock(Clock):
    """What time it is, is said by the test."""

    def __init__(self) -> None:
        self.ms = 1_795_516_800_000

    def now_ms(self) -> int:
        return self.ms

    def ticks_ms(self) -> int:
        return self.ms


@pytest.fixture
def clock() -> ToldClock:
    return ToldClock()


@pytest.fixture
async def house(tmp_path: Path, clock: ToldClock) -> AsyncIterator[House]:
    async with open_house(tmp_path, clock=clock) as opened:
        yield opened


async def pass_hours(house: House, clock: ToldClock, count: int) -> None:
    """As the house lives through them."""
    for _ in range(count):
        clock.ms += HOUR_MS
        house.engine.tokens.renew()
        await house.engine.tokens.save()


async def come(house: House) -> JsonClient:
    client = await JsonClient.by_frames(HOST, house.port)
    house.programs.append(client)
    return client


async def test_who_was_connected_for_30_hours_comes_back_as_the_same_person(house: House, clock: ToldClock) -> None:
    first = await come(house)
    welcome = await first.hello("ana")
    await pass_hours(house, clock, 30)
    await first.vanish()
    again = await (await come(house)).hello(token=welcome["token"])
    assert again["you"] == welcome["you"]


@pytest.mark.parametrize(("hours", "answer"), [(24, "welcome"), (25, "refused")])
async def test_the_day_is_counted_from_when_the_connection_ended(
    house: House, clock: ToldClock, hours: int, answer: str
) -> None:
    first = await come(house)
    welcome = await first.hello("ana")
    await pass_hours(house, clock, 30)
    await first.close()
    await until(lambda: not house.engine.state.sessions_by_person)
    await pass_hours(house, clock, hours)
    told = await (await come(house)).question("hello", token=welcome["token"])
    assert told["type"] == answer
    assert told.get("code") == (None if answer == "welcome" else "bad-token")


async def test_after_a_restart_the_day_counts_from_the_last_hour_that_one_was_there(
    tmp_path: Path, clock: ToldClock
) -> None:
    async with open_house(tmp_path, clock=clock) as house:
        welcome = await (await come(house)).hello("ana")
        await pass_hours(house, clock, 30)
    clock.ms += 24 * HOUR_MS
    async with open_house(tmp_path, clock=clock) as house:
        assert (await (await come(house)).hello(token=welcome["token"]))["you"] == welcome["you"]


class Recorder:
    """A store that is full the first time, and remembers which tokens were to be extended."""

    def __init__(self) -> None:
        self.asked: list[tuple[list[bytes], int]] = []

    async def extend_tokens(self, hashes: Sequence[bytes], ends: int) -> None:
        self.asked.append((list(hashes), ends))
        if len(self.asked) == 1:
            raise StorageFull("The disk is full.")


async def test_it_is_done_again_after_a_disk_that_was_full(clock: ToldClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "SOON_S", 0)
    monkeypatch.setattr(tokens, "RETRY_S", 0)
    state, store = State(LAN, "Teahouse", "0"), Recorder()
    session = Session(1)
    session.token = b"hash"
    state.sessions_by_person[7] = [session]
    kept = Tokens(state, cast(Any, store), clock)
    running = asyncio.create_task(kept.run())
    kept.renew()
    await until(lambda: len(store.asked) > 1)
    kept.renew()
    await until(lambda: len(store.asked) > 2)
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    assert set(map(str, store.asked)) == {str(([b"hash"], clock.ms + LAN.token_ms + SLACK_MS))}


@pytest.mark.parametrize("comes_back", [False, True])
async def test_a_name_taken_when_the_disk_is_well_again_stays_though_an_older_one_is_still_to_be_kept(
    house: House, monkeypatch: pytest.MonkeyPatch, comes_back: bool
) -> None:
    async def full(*of: object) -> None:
        raise StorageFull("The disk is full.")

    store = house.engine.tokens._store
    token = (await (await come(house)).hello("ana"))["token"] if comes_back else None
    with monkeypatch.context() as disk:
        disk.setattr(store, "keep_guest", full)
        disk.setattr(store, "rename_guest", full)
        client = await come(house)
        welcome = await client.hello("ben", **({"token": token} if token else {}))
        assert welcome["you"]["name"] == "ben"
    assert (await client.ask("rename", name="cai"))["type"] == "done"
    await house.engine.tokens.save()
    for each in house.programs:
        await each.close()
    await until(lambda: not house.engine.state.sessions_by_person)
    assert (await (await come(house)).hello(token=welcome["token"]))["you"]["name"] == "cai"
