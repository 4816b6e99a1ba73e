"""The page as something that is installed: its manifest, its icons, and the shell that opens without the house."""

from __future__ import annotations

import struct

import pytest
from playwright.async_api import expect

from tests.support.server_process import ServerProcess
from tests.web.visitor import Browsing

pytestmark = pytest.mark.asyncio(loop_factories=["asyncio"])

PNG = b"\x89PNG\r\n\x1a\n"
KEPT = """async () => {
  const kept = [];
  for (const name of await caches.keys()) {
    for (const { url } of await (await caches.open(name)).keys()) kept.push(new URL(url).pathname);
  }
  return kept;
}"""


async def test_what_the_manifest_names_is_there_and_as_large_as_it_says(browsing: Browsing) -> None:
    ana = await browsing.visitor()
    await ana.goes_to()
    session = await ana.context.new_cdp_session(ana.page)
    read = await session.send("Page.getAppManifest")
    assert read["errors"] == []
    manifest = await (await ana.context.request.get(f"{ana.address}/manifest.webmanifest")).json()
    assert manifest["display"] == "standalone"
    for icon in manifest["icons"]:
        answer = await ana.context.request.get(ana.address + icon["src"])
        assert answer.headers["content-type"] == icon["type"]
        body = await answer.body()
        if body.startswith(PNG):  # https://www.w3.org/TR/png-3/#11IHDR: width and height follow the first header
            assert "{}x{}".format(*struct.unpack("!II", body[16:24])) == icon["sizes"]


async def test_the_shell_is_kept_and_nothing_that_was_said_and_it_opens_while_the_house_is_away(
    browsing: Browsing, server: ServerProcess
) -> None:
    ana = await browsing.visitor()
    await ana.enters("ana")
    await ana.says("nobody keeps this")
    await ana.sees("nobody keeps this")
    await ana.until("() => navigator.serviceWorker.controller !== null")
    await ana.page.reload()
    await ana.sees("nobody keeps this")
    kept = await ana.page.evaluate(KEPT)
    assert {path for path in kept if not path.startswith("/assets/")} == {"/", "/icon.svg", "/manifest.webmanifest"}
    held = "async () => (await Promise.all((await caches.keys()).map(async (name) => { const cache = await caches.open(name); return Promise.all((await cache.keys()).map(async (key) => (await cache.match(key)).text())) }))).flat()"
    assert not [text for text in await ana.page.evaluate(held) if "nobody keeps this" in text]
    ana.away = True
    await server.kill()
    await ana.goes_to("/r/lobby")
    await expect(ana.page.locator(".connection-bar")).to_contain_text("Reconnecting…")
    await expect(ana.composer).to_be_enabled()
