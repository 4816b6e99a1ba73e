"""The lines of docs/clients.md, copied and pasted: each curl line is run, and the program is."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from teahouse.core.limits import LAN
from tests.server.house import House, hears, open_house
from tests.support.inbox import PATIENCE_S
from tests.support.lacks import needs_curl

PAGE = (Path(__file__).parents[2] / "docs" / "clients.md").read_text(encoding="utf-8")
PATIENT = msgspec.structs.replace(LAN, listener_ms=60_000)
LINES = [line for block in re.findall(r"^```sh curl\n(.*?)^```", PAGE, re.M | re.S) for line in block.splitlines()]
(PROGRAM,) = re.findall(r"^```python rest\n(.*?)^```", PAGE, re.M | re.S)
GOES_ON = ("follow", "events")
TIME_IS_OVER = 28  # curl's word for --max-time


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path / "data", PATIENT) as house:
        yield house


async def run(command: str) -> tuple[int, str]:
    """Exit code, and what was printed."""
    process = await asyncio.create_subprocess_shell(
        command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    async with asyncio.timeout(PATIENCE_S):
        said, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()


@needs_curl
@pytest.mark.asyncio(loop_factories=["uvloop"])
async def test_each_curl_line_does_what_it_says(house: House) -> None:
    facts = {"localhost:7256": f"localhost:{house.port}"}
    failed = []
    for line in LINES:
        command = line
        for name, value in facts.items():
            command = command.replace(name, value)
        goes_on = any(word in line for word in GOES_ON)
        limits = "--max-time 0.2" if goes_on else "--fail-with-body"
        code, said = await run(command.replace("curl ", f"curl -sS {limits} ", 1))
        if code not in ((0, TIME_IS_OVER) if goes_on else (0,)):
            failed.append((line, said))
        if found := re.search(r'"token":"(tea_[\w-]+)"', said):
            facts["TOKEN"] = found[1]
        if "Bearer" in line and (found := re.search(r'"type":"stored".*?"seq":(\d+)', said)):
            facts.setdefault("SEQ", found[1])
    assert failed == []
    assert {"TOKEN", "SEQ"} <= facts.keys()
    poll = f"curl -sS 'localhost:{house.port}/api/rooms/lobby/events?after=0&wait=0'"
    assert "good evening" in [event.get("text") for event in json.loads((await run(poll))[1])["events"]]


@pytest.mark.asyncio(loop_factories=["uvloop"])
async def test_the_program_says_its_words_repeats_what_it_hears_and_leaves_at_bye(house: House) -> None:
    ana = await house.program(name="ana")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, f"http://localhost:{house.port}", "hello", "all"
    )
    assert await hears(ana) == "hello all"
    await ana.ask("post", room="lobby", text="polly")
    assert await hears(ana) == "polly"
    assert await hears(ana) == "polly"
    await ana.ask("post", room="lobby", text="bye")
    async with asyncio.timeout(PATIENCE_S):
        assert await process.wait() == 0
