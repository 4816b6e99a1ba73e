"""The house of the demo: its script can be played, its past is past, and nobody's real log is filled with it."""

from __future__ import annotations

import asyncio
import random
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from teahouse.client import connect
from teahouse.core.errors import ConfigError
from teahouse.core.message import Message
from teahouse.demo import play
from teahouse.demo.play import fill, live
from teahouse.demo.script import Line, people, scenes, the_week
from teahouse.demo.show import FILLED, show
from teahouse.testing import house
from tests.support.inbox import until

DAY_MS = 24 * 3_600_000
NOON = 1_795_521_600_000
PATIENCE_S = 30


def test_a_script_says_who_does_what_and_what_becomes_of_it() -> None:
    text = "# a note\n== tea, 2 days ago, 09:05\nana: hi\n  + bob 👍 小美 🎉\n  = hello\nbob ^: yes\n  x\n* ana waves\nana # oolong\n"
    (scene,) = scenes(text)
    assert (scene.room, scene.days_ago, scene.minute_of_day, scene.live) == ("tea", 2, 545, False)
    assert scene.lines == [
        Line("ana", "hi", reactions=[("bob", "👍"), ("小美", "🎉")], edit="hello"),
        Line("bob", "yes", back=1, deleted=True),
        Line("ana", "waves", form="act"),
        Line("ana", "oolong", form="topic"),
    ]
    assert people([scene]) == ["ana", "bob", "小美"]


@pytest.mark.parametrize(
    "text", ["ana: too early", "== tea, live\nnobody says this", "== tea, live\nana: hi\n  ? what"]
)
def test_a_line_that_is_none_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"line|scene"):
        list(scenes(text))


def test_the_week_has_everything_that_a_room_can_have() -> None:
    lines = [line for scene in the_week() for line in scene.lines]
    assert {line.form for line in lines} == {"say", "act", "topic"}
    assert any(line.edit for line in lines)
    assert any(line.deleted for line in lines)
    assert any(line.back for line in lines)
    assert any(line.reactions for line in lines)
    assert any(re.search("[一-鿿]", line.text) for line in lines)
    assert any(scene.live for scene in the_week())
    for scene in the_week():
        assert all(line.back <= place for place, line in enumerate(scene.lines))


@pytest.mark.asyncio(loop_factories=["asyncio"])
async def test_the_past_is_a_week_long_and_ends_before_now(tmp_path: Path) -> None:
    said = await fill(tmp_path, NOON)
    found: list[Message] = []
    async with house(data=tmp_path) as server, connect(server.address) as guest:
        for entry in await guest.list_rooms():
            found += [message async for message in guest.room(entry.room).history(after=0)]
    topics = sum(line.form == "topic" for scene in the_week() for line in scene.lines if not scene.live)
    assert len(found) == said - topics
    times = [message.time for message in found]
    assert NOON - 7 * DAY_MS < min(times) < NOON - 5 * DAY_MS
    assert NOON - 3_600_000 < max(times) <= NOON
    assert any(message.deleted for message in found)
    assert any(message.edited for message in found)
    assert any(message.reactions for message in found)


@pytest.mark.asyncio(loop_factories=["asyncio"])
async def test_its_people_go_on_talking_until_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(play, "PACE_S", (0.0, 0.001))
    monkeypatch.setattr(play, "WRITES_S", 0.001)
    ended = asyncio.Event()
    async with house() as server, connect(server.address) as guest:
        lobby = await guest.join("lobby")
        talking = asyncio.get_running_loop().create_task(live(server, random.Random(1), ended))
        await until(lambda: lobby.head > 12)  # the live scenes of the lobby, twice
        ended.set()
        async with asyncio.timeout(PATIENCE_S):
            await talking


@pytest.mark.asyncio(loop_factories=["asyncio"])
async def test_a_folder_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    async with house(data=tmp_path):
        pass
    before = sorted(path.name for path in tmp_path.iterdir())
    with pytest.raises(ConfigError, match="something else"):
        await show(tmp_path, 0, only_fill=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_the_command_opens_it_and_ends_when_it_is_told_to(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "teahouse", "demo", "--data", "demo"]
    filled = subprocess.run(
        [*words, "--only-fill"], cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    assert (filled.returncode, filled.stderr) == (0, "")
    assert (tmp_path / "demo" / FILLED).exists()
    process = subprocess.Popen([*words, "--port", "0"], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        said = process.stdout.readline()
        assert said.startswith("A house with a week of life is open")
        while "terminal" not in said:
            said = process.stdout.readline()
            assert said, "it ended without a word on how to join"
        assert "teahouse join 127.0.0.1:" in said
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0
    finally:
        process.kill()
        process.communicate()
