"""How heavy and how quick the page is: `scripts/with_python.sh scripts/measure_page.py`.

    first load   bytes of the document and of what it asks for, as they are sent (brotli, gzip)
    opening      from the click on a room of 130,000 events (over 100,000 messages), half of them unread, until the first unread message is
                 drawn: the median of some, each in a page that knows nothing of the room yet
    a busy room  1,000 messages in 10 seconds into the room on screen: frames a second, message nodes in the document

In a headless Chromium on this machine, which also runs the server and whoever talks.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import statistics
import tempfile
import time
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright

from teahouse.server.web.page import FOLDER
from tests.support.big_log import fill
from tests.support.json_client import JsonClient
from tests.support.lacks import CHROMIUM
from tests.support.server_process import ServerProcess

EVENTS = 130_000  # more than 100,000 of them are messages
BUSY_MESSAGES, BUSY_S = 1_000, 10.0

OPENING = """
(room) => new Promise((opened) => {
  const link = [...document.querySelectorAll('.room-link')].find((each) => each.getAttribute('href') === '/r/' + room);
  const began = performance.now();
  const look = () => {
    const line = document.querySelector('.new-line');
    const list = document.querySelector('.list');
    if (line && list && line.getBoundingClientRect().top > 0 && line.nextElementSibling) {
      // The frame after the one in which it was laid out: then it is drawn.
      requestAnimationFrame(() => opened(performance.now() - began));
    } else requestAnimationFrame(look);
  };
  link.click();
  requestAnimationFrame(look);
})
"""
COUNTING = """
() => {
  window.counted = {frames: 0, most: 0, longest: 0, last: performance.now(), began: performance.now()};
  const count = (now) => {
    const counted = window.counted;
    counted.frames += 1;
    counted.longest = Math.max(counted.longest, now - counted.last);
    counted.last = now;
    counted.most = Math.max(counted.most, document.querySelectorAll('.message').length);
    if (!counted.done) requestAnimationFrame(count);
  };
  requestAnimationFrame(count);
}
"""
COUNTED = """
() => {
  const counted = window.counted;
  counted.done = true;
  return [counted.frames / (performance.now() - counted.began) * 1000, counted.longest, counted.most];
}
"""


def first_load() -> dict[str, int]:
    """Bytes by encoding."""
    shell = (FOLDER / "index.html").read_text(encoding="utf-8")
    files = [FOLDER / "index.html", *(FOLDER / name for name in re.findall(r'(?:src|href)="/(assets/[^"]+)"', shell))]
    return {
        "as it is": sum(path.stat().st_size for path in files),
        "gzip": sum(path.with_name(path.name + ".gz").stat().st_size for path in files),
        "brotli": sum(path.with_name(path.name + ".br").stat().st_size for path in files),
    }


async def opening(browser: Browser, address: str, token: str, runs: int) -> list[float]:
    """Milliseconds from the click to the first unread message."""
    times: list[float] = []
    for _ in range(runs):
        page = await known_guest(browser, address, token, "side")
        await page.locator(".room-link[href='/r/lobby']").wait_for()
        times.append(await page.evaluate(OPENING, "lobby"))
        await page.context.close()
    return times


async def known_guest(browser: Browser, address: str, token: str, room: str) -> Page:
    """A page of somebody who was here before, in another room."""
    context = await browser.new_context(viewport={"width": 1_280, "height": 800})
    kept = {"teahouse.token": token, "teahouse.name": "ana", "teahouse.rooms": json.dumps([room])}
    await context.add_init_script(
        f"Object.entries({json.dumps(kept)}).forEach(([key, value]) => localStorage[key] ??= value)"
    )
    page = await context.new_page()
    await page.goto(f"{address}/r/{room}")
    await page.locator(".room-link[aria-current=page]:not(.elsewhere)").wait_for()
    return page


async def busy(browser: Browser, server: ServerProcess, address: str, token: str) -> tuple[float, float, int]:
    """(frames a second, the longest frame in ms, the most message nodes)."""
    page = await known_guest(browser, address, token, "busy")
    talker = await JsonClient.by_frames(server.host, server.port)
    await talker.hello("talker")
    await talker.join("busy")
    await page.evaluate(COUNTING)
    began = time.perf_counter()
    for number in range(BUSY_MESSAGES):
        await talker.ask(
            "post", room="busy", text=f"{number}: **quick** words, a `code` and https://a.example/{number}"
        )
        ahead = number * BUSY_S / BUSY_MESSAGES - (time.perf_counter() - began)
        if ahead > 0:
            await asyncio.sleep(ahead)
    await page.locator(".message .said", has_text=f"{BUSY_MESSAGES - 1}:").wait_for()
    frames, longest, most = await page.evaluate(COUNTED)
    await talker.close()
    await page.context.close()
    return frames, longest, most


async def measure(runs: int) -> None:
    """All of it, as a small table."""
    for encoding, size in first_load().items():
        print(f"first load, {encoding:<10}{size / 1_000:>10,.1f} kB", flush=True)
    with tempfile.TemporaryDirectory(prefix="teahouse-page-") as scratch:
        data = Path(scratch) / "data"
        fill(data, EVENTS, rooms=1)
        server = ServerProcess(data)
        await server.start()
        address = f"http://{server.host}:{server.port}"
        reader = await JsonClient.by_frames(server.host, server.port)
        token = (await reader.hello("ana"))["token"]
        await reader.ask("mark", room="lobby", seq=EVENTS // 2)
        await reader.close()
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            times = await opening(browser, address, token, runs)
            print(
                f"opening at the first unread of {EVENTS:,} events: median {statistics.median(times):,.0f} ms, worst {max(times):,.0f} ms of {runs}"
            )
            frames, longest, most = await busy(browser, server, address, token)
            print(
                f"{BUSY_MESSAGES:,} messages in {BUSY_S:.0f} s: {frames:.0f} frames a second, longest {longest:.0f} ms, at most {most} message nodes"
            )
            await browser.close()
        await server.end()


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=15, help="openings (15)")
    asyncio.run(measure(parser.parse_args().runs))


if __name__ == "__main__":
    main()
