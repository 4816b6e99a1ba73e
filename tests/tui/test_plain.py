"""Lines in, lines out: what a pipe or a screen reader gets."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from teahouse.client import Client, Patience, connect
from teahouse.client.errors import Unreachable
from teahouse.core.errors import BadRoom
from teahouse.testing import House, house
from teahouse.tui.lines import Lines
from teahouse.tui.plain import Plain
from tests.support.inbox import PATIENCE_S, until
from tests.support.server_process import free_port
from tests.tui.given import given


class Typist:
    """Somebody at a keyboard without a screen."""

    def __init__(self, client: Client, plain: Plain, lines: list[str]) -> None:
        self.client = client
        self.plain = plain
        self.keys: asyncio.Queue[str] = asyncio.Queue()
        self._lines = lines

    def types(self, *lines: str) -> None:
        for line in lines:
            self.keys.put_nowait(f"{line}\n")

    @property
    def lines(self) -> list[str]:
        """What was printed, without times."""
        return [re.sub(r"^\d{4}-\d\d-\d\d \d\d:\d\d ", "", line) for line in self._lines]

    async def reads(self, line: str) -> None:
        await until(lambda: line in self.lines)


@asynccontextmanager
async def a_typist(address: str, name: str, room: str = "tea") -> AsyncIterator[Typist]:
    lines: list[str] = []
    plain = Plain(lines.append)
    client = await connect(address, name=name, heard=plain.heard, patience=Patience(pause=0.01, longest=0.05)).open()
    typist = Typist(client, plain, lines)
    running = asyncio.get_running_loop().create_task(plain.run(client, room, typist.keys.get))
    try:
        await until(lambda: bool(lines))
        yield typist
    finally:
        typist.keys.put_nowait("")
        async with asyncio.timeout(20):
            await running
        await client.close()


async def test_lines_go_in_and_what_others_say_comes_out(server: House) -> None:
    async with a_typist(server.address, "ana") as ana, a_typist(server.address, "bob") as bob:
        await ana.reads("* bob came")
        ana.types("hello", "", "/me waves")
        await bob.reads("* ana waves")
        bob.types("/nick robert", "hi", "/topic tea and talk")
        await ana.reads("* robert sets the topic: tea and talk")
        assert ana.lines == [
            "* tea (ana)",
            "* bob came",
            "* bob is now robert",
            "robert: hi",
            "* robert sets the topic: tea and talk",
        ]
        assert bob.lines[:3] == ["* tea (ana, bob)", "ana: hello", "* ana waves"]


async def test_commands_are_answered_in_lines(server: House) -> None:
    async with a_typist(server.address, "ana") as ana, a_typist(server.address, "bob") as bob:
        bob.types("oolong")
        await ana.reads("bob: oolong")
        ana.types("/who", "/rooms", "/topic", "/history 5", "/help", "/join garden", "/msg bob psst")
        await bob.reads("*ana* psst")
        await ana.reads("* to bob: psst")
        for line in ("* ana, bob", "* tea (2 here)", "* there is no topic", "* /nick NAME         call yourself that"):
            assert any(shown.startswith(line.partition("   ")[0]) for shown in ana.lines), line
        assert "* garden (ana)" in ana.lines
        await bob.reads("* ana went")
        ana.types("/leave", "nobody hears this")
        await ana.reads("* You are in no room. /join lobby takes you to one.")
        assert ana.plain.declined


@pytest.mark.parametrize("goodbye", ["bye", "/quit"])
async def test_a_goodbye_ends_it_when_all_is_stored(server: House, goodbye: str) -> None:
    lines = iter([*(f"line {number}\n" for number in range(200)), f"{goodbye}\n"])
    plain = Plain(lambda line: None)
    async with connect(server.address, name="ana", heard=plain.heard) as client:
        await plain.run(client, "tea", given(lines))
        assert client.waiting == []
        assert not plain.declined
        assert [message.text async for message in client.room("tea").history(after=0)] == [
            f"line {n}" for n in range(200)
        ]


async def test_a_first_room_that_cannot_be_is_an_error(server: House) -> None:
    plain = Plain(lambda line: None)
    async with connect(server.address, heard=plain.heard) as client:
        with pytest.raises(BadRoom):
            await plain.run(client, "a room", given([]))


async def test_what_is_typed_while_the_house_is_away_is_said_when_it_is_back(tmp_path: Path) -> None:
    port = free_port()
    async with house(data=tmp_path, port=port) as server:
        started = a_typist(server.address, "ana")
        ana = await started.__aenter__()
        ana.types("/topic")
        await ana.reads("* there is no topic")
    await until(lambda: ana.lines[-1].endswith("trying to come back"))
    ana.types("are you there?")
    await ana.reads("* waits until the server is back: are you there?")
    async with house(data=tmp_path, port=port) as server:
        await ana.reads("* back again")
        await until(lambda: not ana.client.waiting)
        await started.__aexit__(None, None, None)
        async with connect(server.address) as reader:
            assert [message.text async for message in reader.room("tea").history()] == ["are you there?"]


async def test_it_ends_with_the_client_though_nobody_types(tmp_path: Path) -> None:
    plain, keys = Plain(lambda line: None), asyncio.Queue[str]()
    async with house(data=tmp_path) as server:
        patience = Patience(pause=0.01, longest=0.01, give_up=0.05)
        client = await connect(server.address, name="ana", heard=plain.heard, patience=patience).open()
        running = asyncio.create_task(plain.run(client, "tea", keys.get))
        await until(lambda: bool(client.rooms))
    with pytest.raises(Unreachable, match="did not come back"):
        async with asyncio.timeout(PATIENCE_S):
            await running


async def test_a_line_that_is_no_text_is_declined_and_the_next_one_said(server: House) -> None:
    said: list[str] = []
    reading, writing = os.pipe()
    os.write(writing, b"\xff\nfine\n")
    os.close(writing)
    plain = Plain(said.append)
    async with connect(server.address, name="ana", heard=plain.heard) as client:
        with os.fdopen(reading) as given:
            await plain.run(client, "tea", Lines(given.fileno()).next)
        assert plain.declined
        assert "* What came by the standard input is not UTF-8, and was not sent." in said
        assert [message.text async for message in client.room("tea").history()] == ["fine"]


async def test_what_was_kept_from_the_last_time_is_sent(tmp_path: Path) -> None:
    outbox, port = tmp_path / "outbox", free_port()
    hasty = Patience(pause=0.01, longest=0.05, goodbye=0.05)
    async with house(data=tmp_path / "data", port=port) as server:
        client = await connect(server.address, name="ana", outbox=outbox, patience=hasty).open()
        tea = await client.join("tea")
    await until(lambda: not client.online)
    sending = tea.send("kept")
    await client.close()
    assert client.unsent == [sending]
    said: list[str] = []
    plain = Plain(said.append)
    async with house(data=tmp_path / "data", port=port) as server:
        async with connect(server.address, name="ana", outbox=outbox, heard=plain.heard) as again:
            await plain.run(again, "tea", given([]))
            assert [message.text async for message in again.room("tea").history()] == ["kept"]
