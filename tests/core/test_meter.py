"""How often somebody did something lately."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from teahouse.core.meter import Meter

WINDOW_MS = 3_600_000
MANY = 1_000


def meter_of(most: int | None) -> Meter:
    return Meter(most, WINDOW_MS, MANY)


def test_one_more_is_free_when_the_first_is_as_old_as_the_window() -> None:
    meter = meter_of(2)
    for now in (0, 10):
        assert meter.wait_ms("ana", now) == 0
        meter.count("ana", now)
    assert meter.wait_ms("ana", 20) == WINDOW_MS - 20
    assert meter.wait_ms("ana", WINDOW_MS - 1) == 1
    assert meter.wait_ms("ana", WINDOW_MS) == 0
    assert meter.wait_ms("ben", 20) == 0


def test_those_that_are_not_counted_yet_count_too() -> None:
    meter = meter_of(3)
    meter.count("ana", 0, 2)
    assert meter.wait_ms("ana", 5, more=0) == 0
    assert meter.wait_ms("ana", 5, more=1) == WINDOW_MS - 5
    assert meter.wait_ms("ben", 5, more=3) == WINDOW_MS


def test_what_came_to_nothing_does_not_count() -> None:
    meter = meter_of(1)
    meter.count("ana", 7)
    meter.give_back("ana", 7)
    assert meter.wait_ms("ana", 8) == 0
    meter.count("ben", 9)
    meter.give_back("ben", 8)
    assert meter.wait_ms("ben", 10) == WINDOW_MS - 1
    meter.count("cai", 11)
    assert len(meter) == 2


def test_without_a_bound_nothing_is_remembered() -> None:
    meter = meter_of(None)
    meter.count("ana", 7)
    assert meter.wait_ms("ana", 7) == 0
    assert len(meter) == 0


def test_only_so_many_are_remembered_and_who_did_it_longest_ago_is_forgotten() -> None:
    meter = meter_of(1)
    for number in range(MANY + 10):
        meter.count(number, number)
    assert len(meter) == MANY
    assert meter.wait_ms(9, MANY) == 0
    assert meter.wait_ms(10, MANY) > 0


def test_who_was_quiet_for_the_window_is_remembered_no_more() -> None:
    meter = meter_of(5)
    for number in range(10):
        meter.count(number, number)
    meter.count("ana", 4 + WINDOW_MS)
    assert len(meter) == 6


@given(st.integers(1, 5), st.lists(st.integers(0, WINDOW_MS), max_size=60))
def test_no_window_has_more_than_the_bound(most: int, gaps: list[int]) -> None:
    meter = meter_of(most)
    now, done = 0, list[int]()
    for gap in gaps:
        now += gap
        if meter.wait_ms("ana", now) == 0:
            meter.count("ana", now)
            done.append(now)
    for moment in done:
        assert sum(moment <= other < moment + WINDOW_MS for other in done) <= most
