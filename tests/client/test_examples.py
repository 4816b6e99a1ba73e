"""The bots of examples/ do what their first line says."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

from teahouse.client import connect, connect_sync
from teahouse.testing import House, house_in_thread
from tests.support.inbox import PATIENCE_S, until

FOLDER = Path(__file__).parents[2] / "examples"
LINES_OF_A_BOT = 10


def example(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def lines_of(task_file: Path) -> list[str]:
    return task_file.read_text(encoding="utf-8").splitlines() if task_file.exists() else []


async def test_echo_repeats_what_it_hears_and_does_not_answer_itself(server: House) -> None:
    async with connect(server.address, name="ana") as ana:
        tea = await ana.join("tea")
        bot = asyncio.get_running_loop().create_task(example("echo").main(server.address, "tea"))
        await until(lambda: tea.count == 2)
        await tea.say("is anybody here?")
        await tea.say("hello")
        await until(lambda: tea.head == 4)
        by_number = {message.seq: message async for message in tea.history(after=0)}
        answers = [message for message in by_number.values() if message.author.name == "echo"]
        assert [answer.text for answer in answers] == ["is anybody here?", "hello"]
        assert [by_number[answer.reply_to or 0].text for answer in answers] == ["is anybody here?", "hello"]
        bot.cancel()
        with pytest.raises(asyncio.CancelledError):
            await bot


@pytest.mark.parametrize(("code", "how"), [(0, "passed ✅"), (3, "failed with 3 ❌")])
def test_the_notifier_says_how_a_command_ended(
    code: int, how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    command = [sys.executable, "-c", f"raise SystemExit({code})"]
    with house_in_thread() as server:
        assert example("build_notifier").main(server.address, "builds", command) == code
        with connect_sync(server.address) as ana:
            assert [message.text for message in ana.join("builds").history()] == [f"{' '.join(command)} {how}"]


async def test_the_log_goes_on_where_it_ended(server: House, tmp_path: Path) -> None:
    file = tmp_path / "tea.jsonl"
    module = example("log_to_file")
    async with connect(server.address, name="ana") as ana:
        tea = await ana.join("tea")
        for round in (1, 2):
            await tea.say(f"round {round}")
            bot = asyncio.get_running_loop().create_task(module.main(server.address, "tea", file))
            await tea.react(1, f"{round}\N{COMBINING ENCLOSING KEYCAP}")
            async with asyncio.timeout(PATIENCE_S):
                while len(lines_of(file)) < 2 * round:
                    await asyncio.sleep(0.01)
            bot.cancel()
            with pytest.raises(asyncio.CancelledError):
                await bot
    assert [json.loads(line)["seq"] for line in lines_of(file)] == [1, 2, 3, 4]


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.stem)
def test_a_bot_is_ten_lines_and_says_how_to_start_it(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert f"python examples/{path.name} " in source
    body = source.partition("main(")[2].partition("\n\n\nif ")[0]
    assert len(body.splitlines()) - 1 <= LINES_OF_A_BOT
