"""Two versions by turns: what becomes of the figures, and that the other one is really another."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bench import against
from bench.against import NOW, judged, markdown, order
from bench.book import CPU, RATE, Book
from bench.subjects import Failed, Subject

THEN = "4c71bb3"


def a_book(now: list[float], then: list[float]) -> Book:
    """Rounds of one cell."""
    book = Book()
    for server, rates in ((NOW, now), (THEN, then)):
        for rate in rates:
            book.add(server, "10x10", **{RATE: rate, CPU: 1_000 / rate})
    return book


@pytest.mark.parametrize(
    ("now", "then", "words"),
    [
        ([97.0, 98.0, 99.0], [99.0, 100.0, 101.0], "≥ 0.97"),
        ([97.0, 97.0, 97.0], [100.0, 100.0, 100.0], "≥ 0.97"),
        ([120.0, 130.0, 140.0], [99.0, 100.0, 101.0], "≥ 0.97"),
        ([90.0, 92.0, 99.5], [99.0, 100.0, 101.0], "below 0.97, but the spreads overlap"),
        ([90.0, 92.0, 99.0], [99.0, 100.0, 101.0], "below 0.97, but the spreads overlap"),
        ([90.0, 92.0, 98.9], [99.0, 100.0, 101.0], "miss: every run is slower than every run then"),
        ([50.0], [100.0], "miss: every run is slower than every run then"),
    ],
)
def test_a_miss_is_a_lower_median_whose_spreads_do_not_overlap(now: list[float], then: list[float], words: str) -> None:
    verdict = judged(a_book(now, then), "10x10", THEN)
    assert verdict.words == words
    assert verdict.is_bad == words.startswith("miss")


def test_a_run_without_a_figure_is_not_made_up() -> None:
    book = a_book([100.0, 100.0], [100.0, 100.0])
    book.fail(NOW, "10x10", "no figure: 3 missing")
    verdict = judged(book, "10x10", THEN)
    assert verdict.ratio is None
    assert verdict.is_bad
    assert "3 missing" in markdown(book, THEN, ["10x10"])


def test_the_ratio_is_that_of_the_medians_and_each_spread_is_shown() -> None:
    text = markdown(a_book([90.0, 99.0, 200.0], [100.0, 110.0, 90.0]), THEN, ["10x10"])
    assert "| 10x10 | 99 (90 … 200) | 100 (90 … 110) | 0.990 |" in text


def test_they_take_turns_and_neither_always_follows_the_other() -> None:
    both = [Subject(name, "frames", "", lambda port, folder: []) for name in "ab"]
    assert "".join(subject.name for turn in range(4) for subject in order(turn, both)) == "abbaabba"


def test_a_version_runs_its_own_sources_or_says_so(tmp_path: Path) -> None:
    package = tmp_path / "src" / "teahouse"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    other = against.version("other", tmp_path, sys.executable, "frames")
    assert other.environ["PYTHONPATH"] == str(tmp_path / "src")
    (package / "__init__.py").unlink()
    package.rmdir()
    with pytest.raises(Failed, match="would run"):
        against.version("other", tmp_path, sys.executable, "frames")


def test_what_is_no_commit_is_said() -> None:
    with pytest.raises(Failed, match="git rev-parse"):
        against.worktree("no-such-commit")


def test_rounds_and_cells_are_checked_before_anything_runs() -> None:
    assert [cell.name for cell in against.options(["HEAD"]).cells] == ["10x10", "100x10", "chat100", "100 rooms"]
    assert against.options(["HEAD"]).rounds >= 7
    for words in (["HEAD", "--rounds", "0"], ["HEAD", "--cells", "7x7"], []):
        with pytest.raises(SystemExit):
            against.options(words)
