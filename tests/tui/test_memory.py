"""What a user's programs remember, and that they work without it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from teahouse.client import connect
from teahouse.testing import House, house
from teahouse.tui.entry import HERE, enter, visit, whereto
from teahouse.tui.memory import FILE, MOST, Known, Memory
from tests.support.server_process import free_port


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    return Memory(tmp_path / "config" / "teahouse")


def test_the_latest_comes_first_and_a_name_finds_its_own(memory: Memory) -> None:
    memory.remember("tea:1", "ana", "tea_a")
    memory.remember("tea:1", "", "tea_g")
    memory.remember("tea:2", "bob", "tea_b")
    assert memory.last == "tea:2"
    assert memory.recall("tea:1", None) == Known("", "tea_g")
    assert memory.recall("tea:1", "ANA") == Known("ana", "tea_a")
    assert memory.recall("tea:1", "bob") is None
    assert memory.recall("tea:3", None) is None
    memory.remember("tea:1", "Ana", "tea_a2")
    assert memory.recall("tea:1", None) == Known("Ana", "tea_a2")
    assert memory.recall("tea:1", "ana") == Known("Ana", "tea_a2")
    assert memory.trouble == ""


def test_only_so_many_are_remembered_of_one_house(memory: Memory) -> None:
    for number in range(MOST + 5):
        memory.remember("tea:1", f"n{number}", "t")
    assert memory.recall("tea:1", "n4") is None
    assert memory.recall("tea:1", "n5") is not None


def test_it_is_for_its_owner_alone(memory: Memory) -> None:
    memory.remember("tea:1", "ana", "tea_a")
    assert stat.S_IMODE((memory.folder / FILE).stat().st_mode) == 0o600
    assert stat.S_IMODE(memory.folder.stat().st_mode) == 0o700
    assert os.listdir(memory.folder) == [FILE]


def test_a_damaged_file_is_begun_anew_and_said_so(memory: Memory) -> None:
    memory.folder.mkdir(parents=True)
    (memory.folder / FILE).write_bytes(b"{")
    assert memory.recall("tea:1", None) is None
    assert "damaged" in memory.trouble
    memory.remember("tea:1", "ana", "tea_a")
    assert memory.recall("tea:1", None) is not None


def test_where_nothing_can_be_kept_it_says_so_and_goes_on(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    memory = Memory(tmp_path / "file" / "teahouse")
    memory.remember("tea:1", "ana", "tea_a")
    assert "cannot be written" in memory.trouble
    assert memory.last == ""
    assert "cannot be read" in memory.trouble


def test_the_house_is_the_one_that_was_named_or_the_last_one_or_the_one_here(memory: Memory) -> None:
    assert whereto(memory, None) == HERE
    memory.remember("tea.lan:7256", "", "t")
    assert whereto(memory, None) == "tea.lan:7256"
    assert whereto(memory, "other") == "other:7256"


async def test_whoever_comes_again_is_the_same_person(server: House, memory: Memory) -> None:
    ids = []
    for name in ("ana", None, "bob", "ana", None):
        async with visit(memory, server.address, name) as client:
            await client.join("tea")
            ids.append((client.you.id, client.you.name))
    assert [name for _, name in ids] == ["ana", "ana", "bob", "ana", "ana"]
    assert ids[0] == ids[1] == ids[3] == ids[4] != ids[2]


async def test_a_nameless_guest_stays_nameless_and_the_same(server: House, memory: Memory) -> None:
    ids = []
    for _ in range(2):
        async with visit(memory, server.address, None) as client:
            assert not client.you.chosen
            ids.append(client.you.id)
    assert ids[0] == ids[1]


async def test_whoever_is_forgotten_there_is_somebody_new_under_the_old_name(tmp_path: Path, memory: Memory) -> None:
    port = free_port()
    for round in ("one", "two"):
        async with house(data=tmp_path / round, port=port) as server:
            async with visit(memory, server.address, "ana" if round == "one" else None) as client:
                assert client.you.name == "ana"


async def test_who_is_there_already_may_be_there_once_more(server: House, memory: Memory) -> None:
    first = await enter(memory, server.address, "ana")
    second = await enter(memory, server.address, "ana")
    assert first.you == second.you
    async with connect(server.address, name="bob") as bob:
        tea = await bob.join("tea")
        for client in (first, second):
            await (await client.join("tea")).say("me")
        assert tea.count == 2
    await first.close()
    await second.close()
