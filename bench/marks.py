"""The marks that Teahouse set itself beside its peers, and whether the figures of a run meet them.

A mark that was not measured (a peer that could not be had, a cell that was not asked for) is neither met nor missed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bench.book import CPU, MEMORY, P50, P99, RATE, Book
from bench.cells import CELLS
from bench.peers import INSPIRCD, NATS

FRAMES, WS = "Teahouse frames", "Teahouse ws"

# Deliveries a second of frames, over a peer's: at least. In order of CELLS; None: no mark.
BESIDE: dict[str, tuple[float | None, ...]] = {
    INSPIRCD: (0.45, 0.5, 1.6, 2.2, 5, None, 4.5, 0.35),
    NATS: (0.4, 0.45, 1.1, 1.3, 1.2, 4, 2.7, 0.7),
}
WS_TO_FRAMES = 0.7
SMALL, LARGE = 10, 100  # members of one room
P50_SMALL, P50_LARGE, P99_SMALL, P99_LARGE = 4, 1.5, 5, 2  # at a fixed rate, over InspIRCd's
FLOODED_P50_US = 10_000
IDLE_KIB = {FRAMES: 8, WS: 16}
BESIDE_IDLE_P99, BESIDE_SLOW_P99 = 1.3, 1.2

FLOODED = "10 beside 4 flooders"
BESIDE_IDLE, BESIDE_SLOW = "100 beside 10,000 idle", "100 beside 50 stopped and 50 dribbling"
IDLE = "10,000 idle"

Verdict = Literal["met", "missed", "not measured"]


@dataclass(frozen=True)
class Mark:
    """One mark and what was measured for it."""

    what: str
    limit: float
    at_least: bool
    value: float | None

    @property
    def verdict(self) -> Verdict:
        """Whether it holds."""
        if self.value is None:
            return "not measured"
        return "met" if (self.value >= self.limit if self.at_least else self.value <= self.limit) else "missed"


def check(book: Book) -> list[Mark]:
    """Every mark, in the order in which they are told."""
    return [*_rates(book), *_websocket(book), *_delays(book), *_cost(book), *_company(book)]


def _rates(book: Book) -> list[Mark]:
    return [
        Mark(f"deliveries/s ÷ {peer}, {cell.name}", limit, True, book.ratio(FRAMES, peer, cell.name, RATE))
        for peer, limits in BESIDE.items()
        for cell, limit in zip(CELLS, limits, strict=True)
        if limit is not None
    ]


def _websocket(book: Book) -> list[Mark]:
    return [
        Mark(
            f"deliveries/s, WebSocket ÷ frames, {cell.name}",
            WS_TO_FRAMES,
            True,
            book.ratio(WS, FRAMES, cell.name, RATE),
        )
        for cell in CELLS
    ]


def _delays(book: Book) -> list[Mark]:
    marks = []
    for metric, name, small, large in ((P50, "p50", P50_SMALL, P50_LARGE), (P99, "p99", P99_SMALL, P99_LARGE)):
        for cell in CELLS:
            limit = small if cell.room < LARGE else large
            ratio = book.ratio(FRAMES, INSPIRCD, cell.name, metric)
            marks.append(Mark(f"{name} at a fixed rate ÷ {INSPIRCD}, {cell.name}", limit, False, ratio))
    return marks


def _cost(book: Book) -> list[Mark]:
    return [
        Mark(f"CPU a delivery ÷ {INSPIRCD}, {cell.name}", 1, False, book.ratio(FRAMES, INSPIRCD, cell.name, CPU))
        for cell in CELLS
        if cell.room >= LARGE
    ]


def _company(book: Book) -> list[Mark]:
    flooded = book.spread(FRAMES, FLOODED, P50)
    marks = [Mark(f"p50 of {FLOODED}, µs", FLOODED_P50_US, False, None if flooded is None else flooded.median)]
    for server, limit in IDLE_KIB.items():
        memory = book.spread(server, IDLE, MEMORY)
        marks.append(
            Mark(f"KiB of an idle connection, {server}", limit, False, None if memory is None else memory.median)
        )
        marks.append(_company_p99(book, server, BESIDE_IDLE, BESIDE_IDLE_P99))
    return [*marks, _company_p99(book, FRAMES, BESIDE_SLOW, BESIDE_SLOW_P99)]


def _company_p99(book: Book, server: str, cell: str, limit: float) -> Mark:
    """How much longer a busy room waits for having company; each with the room alone in the same server before."""
    beside, alone = book.spread(server, cell, P99), book.spread(server, f"{cell}: before", P99)
    ratio = None if beside is None or alone is None else beside.median / alone.median
    return Mark(f"p99 of {cell} ÷ without them, {server}", limit, False, ratio)
