"""`teahouse demo`: the house of the demo on its port, filled the first time, lively until it is interrupted."""

from __future__ import annotations

import asyncio
import random
import signal
from pathlib import Path

from teahouse.core.errors import ConfigError
from teahouse.demo.play import fill, live
from teahouse.server.clock import Clock
from teahouse.testing import house

FILLED = "filled-by-demo"
"""A file that says that the week is in the folder, all of it: nobody's real log is ever filled with a story."""


async def show(data: Path, port: int, *, only_fill: bool = False) -> None:
    """Fill the folder if it is new; then serve it until SIGINT or SIGTERM.

    raises  ConfigError   the port is taken, the folder is in use or is somebody else's
    """
    if not _is_filled(data):
        lines = await fill(data, Clock().now_ms())
        (data / FILLED).touch(mode=0o600)
        print(f"{data}: {lines} lines of a week were said.")
    if only_fill:
        return
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    async with house(data=data, port=port) as server:
        print(f"A house with a week of life is open; its people go on talking. Ctrl-C closes it.\n\n  browser   http://{server.address}/\n  terminal  teahouse join {server.address}\n", flush=True)  # fmt: skip
        await live(server, random.Random(), ended)


def _is_filled(data: Path) -> bool:
    """Whether the week is in the folder.

    raises  ConfigError   something else is
    """
    if (data / FILLED).exists():
        return True
    if data.exists() and any(data.iterdir()):
        raise ConfigError(f"{data} holds something else than a whole demo. Name another folder: --data FOLDER.")
    return False
