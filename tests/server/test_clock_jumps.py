"""A clock that is set, by a day or by ten years: nobody loses a token before its time, and no room has a stopped time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from teahouse.core.limits import AHEAD_MS, LAN
from teahouse.server.clock import Clock
from teahouse.server.steady import Steady
from teahouse.server.tokens import NOTE_S, SLACK_MS
from tests.server.house import HOST, House, open_house
from tests.support.json_client import JsonClient, granted

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
YEARS_MS = 10 * 365 * DAY_MS
JUMPS = [DAY_MS, -DAY_MS, YEARS_MS, -YEARS_MS, 2 * HOUR_MS, -AHEAD_MS - 1]


class SetClock(Clock):
    """Both clocks go as the test says, and wall time is set as it says."""

    def __init__(self) -> None:
        self.wall = 1_795_516_800_000
        self.ticks = 5_000_000

    def now_ms(self) -> int:
        return self.wall

    def ticks_ms(self) -> int:
        return self.ticks

    def passes(self, ms: int) -> None:
        self.wall += ms
        self.ticks += ms

    def is_set(self, by: int) -> None:
        self.wall += by


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
async def house(tmp_path: Path, clock: SetClock) -> AsyncIterator[House]:
    async with open_house(tmp_path, clock=clock) as opened:
        yield opened


async def come(house: House) -> JsonClient:
    client = await JsonClient.by_frames(HOST, house.port)
    house.programs.append(client)
    return client


async def is_known(house: House, token: str) -> bool:
    client = await come(house)
    answer = await client.question("hello", token=token)
    await client.close()
    return bool(answer["type"] == "welcome")


async def nothing(patience_s: float) -> None:
    """What a kill does at the end."""


# ---- tokens


@pytest.mark.parametrize("jump", JUMPS)
async def test_a_jump_ends_no_token_that_had_an_hour_left(house: House, clock: SetClock, jump: int) -> None:
    token = (await (await come(house)).hello("ana"))["token"]
    for client in house.programs:
        await client.close()
    clock.passes(23 * HOUR_MS)
    clock.is_set(jump)
    assert await is_known(house, token)


@pytest.mark.parametrize("jumps", [(DAY_MS, DAY_MS), (-DAY_MS, DAY_MS), (YEARS_MS, -YEARS_MS), (-YEARS_MS, YEARS_MS)])
async def test_two_jumps_end_none_either(house: House, clock: SetClock, jumps: tuple[int, int]) -> None:
    token = (await (await come(house)).hello("ana"))["token"]
    for jump in jumps:
        clock.passes(11 * HOUR_MS)
        clock.is_set(jump)
        house.engine.tokens.look_at_the_clock()
    assert await is_known(house, token)


async def test_after_a_jump_forward_an_unused_token_ends_all_the_same(house: House, clock: SetClock) -> None:
    token = (await (await come(house)).hello("ana"))["token"]
    clock.is_set(DAY_MS)
    house.engine.tokens.look_at_the_clock()
    clock.passes(LAN.token_ms + SLACK_MS)
    assert not await is_known(house, token)


async def test_who_uses_a_token_after_a_jump_keeps_it_over_a_restart(tmp_path: Path, clock: SetClock) -> None:
    async with open_house(tmp_path, clock=clock) as house:
        token = (await (await come(house)).hello("ana"))["token"]
        clock.is_set(30 * DAY_MS)
        assert await is_known(house, token)
    clock.passes(LAN.token_ms - HOUR_MS)
    async with open_house(tmp_path, clock=clock) as house:
        assert await is_known(house, token)


@pytest.mark.parametrize("jump", JUMPS)
def test_steady_time_goes_with_the_ticks_whatever_becomes_of_the_clock(clock: SetClock, jump: int) -> None:
    steady = Steady(clock)
    began = clock.now_ms()
    for hours in range(1, 10):
        clock.passes(HOUR_MS)
        clock.is_set(jump)
        assert steady.now_ms() == began + hours * HOUR_MS
    steady.begin(began)
    assert steady.now_ms() == began


@pytest.mark.parametrize("set_right", ["running", "down", "never"])
@pytest.mark.parametrize("jump", JUMPS)
async def test_a_token_that_was_not_used_lives_and_ends_in_its_time_over_jumps_and_restarts(
    tmp_path: Path, clock: SetClock, jump: int, set_right: str
) -> None:
    async with open_house(tmp_path, clock=clock) as house:
        tokens = [(await (await come(house)).hello(name))["token"] for name in ("ana", "ben")]
        for client in house.programs:
            await client.close()
        clock.passes(11 * HOUR_MS)
        clock.is_set(jump)
        clock.passes(HOUR_MS)
        if set_right == "running":
            clock.is_set(-jump)
    if set_right == "down":
        clock.is_set(-jump)
    async with open_house(tmp_path, clock=clock) as house:
        clock.passes(LAN.token_ms - 12 * HOUR_MS)
        assert await is_known(house, tokens[0])
        clock.passes(SLACK_MS)
        assert not await is_known(house, tokens[1])


@pytest.mark.parametrize("jump", JUMPS)
async def test_a_clock_that_is_set_while_the_house_is_down_ends_no_token(
    tmp_path: Path, clock: SetClock, jump: int
) -> None:
    async with open_house(tmp_path, clock=clock) as house:
        token = (await (await come(house)).hello("ana"))["token"]
    clock.is_set(jump)
    for _ in range(2):
        async with open_house(tmp_path, clock=clock) as house:
            clock.passes(LAN.token_ms // 2)
            assert await is_known(house, token)


async def test_a_house_that_is_killed_every_hour_ends_its_tokens_all_the_same(tmp_path: Path, clock: SetClock) -> None:
    async with open_house(tmp_path, clock=clock) as house:
        token = (await (await come(house)).hello("ana"))["token"]
        for client in house.programs:
            await client.close()
    for _ in range(26):
        async with open_house(tmp_path, clock=clock) as house:
            for _ in range(HOUR_MS // 1_000 // NOTE_S):
                clock.passes(NOTE_S * 1_000)
                house.engine.tokens.look_at_the_clock()
                await house.engine.tokens.save()
            house.engine.tokens.save_at_the_end = nothing  # type: ignore[method-assign]
    async with open_house(tmp_path, clock=clock) as house:
        assert not await is_known(house, token)


async def test_a_token_used_late_in_its_life_lives_a_whole_day_from_then(tmp_path: Path, clock: SetClock) -> None:
    async with open_house(tmp_path, clock=clock) as house:
        token = (await (await come(house)).hello("ana"))["token"]
        for client in house.programs:
            await client.close()
        clock.passes(20 * HOUR_MS)
        assert await is_known(house, token)
    clock.passes(LAN.token_ms - 1)
    async with open_house(tmp_path, clock=clock) as house:
        assert await is_known(house, token)


# ---- the times of messages


async def times_of(house: House) -> list[int]:
    client = await come(house)
    await client.hello()
    page = await client.ask("history", room="tea", limit=50)
    return [message["time"] for message in page["messages"]]


@pytest.mark.parametrize("ahead", [DAY_MS, YEARS_MS, AHEAD_MS + 1])
async def test_a_clock_that_was_wrong_does_not_stop_the_time_of_a_room(
    tmp_path: Path, clock: SetClock, ahead: int
) -> None:
    right = clock.wall
    async with open_house(tmp_path, clock=clock) as house:
        client = await come(house)
        await client.hello("ana")
        await client.join("tea")
        clock.is_set(ahead)
        granted(await client.ask("post", room="tea", text="from the future"))
    clock.is_set(-ahead)
    with capture_logs() as logs:
        async with open_house(tmp_path, clock=clock) as house:
            client = await come(house)
            await client.hello("ben")
            await client.join("tea")
            for _ in range(2):
                granted(await client.ask("post", room="tea", text="from now"))
                clock.passes(1_000)
            assert await times_of(house) == [right + ahead, right, right + 1_000]
            found = await client.ask("search", query="from")
            assert [message["seq"] for message in found["messages"]] == [3, 2, 1]
            found = await client.ask("search", query="from", room="tea")
            assert [message["seq"] for message in found["messages"]] == [3, 2, 1]
    warnings = [line for line in logs if line["event"] == "rooms-ahead-of-the-clock"]
    assert [(line["rooms"], line["some"]) for line in warnings] == [(1, ["tea"])]


@pytest.mark.parametrize("back", [1, 1_000, AHEAD_MS])
async def test_a_clock_that_is_set_back_a_little_takes_no_time_of_a_room_back(
    house: House, clock: SetClock, back: int
) -> None:
    client = await come(house)
    await client.hello("ana")
    await client.join("tea")
    first = granted(await client.ask("post", room="tea", text="one"))["time"]
    clock.is_set(-back)
    assert granted(await client.ask("post", room="tea", text="two"))["time"] == first
