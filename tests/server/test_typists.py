"""Whoever types without end is shown now and then, and nobody waits for it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from teahouse.core.limits import LAN
from teahouse.server.typists import Typists
from tests.server.house import open_house

TIMES = 200
PERIOD_S = LAN.typing_ms / 1_000


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 40), st.floats(0, 0.4)), max_size=200))
def test_a_period_shows_each_person_once_and_so_many_of_a_room(said: list[tuple[int, int, float]]) -> None:
    typists, now, shown = Typists(LAN), 0.0, list[tuple[int, int, float]]()
    for room, person, later in said:
        now += later
        if typists.may_be_shown(room, person, now):
            shown.append((room, person, now))
    for room, person, then in shown:
        near = [(who, when) for where, who, when in shown if where == room and then <= when < then + PERIOD_S]
        # Two periods meet in any span that is as long as one.
        assert len(near) <= 2 * LAN.typists
        assert sum(who == person for who, _ in near) <= 2


def test_who_types_as_a_client_does_is_always_shown() -> None:
    typists = Typists(LAN)
    assert all(typists.may_be_shown(room, 1, 3.0 * time) for time in range(20) for room in (1, 2))


async def test_a_storm_of_typing_is_shown_in_part_and_what_is_said_in_full(tmp_path: Path) -> None:
    async with open_house(tmp_path / "data") as house:
        loop = asyncio.get_running_loop()
        bob, ana = await house.program(name="bob"), await house.program(name="ana")
        began = loop.time()
        for _ in range(TIMES):
            _ = ana.question("typing", room="lobby")
        await ana.ask("post", room="lobby", text="at last")
        types = 0
        while (word := await bob.heard.next())["type"] != "posted":
            types += word["type"] == "typing"
        assert 1 <= types <= 2 + (loop.time() - began) / PERIOD_S
        assert word["text"] == "at last"
        assert house.engine.counters.dropped == TIMES - types
