"""Whatever is asked in whatever batches, the log answers as the model does, and reads as the model does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import apsw
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from teahouse.core.events import Draft, RulesChanged, TopicChanged
from teahouse.core.limits import LAN
from teahouse.core.message import Message, Person
from teahouse.store import erase, history, index, questions, records, search
from teahouse.store.check import CHECKS
from teahouse.store.commit import Committer
from teahouse.store.connect import run, writing
from teahouse.store.migrate import migrate, migrations
from teahouse.store.numbering import Tip
from teahouse.store.rows import SEQ
from teahouse.store.segment import Query, segment
from teahouse.store.start import read_rooms
from teahouse.store.upkeep import Upkeep
from tests.store.kit import HandClock, delete, edit, new_rules, post, react, topic, unreact
from tests.store.model import ModelLog

ROOMS = (1, 2)
SMALL = msgspec.structs.replace(LAN, emoji_per_message=2, edits_per_message=2, changes_per_minute=None)
PEOPLE = (Person(1, "ana"), Person(2, "ben"), Person(3, "guest-3", "guest", False))
VOCABULARY = ("tea", "teahouse", "Tee", "上海", "上海人", "茶", "op", "open")
QUERIES = ("tea", "te", "上海", "海", "茶", "open", "op", "te 茶")

Step = Callable[[ModelLog], Draft] | str


@pytest.fixture(autouse=True, scope="module")
def small_parts() -> Iterator[None]:
    """Most texts are too long to be taken out of the index at once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index, "PART", 1)
        yield


rooms = st.sampled_from(ROOMS)
people = st.sampled_from(PEOPLE)
targets = st.integers(1, 8)
texts = st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=3).map(" ".join)
emoji = st.sampled_from("👍🍵🫖")
flags = st.booleans()
up_to_date = st.sampled_from([True] * 15 + [False])


@st.composite
def steps(draw: st.DrawFn) -> Step:
    """One draft, made when its turn comes: a client that is up to date knows the rules."""
    room, person, target, text = draw(rooms), draw(people), draw(targets), draw(texts)
    kind = draw(
        st.sampled_from(
            ["post"] * 6 + ["edit"] * 3 + ["delete"] * 2 + ["react"] * 4 + ["unreact"] * 2 + ["topic", "rules"]
        )
    )
    key, one, own = draw(st.sampled_from([None, None, "k", "l"])), draw(emoji), draw(flags)
    current = draw(up_to_date)

    def make(model: ModelLog) -> Draft:
        rules = model.rules(room) if current else model.rules(room) + 1
        match kind:
            case "post":
                return post(text, person, room=room, key=key, rules=rules)
            case "edit":
                return edit(target, text, person, room=room, own_only=own, rules=rules)
            case "delete":
                return delete(target, person, room=room, own_only=own, rules=rules)
            case "react":
                return react(target, one, person, room=room, rules=rules)
            case "unreact":
                return unreact(target, one, person, room=room, rules=rules)
            case "topic":
                return topic(text, person, room=room, rules=rules)
            case _:
                return new_rules(person, room=room, rules=rules)

    return make


batches = st.lists(steps(), min_size=1, max_size=8)
moves = st.lists(
    st.one_of(batches, batches, st.sampled_from(["index", "erase", "restart", "late", "early"])), max_size=12
)


class Real:
    """The store's own parts, without threads, on a database in memory."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.connection = writing(Path(":memory:"))
        migrate(self.connection, Path(), migrations())
        for room in ROOMS:
            records.open_room(self.connection, f"r{room}", f"r{room}", None, 0)
        records.lease_people(self.connection, 10)
        self.restart()

    def restart(self) -> None:
        """All that is only in memory is gone."""
        there = read_rooms(self.connection)
        self.upkeep = Upkeep(self.connection, self.clock.now_ms)
        self.upkeep.open((room.id, room.head) for room in there)
        tips = {room.id: Tip(room.head, room.time, room.record) for room in there}
        self.committer = Committer(self.connection, tips, self.upkeep, SMALL, self.clock.now_ms)


def play(real: Real, model: ModelLog, moves: list[list[Step] | str]) -> None:
    """Do it on both, comparing the answers."""
    for move in moves:
        match move:
            case "index":
                if real.upkeep.index.behind:
                    real.upkeep.index.step(0)
            case "erase":
                if not real.upkeep.index.take_out():
                    erase.step(real.connection)
            case "restart":
                real.restart()
            case "late":
                real.clock.now += 7
            case "early":
                real.clock.now -= 3
            case list():
                drafts: list[Draft] = []
                expected: list[str | tuple[bool, int, int]] = []
                for make in move:
                    assert callable(make)
                    drafts.append(make(model))
                    expected.append(model.take(drafts[-1], real.clock.now))
                real.committer.commit(drafts)
                answers = [
                    each.refusal.code if each.refusal else (each.again, each.event.seq, each.event.time)
                    for each in drafts
                ]
                assert answers == expected


def compare(real: Real, model: ModelLog) -> None:
    """Everything reads alike."""
    connection = real.connection
    while real.upkeep.index.behind:
        real.upkeep.index.step()
    for room in ROOMS:
        head = len(model.kept[room])
        assert questions.events(connection, room, f"r{room}", 0, head, 1_000) == model.events(room)
        for upto in range(head + 1):
            compare_pages(connection, model, room, upto)
    messages = [
        message
        for room in ROOMS
        for message in model.history(room, len(model.kept[room]), 1)
        if isinstance(message, Message) and message.text is not None
    ]
    compare_search(connection, model, messages)
    assert [problem for check in CHECKS for problem in check(connection)] == []


def compare_pages(connection: apsw.Connection, model: ModelLog, room: int, upto: int) -> None:
    """Pages as of any head, whole and in pieces: as if nothing after it were on the disk."""
    everything = model.history(room, upto, 1)

    def page(limit: int, **where: int) -> tuple[list[Message | TopicChanged | RulesChanged], bool]:
        read = history.page(
            connection, room, f"r{room}", upto, 1,
            before=where.get("before"), after=where.get("after"), around=where.get("around"), limit=limit,
        )  # fmt: skip
        return read.messages, read.more

    assert page(1_000) == (everything, False)
    for edge in range(upto + 2):
        older = [item for item in everything if item.seq < edge]
        newer = [item for item in everything if item.seq > edge]
        assert page(2, after=edge) == (newer[:2], len(newer) > 2)
        if edge:
            assert page(2, before=edge) == (older[-2:], len(older) > 2)


def compare_search(connection: apsw.Connection, model: ModelLog, messages: list[Message]) -> None:
    """What is found, and what the index holds: not a word more than there is to find."""
    heads = [(room, len(model.kept[room])) for room in ROOMS]
    names = {room: f"r{room}" for room in ROOMS}
    for query in QUERIES:
        found = search.find(connection, Query(query), heads, names, 1, before=None, limit=1_000)
        assert found.complete
        assert {(hit.room, hit.seq) for hit in found.messages} == {
            (message.room, message.seq) for message in messages if all(has(message, word) for word in query.split())
        }
        order = [(hit.time, hit.room, hit.seq) for hit in found.messages]
        assert order == sorted(order, reverse=True)
    run(connection, "CREATE VIRTUAL TABLE temp.held USING fts5vocab (main, words, instance)")
    held = [(doc >> 32, doc & SEQ, term) for doc, term in run(connection, "SELECT doc, term FROM temp.held")]
    run(connection, "DROP TABLE temp.held")
    assert sorted(held) == sorted(
        (int(message.room[1:]), message.seq, term)
        for message in messages
        for term in segment(message.text or "").split()
    )


def has(message: Message, word: str) -> bool:
    """Whether the message has the word, said in another way than the store says it."""
    text = (message.text or "").lower()
    return any(other.startswith(word) for other in text.split()) if word.isascii() else word in text


@given(moves)
@settings(max_examples=300)
def test_the_log_answers_and_reads_as_the_model(moves: list[list[Step] | str]) -> None:
    real, model = Real(), ModelLog(ROOMS, SMALL.emoji_per_message, 2)
    try:
        play(real, model, moves)
        compare(real, model)
        real.restart()
        compare(real, model)
    finally:
        real.connection.close()


def test_the_model_sees_a_log_that_forgets_a_reaction() -> None:
    """The comparison can fail: this log loses one event behind the store's back."""
    real, model = Real(), ModelLog(ROOMS, SMALL.emoji_per_message, 2)
    play(real, model, [[lambda model: post("tea"), lambda model: react(1, "👍")]])
    compare(real, model)
    run(real.connection, "DELETE FROM events WHERE kind = 4")
    with pytest.raises(AssertionError):
        compare(real, model)
    real.connection.close()
