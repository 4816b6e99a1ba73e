"""An answer ends where it would outgrow a frame, and says that there is more."""

from __future__ import annotations

import msgspec
import pytest

from teahouse.core.events import Found, History
from teahouse.core.handlers.reading import fit_found, fit_history
from teahouse.core.message import Message, nameless

LIMIT = 64 * 1024


def messages(*texts: str) -> list[Message]:
    return [
        Message(room="lobby", seq=seq, time=seq, author=nameless(1), form="say", text=text)
        for seq, text in enumerate(texts, 1)
    ]


def a_page(count: int, size: int) -> History:
    return History(room="lobby", messages=list(messages(*["x" * size] * count)), as_of=count, more=False)


def seqs(page: History | Found) -> list[int]:
    return [entry.seq for entry in page.messages]


def test_a_page_that_fits_is_left_as_it_is() -> None:
    page = fit_history(a_page(50, 100), LIMIT)
    assert (len(page.messages), page.more) == (50, False)


def test_the_newest_stay_when_the_past_is_asked_for_and_the_oldest_when_what_came_after() -> None:
    before = fit_history(a_page(40, 10_000), LIMIT)
    after = fit_history(a_page(40, 10_000), LIMIT, after=0)
    assert (seqs(before), before.more) == ([38, 39, 40], True)
    assert (seqs(after), after.more) == ([1, 2, 3], True)


def test_around_a_message_keeps_that_message_and_its_neighbours() -> None:
    page = fit_history(a_page(40, 6_000), LIMIT, around=20)
    assert (seqs(page), page.more) == ([18, 19, 20, 21], True)


def test_one_message_stays_even_if_it_is_larger_than_the_limit() -> None:
    assert seqs(fit_history(a_page(3, 60_000), 1_000)) == [3]


@pytest.mark.parametrize("text", ["\n" * 6_000, '"' * 6_000, "茶" * 2_000, "🍵" * 1_500])
def test_what_fits_is_no_larger_as_json_than_the_limit(text: str) -> None:
    page = fit_history(History(room="lobby", messages=list(messages(*[text] * 40)), as_of=40, more=False), LIMIT)
    assert LIMIT // 4 < len(msgspec.json.encode(page)) <= LIMIT


def test_of_the_hits_of_a_search_the_first_stay() -> None:
    found = fit_found(Found(messages=messages(*["x" * 10_000] * 40), more=False, complete=True), LIMIT)
    assert (seqs(found), found.more) == ([1, 2, 3], True)
