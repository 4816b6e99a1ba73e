"""What the search index has not read is searched all the same: a message is found the moment it is stored."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from teahouse.core.events import Draft, Found
from teahouse.core.limits import LAN
from teahouse.store import tail
from teahouse.store.sqlite import SqliteStore
from teahouse.store.upkeep import Upkeep
from tests.store.kit import ANA, BEN, HandClock, Open, delete, edit, indexed, opened, post, react


def a_store(folder: Path, clock: HandClock) -> SqliteStore:
    return SqliteStore(folder, LAN, clock.now_ms)


WORDS = ["tea", "teahouse", "上海", "上海人", "茶", "Straße", "water"]
QUERIES = ["tea", "te", "上海", "上", "人", "strasse", "water tea", "茶 上海", "nothing"]


@pytest.fixture
def idle(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The index does not follow, until this is undone."""
    monkeypatch.setattr(Upkeep, "_follow", lambda self, part=1: None)
    return monkeypatch


async def found(house: Open, query: str, rooms: list[tuple[int, int]], limit: int = 50, **more: Any) -> Found:
    return await house.store.search(query, rooms, 1, before=more.get("before"), limit=limit)


def seqs(answer: Found) -> list[int]:
    return [hit.seq for hit in answer.messages]


async def test_twenty_messages_are_each_found_as_soon_as_they_are_stored(
    tmp_path: Path, clock: HandClock, idle: pytest.MonkeyPatch
) -> None:
    async with opened(a_store(tmp_path, clock)) as house:
        for number in range(1, 21):
            await house.append(post(f"word{number}x 上海{number}"), post(f"also {number}", BEN, room=2))
            for query in (f"word{number}x", f"word{number}", f"上海 word{number}x"):
                answer = await found(house, query, [(1, number), (2, number)])
                assert answer.complete
                assert number in seqs(answer)


async def test_edits_and_deletions_that_the_index_does_not_know_count(
    tmp_path: Path, clock: HandClock, idle: pytest.MonkeyPatch
) -> None:
    async with opened(a_store(tmp_path, clock)) as house:
        idle.undo()
        await house.append(*(post(f"tea {number}") for number in range(1, 6)))
        await indexed(house, [(1, 5)])
        idle.setattr(Upkeep, "_follow", lambda self, part=1: None)
        await house.append(edit(2, "water"), edit(3, "tea again"), delete(4), post("tea six"), edit(9, "oolong"))
        await house.append(edit(2, "water twice"), react(2, "👍"), post("tea thirteen"), delete(13))
        assert seqs(await found(house, "tea", [(1, 14)])) == [5, 3, 1]
        assert seqs(await found(house, "water", [(1, 14)])) == [2]
        assert seqs(await found(house, "oolong", [(1, 14)])) == [9]
        assert seqs(await found(house, "six", [(1, 14)])) == []
        assert seqs(await found(house, "six", [(1, 9)])) == [9]  # as it read before the edit was shown
        assert seqs(await found(house, "tea", [(1, 14)], before=5)) == [3, 1]
        assert seqs(await found(house, "tea", [(1, 14)], limit=2)) == [5, 3]


async def test_nothing_beyond_the_head_is_found(tmp_path: Path, clock: HandClock, idle: pytest.MonkeyPatch) -> None:
    async with opened(a_store(tmp_path, clock)) as house:
        await house.append(post("tea one"), post("tea two"), edit(1, "water"))
        assert seqs(await found(house, "tea", [(1, 1)])) == [1]
        assert seqs(await found(house, "tea", [(1, 2)])) == [2, 1]
        assert seqs(await found(house, "tea", [(1, 3)])) == [2]
        assert seqs(await found(house, "water", [(1, 2)])) == []


async def test_of_a_tail_that_is_too_long_the_newest_is_searched_and_the_answer_says_so(
    tmp_path: Path, clock: HandClock, idle: pytest.MonkeyPatch
) -> None:
    idle.setattr(tail, "EVENTS", 10)
    async with opened(a_store(tmp_path, clock)) as house:
        await house.append(post("first tea"), *(post(f"word {number}") for number in range(30)), post("last tea"))
        answer = await found(house, "tea", [(1, 32), (2, 0)])
        assert (seqs(answer), answer.complete) == ([32], False)
        answer = await found(house, "word", [(1, 32)], limit=3)  # all of this page is there
        assert (seqs(answer), answer.more, answer.complete) == ([31, 30, 29], True, True)


Step = tuple[str, int, str, int]
steps = st.tuples(
    st.sampled_from(["post", "post", "edit", "delete"]),
    st.integers(1, 12),
    st.sampled_from(WORDS),
    st.sampled_from([1, 2]),
)


def drafts_of(story: list[Step]) -> list[Draft]:
    made = {
        "post": lambda n, text, room: post(text, (ANA, BEN)[n % 2], room=room),
        "edit": lambda n, text, room: edit(n, text, room=room, own_only=False),
        "delete": lambda n, text, room: delete(n, room=room, own_only=False),
    }
    return [cast(Any, made[what])(n, text, room) for what, n, text, room in story]


@given(before=st.lists(steps, max_size=12), after=st.lists(steps, max_size=12), limit=st.sampled_from([1, 3, 50]))
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
async def test_what_is_found_does_not_depend_on_how_far_the_index_is(
    tmp_path_factory: pytest.TempPathFactory, before: list[Step], after: list[Step], limit: int
) -> None:
    clock = HandClock()
    async with opened(a_store(tmp_path_factory.mktemp("store"), clock)) as house:
        heads = {1: 0, 2: 0}

        async def write(story: list[Step]) -> None:
            for draft in await house.append(*drafts_of(story)) if story else []:
                if draft.refusal is None and not draft.again:
                    heads[draft.room] = draft.event.seq
            clock.now += 5

        async def all_found() -> list[Any]:
            rooms = list(heads.items())
            return [
                [(hit.room, hit.seq, hit.text) for hit in answer.messages] + [answer.more]
                for query in QUERIES
                for asked in (rooms, rooms[:1])
                for answer in [await found(house, query, asked, limit)]
                if answer.complete
            ]

        await write(before)
        await indexed(house, list(heads.items()))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Upkeep, "_follow", lambda self, part=1: None)
            await write(after)
            at_once = await all_found()
        await indexed(house, list(heads.items()))
        assert at_once == await all_found()
