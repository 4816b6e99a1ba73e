"""A damaged search index is made again from the log, and nothing else notices."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from teahouse.core.limits import LAN
from teahouse.core.message import Message
from teahouse.store.check import check_folder
from teahouse.store.connect import FILE, run, writing
from teahouse.store.sqlite import SqliteStore
from tests.store.kit import HandClock, Open, delete, edit, indexed, opened, post

SAID = 300

DAMAGES = {
    "leaves are zeros": "UPDATE words_data SET block = zeroblob(length(block)) WHERE id > 10",
    "leaves are cut off": "UPDATE words_data SET block = substr(block, 1, 20) WHERE id > 10",
    "the structure is noise": "UPDATE words_data SET block = x'ffffffffffffffffffffff' WHERE id = 10",
    "all is gone": "DELETE FROM words_data",
}


def a_store(folder: Path, clock: HandClock) -> SqliteStore:
    return SqliteStore(folder, LAN, clock.now_ms)


async def a_damaged_index(folder: Path, clock: HandClock, damage: str) -> None:
    """A log that is in the index, all of it; then the index is damaged, as a bad disk would."""
    async with opened(a_store(folder, clock)) as house:
        await house.append(*(post(f"tea {number}") for number in range(1, SAID + 1)), post("tea", room=2))
        await indexed(house, [(1, SAID), (2, 1)])
    connection = writing(folder / FILE)
    run(connection, DAMAGES[damage])
    connection.close()


async def found(house: Open, query: str, head: int, room: int = 1) -> list[int]:
    """What a search finds, once it is complete."""
    while True:
        answer = await house.store.search(query, [(room, head)], 1, before=None, limit=500)
        if answer.complete:
            return [hit.seq for hit in answer.messages]
        await asyncio.sleep(0.001)  # a loop that never rests would starve the writer's thread


async def search(house: Open) -> int:
    await house.store.search("tea", [(1, SAID)], 1, before=None, limit=1)
    return SAID


async def speak(house: Open) -> int:
    await house.append(post("water"))
    await found(house, "…", SAID + 1)  # no word: only the one that writes looks into the index
    return SAID + 1


async def take_back(house: Open) -> int:
    [deletion] = await house.append(delete(300))
    assert (deletion.refusal, deletion.event.seq) == (None, SAID + 1)
    return SAID + 1


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("meet_it", [search, speak, take_back])
async def test_whoever_meets_the_damage_is_served_and_all_is_found_again(
    damage: str, meet_it: Callable[[Open], Awaitable[int]], tmp_path: Path, clock: HandClock
) -> None:
    await a_damaged_index(tmp_path, clock, damage)
    async with opened(a_store(tmp_path, clock)) as house:
        assert [room.head for room in house.rooms[:2]] == [SAID, 1]
        head = await meet_it(house)
        left = SAID - 1 if meet_it is take_back else SAID
        assert await found(house, "tea", head) == list(range(left, 0, -1))
        assert await found(house, "tea", 1, room=2) == [1]
        assert await found(house, "tea 77", head) == [77]
        assert await found(house, "300", head) == ([] if meet_it is take_back else [300])
        assert not house.desk.fatals
    assert check_folder(tmp_path) == []


async def test_the_check_says_that_it_is_the_index_alone(tmp_path: Path, clock: HandClock) -> None:
    await a_damaged_index(tmp_path, clock, "the structure is noise")
    [problem] = check_folder(tmp_path)
    assert problem.startswith("the search index: fts5:")


async def test_a_search_that_meets_damage_says_that_it_is_not_complete(tmp_path: Path, clock: HandClock) -> None:
    await a_damaged_index(tmp_path, clock, "leaves are zeros")
    async with opened(a_store(tmp_path, clock)) as house:
        answer = await house.store.search("tea", [(1, SAID)], 1, before=None, limit=1)
        assert (answer.messages, answer.complete) == ([], False)


async def test_a_deletion_that_meets_damage_leaves_no_text_behind(tmp_path: Path, clock: HandClock) -> None:
    await a_damaged_index(tmp_path, clock, "leaves are cut off")
    async with opened(a_store(tmp_path, clock)) as house:
        await house.append(edit(5, "oolong"), delete(5), delete(6))
        assert await found(house, "oolong", SAID + 3) == []
        assert not {5, 6} & set(await found(house, "tea", SAID + 3))
        page = await house.store.history(1, SAID + 3, 1, before=7, limit=2)
        assert [hit.text for hit in page.messages if isinstance(hit, Message)] == [None, None]
    assert check_folder(tmp_path) == []
