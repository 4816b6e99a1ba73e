"""What a torture of a given length holds, drawn from its seed."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from teahouse.torture.weather import plan, tail_s


def test_ten_minutes_hold_a_hundred_kills_and_more() -> None:
    assert Counter(what for _, what in plan(600, random.Random(1)))["kill"] >= 110


@pytest.mark.parametrize("seconds", [1, 20, 60, 600, 3_600])
@pytest.mark.parametrize("seed", range(5))
def test_everything_happens_at_least_once_and_nothing_in_the_tail(seconds: float, seed: int) -> None:
    events = plan(seconds, random.Random(seed))
    assert {what for _, what in events} == {"kill", "stop", "full", "clock"}
    assert events == sorted(events, key=lambda event: event[0])
    assert all(at <= max(1.0, seconds - tail_s(seconds)) for at, _ in events)


def test_one_seed_is_one_plan() -> None:
    assert plan(60, random.Random(7)) == plan(60, random.Random(7)) != plan(60, random.Random(8))
