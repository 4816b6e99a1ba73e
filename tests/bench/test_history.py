"""The benchmark of the long log checks each answer before it counts."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from bench import crowd, history, subjects
from bench.book import Book
from bench.caller import Caller, framed, run_of, words_of
from bench.subjects import Failed
from tests.support import big_log

JOINED = {"type": "room", "room": "lobby", "head": 3}
LIVE = {"type": "caught_up", "room": "lobby", "seq": 3}


def posted(seq: int) -> dict[str, object]:
    return {"type": "posted", "room": "lobby", "seq": seq}


def test_words_are_read_up_to_the_first_that_is_unfinished() -> None:
    whole = framed(posted(1)) + framed(posted(2))
    assert list(words_of(whole + framed(posted(3))[:-1])) == [posted(1), posted(2)]


def test_a_whole_run_counts() -> None:
    run_of(iter([JOINED, posted(2), posted(3), LIVE]), 1, 3)


@pytest.mark.parametrize(
    ("numbers", "what"),
    [
        ((1, 3), "3 came where 2"),
        ((1, 2, 2, 3), "2 came where 3"),
        ((2, 1, 3), "2 came where 1"),
        ((1, 2), "up to 2, not 3"),
    ],
)
def test_a_run_with_a_hole_a_double_or_a_swap_does_not(numbers: tuple[int, ...], what: str) -> None:
    with pytest.raises(Failed, match=what):
        run_of(iter([JOINED, *map(posted, numbers), LIVE]), 0, 3)


def test_the_slowest_kind_of_page_decides_the_mark() -> None:
    book = Book()
    for cell, ms in (("a page backwards", 1.0), ("the newest page", 0.5), ("around an old message", 2.5)):
        book.add(history.TEAHOUSE, cell, ms=ms)
    assert {mark.what: (mark.value, mark.verdict) for mark in history.check(book)}["a page of history, ms"] == (
        2.5,
        "missed",
    )


def test_a_small_log_is_measured_from_end_to_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "PAGES", 2)
    monkeypatch.setattr(history, "SEARCHES", 2)
    big_log.fill(tmp_path / "data", 3_000, rooms=3, lobby=0.9)
    book = Book()
    with subjects.running(subjects.teahouse("frames"), tmp_path) as server, Caller(server.port) as client:
        heads = crowd.heads_of(client.welcome)
        assert heads["lobby"] > 2_000
        history.wait_for_index(client)
        history.resumes(server, heads, book)
        history.reading(client, heads, random.Random(1), book)
        history.searching(client, book)
        rooms = ["lobby", "room2", "lobby"]
        seconds, tokens = crowd.come(server.port, rooms, [heads[room] - 50 for room in rooms], [None] * 3)
    assert seconds > 0
    assert len(set(tokens)) == 3
    assert {line.cell for line in book.lines} >= {
        "resume of 1,000",
        "a page backwards",
        "search: one Chinese character",
    }
    assert "resume of 1,000" in history.markdown(book, {"day": "today"})
