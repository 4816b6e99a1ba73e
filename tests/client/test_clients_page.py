"""The lines of docs/clients.md, copied and pasted."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from teahouse.client import connect_sync
from teahouse.testing import house_in_thread

PAGE = (Path(__file__).parents[2] / "docs" / "clients.md").read_text(encoding="utf-8")
PATIENCE_S = 60


def block(language: str, kind: str) -> str:
    found = re.findall(rf"^```{language} {kind}\n(.*?)^```", PAGE, re.M | re.S)
    assert len(found) == 1
    return str(found[0])


@pytest.mark.parametrize("kind", ["client", "script", "test"])
def test_a_program_of_the_page_runs(kind: str, tmp_path: Path) -> None:
    with house_in_thread() as server:
        program = tmp_path / "test_program.py"
        program.write_text(block("python", kind).replace("localhost:7256", server.address), encoding="utf-8")
        how = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:asyncio"] if kind == "test" else []
        ended = subprocess.run(
            [sys.executable, *how, str(program)], cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )  # fmt: skip
        assert ended.returncode == 0, ended.stdout + ended.stderr
        assert ended.stderr == ""
        with connect_sync(server.address) as someone:
            rooms = {entry.room for entry in someone.do(someone.client.list_rooms()) if entry.head}
        assert rooms == {"client": {"lobby"}, "script": {"builds"}, "test": set()}[kind]


def test_a_command_of_the_page_runs(tmp_path: Path) -> None:
    with house_in_thread() as server:
        for line in block("sh", "terminal").splitlines():
            words = shlex.split(line.replace(" --follow", ""))  # without it, it ends
            assert words[0] == "teahouse"
            ended = subprocess.run(
                [sys.executable, "-m", *words], cwd=tmp_path, env={"HOME": str(tmp_path), "TEAHOUSE_SERVER": server.address},
                capture_output=True, text=True, timeout=PATIENCE_S, check=False,
            )  # fmt: skip
            assert ended.returncode == 0, ended.stderr
    assert "good evening" in (tmp_path / "lobby.html").read_text(encoding="utf-8")
