"""How often somebody did something within the last hour."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from teahouse.server.meter import HOUR_MS, REMEMBERED, Meter


def test_one_more_is_free_when_the_first_is_an_hour_old() -> None:
    meter = Meter(2)
    for now in (0, 10):
        assert meter.wait_ms(["ana"], now) == 0
        meter.take(["ana"], now)
    assert meter.wait_ms(["ana"], 20) == HOUR_MS - 20
    assert meter.wait_ms(["ana"], HOUR_MS - 1) == 1
    assert meter.wait_ms(["ana"], HOUR_MS) == 0


def test_each_key_counts_and_the_longest_wait_is_told() -> None:
    meter = Meter(1)
    meter.take(["ana", "home"], 0)
    assert meter.wait_ms(["ben"], 5) == 0
    assert meter.wait_ms(["ben", "home"], 5) == HOUR_MS - 5


def test_what_came_to_nothing_does_not_count() -> None:
    meter = Meter(1)
    meter.take(["ana"], 7)
    meter.give_back(["ana"], 7)
    assert meter.wait_ms(["ana"], 8) == 0


def test_without_a_bound_nothing_is_remembered() -> None:
    meter = Meter(None)
    meter.take(["ana"], 7)
    assert meter.wait_ms(["ana"], 7) == 0
    assert len(meter) == 0


def test_only_so_many_are_remembered_and_who_did_it_longest_ago_is_forgotten() -> None:
    meter = Meter(1)
    for number in range(REMEMBERED + 10):
        meter.take([number], number)
    assert len(meter) == REMEMBERED
    assert meter.wait_ms([9], REMEMBERED) == 0
    assert meter.wait_ms([10], REMEMBERED) > 0


@given(st.integers(1, 5), st.lists(st.integers(0, HOUR_MS), max_size=60))
def test_no_hour_has_more_than_the_bound(per_hour: int, gaps: list[int]) -> None:
    meter = Meter(per_hour)
    now, done = 0, list[int]()
    for gap in gaps:
        now += gap
        if meter.wait_ms(["ana"], now) == 0:
            meter.take(["ana"], now)
            done.append(now)
    for moment in done:
        assert sum(moment <= other < moment + HOUR_MS for other in done) <= per_hour
