"""Each way to the newest messages that have a word gives the same answer; and how much of the index each looks at."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import apsw
import pytest

from teahouse.core.events import Posted
from teahouse.core.limits import LAN
from teahouse.core.message import Message
from teahouse.store import search
from teahouse.store.connect import FILE, reading
from teahouse.store.segment import Query
from teahouse.store.sqlite import SqliteStore
from tests.store.kit import ANA, HandClock, Open, delete, edit, indexed, opened, post, react

ROOMS = 5
TEXTS = ("喝茶 in Shanghai", "上海人喝茶", "上海", "teahouse", "tea", "nothing", "茶")
QUERIES = ("上海", "喝茶", "茶", "tea", "海人喝", "上海 茶", "te sh", "zzz", "人海")


def a_store(folder: Path, clock: HandClock) -> SqliteStore:
    return SqliteStore(folder, LAN, clock.now_ms)


async def a_log(house: Open, clock: HandClock) -> list[tuple[int, int]]:
    """Things said in some rooms at a time, some of them changed later; the rooms, each seen up to a little before its end."""
    chance = random.Random(11)
    heads = dict.fromkeys(range(1, ROOMS), 0)  # nothing is said in the last one
    said: dict[int, list[int]] = {room: [] for room in heads}
    for _ in range(400):
        clock.now += chance.choice((0, 1, 5))
        room = chance.choice((1, 1, 1, chance.randrange(1, ROOMS)))
        draft = post(chance.choice(TEXTS), room=room)
        if said[room] and chance.random() < 0.3:
            target = chance.choice(said[room])
            draft = chance.choice(
                (
                    edit(target, chance.choice(TEXTS), room=room),
                    delete(target, room=room),
                    react(target, "🍵", room=room),
                )
            )
        [done] = await house.append(draft)
        if done.refusal is None and not done.again:
            heads[room] = done.event.seq
            if isinstance(done.event, Posted):
                said[room].append(done.event.seq)
    await indexed(house, list(heads.items()))
    return [*((room, head - 3) for room, head in heads.items()), (ROOMS, 0)]


async def looked_at_one_by_one(house: Open, query: str, rooms: Sequence[tuple[int, int]]) -> list[Message]:
    """What has the word, by reading everything."""
    asked, found = Query(query), []
    for room, head in rooms:
        page = await house.store.history(room, head, ANA.id, limit=1_000)
        hits = [one for one in page.messages if isinstance(one, Message)]
        found += [(hit.time, room, hit.seq, hit) for hit in hits if hit.text is not None and asked.matches(hit.text)]
    return [hit for _, _, _, hit in sorted(found, key=lambda one: one[:3], reverse=True)]


@pytest.mark.parametrize(
    ("few", "newest"),
    [(search.FEW, search.NEWEST), (0, search.NEWEST), (0, 1_000), (0, 30), (0, 0)],
    ids=["few hits", "many", "read to the beginning", "read in vain", "read whole"],
)
async def test_each_way_finds_the_newest_of_all_rooms(
    few: int, newest: int, tmp_path: Path, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "FEW", few)
    monkeypatch.setattr(search, "NEWEST", newest)
    async with opened(a_store(tmp_path, clock), rooms=ROOMS) as house:
        rooms = await a_log(house, clock)
        for some in (rooms, rooms[1:3], rooms[:1], []):
            for query in QUERIES:
                expected = await looked_at_one_by_one(house, query, some)
                for limit in (1, 20, 500):
                    found = await house.store.search(query, some, ANA.id, before=None, limit=limit)
                    assert (query, found.messages) == (query, expected[:limit])
                    assert found.more == (len(expected) > limit)


class Watched:
    """A connection that counts what it is asked, by statement."""

    def __init__(self, folder: Path) -> None:
        self.connection = reading(folder / FILE)
        self.asked: list[str] = []
        self.connection.exec_trace = self._note

    def _note(self, cursor: apsw.Cursor, sql: str, values: object) -> bool:
        self.asked.append(sql)
        return True


async def test_a_room_with_nothing_new_enough_is_not_looked_into(
    tmp_path: Path, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "FEW", 3)
    names = {room: f"r{room}" for room in range(1, ROOMS + 1)}
    async with opened(a_store(tmp_path, clock), rooms=ROOMS) as house:
        for room in names:
            clock.now += 10
            await house.append(post("上海", room=room), post("上海", room=room))
        rooms = [(room, 2) for room in names]
        await indexed(house, rooms)
        watched = Watched(tmp_path)
        found = search.find(watched.connection, Query("上海"), rooms, names, 1, before=None, limit=3)
        assert [(hit.room, hit.seq) for hit in found.messages] == [("r5", 2), ("r5", 1), ("r4", 2)]
        assert watched.asked.count(search.HITS) == 2
        assert search.ALL_HITS not in watched.asked
        watched.connection.close()


async def test_a_common_beginning_is_found_among_the_newest_messages(
    tmp_path: Path, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "FEW", 3)
    async with opened(a_store(tmp_path, clock), rooms=2) as house:
        await house.append(*(post("tea", room=room) for room in (1, 2) for _ in range(4)))
        rooms = [(1, 4), (2, 4)]
        await indexed(house, rooms)
        watched = Watched(tmp_path)
        for limit, whole in ((7, False), (8, True)):  # all of them: that there are no more is not known before the end
            watched.asked.clear()
            found = search.find(watched.connection, Query("te"), rooms, {1: "r1", 2: "r2"}, 1, before=None, limit=limit)
            assert len(found.messages) == limit
            assert (search.ALL_HITS in watched.asked) is whole
        watched.connection.close()
