"""A room that is not alone: beside flooders, beside thousands who are idle, beside readers who do not read.

Each scenario measures the same room in the same process without its company first, then with it. Teahouse alone is
measured here: the question is not who is faster, but whether one costs the other anything.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

from bench import marks
from bench.book import JOINS, MAX, MEMORY, P50, P99, RATE, Book
from bench.cells import Cell
from bench.generator import Outcome, beside, measure
from bench.subjects import Running, Subject, running, teahouse

ROOM_OF_TEN = Cell("10", 10, 10)
ROOM_OF_HUNDRED = Cell("100", 100, 10)
ELSEWHERE = 1_000  # the first number of rooms that are not the measured one
FLOODERS = 4
IDLE, IDLE_ROOMS = 10_000, 100
SLOW = 50
SECONDS = 4.0


def _paced(generator: Path, server: Running, cell: Cell) -> Outcome:
    return measure(
        generator, server, phase="pace", members=cell.members, senders=cell.senders, rate=cell.paced_rate,
        seconds=SECONDS, warmup=1.0,
    )  # fmt: skip


def _saturated(generator: Path, server: Running, cell: Cell) -> Outcome:
    return measure(generator, server, members=cell.members, senders=cell.senders, seconds=2.0)


def _note(book: Book, server: str, cell: str, outcome: Outcome) -> None:
    delay = outcome.delay_us
    assert delay is not None, "a paced run has delays"
    book.add(server, cell, **{P50: delay.p50, P99: delay.p99, MAX: delay.max})


def flooders(generator: Path, server: Running, book: Book) -> None:
    """Four who send as fast as they can, in a room of their own."""
    label = server.subject.label
    _note(book, label, f"{marks.FLOODED}: before", _paced(generator, server, ROOM_OF_TEN))
    crowd = beside(
        generator, server, phase="flood", members=FLOODERS, senders=FLOODERS, first_room=ELSEWHERE, burst=64
    )  # fmt: skip
    with crowd:
        _note(book, label, marks.FLOODED, _paced(generator, server, ROOM_OF_TEN))


def idle(generator: Path, server: Running, book: Book) -> None:
    """Ten thousand who have come in, a hundred to a room, and say nothing."""
    label = server.subject.label
    _note(book, label, f"{marks.BESIDE_IDLE}: before", _paced(generator, server, ROOM_OF_HUNDRED))
    crowd = beside(
        generator, server, phase="hold", members=IDLE, senders=0, rooms=IDLE_ROOMS, first_room=ELSEWHERE
    )  # fmt: skip
    with crowd as presence:
        book.add(label, marks.IDLE, **{MEMORY: presence.joins.kib_each, JOINS: presence.joins.per_s})
        _note(book, label, marks.BESIDE_IDLE, _paced(generator, server, ROOM_OF_HUNDRED))


def slow(generator: Path, server: Running, book: Book) -> None:
    """In the very room: fifty who stopped reading, and fifty who read a byte a second.

    The room is busy first, so that what the slow do not read is more than any buffer on the way holds.
    """
    label = server.subject.label
    before = f"{marks.BESIDE_SLOW}: before"
    book.add(label, before, **{RATE: _saturated(generator, server, ROOM_OF_HUNDRED).deliveries_per_s})
    _note(book, label, before, _paced(generator, server, ROOM_OF_HUNDRED))
    with contextlib.ExitStack() as company:
        for reads in ("nothing", "drips"):
            company.enter_context(beside(generator, server, phase="hold", reads=reads, members=SLOW, senders=0))
        book.add(label, marks.BESIDE_SLOW, **{RATE: _saturated(generator, server, ROOM_OF_HUNDRED).deliveries_per_s})
        _note(book, label, marks.BESIDE_SLOW, _paced(generator, server, ROOM_OF_HUNDRED))


Scenario = Callable[[Path, Running, Book], None]
SCENARIOS: dict[str, tuple[Scenario, tuple[str, ...], str]] = {
    "flooders": (flooders, ("frames",), marks.FLOODED),
    "idle": (idle, ("frames", "ws"), marks.BESIDE_IDLE),
    "slow": (slow, ("frames",), marks.BESIDE_SLOW),
}
"""By name: what is done, by which doors, and the cell that a failure is noted for."""


def subjects(name: str) -> list[Subject]:
    """Teahouse by each door of a scenario."""
    return [teahouse(door) for door in SCENARIOS[name][1]]


def play(name: str, subject: Subject, generator: Path, folder: Path, book: Book) -> None:
    """Start a server of its own and play one scenario on it.

    raises  Failed, Unsound
    """
    with running(subject, folder) as server:
        SCENARIOS[name][0](generator, server, book)
