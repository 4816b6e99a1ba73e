"""Teahouse by each of its doors, and its peers: `make bench`.

    scripts/with_python.sh -m bench.run --cells 10x10,100x10 --rounds 1 --doors frames        a part of it

    for each round, for each cell, for each server:  start it, saturate it, pace it, stop it
    then the scenarios: a room in company
    then Markdown, JSON and a picture in bench/results/, and the marks, met or missed

Servers take turns (A B C A B C …), so that what else the machine does falls on all of them. A run in which a message
was lost, doubled or out of order has no figure; the exit code is then 1.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from bench import cells, generator, machine, marks, peers, plot, report, sampling, scenarios, subjects
from bench.book import CPU, JOINS, MAX, MEMORY, P50, P99, RATE, Book
from bench.cells import Cell
from bench.generator import Unsound
from bench.subjects import Failed, Subject

ROOT = Path(__file__).parent.parent
SCRATCH = Path(__file__).parent / ".scratch"
RESULTS = Path(__file__).parent / "results"
PAGE = ROOT / "docs/benchmarks.md"
FIGURES = "make bench"


class Report(msgspec.Struct):
    """What bench.json holds."""

    machine: dict[str, str]
    servers: dict[str, str]
    missing: dict[str, str]
    rounds: int
    book: Book
    marks: dict[str, str] = {}


def options(words: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="make bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cells", default="all", help="10x1,10x10,… , all (default) or none")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is measured (3)")
    parser.add_argument("--doors", default=",".join(subjects.DOORS), help="of Teahouse (frames,ws,lines)")
    parser.add_argument("--peers", default="all", help="InspIRCd,ngIRCd,NATS, all (default) or none")
    parser.add_argument("--scenarios", default="all", help="flooders,idle,slow, all (default) or none")
    parser.add_argument("--seconds", type=float, default=3.0, help="of one measurement (3)")
    parser.add_argument("--keys", action="store_true", help="give each post of the JSON doors a key")
    parser.add_argument(
        "--profile", action="store_true", help="say where the time of the server goes, for one cell and door"
    )
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder to write into")
    parser.add_argument("--docs", action="store_true", help=f"put the figures into docs/{PAGE.name} too")
    chosen = parser.parse_args(words)
    if chosen.rounds < 1:
        parser.error("--rounds: at least one")
    try:
        chosen.cells = [] if chosen.cells == "none" else cells.chosen(chosen.cells)
    except ValueError as error:
        parser.error(str(error))
    chosen.doors = _list(parser, "doors", chosen.doors, subjects.DOORS)
    chosen.scenarios = _list(parser, "scenarios", chosen.scenarios, scenarios.SCENARIOS)
    chosen.peers = _list(parser, "peers", chosen.peers, [name.split()[0] for name in peers.NAMES])
    return chosen


def _list(parser: argparse.ArgumentParser, what: str, given: str, known: Collection[str]) -> list[str]:
    names = list(known) if given == "all" else [] if given == "none" else given.split(",")
    if unknown := [name for name in names if name not in known]:
        parser.error(f"--{what}: there is no {', '.join(unknown)}: {', '.join(known)}")
    return names


@contextmanager
def folder() -> Iterator[Path]:
    """A folder for one server, on the disk of the project: in memory an fsync would cost nothing."""
    SCRATCH.mkdir(exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix="run-", dir=SCRATCH))
    try:
        yield made
    finally:
        shutil.rmtree(made)


def once(program: Path, subject: Subject, cell: Cell, asked: argparse.Namespace, book: Book) -> None:
    """One server in one cell: saturated, then paced."""
    shape: dict[str, object] = {
        "members": cell.members,
        "senders": cell.senders,
        "rooms": cell.rooms,
        "keys": asked.keys,
    }
    with folder() as made, subjects.running(subject, made) as server:
        full = generator.measure(program, server, seconds=asked.seconds, **shape)
        paced = generator.measure(
            program, server, phase="pace", rate=cell.paced_rate, seconds=asked.seconds, warmup=1.0, **shape
        )
    delay = paced.delay_us
    assert delay is not None, "a paced run has delays"
    figures = {
        RATE: full.deliveries_per_s,
        CPU: full.cpu_s_per_million,
        JOINS: full.joins.per_s,
        MEMORY: full.joins.kib_each,
    }
    book.add(subject.label, cell.name, **figures, **{P50: delay.p50, P99: delay.p99, MAX: delay.max})
    say(
        f"{subject.label:16} {cell.name:10} {full.deliveries_per_s:12,.0f}/s  {full.cpu_s_per_million:7.3f} s a million  "
        f"p50 {delay.p50 / 1e3:7.2f} ms  p99 {delay.p99 / 1e3:7.2f} ms"
    )


def say(words: str) -> None:
    """Tell whoever waits how it goes."""
    sys.stderr.write(f"{words}\n")
    sys.stderr.flush()


def measure(program: Path, found: Sequence[Subject], asked: argparse.Namespace) -> Book:
    """All rounds, and the scenarios."""
    book = Book()
    for turn in range(asked.rounds):
        if asked.cells:
            say(f"── round {turn + 1} of {asked.rounds}")
        for cell in asked.cells:
            for subject in found:
                try:
                    once(program, subject, cell, asked, book)
                except Failed as error:
                    _no_figure(book, subject, cell.name, error)
        for name in asked.scenarios:
            for subject in scenarios.subjects(name):
                say(f"{subject.label:16} {name}")
                try:
                    with folder() as made:
                        scenarios.play(name, subject, program, made, book)
                except Failed as error:
                    _no_figure(book, subject, scenarios.SCENARIOS[name][2], error)
    return book


def _no_figure(book: Book, subject: Subject, cell: str, error: Failed) -> None:
    kind = "no figure" if isinstance(error, Unsound) else "could not be measured"
    book.fail(subject.label, cell, f"{kind}: {error}")
    say(f"{subject.label:16} {cell:10} {kind}: {error}")


def write(book: Book, found: Sequence[Subject], missing: dict[str, str], asked: argparse.Namespace) -> str:
    """Write Markdown, JSON and the picture; return the Markdown."""
    where = machine.described(SCRATCH)
    versions = {subject.name: subject.version for subject in found}
    text = report.markdown(book, {**where, **versions, "rounds": str(asked.rounds)}, missing)
    asked.results.mkdir(parents=True, exist_ok=True)
    verdicts: dict[str, str] = {mark.what: mark.verdict for mark in marks.check(book)}
    whole = Report(where, versions, missing, asked.rounds, book, verdicts)
    (asked.results / "bench.json").write_bytes(msgspec.json.format(msgspec.json.encode(whole), indent=1) + b"\n")
    (asked.results / "bench.md").write_text(text, encoding="utf-8")
    measured = book.cells(cell.name for cell in cells.CELLS)
    if measured:
        (asked.results / "bench.svg").write_text(plot.svg(book, measured), encoding="utf-8")
    if asked.docs:
        report.put_into(PAGE, FIGURES, text)
    return text


def main(words: Sequence[str] | None = None) -> int:
    """Measure, write, say which marks hold; return the exit code."""
    asked = options(sys.argv[1:] if words is None else words)
    subjects.raise_descriptor_limit()
    try:
        program = generator.compiled(SCRATCH)
        if asked.profile:
            with folder() as made:
                print(sampling.profile(asked.cells[0], asked.doors[0], program, SCRATCH, made))
            return 0
    except Failed as error:
        say(f"bench: {error}")
        return 2
    others, missing = peers.find(SCRATCH, asked.peers)
    for name, why in missing.items():
        say(f"without {name}: {why}")
    if len(os.sched_getaffinity(0)) < 2:
        say("There is one processor: generator and server share it, and the figures mean little.")
    found = [*(subjects.teahouse(door) for door in asked.doors), *others]
    book = measure(program, found, asked)
    print(write(book, found, missing, asked))
    return 1 if book.faults else 0


if __name__ == "__main__":
    sys.exit(main())
