"""The order of things: decide, log, feed and fan-out, driven at random on the real store without sockets.

Random commands, a disk that is as slow as it likes, stale decisions, readers that stop, dribble and leave. After every
step the invariants of docs/architecture.md («The order of things») are looked at:

    published head ≤ stored head
    cursor ≤ published head; live ⇔ cursor = published head
    what a connection received of a room is a run of consecutive numbers
    `stored(seq)` implies that event `seq` is applied here
    answers come in the order of the questions; signals never overtake

The second half plants faults, one at a time: each must break an invariant, or the invariants prove nothing.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from teahouse.core.commands import (
    Command,
    Delete,
    Edit,
    Join,
    Leave,
    Ping,
    Post,
    React,
    ReadHistory,
    Rename,
    SetTopic,
    Type,
    Unreact,
)  # fmt: skip
from teahouse.core.errors import Refusal
from teahouse.core.events import Deleted, Event, Posted
from teahouse.server.cursor import Cursor
from teahouse.server.dispatch import Dispatch
from teahouse.server.fanout import Fanout
from teahouse.server.feed import Feed, Run
from teahouse.server.pages import Pages
from tests.server.world import BUSY, Reader, World

EVENTS = {"posted", "edited", "deleted", "reacted", "unreacted", "topic_changed", "rules_changed"}
texts = st.sampled_from(["hi", "茶" * 20, "a longer line " * 12, "x" * 500, "large " * 100])
places = st.integers(0, 20)


class TheOrderOfThings(RuleBasedStateMachine):
    """One room, up to five connections."""

    def __init__(self) -> None:
        super().__init__()
        shm = Path("/dev/shm")
        self.folder = Path(tempfile.mkdtemp(prefix="teahouse-", dir=shm if shm.is_dir() else None))
        self.world = World(self.folder, BUSY)
        self.names = 0
        self.text_said: dict[Reader, list[str]] = {}
        self.returned: set[int] = set()  # people who joined more than once
        self.deleted: set[int] = set()  # targets whose deletion was published in an earlier step

    def teardown(self) -> None:
        try:
            self.everything_arrives_in_the_end()
        finally:
            self.world.close()
            shutil.rmtree(self.folder)

    # ---- who

    @initialize(said=st.integers(0, 12))
    def two_people_talk_and_one_listens_with_nc(self, said: int) -> None:
        for _ in range(2):
            reader = self.world.a_json_reader()
            reader.asks(Join(room="lobby", after=0), *[Post(room="lobby", text=f"early {n}") for n in range(said // 2)])
        self.text_said[self.world.a_person_with_nc()] = []
        self.world.settle()
        self.world.disk.release(said)

    def pick(self, place: int, *, json: bool | None = None) -> Reader | None:
        readers = [r for r in self.world.readers if not r.peer.lost and (json is None or r.json is json)]
        return readers[place % len(readers)] if readers else None

    @precondition(lambda self: sum(not r.peer.lost for r in self.world.readers) < 6)
    @rule(start=st.sampled_from([None, 0, 3]), last=st.booleans())
    def somebody_joins(self, start: int | None, last: bool) -> None:
        reader = self.world.a_json_reader()
        if last:
            reader.asks(Join(room="lobby", last=2))
        else:
            reader.asks(Join(room="lobby", after=start if start is None else min(start, self.world.lobby.head)))

    @precondition(lambda self: sum(not r.peer.lost for r in self.world.readers) < 6)
    @rule()
    def somebody_comes_with_nc(self) -> None:
        self.text_said[self.world.a_person_with_nc()] = []

    @rule(place=places)
    def a_connection_breaks(self, place: int) -> None:
        if reader := self.pick(place):
            reader.hears()
            reader.lose()

    # ---- what they ask

    @rule(place=places, text=texts, key=st.sampled_from([None, None, "k1", "k2"]), more=st.integers(0, 6))
    def posts(self, place: int, text: str, key: str | None, more: int) -> None:
        if reader := self.pick(place, json=True):
            burst = [Post(room="lobby", text=f"{text} {number}") for number in range(more)]
            reader.asks(Post(room="lobby", text=text, key=key), *burst)

    @rule(place=places)
    def a_person_with_nc_says_something(self, place: int) -> None:
        if reader := self.pick(place, json=False):
            said = self.text_said[reader]
            said.append(f"from nc {id(reader)} {len(said)}")
            reader.says_bytes(said[-1].encode() + b"\n")

    @rule(place=places)
    def a_person_with_nc_speaks_without_listening(self, place: int) -> None:
        nc, other = self.pick(place, json=False), self.pick(place, json=True)
        if nc and other:
            nc.transport.stopped = True
            for _ in range(3):
                other.asks(*[Post(room="lobby", text="x" * 300) for _ in range(2)])
                self.a_person_with_nc_says_something(place)
                self.world.disk.release(len(self.world.disk.waiting))
                self.world.settle()

    @rule(place=places, number=st.integers(1, 6), what=st.sampled_from(["edit", "delete", "react", "unreact"]))
    def changes_a_message(self, place: int, number: int, what: str) -> None:
        if reader := self.pick(place, json=True):
            commands: dict[str, Command] = {
                "edit": Edit(room="lobby", target=number, text="corrected"),
                "delete": Delete(room="lobby", target=number),
                "react": React(room="lobby", target=number, emoji="🍵"),
                "unreact": Unreact(room="lobby", target=number, emoji="🍵"),
            }
            reader.asks(commands[what])

    @rule(place=places, which=places)
    def deletes_his_own_between_two_readings(self, place: int, which: int) -> None:
        if reader := self.pick(place, json=True):
            me = reader.peer.session.person.id
            own = [e.seq for e in self.world.stored() if isinstance(e, Posted) and e.text and e.author.id == me]
            if own:
                self.reads_it_all_again(which)
                reader.asks(Delete(room="lobby", target=own[which % len(own)]))
                self.world.disk.release(len(self.world.disk.waiting))
                self.the_invariants_hold()
                self.reads_it_all_again(which + 1)

    def reads_it_all_again(self, place: int) -> None:
        if reader := self.pick(place, json=True):
            self.returned.add(reader.peer.session.person.id)
            reader.asks(Join(room="lobby", after=0))
            self.the_invariants_hold()

    @rule(
        place=places,
        what=st.sampled_from(["topic", "ping", "typing", "history", "rename", "post and leave", "join", "join anew"]),
    )
    def asks_something_else(self, place: int, what: str) -> None:
        reader = self.pick(place, json=True)
        if reader is None:
            return
        self.names += 1
        commands: dict[str, list[Command]] = {
            "topic": [SetTopic(room="lobby", topic=f"topic {self.names}")],
            "ping": [Ping()],
            "typing": [Type(room="lobby")],
            "history": [ReadHistory(room="lobby", limit=3)],
            "rename": [Rename(name=f"name{self.names}")],
            "post and leave": [Post(room="lobby", text="bye all"), Leave(room="lobby")],
            "join": [Join(room="lobby", after=self.world.lobby.head // 2)],
            "join anew": [Join(room="lobby", after=0)],
        }
        if what.startswith("join"):
            self.returned.add(reader.peer.session.person.id)
        reader.asks(*commands[what])

    # ---- the machine

    @rule(count=st.sampled_from([1, 2, 4, 100]))
    def the_disk_takes_some(self, count: int) -> None:
        self.world.disk.release(count)

    @rule()
    def the_rules_move(self) -> None:
        self.world.moves_the_rules()

    @rule(place=places, stop=st.booleans())
    def a_reader_stops_or_goes_on(self, place: int, stop: bool) -> None:
        if reader := self.pick(place):
            reader.transport.stopped = stop
            if not stop:
                reader.reads()

    @rule(place=places, count=st.integers(1, 800))
    def a_reader_dribbles(self, place: int, count: int) -> None:
        if reader := self.pick(place):
            reader.reads(count)

    # ---- what must hold

    @invariant()
    def the_invariants_hold(self) -> None:
        self.world.settle()
        stored = self.world.stored()
        head = self.world.lobby.head
        assert [event.seq for event in stored] == list(range(1, len(stored) + 1)), "numbers have no holes"
        assert head <= len(stored), "published head ≤ stored head"
        for reader in self.world.readers:
            cursor = reader.peer.cursors.get(self.world.lobby.id)
            if cursor is not None and not reader.peer.lost:
                assert cursor.live or cursor.seq <= head, "cursor ≤ published head"
                assert cursor.live or reader.outbox.full, "who is not live has an outbox that is full"
            told = reader.hears()
            if reader.json:
                self.a_json_reader_is_told_right(reader, told, stored, head)
        self.nobody_with_nc_hears_himself()
        self.deleted |= {event.target for event in stored[:head] if isinstance(event, Deleted)}

    def a_json_reader_is_told_right(
        self, reader: Reader, told: list[dict[str, Any]], stored: list[Event], head: int
    ) -> None:
        for word in told:
            kind = word["type"]
            if kind in EVENTS:
                assert word["seq"] <= head, "nothing is shown above the published head"
                self.an_event_reads_as_stored(word, stored)
            if kind == "stored":
                assert word["seq"] <= head, "`stored(seq)` implies `applied(seq)` here"
        self.numbers_run_without_holes(reader)
        self.answers_come_in_order(reader)
        self.nobody_speaks_after_leaving(reader)

    def an_event_reads_as_stored(self, word: dict[str, Any], stored: list[Event]) -> None:
        now = msgspec.to_builtins(stored[word["seq"] - 1])
        if word["seq"] in self.deleted and word["type"] == "posted":
            assert word["text"] is None, "what was deleted is shown to nobody any more"
        if now.get("deleted"):
            word = {**word, "topic" if word["type"] == "topic_changed" else "text": None, "deleted": True}
        for erased in ("text", "emoji"):  # of a message that was deleted after this was told
            if word["type"] in ("edited", "reacted", "unreacted") and now.get(erased, "") is None:
                word = {**word, erased: None}
        assert word == now

    def numbers_run_without_holes(self, reader: Reader) -> None:
        """Since each `room` answer: consecutive; the author's own `posted` before its `stored`, while live."""
        last: int | None = None
        for word in reader.told:
            if word["type"] == "room":
                last = None
            elif word["type"] in EVENTS:
                assert last is None or word["seq"] == last + 1, "a run of consecutive numbers"
                last = word["seq"]
            elif word["type"] == "caught_up":
                assert last is None or word["seq"] == last

    def answers_come_in_order(self, reader: Reader) -> None:
        refs = [word["ref"] for word in reader.told if word.get("ref")]
        assert refs == sorted(set(refs)), "answers come in the order of the questions, each once"

    def nobody_speaks_after_leaving(self, reader: Reader) -> None:
        """But for those who came back: to one who is behind, their return is told after the messages."""
        gone: set[int] = set()
        for word in reader.told:
            if word["type"] == "room":
                gone.clear()
            elif word["type"] == "present":
                gone -= {person["id"] for person in word["came"]}
                gone |= {person["id"] for person in word["went"]} - self.returned
            elif word["type"] == "posted":
                assert word["author"]["id"] not in gone - self.returned, (
                    "who posts and leaves is seen to speak, then to leave"
                )

    def nobody_with_nc_hears_himself(self) -> None:
        for reader, said in self.text_said.items():
            assert not set(said) & set(reader.told), "a text door does not show its author his own message"

    def everything_arrives_in_the_end(self) -> None:
        """The disk takes all, everybody reads on: all are live, nothing is missing, everything is answered."""
        world = self.world
        for _ in range(50):
            world.settle()
            world.disk.release(len(world.disk.waiting))
            for reader in world.readers:
                reader.transport.stopped = False
                reader.reads()
            world.settle()
            if not world.disk.waiting:
                break
        self.the_invariants_hold()
        stored = world.stored()
        assert world.lobby.head == len(stored)
        for reader in world.readers:
            if reader.peer.lost:
                continue
            cursor = reader.peer.cursors.get(world.lobby.id)
            assert cursor is None or cursor.live, "everybody is live in the end"
            if reader.json:
                refs = {word["ref"] for word in reader.told if word.get("ref")}
                assert refs == set(reader.asked), "every question is answered"
                seqs = [word["seq"] for word in reader.told if word["type"] in EVENTS]
                assert cursor is None or not seqs or seqs[-1] == len(stored), "the last event has come"
            else:
                self.a_person_with_nc_has_heard_all(reader, stored)

    def a_person_with_nc_has_heard_all(self, reader: Reader, stored: list[Event]) -> None:
        heard = [line for line in reader.told if line.startswith("from nc ")]
        spoken = [e.text for e in stored if isinstance(e, Posted) and e.text and e.text.startswith("from nc ")]
        wanted = [text for text in spoken if text not in self.text_said[reader]]
        assert heard == wanted[len(wanted) - len(heard) :], "in order, none twice, none left out since the join"


TestTheOrderOfThings = TheOrderOfThings.TestCase
TestTheOrderOfThings.settings = settings(max_examples=60, stateful_step_count=40)


# ---- planted faults


def shows_before_the_commit(patch: pytest.MonkeyPatch) -> None:
    hand = Feed.hand

    def early(self: Feed, draft: Any) -> None:
        room = self._state.rooms_by_id[draft.room]
        draft.event.seq = room.head + 1
        run = Run(room, None)
        run.events.append(draft.event)
        run.sessions.append(draft.session)
        self._publish(run)
        hand(self, draft)

    patch.setattr(Feed, "hand", early)


def skips_what_a_slow_reader_missed(patch: pytest.MonkeyPatch) -> None:
    fall = Fanout._fall_behind

    def forgetful(self: Fanout, audience: Any, cursor: Cursor, events: Any, *rest: Any) -> None:
        fall(self, audience, cursor, events, *rest)
        cursor.seq = events[-1].seq

    patch.setattr(Fanout, "_fall_behind", forgetful)


def shows_an_author_his_own_line_when_behind(patch: pytest.MonkeyPatch) -> None:
    serve = Fanout._serve

    def careless(self: Fanout, cursor: Cursor, page: Any, head: int) -> None:
        cursor.own = None
        serve(self, cursor, page, head)

    patch.setattr(Fanout, "_serve", careless)


def answers_before_the_disk(patch: pytest.MonkeyPatch) -> None:
    hand = Feed.hand

    def eager(self: Feed, draft: Any) -> None:
        hand(self, draft)
        draft.event.seq = self._state.rooms_by_id[draft.room].head + 1
        draft.done = True

    patch.setattr(Feed, "hand", eager)


def lets_signals_overtake(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Feed, "_behind_last", lambda self, room, passing: passing.pass_on())


def answers_out_of_order(patch: pytest.MonkeyPatch) -> None:
    def hasty(self: Dispatch, peer: Any, refusal: Refusal, ref: Any) -> None:
        from teahouse.wire.base import refused

        peer.answers.appendleft(refused(refusal, ref))

    patch.setattr(Dispatch, "_refuse", hasty)


def never_decides_again(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Dispatch, "_decide_again", lambda self, draft: setattr(draft, "done", False))


def keeps_deleted_text_in_pages(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Pages, "drop", lambda self, room, seq: None)


def goes_live_too_early(patch: pytest.MonkeyPatch) -> None:
    pump = Fanout.pump

    def hasty(self: Fanout, cursor: Cursor) -> None:
        if not cursor.live:
            self._go_live(cursor)
        pump(self, cursor)

    patch.setattr(Fanout, "pump", hasty)


FAULTS: list[Callable[[pytest.MonkeyPatch], None]] = [
    shows_before_the_commit,
    skips_what_a_slow_reader_missed,
    shows_an_author_his_own_line_when_behind,
    answers_before_the_disk,
    lets_signals_overtake,
    answers_out_of_order,
    never_decides_again,
    goes_live_too_early,
    keeps_deleted_text_in_pages,
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_planted_fault_breaks_an_invariant(fault: Callable[[pytest.MonkeyPatch], None]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        fault(patch)
        with pytest.raises(Exception) as caught:  # noqa: PT011 any invariant may be the one that breaks
            run_state_machine_as_test(
                TheOrderOfThings,
                settings=settings(
                    max_examples=300, stateful_step_count=40, derandomize=True, database=None, phases=[Phase.generate]
                ),
            )
        assert caught.value is not None
