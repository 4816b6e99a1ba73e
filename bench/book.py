"""Where figures are kept: for each server, cell and metric what the rounds came to; and the runs that have none."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median

import msgspec

RATE = "deliveries_per_s"
CPU = "cpu_s_per_million"
P50, P99, MAX = "p50_us", "p99_us", "max_us"
JOINS = "joins_per_s"
MEMORY = "kib_each"


class Spread(msgspec.Struct, frozen=True):
    """A median with the least and the greatest."""

    median: float
    low: float
    high: float


class Line(msgspec.Struct):
    """The values of one metric, in the order of the rounds."""

    server: str
    cell: str
    metric: str
    values: list[float]


class Fault(msgspec.Struct):
    """A run without a figure, and why."""

    server: str
    cell: str
    why: str


class Book(msgspec.Struct):
    """All figures of one benchmark."""

    lines: list[Line] = []
    faults: list[Fault] = []

    def add(self, server: str, cell: str, **figures: float) -> None:
        """Note what one run came to, by metric."""
        for metric, value in figures.items():
            line = self._line(server, cell, metric)
            if line is None:
                line = Line(server, cell, metric, [])
                self.lines.append(line)
            line.values.append(value)

    def _line(self, server: str, cell: str, metric: str) -> Line | None:
        return next(
            (line for line in self.lines if (line.server, line.cell, line.metric) == (server, cell, metric)), None
        )

    def fail(self, server: str, cell: str, why: str) -> None:
        """Note that a run has no figure."""
        self.faults.append(Fault(server, cell, why))

    def spread(self, server: str, cell: str, metric: str) -> Spread | None:
        """What the rounds came to; None where one of them had no figure: a median of what is left would flatter."""
        line = self._line(server, cell, metric)
        if line is None or any((fault.server, fault.cell) == (server, cell) for fault in self.faults):
            return None
        return Spread(median(line.values), min(line.values), max(line.values))

    def ratio(self, server: str, other: str, cell: str, metric: str) -> float | None:
        """One server's median over another's."""
        mine, theirs = self.spread(server, cell, metric), self.spread(other, cell, metric)
        return None if mine is None or theirs is None or not theirs.median else mine.median / theirs.median

    def servers(self) -> list[str]:
        """Who was measured, in the order of the first round."""
        return list(dict.fromkeys([*(line.server for line in self.lines), *(fault.server for fault in self.faults)]))

    def cells(self, among: Iterable[str]) -> list[str]:
        """Which of these were measured."""
        measured = {line.cell for line in self.lines} | {fault.cell for fault in self.faults}
        return [cell for cell in among if cell in measured]
