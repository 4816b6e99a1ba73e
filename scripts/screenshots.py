"""Pictures of the page for the README: `scripts/with_python.sh scripts/screenshots.py`.

The house of `teahouse demo`, filled once; each picture is taken in a copy of it, so that no visitor of one is seen in
another. Its people are there and go on talking while somebody looks. Needs Debian's `chromium`, `fonts-noto-core`,
`fonts-noto-cjk` and `fonts-noto-color-emoji`.

    page-light.png  page-dark.png      1280 × 800, twice as sharp
    page-phone.png  page-chinese.png
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from playwright.async_api import Browser, async_playwright, expect

from teahouse.demo.play import Company, company, fill
from teahouse.demo.script import Scene, the_week
from teahouse.server.clock import Clock
from teahouse.testing import house
from tests.support.lacks import CHROMIUM
from tests.web.visitor import Visitor

PICTURES = Path(__file__).parent.parent / "docs" / "pictures"
WIDE: dict[str, Any] = {"viewport": {"width": 1_280, "height": 800}}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 800}, "is_mobile": True, "has_touch": True}


class Shot(NamedTuple):
    """A picture: of which room, by whose browser; `writer` is seen writing."""

    name: str
    visitor: str
    room: str
    writer: str
    options: dict[str, Any]


SHOTS = (
    Shot("page-light", "iris", "lobby", "ana", WIDE | {"locale": "en-GB"}),
    Shot("page-dark", "iris", "lobby", "ana", WIDE | {"locale": "en-GB", "color_scheme": "dark"}),
    Shot("page-phone", "iris", "lobby", "ana", PHONE | {"locale": "en-GB"}),
    Shot("page-chinese", "阿竹", "上海", "小美", WIDE | {"locale": "zh-CN"}),
)


async def take(folder: Path) -> None:
    """All pictures."""
    with tempfile.TemporaryDirectory(prefix="teahouse-pictures-") as scratch:
        week = Path(scratch) / "week"
        await fill(week, Clock().now_ms())
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            for shot in SHOTS:
                copy = shutil.copytree(week, Path(scratch) / shot.name)
                await photograph(browser, copy, shot, folder / f"{shot.name}.png")
            await browser.close()


async def photograph(browser: Browser, data: Path, shot: Shot, target: Path) -> None:
    """Come in, look into each room of the week, stay in one while people talk in the others."""
    week = the_week()
    async with house(data=data) as server, company(server, week) as everybody:
        await everybody.enter(week)
        context = await browser.new_context(device_scale_factor=2, reduced_motion="reduce", **shot.options)
        visitor = Visitor(context, await context.new_page(), f"http://{server.address}")
        await visitor.goes_to(f"/r/{shot.room}")
        await visitor.page.locator("#name").fill(shot.visitor)
        await visitor.page.keyboard.press("Enter")
        await visitor.is_in()
        for room in [*({scene.room for scene in week} - {shot.room}), shot.room]:
            await visitor.composer.fill(f"/join {room}")
            await visitor.page.locator(".send").click()
            await expect(visitor.page.locator(".room-title h1")).to_have_text(room)
        for scene in week:
            if scene.live and scene.room != shot.room:
                await talk(everybody, scene)
        await expect(visitor.page.locator(".room-link.unread .count").first).to_be_attached()
        await everybody.writes(shot.writer, shot.room)
        await expect(visitor.page.locator(".typing-dots")).to_be_visible()
        await visitor.page.screenshot(path=target)
        visitor.did_nothing_wrong()
        await context.close()


async def talk(everybody: Company, scene: Scene) -> None:
    """All of a scene, at once."""
    seqs: list[int] = []
    for line in scene.lines:
        seqs.append(await everybody.plays(line, scene.room, seqs))


def main() -> None:
    """Take them, into docs/pictures or where it is said."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=PICTURES)
    asyncio.run(take(parser.parse_args().folder))


if __name__ == "__main__":
    main()
