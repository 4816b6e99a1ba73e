"""What is lost, doubled or reordered is found, with its story; what only looks like it is not."""

from __future__ import annotations

import time

import pytest

from teahouse.torture.ledger import Ledger

Heard = list[tuple[int, str | None]]


def a_ledger(heard: Heard, *, acked: dict[int, int] | None = None, late: tuple[int, ...] = ()) -> Ledger:
    """What ana sent and was told, and what somebody heard who was there from the beginning."""
    ledger = Ledger()
    for number in late:
        ledger.may_be_late("ana", number)
    for number, seq in (acked or {}).items():
        ledger.acknowledged("ana", number, seq)
    before = 0
    for seq, text in heard:
        ledger.heard("reader", before, seq, text)
        before = seq
    return ledger


def says(*numbers: int) -> Heard:
    """ana's messages, from number 1 of the room on."""
    return [(seq, f"ana says {number}.") for seq, number in enumerate(numbers, start=1)]


@pytest.mark.parametrize(
    ("heard", "acked", "kinds"),
    [
        (says(1, 2, 3), {1: 1, 2: 2, 3: 3}, []),
        (says(1, 2), {1: 1, 2: 2, 3: 3}, ["lost"]),  # acknowledged, and the room ends before
        (says(1, 3), {1: 1, 2: 2}, ["lost"]),  # another stands where it should
        ([(1, "ana says 1."), (3, "ana says 3.")], {}, ["lost"]),  # a number was left out
        (says(1, 2, 1), {}, ["doubled"]),
        ([(1, "ana says 1."), (1, "ana says 1.")], {}, ["doubled"]),  # one number twice
        (says(2, 1), {1: 2, 2: 1}, ["reordered"]),
        (says(1, 3, 2), {}, ["reordered"]),  # judged in the end, where nobody was told
        ([(1, "bob says 1."), (2, "ana says 1."), (3, "bob says 2.")], {1: 2}, []),
        ([(1, "ana says 1.ana says 2."), (2, "nobody knows")], {}, []),  # two that came as one
        ([(1, None), (2, "ana says 1.")], {1: 2}, []),  # what was deleted has no text
    ],
)
def test_each_way_to_break_a_promise_is_found(heard: Heard, acked: dict[int, int], kinds: list[str]) -> None:
    ledger = a_ledger(heard, acked=acked)
    ledger.close(max(seq for seq, _ in heard))
    assert [finding.kind for finding in ledger.findings] == kinds


def test_what_was_refused_once_may_stand_behind_later_ones() -> None:
    ledger = a_ledger(says(2, 1), acked={2: 1, 1: 2}, late=(1,))
    ledger.close(2)
    assert ledger.findings == []


def test_a_refusal_that_comes_after_the_echo_explains_it_too() -> None:
    ledger = a_ledger(says(2, 1))
    assert ledger.findings == []
    ledger.may_be_late("ana", 1)
    ledger.acknowledged("ana", 1, 2)
    assert ledger.findings == []


def test_two_readers_who_hear_two_logs_are_found() -> None:
    ledger = a_ledger(says(1, 2))
    ledger.heard("other", 1, 2, "ana says 7.")
    assert [finding.kind for finding in ledger.findings] == ["reordered"]


def test_one_number_that_was_acknowledged_for_two_messages_is_found() -> None:
    ledger = a_ledger([], acked={1: 5, 2: 5})
    assert [finding.kind for finding in ledger.findings] == ["lost"]


def test_the_story_has_the_message_and_the_weather_and_nothing_of_others() -> None:
    ledger = Ledger()
    ledger.sends("bob", 1, 9)
    ledger.sends("ana", 4, 9)
    ledger.story.tell("weather", "kill -9")
    ledger.acknowledged("ana", 6, 1)
    ledger.sends("ana", 10, 12)
    ledger.heard("reader", 0, 1, "ana says 7.")
    (finding,) = ledger.findings
    words = [line.partition(" s  ")[2] for line in finding.story]
    assert words == ["ana: sends #4…9", "weather: kill -9", "ana: reads that #6 is stored as 1"]


def test_what_was_slow_is_told_by_the_weather_of_its_moment() -> None:
    ledger = Ledger()
    ledger.story.tell("weather", "attack: drips")
    ledger.slow("the canary waited", time.monotonic())
    assert [line.partition(" s  ")[2] for line in ledger.findings[0].story] == ["attack: drips", "HERE"]
