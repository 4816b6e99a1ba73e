"""What becomes of figures: medians, ratios, marks, tables; and what has no figure is not made up."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import msgspec
import pytest

from bench import cells, generator, marks, plot, report, run, sampling
from bench.book import CPU, P99, RATE, Book, Spread
from bench.generator import Outcome, Unsound
from bench.marks import FRAMES, Mark
from bench.peers import INSPIRCD, NATS
from bench.subjects import Failed

SOUND = b"""{"door":"frames","phase":"saturate","members":10,"senders":1,"rooms":1,"text_bytes":80,
 "joins":{"seconds":0.1,"per_s":100,"cpu_us":90,"kib_before":1,"kib_after":2,"kib_each":0.1},
 "seconds":1.0,"messages":10,"deliveries":90,"deliveries_per_s":90,"cpu_s":0.1,"cpu_s_per_million":0.2,"server_busy":1,
 "generator_busy":0.1,"missing":0,"own_missing":0,"stored_missing":0,"skipped":0,"repeated":0,"holes":0,"refused":0,
 "gone":0,"stalled":false,"sound":true}"""


def a_book(**rates: float) -> Book:
    """Frames and the peers in one cell, once each."""
    book = Book()
    for server, rate in {FRAMES: rates.get("frames"), INSPIRCD: rates.get("inspircd"), NATS: rates.get("nats")}.items():
        if rate is not None:
            book.add(server, "10x1", **{RATE: rate})
    return book


def verdicts(book: Book) -> dict[str, str]:
    return {mark.what: mark.verdict for mark in marks.check(book)}


# ---- what the generator printed


def test_a_sound_outcome_is_read() -> None:
    assert generator.understand(SOUND).deliveries == 90


def test_an_unsound_outcome_is_no_figure_however_good_it_looks() -> None:
    with pytest.raises(Unsound, match="2 missing, 1 connections gone"):
        generator.understand(
            SOUND.replace(b'"missing":0', b'"missing":2', 1)
            .replace(b'"gone":0', b'"gone":1')
            .replace(b"true", b"false")
        )


def test_what_is_no_outcome_is_said_to_be_none() -> None:
    with pytest.raises(Failed, match="no outcome"):
        generator.understand(SOUND[:200])


def test_faults_are_told_in_words() -> None:
    outcome = msgspec.structs.replace(msgspec.json.decode(SOUND, type=Outcome), skipped=3, stalled=True)
    assert outcome.faults() == "3 skipped, stalled"


# ---- the book


def test_rounds_become_a_median_with_the_least_and_the_greatest() -> None:
    book = Book()
    for rate in (30.0, 10.0, 20.0):
        book.add(FRAMES, "10x1", **{RATE: rate})
    assert book.spread(FRAMES, "10x1", RATE) == Spread(20, 10, 30)


def test_one_round_without_a_figure_leaves_the_cell_without_one() -> None:
    book = a_book(frames=10)
    book.fail(FRAMES, "10x1", "1 missing")
    assert book.spread(FRAMES, "10x1", RATE) is None
    assert "1 missing" in report.markdown(book, {}, {})


def test_a_ratio_needs_both() -> None:
    assert a_book(frames=10, inspircd=20).ratio(FRAMES, INSPIRCD, "10x1", RATE) == 0.5
    assert a_book(frames=10).ratio(FRAMES, INSPIRCD, "10x1", RATE) is None
    assert a_book(frames=10, inspircd=0).ratio(FRAMES, INSPIRCD, "10x1", RATE) is None


# ---- marks


@pytest.mark.parametrize(
    ("at_least", "value", "verdict"),
    [
        (True, 1.0, "met"),
        (True, 0.99, "missed"),
        (False, 1.0, "met"),
        (False, 1.01, "missed"),
        (True, None, "not measured"),
        (False, None, "not measured"),
    ],
)
def test_a_mark_is_met_at_its_limit(at_least: bool, value: float | None, verdict: str) -> None:
    assert Mark("it", 1.0, at_least, value).verdict == verdict


def test_a_rate_beside_a_peer_is_judged_by_the_ratio_of_medians() -> None:
    judged = verdicts(a_book(frames=45, inspircd=100, nats=200))
    assert judged[f"deliveries/s ÷ {INSPIRCD}, 10x1"] == "met"
    assert judged[f"deliveries/s ÷ {NATS}, 10x1"] == "missed"
    assert judged[f"deliveries/s ÷ {INSPIRCD}, 10x10"] == "not measured"


def test_company_is_judged_by_the_same_room_without_it() -> None:
    book = Book()
    book.add(FRAMES, f"{marks.BESIDE_SLOW}: before", **{P99: 1_000})
    book.add(FRAMES, marks.BESIDE_SLOW, **{P99: 1_300})
    assert verdicts(book)[f"p99 of {marks.BESIDE_SLOW} ÷ without them, {FRAMES}"] == "missed"


def test_cost_is_judged_in_large_rooms_only() -> None:
    judged = [what for what in verdicts(Book()) if what.startswith("CPU")]
    assert judged == [
        f"CPU a delivery ÷ {INSPIRCD}, {name}" for name in ("100x1", "100x10", "chat100", "1000x1", "1000x10")
    ]


def test_each_cell_has_a_mark_or_none_beside_each_peer() -> None:
    assert all(len(limits) == len(cells.CELLS) for limits in marks.BESIDE.values())


# ---- tables, the picture, the page


def test_the_report_has_the_figures_the_ratios_and_the_verdicts() -> None:
    book = a_book(frames=450_000, inspircd=1_000_000)
    book.add(FRAMES, "10x1", **{CPU: 1.25})
    text = report.markdown(book, {"day": "2026-01-02"}, {NATS: "no network"})
    assert "| Teahouse frames | 450 k |" in text
    assert "| Teahouse frames | 0.45 |" in text
    assert "| 1.250 |" in text
    assert "- NATS core: no network" in text
    assert "Marks: 1 met, 0 missed" in text


def test_the_picture_has_a_bar_for_each_figure() -> None:
    root = ElementTree.fromstring(plot.svg(a_book(frames=450_000, inspircd=1_000_000), ["10x1", "10x10"]))
    titles = [title.text for title in root.iter("{http://www.w3.org/2000/svg}title")]
    assert titles == ["Teahouse frames, 10x1: 450,000/s", "InspIRCd, 10x1: 1,000,000/s"]


def test_figures_replace_those_that_stood_in_the_page(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("a\n<!-- figures of x: begin -->\nold\n<!-- figures of x: end -->\nb\n")
    report.put_into(page, "x", "new")
    assert page.read_text() == "a\n<!-- figures of x: begin -->\n\nnew\n\n<!-- figures of x: end -->\nb\n"
    with pytest.raises(ValueError, match="no place"):
        report.put_into(page, "y", "new")


# ---- the command line


def test_a_part_of_the_benchmark_can_be_asked_for() -> None:
    asked = run.options(
        ["--cells", "10x10,100-rooms", "--rounds", "1", "--doors", "ws", "--peers", "NATS", "--scenarios", "none"]
    )
    assert [cell.name for cell in asked.cells] == ["10x10", "100 rooms"]
    assert (asked.rounds, asked.doors, asked.peers, asked.scenarios) == (1, ["ws"], ["NATS"], [])


@pytest.mark.parametrize("words", [["--cells", "2x2"], ["--doors", "irc"], ["--peers", "Ergo"], ["--rounds", "0"]])
def test_what_there_is_not_is_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        run.options(words)
    assert end.value.code == 2
    assert words[0].removeprefix("--") in capsys.readouterr().err


def test_a_cell_is_paced_by_deliveries_not_by_messages() -> None:
    assert cells.BY_NAME["chat100"].paced_rate * 99 == pytest.approx(cells.PACED_DELIVERIES)
    assert cells.BY_NAME["100-rooms"].paced_rate * 9 == pytest.approx(cells.PACED_DELIVERIES)


# ---- profiles


def test_a_profile_tells_own_time_from_time_below() -> None:
    stacks = "thread (1): Main;f (a/b/c/d.py:1);g (a/b/c/e.py:2) 30\nthread (1): Main;f (a/b/c/d.py:5) 10\nthread (2): W;w (w.py:1) 60\n"
    told = sampling.told(stacks, {1: 0.5, 2: 1.25}).splitlines()
    assert told[1] == "── thread (2): W: 60.0 % of the samples, 1.25 s of CPU"
    assert [line.split() for line in told[4:]] == [["10.0", "40.0", "f", "b/c/d.py"], ["30.0", "30.0", "g", "b/c/e.py"]]
