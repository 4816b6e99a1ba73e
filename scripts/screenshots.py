"""Pictures of the page for the README: `scripts/with_python.sh scripts/screenshots.py`.

A house of its own is filled over the public protocol, as any program could; then a browser looks at it. Needs
Debian's `chromium`, `fonts-noto-core` and `fonts-noto-cjk`.

    page-light.png  page-dark.png      1280 × 800, twice as sharp
    page-phone.png  page-chinese.png
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from playwright.async_api import Browser, Page, async_playwright

from tests.support.json_client import JsonClient
from tests.support.server_process import ServerProcess
from tests.web.visitor import CHROMIUM

PICTURES = Path(__file__).parent.parent / "docs" / "pictures"


class Line(NamedTuple):
    """Who says what; reactions as name → emoji; `to` answers the line that many above."""

    who: str
    text: str
    reactions: dict[str, str] = {}
    to: int = 0
    form: str = "say"


ENGLISH: Sequence[Line] = (
    Line("mei", "Morning! The new leaves from **Longjing** have arrived ☕→🍵", {"tom": "🎉", "ana": "🍵", "ola": "🍵"}),
    Line("tom", "At last. How hot should the water be this time?"),
    Line("mei", "80 °C, no more. And let it breathe:\n\n1. warm the bowl\n2. three grams a person\n3. two minutes, then share"),
    Line("ola", "I wrote that down before it got lost again. It is in the log now, so it can't be :)", {"mei": "😄"}),
    Line("kettle", "boiling since 08:58, 79.6 °C"),
    Line("tom", "@ana did the script that watches the kettle survive the restart?"),
    Line("ana", "It did, it came back by its number:\n\n```python\nasync with connect(\"teahouse.local\") as house:\n    async for event in house.room(\"lobby\", after=seq):\n        print(event.author.name, event.text)\n```", {"tom": "👍", "mei": "👍"}),
    Line("mei", "Nothing twice and nothing left out?", to=1),
    Line("ana", "Nothing. I pulled the cable to be sure."),
    Line("waiter", "pours another round", form="act"),
    Line("ola", "晚上有人一起喝茶吗？ We have room for two more."),
    Line("mei", "算我一个。I bring the cake 🍰", {"ola": "❤️", "ana": "❤️"}),
)  # fmt: skip
CHINESE: Sequence[Line] = (
    Line("小梅", "早！今年的**明前龙井**到了 🍵", {"老汤": "🎉", "安娜": "🍵", "欧拉": "🍵"}),
    Line("老汤", "终于来了。这次水温多少合适？"),
    Line("小梅", "八十度，别再高了。步骤是：\n\n1. 先温杯\n2. 每人三克\n3. 两分钟出汤，分着喝"),
    Line("欧拉", "赶紧记下来，免得又找不到。反正都在日志里，丢不了 :)", {"小梅": "😄"}),
    Line("水壶", "08:58 起保温，79.6 °C"),
    Line("老汤", "@安娜 盯水壶的那个脚本，重启之后还好吗？"),
    Line("安娜", "好好的，按编号自己接上了：\n\n```python\nasync for event in house.room(\"大堂\", after=seq):\n    print(event.author.name, event.text)\n```", {"老汤": "👍", "小梅": "👍"}),
    Line("小梅", "不重复，也不遗漏？", to=1),
    Line("安娜", "一条都没有。我特意拔了网线试的。"),
    Line("伙计", "又添了一轮茶", form="act"),
    Line("欧拉", "晚上有人一起喝茶吗？还能坐两位。"),
    Line("小梅", "算我一个，蛋糕我带 🍰", {"欧拉": "❤️", "安娜": "❤️"}),
)  # fmt: skip


async def converse(server: ServerProcess, room: str, lines: Sequence[Line], topic: str) -> list[JsonClient]:
    """Let everybody say their lines; they stay, so that somebody is there."""
    people: dict[str, JsonClient] = {}
    for line in lines:
        if line.who not in people:
            people[line.who] = await JsonClient.by_websocket(server.host, server.port)
            await people[line.who].hello(line.who)
            await people[line.who].join(room)
    seqs: list[int] = []
    await people[lines[0].who].ask("topic", room=room, topic=topic)
    for line in lines:
        reply = {"reply_to": seqs[-line.to]} if line.to else {}
        stored = await people[line.who].ask("post", room=room, text=line.text, form=line.form, **reply)
        seqs.append(stored["seq"])
        for who, emoji in line.reactions.items():
            await people[who].ask("react", room=room, target=stored["seq"], emoji=emoji)
    return list(people.values())


async def write(client: JsonClient, room: str, count: int) -> None:
    """Something unread in a room beside the first one."""
    await client.join(room)
    for number in range(count):
        await client.ask("post", room=room, text=f"{number + 1}")
    await client.ask("leave", room=room)


async def look(browser: Browser, address: str, name: str, visitor: str, **options: Any) -> Page:
    """Somebody who comes in, and is where the conversation is."""
    context = await browser.new_context(device_scale_factor=2, reduced_motion="reduce", **options)
    page = await context.new_page()
    await page.goto(f"{address}/r/{name}")
    await page.locator("#name").fill(visitor)
    await page.keyboard.press("Enter")
    await page.locator(".message").first.wait_for()
    return page


async def take(folder: Path) -> None:
    """All pictures."""
    with tempfile.TemporaryDirectory(prefix="teahouse-pictures-") as scratch:
        server = ServerProcess(Path(scratch) / "data")
        await server.start()
        address = f"http://{server.host}:{server.port}"
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            wide = {"viewport": {"width": 1_280, "height": 800}}
            phone = {"viewport": {"width": 390, "height": 800}, "is_mobile": True, "has_touch": True}
            here = await converse(server, "lobby", ENGLISH, "Tea, talk, and whatever the kettle says")
            there = await converse(server, "大堂", CHINESE, "喝茶，聊天，听水壶说话")
            for shot, room, visitor, options in (
                ("page-light", "lobby", "iris", {**wide, "locale": "en-GB"}),
                ("page-dark", "lobby", "juno", {**wide, "locale": "en-GB", "color_scheme": "dark"}),
                ("page-phone", "lobby", "kim", {**phone, "locale": "en-GB"}),
                ("page-chinese", "大堂", "阿竹", {**wide, "locale": "zh-CN"}),
            ):
                page = await look(browser, address, room, visitor, **options)
                garden, market = ("garden", "market") if room == "lobby" else ("花园", "市集")
                for side in (garden, market, room):
                    await page.locator(".composer textarea").fill(f"/join {side}")
                    await page.locator(".send").click()
                    await page.locator(".room-title h1", has_text=side).wait_for()
                friend = (here if room == "lobby" else there)[1]
                await write(friend, garden, 3)
                greeting = await friend.ask("direct", to=visitor)
                await friend.ask("post", room=greeting["room"], text="☕?")
                await page.locator(".room-link.unread .count").nth(1).wait_for(state="attached")
                await page.locator(".message").last.wait_for()
                await page.screenshot(path=folder / f"{shot}.png")
                await page.context.close()
            for client in (*here, *there):
                await client.close()
            await browser.close()
        await server.end()


def main() -> None:
    """Take them, into docs/pictures or where it is said."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=PICTURES)
    asyncio.run(take(parser.parse_args().folder))


if __name__ == "__main__":
    main()
