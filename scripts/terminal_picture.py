"""The picture of `teahouse join` for the README: `scripts/with_python.sh scripts/terminal_picture.py`.

The house of `teahouse demo` is filled and goes on talking; somebody sits at the screen; what stands there becomes one
SVG file. Textual's own export counts a Chinese character as one cell where it takes two, and asks another host for its
font: here each wide character stands in the middle of its two cells, and the fonts are those that the reader has.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from html import escape, unescape
from itertools import groupby
from pathlib import Path

from rich.cells import split_graphemes

from teahouse.demo.play import Company, ToldClock, company, fill
from teahouse.demo.script import Line, Scene, the_week
from teahouse.testing import house
from tests.support.inbox import until
from tests.tui.screen import at_the_screen

PICTURE = Path(__file__).parent.parent / "docs" / "pictures" / "terminal.svg"
NOW = datetime(2026, 11, 24, 14, 57, tzinfo=UTC)
SIZE = (112, 36)
ROOMS = ("lobby", "tea", "builds", "上海")
STEP_MS = 31_000

CELL = 12.2
"""How wide Textual draws a cell, in its own units."""
FONTS = "ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', 'Noto Sans Mono CJK SC', monospace"
_ELSEWHERE = re.compile(r"@font-face \{.*?\}|<!--.*?-->", re.DOTALL)
_TEXT = re.compile(
    r'<text class="([^"]+)" x="([^"]+)" y="([^"]+)" textLength="[^"]+" clip-path="([^"]+)">([^<]*)</text>'
)


async def said(everybody: Company, scene: Scene, clock: ToldClock, lines: int) -> None:
    """The first lines of a scene."""
    seqs: list[int] = []
    for line in scene.lines[:lines]:
        seqs.append(await everybody.plays(line, scene.room, seqs))
        clock.ms += STEP_MS


async def take() -> str:
    """The screen of somebody in the demo, as SVG."""
    clock = ToldClock()
    clock.ms = int(NOW.timestamp() * 1_000)
    week = the_week()
    live = {scene.room: scene for scene in week if scene.live}
    with tempfile.TemporaryDirectory(prefix="teahouse-picture-") as folder:
        data = Path(folder) / "data"
        await fill(data, clock.ms)
        async with (
            house(data=data, clock=clock) as server,
            company(server, week) as everybody,
            at_the_screen(server.address, "iris", rooms=ROOMS, size=SIZE) as iris,
        ):
            await everybody.enter(week)
            for _ in ROOMS:  # all is read, and the first room is looked at again
                await iris.presses("ctrl+n")
                await until(lambda: not iris.guest.here().unread)
            await said(everybody, live["lobby"], clock, 4)
            await said(everybody, live["tea"], clock, 2)
            await said(everybody, live["builds"], clock, 1)
            await iris.sees(live["lobby"].lines[3].text)
            await everybody.plays(Line("小美", "@iris 你也来吗？带上相机", reactions=[("ana", "📷")]), "lobby", [])
            clock.ms += STEP_MS
            await iris.says("一定来 📷")
            await iris.types("and who brings the cake?")
            await everybody.writes("dora", "lobby")
            await until(lambda: "dora" in iris.static("bar") and "tea 2" in iris.rooms() and "builds 1" in iris.rooms())
            await iris.pilot.pause()
            return redrawn(iris.app.export_screenshot(title="teahouse join"))


def redrawn(svg: str) -> str:
    """The same picture with every character in its own cells, and without a word to another host."""
    svg = _ELSEWHERE.sub("", svg)
    svg = svg.replace("Fira Code, monospace", FONTS).replace("font-family: arial", "font-family: system-ui, sans-serif")
    svg = _TEXT.sub(lambda found: "".join(_cells(*found.groups())), svg)
    return "\n".join(line.rstrip() for line in svg.split("\n") if line.strip()) + "\n"


def _cells(style: str, x: str, y: str, clip: str, content: str) -> Iterator[str]:
    """One run of text as elements that each begin where their cells do."""
    text, left = unescape(content), float(x)
    spans, _ = split_graphemes(text)
    for width, group in groupby(spans, key=lambda span: span[2]):
        chars = [text[start:end] for start, end, _ in group]
        if width == 2:
            for char in chars:
                yield f'<text class="{style}" x="{left + CELL:g}" y="{y}" text-anchor="middle" clip-path="{clip}">{char}</text>'
                left += 2 * CELL
            continue
        run = "".join(chars)
        if run.strip():
            yield (
                f'<text class="{style}" x="{left:g}" y="{y}" textLength="{CELL * len(chars):g}" '
                f'lengthAdjust="spacingAndGlyphs" clip-path="{clip}">{escape(run, quote=False)}</text>'
            )
        left += width * len(chars) * CELL


def main() -> None:
    """Take it, into docs/pictures or where it is said."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=PICTURE)
    output = parser.parse_args().output
    os.environ["TZ"] = "UTC"  # the same picture wherever it is taken
    time.tzset()
    output.write_text(asyncio.run(take()), encoding="utf-8")


if __name__ == "__main__":
    main()
