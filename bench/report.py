"""Figures as Markdown: what was measured, beside whom, and which marks hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from bench import marks
from bench.book import CPU, JOINS, MAX, MEMORY, P50, P99, RATE, Book, Spread
from bench.cells import CELLS, PACED_DELIVERIES
from bench.marks import Mark
from bench.peers import INSPIRCD, NATS

TABLES: tuple[tuple[str, str, Callable[[float], str]], ...] = (
    (RATE, "Deliveries a second, as fast as it goes", lambda value: f"{value / 1_000:,.0f} k"),
    (CPU, "Seconds of the server's CPU for a million deliveries", lambda value: f"{value:.3f}"),
    (P50, f"p50 at {PACED_DELIVERIES:,} deliveries a second, ms", lambda value: f"{value / 1_000:.2f}"),
    (P99, "p99 likewise, ms", lambda value: f"{value / 1_000:.2f}"),
    (MAX, "the longest likewise, ms", lambda value: f"{value / 1_000:.1f}"),
    (MEMORY, "Memory of a connection that has come in, KiB", lambda value: f"{value:.1f}"),
    (JOINS, "Connections and joins a second", lambda value: f"{value:,.0f}"),
)
COMPANY = (marks.FLOODED, marks.BESIDE_IDLE, marks.BESIDE_SLOW)


def markdown(book: Book, machine: Mapping[str, str], missing: Mapping[str, str]) -> str:
    """The whole report."""
    parts = [_list(machine)]
    if missing:
        parts.append("Left out, because it could not be had:\n\n" + _list(missing))
    cells = book.cells(cell.name for cell in CELLS)
    servers = [server for server in book.servers() if any(book.spread(server, cell, RATE) for cell in cells)]
    if cells:
        parts += [_table(book, title, metric, servers, cells, shown) for metric, title, shown in TABLES]
        parts += [_ratios(book, peer, cells) for peer in (INSPIRCD, NATS) if peer in servers]
    if told := _company(book):
        parts.append(told)
    if book.faults:
        lines = [f"- {fault.server}, {fault.cell}: {fault.why}" for fault in book.faults]
        parts.append("### Runs without a figure\n\n" + "\n".join(lines))
    parts.append(verdicts(marks.check(book)))
    return "\n\n".join(parts) + "\n"


def _list(words: Mapping[str, str]) -> str:
    return "\n".join(f"- {name}: {what}" for name, what in words.items())


def rows(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    """A table."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(spread: Spread | None, shown: Callable[[float], str]) -> str:
    if spread is None:
        return "–"
    if spread.low == spread.high:
        return shown(spread.median)
    return f"{shown(spread.median)} ({shown(spread.low)} … {shown(spread.high)})"


def _table(
    book: Book, title: str, metric: str, servers: Sequence[str], cells: Sequence[str], shown: Callable[[float], str]
) -> str:
    lines = [[server, *(_cell(book.spread(server, cell, metric), shown) for cell in cells)] for server in servers]
    return f"### {title}\n\n{rows(['', *cells], lines)}"


def _ratios(book: Book, peer: str, cells: Sequence[str]) -> str:
    lines = []
    for server in [server for server in book.servers() if server.startswith("Teahouse")]:
        ratios = [book.ratio(server, peer, cell, RATE) for cell in cells]
        lines.append([server, *("–" if ratio is None else f"{ratio:.2f}" for ratio in ratios)])
    return f"### Deliveries a second, ÷ {peer}\n\n{rows(['', *cells], lines)}"


def _company(book: Book) -> str:
    lines = []
    for cell in COMPANY:
        for server in book.servers():
            for name in (f"{cell}: before", cell):
                if (p50 := book.spread(server, name, P50)) is not None:
                    shown = [
                        _cell(book.spread(server, name, metric), lambda us: f"{us / 1_000:.2f}")
                        for metric in (P99, MAX)
                    ]
                    lines.append([f"{name} ({server})", f"{p50.median / 1_000:.2f}", *shown])
    return (
        f"### In company: p50, p99 and the longest, ms\n\n{rows(['', 'p50', 'p99', 'longest'], lines)}" if lines else ""
    )


def verdicts(checked: Sequence[Mark]) -> str:
    """The marks that were measured, met or missed."""
    lines = []
    for mark in checked:
        if mark.value is not None:
            sign = "≥" if mark.at_least else "≤"
            lines.append([mark.what, f"{sign} {mark.limit:g}", f"{mark.value:.4g}", mark.verdict])
    missed = sum(mark.verdict == "missed" for mark in checked)
    title = f"### Marks: {len(lines) - missed} met, {missed} missed, {len(checked) - len(lines)} not measured"
    return f"{title}\n\n{rows(['mark', 'limit', 'measured', ''], lines)}" if lines else title


BEGIN, END = "<!-- figures of {name}: begin -->", "<!-- figures of {name}: end -->"


def put_into(page: Path, name: str, text: str) -> None:
    """Replace what stands between the two comments of `name` in a page of the docs.

    raises  ValueError where the page has no such comments
    """
    begin, end = BEGIN.format(name=name), END.format(name=name)
    words = page.read_text(encoding="utf-8")
    before, found_begin, rest = words.partition(begin)
    _, found_end, after = rest.partition(end)
    if not found_begin or not found_end:
        raise ValueError(f"{page.name} has no place for the figures of {name}")
    page.write_text(f"{before}{begin}\n\n{text.strip()}\n\n{end}{after}", encoding="utf-8")
