"""What became of messages is kept beside the log: a page costs the same whatever happened, and an old log is taken over."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

import apsw
import msgspec
import pytest

from teahouse.core.errors import TooFast, TooMany
from teahouse.core.events import Draft
from teahouse.core.limits import LAN, NONE
from teahouse.core.message import Message, Person, Reaction
from teahouse.store import history
from teahouse.store.append import insert_rows
from teahouse.store.check import CHECKS, check_folder
from teahouse.store.commit import MINUTE_MS, Committer
from teahouse.store.connect import APPLICATION, FILE, run, writing
from teahouse.store.migrate import migrate, migrations
from teahouse.store.numbering import Tip
from teahouse.store.rows import Row
from teahouse.store.sqlite import SqliteStore
from teahouse.store.start import read_rooms
from teahouse.store.upkeep import Upkeep
from tests.store.kit import ANA, BEN, HandClock, codes, delete, edit, opened, post, react, topic, unreact

ROOM = 1
SAID = 50


class Parts:
    """The store's own parts on a file, and ticks that a test moves."""

    def __init__(self, folder: Path, limits: object = LAN) -> None:
        self.ticks = 0
        self.connection = writing(folder / FILE)
        self.connection.pragma("synchronous", "OFF")
        migrate(self.connection, folder, migrations())
        run(self.connection, "INSERT INTO rooms (id, fold, name, state, as_of) VALUES (1, 'r1', 'r1', '{}', 0)")
        clock = HandClock()
        self.upkeep = Upkeep(self.connection, clock.now_ms)
        there = read_rooms(self.connection)
        self.upkeep.open((room.id, room.head) for room in there)
        tips = {room.id: Tip(room.head, room.time, room.record) for room in there}
        assert isinstance(limits, type(LAN))
        self.committer = Committer(
            self.connection, tips, self.upkeep, limits, clock.now_ms, ticks_ms=lambda: self.ticks
        )

    def do(self, *drafts: Draft) -> list[Draft]:
        self.committer.commit(drafts)
        return list(drafts)

    def head(self) -> int:
        return self.committer.tips[ROOM].seq

    def page(self, before: int | None = None) -> list[object]:
        read = history.page(
            self.connection, ROOM, "r1", self.head(), 1, before=before, after=None, around=None, limit=SAID
        )
        return list(read.messages)


def best_of(work: Callable[[], object], tries: int = 7) -> float:
    """Seconds of the quickest."""
    taken: list[float] = []
    for _ in range(tries):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return min(taken)


def happened(parts: Parts, count: int, what: str) -> None:
    """So much becomes of the messages of the page."""
    chance = random.Random(1)
    drafts: list[Draft] = []
    for number in range(count):
        target, person = chance.randrange(1, SAID + 1), Person(number % 997 + 1, f"p{number % 997}")
        match what:
            case "edits":
                drafts.append(edit(target, "edited " * 100, own_only=False))
            case "toggles of one":
                drafts.append((react if number % 2 == 0 else unreact)(25, "👍"))
            case "reactors of one":
                drafts.append(react(25, "👍", Person(number + 1, f"p{number}")))
            case _:
                drafts.append((react if number // 997 % 2 == 0 else unreact)(target, "🍵", person))
    for start in range(0, count, 500):
        parts.do(*drafts[start : start + 500])


@pytest.mark.parametrize("what", ["edits", "toggles of one", "reactors of one", "toggles of all"])
def test_a_page_costs_the_same_whatever_happened_to_its_messages(what: str, tmp_path: Path) -> None:
    parts = Parts(tmp_path, NONE)
    parts.do(*(post(f"message {number}") for number in range(SAID)))
    happened(parts, 2_000, what)
    little = best_of(parts.page)
    assert len(parts.page()) == SAID
    happened(parts, 8_000, what)
    parts.do(post("behind it all"))
    much = best_of(parts.page)
    assert much <= 3 * little, (little, much)
    parts.connection.close()


def test_the_writer_keeps_nothing_of_who_reacted(tmp_path: Path) -> None:
    parts = Parts(tmp_path, NONE)
    parts.do(post("a"))
    happened(parts, 100, "reactors of one")
    for start in range(0, 3_000, 500):
        parts.do(*(react(1, "👍", Person(number + 1, f"p{number}")) for number in range(start, start + 500)))
    [target] = parts.committer._targets._kept.values()
    assert target.emoji["👍"][0] == 3_000
    assert not target.played
    assert codes(parts.do(react(1, "👍", Person(7, "p6")))) == ["again 8"]
    parts.connection.close()


def test_emoji_stand_in_the_order_in_which_they_came_to_stay(tmp_path: Path) -> None:
    parts = Parts(tmp_path)
    parts.do(post("a"), react(1, "👍"), react(1, "🍵"), react(1, "🍵", BEN), unreact(1, "👍"), react(1, "👍", BEN))
    [message] = parts.page()
    assert isinstance(message, Message)
    assert message.reactions == [Reaction("🍵", 2, True), Reaction("👍", 1, False)]
    parts.connection.close()


def test_what_is_stored_but_not_shown_yet_is_undone_exactly(tmp_path: Path) -> None:
    """Also an emoji that went altogether and came again behind the head: it stands where it stood."""
    parts = Parts(tmp_path)
    parts.do(post("a"), react(1, "👍"), react(1, "🍵"), edit(1, "b"))
    shown = parts.page()
    head = parts.head()
    parts.do(unreact(1, "👍"), react(1, "👍", BEN), unreact(1, "🍵"), edit(1, "c"), react(1, "👍"), react(1, "🫖"))
    read = history.page(parts.connection, ROOM, "r1", head, 1, before=None, after=None, around=None, limit=SAID)
    assert list(read.messages) == shown
    parts.do(delete(1))
    read = history.page(parts.connection, ROOM, "r1", head, 1, before=None, after=None, around=None, limit=SAID)
    assert [item.deleted for item in read.messages if isinstance(item, Message)] == [True]
    parts.connection.close()


# ---- limits


async def test_a_message_is_edited_so_often_and_no_more(tmp_path: Path, clock: HandClock) -> None:
    limits = msgspec.structs.replace(LAN, edits_per_message=5)
    async with opened(SqliteStore(tmp_path, limits, clock.now_ms)) as house:
        await house.append(post("a"), post("b"), *(edit(1, f"edit {number}") for number in range(3)))
    async with opened(SqliteStore(tmp_path, limits, clock.now_ms)) as house:  # it is counted over restarts
        drafts = await house.append(edit(1, "4"), edit(1, "5"), edit(1, "6"))
        assert codes(drafts) == [6, 7, "too-many"]
        refusal = drafts[2].refusal
        assert isinstance(refusal, TooMany)
        assert refusal.limit == 5
        assert "Delete it" in refusal.message
        assert codes(await house.append(edit(2, "c"), react(1, "👍"), delete(1))) == [8, 9, 10]
    assert check_folder(tmp_path) == []


def test_a_person_changes_a_message_so_often_in_a_minute(tmp_path: Path) -> None:
    parts = Parts(tmp_path)
    parts.do(post("a"), post("b"))
    toggles = [(react if number % 2 == 0 else unreact)(1, "👍") for number in range(20)]
    assert [each.refusal for each in parts.do(*toggles)] == [None] * 20
    parts.ticks = 15_000
    for one_too_many in (react(1, "👍"), edit(1, "x"), delete(1)):
        [refused] = parts.do(one_too_many)
        assert isinstance(refused.refusal, TooFast)
        assert refused.refusal.retry_after_ms == MINUTE_MS - 15_000
    assert codes(parts.do(unreact(1, "👍"))) == ["again 22"]  # what changes nothing is answered, and costs nothing
    assert [each.refusal for each in parts.do(react(2, "👍"), react(1, "👍", BEN))] == [None] * 2
    parts.ticks = MINUTE_MS
    assert [each.refusal for each in parts.do(delete(1))] == [None]
    assert codes(parts.do(delete(1)))[0] == f"again {parts.head()}"
    parts.connection.close()


def test_a_batch_that_was_not_stored_costs_nothing(tmp_path: Path) -> None:
    parts = Parts(tmp_path)
    parts.do(post("a", key="k"))
    for _ in range(5):  # a key that is known already: the batch is numbered twice
        parts.do(post("a", key="k"), react(1, "👍"), unreact(1, "👍"))
    assert len(parts.committer._meter) == 1
    drafts = parts.do(*(each for _ in range(5) for each in (react(1, "👍"), unreact(1, "👍"))))
    assert [each.refusal for each in drafts] == [None] * 10
    [refused] = parts.do(react(1, "👍"))
    assert isinstance(refused.refusal, TooFast)
    parts.connection.close()


# ---- an old log


def an_old_log(folder: Path, events: int, seed: int) -> None:
    """Made by the schema before these tables, with everything that may happen to messages."""
    chance = random.Random(seed)
    connection = writing(folder / FILE)
    for number in (1, 2):
        run(connection, migrations()[number])
    run(connection, f"PRAGMA application_id={APPLICATION}; PRAGMA user_version=2")
    run(connection, "UPDATE meta SET value = 10 WHERE name = 'next_person'")
    rows: list[Row] = []
    heads: dict[int, int] = {}
    topics: dict[int, str] = {}
    there: set[tuple[int, str, int]] = set()
    alive: dict[int, list[int]] = {1: [], 2: [], 3: []}
    for room in alive:
        run(
            connection,
            "INSERT INTO rooms (id, fold, name, state, as_of) VALUES (?1, ?2, ?2, '{}', 0)",
            (room, f"r{room}"),
        )

    def add(room: int, kind: int, author: int, text: str | None, target: int | None) -> int:
        heads[room] = heads.get(room, 0) + 1
        id = room << 32 | heads[room]
        rows.append((id, 1_000 + len(rows), kind, author, None, text, target, None, None, None, None))
        return id

    for _ in range(events):
        room, author = chance.choice(list(alive)), chance.randrange(1, 6)
        what, target = chance.random(), chance.choice(alive[room]) if alive[room] else None
        if target is None or what < 0.3:
            alive[room].append(add(room, 1, author, "said", None))
        elif what < 0.5:
            add(room, 2, author, "edited", target)
        elif what < 0.9:
            reaction = (target, chance.choice("👍🍵🫖"), author)
            add(room, 5 if reaction in there else 4, author, reaction[1], target)
            there ^= {reaction}
        elif what < 0.95:
            topics[room] = f"topic {len(rows)}"
            add(room, 6, author, topics[room], None)
        else:
            alive[room].remove(target)
            add(room, 3, author, None, target)
            for place, row in enumerate(rows):  # as it was then: the reactions stayed
                if (row[0] == target or row[6] == target) and row[2] in (1, 2):
                    rows[place] = (*row[:5], None, *row[6:])
    insert_rows(connection, rows)
    for room, name in topics.items():
        state = msgspec.json.encode({"topic": name}).decode()
        run(connection, "UPDATE rooms SET state = ?, as_of = ? WHERE id = ?", (state, heads[room], room))
    connection.close()


@pytest.mark.parametrize("seed", range(5))
async def test_an_old_log_is_taken_over(seed: int, tmp_path: Path, clock: HandClock) -> None:
    """Every page reads as the fold of all its events did, and the tables are those that the log would have written."""
    an_old_log(tmp_path, 600, seed)
    async with opened(SqliteStore(tmp_path, NONE, clock.now_ms), rooms=0) as house:
        for room in house.rooms:
            await house.append(topic("on it goes", room=room.id))
    assert check_folder(tmp_path) == []
    connection = apsw.Connection(str(tmp_path / FILE))
    assert [problem for check in CHECKS for problem in check(connection)] == []
    for number in (1, 2, 3):
        head = connection.execute("SELECT max(id) & 4294967295 FROM events WHERE id >> 32 = ?", (number,)).get
        for upto in range(1, head + 1, 7):
            page = history.page(
                connection, number, f"r{number}", upto, 1, before=None, after=None, around=None, limit=1_000
            )
            for item in page.messages:
                if isinstance(item, Message):
                    assert (item.text, item.edited, item.reactions) == folded(connection, number, item.seq, upto)
    connection.close()


def folded(
    connection: apsw.Connection, room: int, seq: int, upto: int
) -> tuple[str | None, int | None, list[Reaction]]:
    """What all events up to a number make of a message, one after the other."""
    id = room << 32 | seq
    text: str | None = connection.execute("SELECT text FROM events WHERE id = ?", (id,)).get
    edited: int | None = None
    people: dict[str, dict[int, None]] = {}
    for kind, who, said, when in connection.execute(
        "SELECT kind, author, text, time FROM events WHERE target = ? AND id <= ? ORDER BY id", (id, room << 32 | upto)
    ):
        if text is None:
            break
        if kind == 2:
            text, edited = said, when
        elif kind == 4:
            people.setdefault(said, {})[who] = None
        elif kind == 5:
            del people[said][who]
            if not people[said]:
                del people[said]
    reactions = [Reaction(emoji, len(there), 1 in there) for emoji, there in people.items()]
    return text, edited, reactions


async def test_an_old_topic_is_known_by_its_number(tmp_path: Path, clock: HandClock) -> None:
    an_old_log(tmp_path, 200, 9)
    async with opened(SqliteStore(tmp_path, NONE, clock.now_ms), rooms=0) as house:
        room = next(room for room in house.rooms if room.record.topic)
        seq = room.record.topic_seq
        assert codes(await house.append(delete(seq, ANA, room=room.id, own_only=False)))[0] == room.head + 1
    async with opened(SqliteStore(tmp_path, NONE, clock.now_ms), rooms=0) as house:
        assert next(each for each in house.rooms if each.id == room.id).record.topic == ""
    assert check_folder(tmp_path) == []
