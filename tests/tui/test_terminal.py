"""For real: two terminals with the screen, a person with `nc`, a browser's WebSocket. The server is killed and comes back."""

from __future__ import annotations

import asyncio
import os
import shlex
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.inbox import PATIENCE_S
from tests.support.json_client import JsonClient
from tests.support.lacks import needs_tmux
from tests.support.server_process import ServerProcess, environment
from tests.support.text_client import TextClient

pytestmark = [
    pytest.mark.asyncio(loop_factories=["asyncio"]),
    needs_tmux,
]


SIZE_OF_ANOTHER = {"COLUMNS": "81", "LINES": "41"}
"""What the shell, or whatever runs the tests, may have exported about a terminal that is not ours."""


class Terminal:
    """A terminal of its own, with `teahouse join` in it."""

    def __init__(self, folder: Path, address: str, name: str, size: tuple[int, int]) -> None:
        home = folder / name
        self._socket = folder / f"{name}.tmux"
        self._name = name
        self._size = size
        command = shlex.join([sys.executable, "-m", "teahouse", "join", address, "--name", name])
        self._command = f"HOME={home} XDG_CONFIG_HOME= {command}; echo ended with $?; read"

    async def _tmux(self, *words: str) -> str:
        process = await asyncio.create_subprocess_exec(
            *("tmux", "-u", "-f", os.devnull, "-S", str(self._socket), *words),
            env=environment() | {"LC_ALL": "C.UTF-8", "TERM": "xterm-256color"} | SIZE_OF_ANOTHER,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        said, wrong = await process.communicate()
        assert process.returncode == 0, wrong.decode()
        return said.decode()

    async def open(self) -> None:
        width, height = self._size
        await self._tmux("new-session", "-d", "-s", self._name, "-x", str(width), "-y", str(height), self._command)

    async def close(self) -> None:
        """End it, and what runs in it."""
        await self._tmux("kill-server")

    async def types(self, text: str) -> None:
        await self._tmux("send-keys", "-t", self._name, "-l", text)
        await self._tmux("send-keys", "-t", self._name, "Enter")

    async def presses(self, key: str) -> None:
        await self._tmux("send-keys", "-t", self._name, key)

    async def becomes(self, width: int, height: int) -> None:
        """Somebody pulls at the window."""
        await self._tmux("resize-window", "-t", self._name, "-x", str(width), "-y", str(height))

    async def shows(self) -> str:
        return await self._tmux("capture-pane", "-p", "-t", self._name)

    async def sees(self, *pieces: str) -> None:
        """Wait until all of this is on the screen."""
        shown = ""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while any(piece not in shown for piece in pieces):
                    await asyncio.sleep(0.05)
                    shown = await self.shows()
        except TimeoutError:
            raise AssertionError(f"{self._name} never saw {pieces}, but\n{shown}") from None


@pytest.fixture
async def ana(server: ServerProcess, tmp_path: Path) -> AsyncIterator[Terminal]:
    """In a wide terminal."""
    terminal = Terminal(tmp_path, f"{server.host}:{server.port}", "ana", (110, 30))
    await terminal.open()
    yield terminal
    await terminal.close()


@pytest.fixture
async def bob(server: ServerProcess, tmp_path: Path) -> AsyncIterator[Terminal]:
    """In one of 60 columns."""
    terminal = Terminal(tmp_path, f"{server.host}:{server.port}", "bob", (60, 20))
    await terminal.open()
    yield terminal
    await terminal.close()


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ServerProcess]:
    process = ServerProcess(tmp_path / "data")
    await process.start()
    yield process
    await process.end()


async def test_terminals_nc_and_a_browser_talk_and_lose_nothing_when_the_server_is_killed(
    server: ServerProcess, ana: Terminal, bob: Terminal
) -> None:
    await ana.sees("lobby", "Say something")
    await bob.sees("lobby", "Say something")
    browser = await JsonClient.by_websocket(server.host, server.port)
    token = (await browser.hello("mei"))["token"]
    await browser.join("lobby", last=10)
    nc = await TextClient.by_lines(server.host, server.port)
    nc.send("/nick cem")
    nc.send("from nc")
    await browser.ask("post", room="lobby", text="来自浏览器的问候")
    await ana.types("from the wide terminal")
    await bob.types("from the narrow one")
    for each in (ana, bob):
        await each.sees("from nc", "来自浏览器的问候", "from the wide terminal", "from the narrow one")

    await server.kill()
    await ana.sees("reconnecting")
    await ana.types("said while the house was away")
    await ana.sees("reconnecting, 1 waiting", "away …")
    await server.start()
    await bob.sees("said while the house was away")
    await ana.sees("said while the house was away")
    again = await JsonClient.by_websocket(server.host, server.port)
    await again.hello(token=token)
    await again.ask("join", room="lobby")
    page = await again.ask("history", room="lobby")
    assert sorted(message["text"] for message in page["messages"]) == [
        *(
            "from nc",
            "from the narrow one",
            "from the wide terminal",
            "said while the house was away",
            "来自浏览器的问候",
        )
    ]
    assert "f3 People" not in await bob.shows()  # the last of the keys: 60 columns have no room for it
    await bob.becomes(110, 24)
    await bob.sees("f3 People")
    for each in (ana, bob):
        await each.presses("C-q")
        await each.sees("ended with 0")
    for client in (browser, again):
        await client.vanish()
    await nc.vanish()
