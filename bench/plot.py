"""Deliveries a second as a picture: a bar for each server in each cell, on a logarithmic scale, with its least and
greatest. Plain SVG, so that a difference between two runs can be read as text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from xml.sax.saxutils import escape

from bench.book import RATE, Book

COLOURS = ("#1f6f54", "#4a9c7d", "#93c4ae", "#8a5a2b", "#c79a5e", "#4c5f9e", "#9aa8d4")
BAR, GAP, LEFT, TOP, HEIGHT, BOTTOM = 13, 22, 64, 44, 300, 30
LEAST = 10_000.0


def svg(book: Book, cells: Sequence[str]) -> str:
    """The picture."""
    servers = [server for server in book.servers() if any(book.spread(server, cell, RATE) for cell in cells)]
    spreads = {(server, cell): book.spread(server, cell, RATE) for server in servers for cell in cells}
    highest = max((spread.high for spread in spreads.values() if spread), default=LEAST * 10)
    decades = max(1, math.ceil(math.log10(highest / LEAST)))

    def y(value: float) -> float:
        return TOP + HEIGHT - HEIGHT * math.log10(max(value, LEAST) / LEAST) / decades

    step = BAR * len(servers) + GAP
    width = LEFT + step * len(cells) + GAP
    parts = [_axis(decades, width, y(LEAST)), _legend(servers)]
    for place, cell in enumerate(cells):
        x = LEFT + GAP / 2 + place * step
        parts.append(
            f'<text x="{x + step / 2 - GAP / 2:.1f}" y="{TOP + HEIGHT + 18}" text-anchor="middle">{escape(cell)}</text>'
        )
        for bar, server in enumerate(servers):
            if (spread := spreads[server, cell]) is not None:
                left, colour = x + bar * BAR, COLOURS[bar % len(COLOURS)]
                parts.append(
                    _bar(
                        left,
                        y(spread.median),
                        y(spread.low),
                        y(spread.high),
                        colour,
                        f"{server}, {cell}: {spread.median:,.0f}/s",
                    )
                )
    height = TOP + HEIGHT + BOTTOM
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{max(width, 720)}" height="{height}" font-family="sans-serif" font-size="11">\n'
        f'<rect width="100%" height="100%" fill="#fff"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _axis(decades: int, width: int, zero: float) -> str:
    lines = []
    for decade in range(decades + 1):
        at = zero - HEIGHT * decade / decades
        value = LEAST * 10**decade
        name = f"{value / 1e6:g} M/s" if value >= 1e6 else f"{value / 1e3:g} k/s"
        lines.append(f'<line x1="{LEFT}" x2="{width}" y1="{at:.1f}" y2="{at:.1f}" stroke="#ddd"/>')
        lines.append(f'<text x="{LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{name}</text>')
    return "\n".join(lines)


def _legend(servers: Sequence[str]) -> str:
    lines = []
    x = float(LEFT)
    for place, server in enumerate(servers):
        lines.append(f'<rect x="{x:.0f}" y="14" width="10" height="10" fill="{COLOURS[place % len(COLOURS)]}"/>')
        lines.append(f'<text x="{x + 14:.0f}" y="23">{escape(server)}</text>')
        x += 30 + 6.2 * len(server)
    return "\n".join(lines)


def _bar(left: float, top: float, low: float, high: float, colour: str, title: str) -> str:
    middle = left + (BAR - 2) / 2
    return (
        f'<g><title>{escape(title)}</title><rect x="{left:.1f}" y="{top:.1f}" width="{BAR - 2}" '
        f'height="{max(TOP + HEIGHT - top, 0):.1f}" fill="{colour}"/>'
        f'<line x1="{middle:.1f}" x2="{middle:.1f}" y1="{low:.1f}" y2="{high:.1f}" stroke="#333"/></g>'
    )
