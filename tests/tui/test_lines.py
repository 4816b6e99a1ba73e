"""Lines from a pipe, a file or a terminal, without a thread that waits."""

from __future__ import annotations

import asyncio
import os
import pty
from collections.abc import Iterator
from pathlib import Path

import pytest

from teahouse.core.errors import BadText
from teahouse.tui.lines import CHUNK, Lines
from tests.support.inbox import PATIENCE_S

pytestmark = pytest.mark.asyncio(loop_factories=["asyncio"])  # the commands run on it


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    with os.fdopen(reading), os.fdopen(writing, "wb", closefd=False):
        yield reading, writing
        try:
            os.close(writing)
        except OSError:  # the test did
            pass


async def all_of(lines: Lines) -> list[str]:
    taken: list[str] = []
    async with asyncio.timeout(PATIENCE_S):
        while line := await lines.next():
            taken.append(line)
    return taken


async def test_lines_come_as_they_are_ended(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    lines = Lines(reading)
    os.write(writing, "one\n茶".encode())
    assert await lines.next() == "one\n"
    os.write(writing, b"\n\nlast")
    os.close(writing)
    assert await all_of(lines) == ["茶\n", "\n", "last"]
    assert await lines.next() == ""


async def test_a_file_is_read_to_its_end(tmp_path: Path) -> None:
    text = "".join(f"{'x' * (number % 700)} {number}\n" for number in range(1_000))
    assert len(text) > 2 * CHUNK
    (tmp_path / "lines").write_text(text)
    with (tmp_path / "lines").open() as file:
        assert "".join(await all_of(Lines(file.fileno()))) == text


async def test_the_rest_is_all_that_is_still_to_come(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    lines = Lines(reading)
    os.write(writing, b"one\ntwo\nthree")
    os.close(writing)
    assert await lines.next() == "one\n"
    assert await lines.rest() == "two\nthree"
    assert await lines.rest() == ""


async def test_a_line_that_is_no_text_is_refused_and_the_next_one_taken(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    lines = Lines(reading)
    os.write(writing, b"\xff\xfe\nfine\n")
    with pytest.raises(BadText, match="not UTF-8"):
        await lines.next()
    assert await lines.next() == "fine\n"


async def test_a_wait_can_be_given_up_and_nothing_is_lost_by_it(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    lines = Lines(reading)
    os.write(writing, b"begun")
    waiting = asyncio.create_task(lines.next())
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    os.write(writing, b" and ended\n")
    assert await lines.next() == "begun and ended\n"


async def test_a_terminal_that_is_gone_is_the_end() -> None:
    master, terminal = pty.openpty()
    lines = Lines(terminal)
    os.write(master, b"typed\n")
    assert await lines.next() == "typed\n"
    os.close(master)
    assert await all_of(lines) == []
    os.close(terminal)


async def test_what_was_closed_is_the_end() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    os.close(writing)
    assert await Lines(reading).next() == ""
