"""What was deleted is in no file, and until it is erased nobody is shown it."""

from __future__ import annotations

import random
from pathlib import Path

import apsw
import pytest

from teahouse.core.events import Edited, Event, Posted, Reacted, TopicChanged, Unreacted
from teahouse.core.limits import NONE
from teahouse.core.message import Message, Person
from teahouse.store import erase, gaps, index, questions
from teahouse.store.check import check_folder
from teahouse.store.connect import FILE, reading, run, writing
from teahouse.store.segment import segment
from teahouse.store.separators import mend
from teahouse.store.sqlite import SqliteStore
from tests.store.kit import BEN, HandClock, Open, codes, delete, edit, opened, post, react, topic, unreact
from tests.support.remains import Secrets, gone, remains

pytestmark = pytest.mark.asyncio(loop_factories=["uvloop"])


def a_store(folder: Path, clock: HandClock) -> SqliteStore:
    return SqliteStore(folder, NONE, clock.now_ms)


async def events(house: Open, room: int = 1, upto: int = 1_000) -> list[Event]:
    return await house.store.events(room, 0, upto, 1_000)


@pytest.mark.parametrize("seed", range(2))
async def test_rows_that_moved_leave_nothing_where_they_were(seed: int, tmp_path: Path, clock: HandClock) -> None:
    """Messages of many rooms, so that pages are split in their middle, with edits and reactions, deleted at random."""
    chance, secrets = random.Random(seed), Secrets(seed)
    async with opened(a_store(tmp_path, clock), rooms=12) as house:
        heads = dict.fromkeys(range(1, 13), 0)
        kept: list[tuple[int, int]] = []
        for _ in range(40):
            drafts = []
            for _ in range(chance.randrange(1, 20)):
                room = chance.randrange(1, 13)
                heads[room] += 1
                kept.append((room, heads[room]))
                drafts.append(post(secrets.words(chance.choice([1, 3, 20, 100])), room=room))
                if chance.random() < 0.3:
                    heads[room] += 2
                    target = heads[room] - 2
                    drafts += [
                        edit(target, secrets.words(chance.choice([1, 30])), room=room),
                        react(target, secrets.word(), room=room),
                    ]
            await house.append(*drafts)
            if chance.random() < 0.3:
                going = [kept.pop(chance.randrange(len(kept))) for _ in range(min(len(kept), 4))]
                for room, _ in going:
                    heads[room] += 1
                await house.append(*(delete(seq, room=room) for room, seq in going))
        assert remains(tmp_path, secrets.pieces)
        for room, seq in kept:
            heads[room] += 1
            await house.append(delete(seq, room=room))
        await gone(tmp_path, secrets.pieces)
        await house.append(*(post("and on it goes", room=room) for room in heads for _ in range(9)))
        await gone(tmp_path, secrets.pieces)
    assert check_folder(tmp_path) == []
    assert not remains(tmp_path, secrets.pieces)


async def test_the_free_space_of_pages_is_where_texts_are_left(tmp_path: Path) -> None:
    """What gaps.py is for: without it a text that was moved, then deleted, is still there."""
    secrets, chance = Secrets(1), random.Random(1)
    connection = writing(tmp_path / FILE)
    run(connection, "CREATE TABLE said (id INTEGER PRIMARY KEY, text TEXT)")
    ids = chance.sample(range(100_000), 2_000)
    for id in ids:
        run(connection, "INSERT INTO said VALUES (?, ?)", (id, secrets.words(chance.choice([1, 5, 20]))))
    run(connection, "UPDATE said SET text = NULL")
    connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    assert remains(tmp_path, secrets.pieces), "SQLite does it itself now: gaps.py may go"
    gaps.fill(connection, None)
    assert not remains(tmp_path, secrets.pieces)
    assert connection.pragma("integrity_check") == "ok"
    connection.close()


async def test_words_that_lead_to_leaves_of_the_index_go_too(tmp_path: Path) -> None:
    secrets = Secrets(2)
    connection = writing(tmp_path / FILE)
    run(connection, "CREATE VIRTUAL TABLE words USING fts5 (t, content='', columnsize=0, tokenize='ascii')")
    run(connection, "INSERT INTO words (words, rank) VALUES ('secure-delete', 1)")
    texts = {id: secrets.words(200) for id in range(1, 200)}
    for id, text in texts.items():
        run(connection, "INSERT INTO words (rowid, t) VALUES (?, ?)", (id, text))
    left = {id: text for id, text in texts.items() if id % 5 == 0}
    for id, text in texts.items():
        if id not in left:
            run(connection, "INSERT INTO words (words, rowid, t) VALUES ('delete', ?, ?)", (id, text))
            run(connection, "INSERT INTO words (words) VALUES ('flush')")
            mend(connection, set(text.split()))
    leading = [bytes(term)[1:].decode() for (term,) in run(connection, "SELECT term FROM words_idx")]
    there = {word for text in left.values() for word in text.split()}
    assert all(any(word.startswith(term) for word in there) for term in leading)
    run(connection, "INSERT INTO words (words) VALUES ('integrity-check')")
    for id, text in left.items():
        for word in text.split()[:3]:
            assert run(connection, "SELECT rowid FROM words WHERE words MATCH ?", (f'"{word}"',)) == [(id,)]
    connection.close()


async def test_what_is_not_erased_yet_is_shown_to_nobody(tmp_path: Path, clock: HandClock) -> None:
    async with opened(a_store(tmp_path, clock)) as house:
        await house.append(post("a", key="k"), edit(1, "b"), react(1, "👍"), unreact(1, "👍"), react(1, "🍵", BEN))
        await house.append(topic("t"), delete(1), delete(6))
    connection = writing(tmp_path / FILE)  # as if the process had been killed before anything was erased
    run(connection, "INSERT OR IGNORE INTO erasing VALUES (1 << 32 | 1, 1 << 32 | 1)")
    run(connection, "UPDATE events SET text = 'secret' WHERE target = 1 << 32 | 1 AND kind <> 3")
    connection.close()
    connection = reading(tmp_path / FILE)
    read = questions.events(connection, 1, "r1", 0, 8, 100)
    assert [getattr(event, "text", getattr(event, "emoji", "")) for event in read[:5]] == [None] * 5
    assert isinstance(read[5], TopicChanged)
    assert (read[5].topic, read[5].deleted) == (None, True)
    connection.close()
    assert check_folder(tmp_path) == []


async def test_a_deletion_takes_reactions_digest_and_key_stays(tmp_path: Path, clock: HandClock) -> None:
    async with opened(a_store(tmp_path, clock)) as house:
        await house.append(post("a", key="k"), react(1, "👍"), react(1, "🍵", BEN), unreact(1, "👍"), delete(1))
        while house.store.erasing_s():
            await house.append(post("x"))
        read = await events(house)
        assert isinstance(read[0], Posted)
        assert (read[0].text, read[0].key, read[0].deleted) == (None, "k", True)
        assert [event.emoji for event in read if isinstance(event, Reacted | Unreacted)] == [None] * 3
        assert codes(await house.append(post("a", key="k"), post("b", key="k"))) == ["again 1", "again 1"]
    connection = reading(tmp_path / FILE)
    for table in ("reactions", "tallies", "erasing"):
        assert run(connection, f"SELECT count(*) FROM {table}") == [(0,)]
    assert run(connection, "SELECT count(*) FROM events WHERE id = 1 << 32 | 1 AND digest IS NOT NULL") == [(0,)]
    connection.close()


async def test_a_topic_that_is_deleted_is_gone_and_the_current_one_is_cleared(tmp_path: Path, clock: HandClock) -> None:
    async with opened(a_store(tmp_path, clock)) as house:
        await house.append(topic("one"), topic("two"), topic("three", BEN))
        assert codes(await house.append(delete(1), delete(3), delete(2), delete(2))) == [4, "not-allowed", 5, "again 5"]
        read = await events(house)
        assert [event.topic for event in read if isinstance(event, TopicChanged)] == [None, None, "three"]
        assert codes(await house.append(delete(3, BEN))) == [6]
        page = await house.store.history(1, 6, 1, limit=10)
        assert [(item.topic, item.deleted) for item in page.messages if isinstance(item, TopicChanged)] == [
            (None, True)
        ] * 3
        deletions = [event for event in await events(house) if getattr(event, "target", 0)]
        assert [event.topic for event in deletions if hasattr(event, "topic")] == [None, None, ""]
    async with opened(a_store(tmp_path, clock)) as house:
        assert house.rooms[0].record.topic == ""
        await house.append(topic("four"))
    async with opened(a_store(tmp_path, clock)) as house:
        assert house.rooms[0].record.topic == "four"
    assert check_folder(tmp_path) == []


async def test_a_message_with_very_many_reactions_is_erased_in_slices(tmp_path: Path, clock: HandClock) -> None:
    async with opened(a_store(tmp_path, clock)) as house:
        await house.append(post("a"))
        for start in range(0, 2_000, 500):
            people = [Person(100 + number, f"p{number}") for number in range(start, start + 500)]
            await house.append(*(react(1, "👍", person) for person in people))
    connection = writing(tmp_path / FILE)
    number = index.Index(connection)
    number.open()
    connection.execute("BEGIN")
    erase.begin(connection, number, [1 << 32 | 1])
    connection.execute("COMMIT")
    steps = 0
    left = 2_000
    while erase.step(connection):
        steps += 1
        before, left = left, int(connection.execute("SELECT count(*) FROM reactions").get)
        assert before - left <= erase.SLICE
    assert (left, steps) == (0, 2_000 // erase.SLICE + 1)
    assert connection.execute("SELECT count(*) FROM events WHERE kind = 4 AND text IS NOT NULL").get == 0
    connection.close()


async def test_another_unicode_makes_the_index_anew(
    tmp_path: Path, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Python whose Unicode cuts words otherwise: what the old one put in, the new one could not take out."""
    secrets = Secrets(3)

    def otherwise(text: str) -> str:
        return segment(text)[::-1]

    with monkeypatch.context() as older:
        older.setattr(index, "UNICODE", 1)
        older.setattr(index, "segment", otherwise)
        async with opened(a_store(tmp_path, clock)) as house:
            await house.append(post(secrets.words(30)), post("tea"))
            while not (await house.store.search("x", [(1, 2)], 1, before=None, limit=1)).complete:
                pass
    async with opened(a_store(tmp_path, clock)) as house:
        await house.append(delete(1))
        backwards = {piece[::-1] for piece in secrets.pieces}
        await gone(tmp_path, secrets.pieces | backwards)
        while not (found := await house.store.search("tea", [(1, 3)], 1, before=None, limit=5)).complete:
            pass
        assert [hit.seq for hit in found.messages] == [2]
    assert check_folder(tmp_path) == []


async def test_an_edited_text_of_a_deleted_message_is_never_indexed(tmp_path: Path, clock: HandClock) -> None:
    async with opened(a_store(tmp_path, clock)) as house:
        await house.append(post("first"), edit(1, "second"), edit(1, "third"), delete(1), post("tea"))
        while not (await house.store.search("tea", [(1, 5)], 1, before=None, limit=1)).complete:
            pass
        for word in ("first", "second", "third"):
            assert not (await house.store.search(word, [(1, 5)], 1, before=None, limit=1)).messages
    assert check_folder(tmp_path) == []


async def test_what_was_edited_away_is_not_found(tmp_path: Path, clock: HandClock) -> None:
    async with opened(a_store(tmp_path, clock)) as house:
        await house.append(post("oolong"), edit(1, "sencha"))
        while not (found := await house.store.search("oolong", [(1, 2)], 1, before=None, limit=1)).complete:
            pass
        assert not found.messages
        page = await house.store.history(1, 2, 1, limit=5)
        assert [item.text for item in page.messages if isinstance(item, Message)] == ["sencha"]
        assert isinstance((await events(house))[1], Edited)


async def test_another_program_that_reads_for_long_keeps_it_waiting_and_no_longer(
    tmp_path: Path, clock: HandClock
) -> None:
    secrets = Secrets(4)
    async with opened(a_store(tmp_path, clock)) as house:
        await house.append(post(secrets.words(3)))
        other = reading(tmp_path / FILE)
        other.execute("BEGIN")
        assert run(other, "SELECT count(*) FROM events") == [(1,)]
        await house.append(delete(1))
        for _ in range(20):
            assert codes(await house.append(post("and on it goes"))) != []
        assert house.store.erasing_s() > 0
        other.execute("COMMIT")
        other.close()
        await gone(tmp_path, secrets.pieces)
        while house.store.erasing_s():
            await house.append(post("x"))


async def test_a_page_that_was_kept_in_memory_for_counting_goes(tmp_path: Path, clock: HandClock) -> None:
    store = a_store(tmp_path, clock)
    async with opened(store) as house:
        await house.append(post("@ben secret"), post("@ben tea"))
        assert (await store.standing(BEN, [(1, 2)]))[0].mentions == 2
        await house.append(delete(1))
        assert "secret" not in repr([look._texts for look in store._unread._looks.values()])
        assert (await store.standing(BEN, [(1, 3)]))[0].mentions == 1
