"""What `/metrics` shows, read from plain integers when somebody asks for it.

A collector of our own rather than prometheus-client's counters: the path of a message calls no metrics library.
"""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from teahouse.server.counters import COMMIT_BOUNDS_MS
from teahouse.server.engine import Engine
from teahouse.server.visits import Visits

CONTENT_TYPE = CONTENT_TYPE_LATEST


class Figures(Collector):
    """The figures of one node."""

    def __init__(self, engine: Engine, visits: Visits) -> None:
        self._engine = engine
        self._visits = visits

    def collect(self) -> Iterator[Metric]:
        """One pass over the counters."""
        yield from self._connections()
        yield from self._log()
        counters = self._engine.counters
        yield _by("teahouse_refused", "Commands declined, by code.", "code", counters.refused)
        outboxes = self._engine.flusher.outboxes
        yield GaugeMetricFamily(
            "teahouse_outbox_bytes", "Bytes that wait for connections.", value=sum(outbox.size for outbox in outboxes)
        )
        yield GaugeMetricFamily(
            "teahouse_outboxes_full", "Connections that read slowly.", value=sum(outbox.full for outbox in outboxes)
        )
        yield GaugeMetricFamily(
            "teahouse_cursors_behind", "Readers of a room who are not up to date.", value=self._engine.fanout.behind()
        )
        yield CounterMetricFamily(
            "teahouse_typing_dropped",
            "Typing signals that slow readers, or all in a room, were spared.",
            value=counters.dropped,
        )
        yield CounterMetricFamily(
            "teahouse_log_lines_dropped",
            "Lines of the log that were written nowhere: a full disk, a reader that stopped or is gone.",
            value=counters.lines_dropped(),
        )
        yield GaugeMetricFamily(
            "teahouse_erasing_seconds",
            "For how long something deleted has been waiting to be out of every file; above 10 it is late.",
            value=self._engine.erasing_s(),
        )

    def _connections(self) -> Iterator[Metric]:
        present = GaugeMetricFamily("teahouse_connections", "Connections that are open, by door.", labels=["door"])
        by_door = self._visits.by_door()
        for door in sorted({*by_door, *self._visits.entered}):
            present.add_metric([door], by_door[door])
        yield present
        yield GaugeMetricFamily("teahouse_connections_most", "Connections that there may be.", value=self._visits.most)
        yield _by(
            "teahouse_connections_entered",
            "Connections since the start, by door; each is first at the gate.",
            "door",
            self._visits.entered,
        )
        closed = {code or "peace": count for code, count in self._engine.counters.closed.items()}
        yield _by("teahouse_connections_closed", "Connections that the server closed, by reason.", "reason", closed)

    def _log(self) -> Iterator[Metric]:
        counters = self._engine.counters
        yield CounterMetricFamily("teahouse_events_stored", "Events on disk since the start.", value=counters.stored)
        yield CounterMetricFamily("teahouse_batches", "Statements that stored them.", value=counters.batches)
        buckets: list[tuple[str, float]] = []
        total = 0
        for bound, count in zip((*COMMIT_BOUNDS_MS, None), counters.commits_ms, strict=True):
            total += count
            buckets.append(("+Inf" if bound is None else str(bound / 1_000), total))
        yield HistogramMetricFamily(
            "teahouse_commit_seconds",
            "From handing a batch over until it is on disk and known here.",
            buckets=buckets,
            sum_value=counters.commit_ms_sum / 1_000,
        )


def _by(name: str, help: str, label: str, counts: dict[str, int]) -> Metric:
    family = CounterMetricFamily(name, help, labels=[label])
    for value in sorted(counts):
        family.add_metric([value], counts[value])
    return family


class Metrics:
    """A registry of our own: nothing global, so that two nodes in one process do not meet."""

    def __init__(self, engine: Engine, visits: Visits) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(Figures(engine, visits))
        ProcessCollector(registry=self._registry)

    def text(self) -> bytes:
        """The figures in Prometheus' text form."""
        return generate_latest(self._registry)
