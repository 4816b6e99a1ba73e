"""What waits for the disk goes on round robin by person; large texts of one hold up nobody else, and nothing overtakes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from teahouse.core.commands import Delete, Edit, Join, Post, Rename, Type
from teahouse.core.events import Draft, Posted
from teahouse.core.message import nameless
from teahouse.server.feed import IN_HAND, Feed, Passing
from teahouse.server.turns import FEW, Turns
from tests.server.world import BUSY, Reader, World

LARGE = "a large text " * 60  # one is more than half of what a batch of this world has
assert len(LARGE) < BUSY.batch_bytes < 2 * len(LARGE)


def a_draft(person: int, weight: int = 0) -> Draft:
    event = Posted(room="lobby", seq=0, time=0, author=nameless(person), text="", form="say")
    return Draft(1, event, weight=weight)


# ---- the rounds


@given(st.lists(st.tuples(st.integers(1, 4), st.sampled_from([0, 0, 0, 700]), st.booleans()), max_size=80))
def test_everything_has_its_turn_and_what_one_person_does_keeps_its_order(steps: list[tuple[int, int, bool]]) -> None:
    turns, wanted, taken = Turns(), defaultdict(list), defaultdict(list)

    def take(small: bool) -> bool:
        entry = turns.small if small else turns.large
        if isinstance(entry, Draft):
            turns.take(entry)
            taken[entry.event.author.id].append(entry)
        return entry is not None

    for person, weight, takes in steps:
        draft = a_draft(person, weight)
        wanted[person].append(draft)
        turns.put(person, draft)
        waiting = [each for who in wanted for each in wanted[who][len(taken[who]) :]]
        assert (turns.count, turns.bytes) == (len(waiting), sum(each.weight for each in waiting))
        if takes:
            take(weight == 0)
    while take(True) or take(False):
        pass
    assert taken == wanted
    assert (turns.count, turns.bytes, turns.small, turns.large) == (0, 0, None, None)
    assert not any(turns.has(person) or turns.owed(person) for person in wanted)


@pytest.mark.parametrize(("weight", "a_turn"), [(0, FEW), (1_000, 1)])
def test_however_much_one_person_has_waiting_the_others_wait_for_one_turn_of_it(weight: int, a_turn: int) -> None:
    turns = Turns()
    for _ in range(1_000):  # from a thousand connections, it may be
        turns.put(1, a_draft(1, weight))
    for person in (2, 3):
        turns.put(person, a_draft(person, weight))
    order: list[int] = []
    while entry := turns.large if weight else turns.small:
        assert isinstance(entry, Draft)
        order.append(entry.event.author.id)
        turns.take(entry)
    assert order[: a_turn + 2] == [1] * a_turn + [2, 3]


# ---- in the house


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path, BUSY)
    yield world
    world.close()


def somebody(world: World) -> Reader:
    reader = world.a_json_reader()
    reader.asks(Join(room="lobby"))
    world.settle()
    return reader


def in_hand(world: World) -> list[str | None]:
    """The texts that the log has and the disk has not."""
    return [draft.event.text for draft in world.disk.waiting if isinstance(draft.event, Posted)]


def let_all_through(world: World) -> list[list[str | None]]:
    """The texts of each batch, until nothing waits."""
    batches: list[list[str | None]] = []
    while world.disk.waiting:
        batches.append(in_hand(world))
        assert len(world.disk.waiting) <= IN_HAND * BUSY.batch + 2
        large = [draft.weight for draft in world.disk.waiting if draft.weight]
        assert len(large) <= 1 or sum(large) <= BUSY.batch_bytes
        world.disk.release(len(world.disk.waiting))
        world.settle()
    return batches


def texts_of(reader: Reader) -> list[str]:
    reader.hears()
    return [word["text"] for word in reader.told if word["type"] == "posted"]


def test_a_small_message_goes_with_the_next_batch_whatever_waits_before_it(world: World) -> None:
    loud, quiet = somebody(world), somebody(world)
    loud.asks(*[Post(room="lobby", text=f"{n} {LARGE}") for n in range(6)])
    quiet.asks(Post(room="lobby", text="hello"))
    world.settle()
    assert in_hand(world) == [f"0 {LARGE}", "hello"]
    let_all_through(world)
    assert [text[0] for text in texts_of(quiet)] == ["0", "h", "1", "2", "3", "4", "5"]


@pytest.mark.parametrize("loud_people", [1, 3])
def test_of_large_messages_everybody_has_one_in_turn(world: World, loud_people: int) -> None:
    loud, other = [somebody(world) for _ in range(loud_people)], somebody(world)
    for number, reader in enumerate(loud):
        reader.asks(*[Post(room="lobby", text=f"{number} {LARGE}") for _ in range(3)])
    other.asks(Post(room="lobby", text=f"mine {LARGE}"))
    let_all_through(world)
    assert any(text.startswith("mine") for text in texts_of(other)[: loud_people + 2])


def test_a_flood_of_small_messages_lets_others_in_between(world: World) -> None:
    loud, quiet = somebody(world), somebody(world)
    loud.asks(*[Post(room="lobby", text=f"flood {n}") for n in range(60)])
    quiet.asks(Post(room="lobby", text="hello"))
    let_all_through(world)
    # What the log had already, a turn of the flood, and then the one that waited.
    assert texts_of(quiet).index("hello") <= IN_HAND * BUSY.batch + FEW
    assert [text for text in texts_of(quiet) if text != "hello"] == [f"flood {n}" for n in range(60)]


def test_what_one_session_says_and_does_keeps_its_order_whatever_its_size(world: World) -> None:
    reader, other = somebody(world), somebody(world)
    said = [f"{n} {LARGE if n % 3 == 0 else 'small'}" for n in range(12)]
    reader.asks(*[Post(room="lobby", text=text) for text in said], Edit(room="lobby", target=1, text=f"E {LARGE}"))
    let_all_through(world)
    assert texts_of(other) == said
    reader.hears()
    assert [word["ref"] for word in reader.told if word.get("ref")] == list(range(1, 15))


def test_deletions_weigh_like_large_texts(world: World) -> None:
    reader, quiet = somebody(world), somebody(world)
    reader.asks(*[Post(room="lobby", text=f"{n}") for n in range(6)])
    let_all_through(world)
    reader.asks(*[Delete(room="lobby", target=n + 1) for n in range(6)])
    quiet.asks(Post(room="lobby", text="hello"))
    assert [type(draft.event).__name__ for draft in world.disk.waiting] == ["Deleted", "Posted"]
    let_all_through(world)
    quiet.hears()
    assert sum(word["type"] == "deleted" for word in quiet.told) == 6


def speaks_and_types(world: World) -> list[str]:
    """What the other one hears of somebody who says much and writes on."""
    speaker, hearer = somebody(world), somebody(world)
    hearer.hears()
    hearer.told.clear()
    speaker.asks(*[Post(room="lobby", text=f"{n} {LARGE}") for n in range(3)], Type(room="lobby"))
    let_all_through(world)
    hearer.hears()
    return [word["type"] for word in hearer.told]


def test_a_signal_passes_behind_all_that_the_person_said_before(tmp_path: Path) -> None:
    world = World(tmp_path, msgspec.structs.replace(BUSY, write_high_bytes=60_000, write_low_bytes=60_000))
    assert speaks_and_types(world) == ["posted", "posted", "posted", "typing"]
    with pytest.MonkeyPatch.context() as patch:
        overtakes(patch)
        assert speaks_and_types(world) != ["posted", "posted", "posted", "typing"]
    world.close()


def overtakes(patch: pytest.MonkeyPatch) -> None:
    """A fault, planted: a signal looks at what the log has, and not at what waits for its turn."""

    def careless(self: Feed, room: Any, signal: Any) -> None:
        number = self._fanout.next_signal()
        self._behind_last(room, Passing(self._last_ticket(room), lambda: self._fanout.signal(room, signal, number)))

    patch.setattr(Feed, "signal", careless)


def test_a_new_name_is_shown_behind_all_that_was_said_before(world: World) -> None:
    speaker, hearer = somebody(world), somebody(world)
    speaker.asks(*[Post(room="lobby", text=f"{n} {LARGE}") for n in range(3)])
    speaker.asks(Rename(name="Ana"))
    world.settle()
    let_all_through(world)
    world.settle()
    hearer.hears()
    kinds = [word["type"] for word in hearer.told if word["type"] in ("posted", "renamed")]
    assert kinds == ["posted", "posted", "posted", "renamed"]


def test_whoever_has_much_waiting_is_not_read_until_the_disk_has_come_to_it(world: World) -> None:
    loud, quiet = somebody(world), somebody(world)
    second = [Post(room="lobby", text=f"{n} {LARGE}") for n in range(10)]
    loud.asks(*second)
    quiet.asks(Post(room="lobby", text="hello"))
    assert loud.peer.congested
    assert not quiet.peer.congested
    relieved: Counter[str] = Counter()
    loud.peer.on_relief = lambda: relieved.update(["loud"])
    let_all_through(world)
    assert relieved["loud"] == 1
    assert not loud.peer.congested
