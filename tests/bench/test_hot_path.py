"""Nothing is added to the path of a message unnoticed: by its syntax, and by running one through the real engine."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from teahouse.core.commands import Join, Post
from tests.server.world import Reader, World
from tests.support import hot_path
from tests.support.hot_path import ONCE_A_BATCH, ONCE_A_MEMBER, ONCE_A_MESSAGE, functions
from tests.support.house_rules import parse, read_house

SOURCES = Path(__file__).parent.parent.parent / "src" / "teahouse"
HOUSE = read_house(SOURCES)
MEMBERS = 20

Rule = Callable[[hot_path.Path], list[str]]
RULES: list[tuple[Rule, list[Mapping[str, tuple[str, ...]]]]] = [
    (hot_path.nothing_waits, [ONCE_A_MEMBER, ONCE_A_MESSAGE, ONCE_A_BATCH]),
    (hot_path.nothing_logs, [ONCE_A_MEMBER, ONCE_A_MESSAGE, ONCE_A_BATCH]),
    (hot_path.nothing_calls_metrics, [ONCE_A_MEMBER, ONCE_A_MESSAGE]),
    (hot_path.nothing_is_made_for_a_member, [ONCE_A_MEMBER]),
    (hot_path.one_write, [ONCE_A_MEMBER, ONCE_A_MESSAGE, ONCE_A_BATCH]),
]
PLANTED: list[tuple[Rule, str]] = [
    (hot_path.nothing_waits, "async def f(x):\n    pass"),
    (hot_path.nothing_waits, "def f(x):\n    async def g():\n        await x"),
    (hot_path.nothing_logs, "def f(x):\n    log.debug('said', x=x)"),
    (hot_path.nothing_logs, "def f(x):\n    structlog.get_logger().info(x)"),
    (hot_path.nothing_logs, "def f(x):\n    print(x)"),
    (hot_path.nothing_calls_metrics, "def f(self):\n    self._counters.published(1)"),
    (hot_path.nothing_calls_metrics, "def f(self):\n    SENT.labels(door='ws').inc()"),
    (hot_path.nothing_calls_metrics, "def f(self):\n    LATENCY.observe(1)"),
    (hot_path.nothing_is_made_for_a_member, "def f(self):\n    self.later(lambda: self.go())"),
    (hot_path.nothing_is_made_for_a_member, "def f(self):\n    try:\n        g()\n    except OSError:\n        pass"),
    (hot_path.nothing_is_made_for_a_member, "def f(self):\n    self._loop.call_later(1, self.go)"),
    (hot_path.one_write, "def f(self):\n    self.transport.write(a)\n    self.transport.write(b)"),
    (hot_path.one_write, "def f(self):\n    for unit in self.units:\n        self.transport.write(unit)"),
]


def name_of(rule: Rule) -> str:
    return rule.__name__


@pytest.mark.parametrize(("rule", "lists"), RULES, ids=[name_of(rule) for rule, _ in RULES])
def test_the_path_of_a_message_keeps_the_rule(rule: Rule, lists: list[Mapping[str, tuple[str, ...]]]) -> None:
    assert rule([function for listed in lists for function in functions(HOUSE, listed)]) == []


@pytest.mark.parametrize(("rule", "source"), PLANTED)
def test_the_rule_finds_what_was_planted(rule: Rule, source: str) -> None:
    assert rule(functions(parse({"server.x": source}), {"server.x": ("f",)})) != []


def test_each_rule_has_a_planted_fault() -> None:
    assert {rule for rule, _ in RULES} == {rule for rule, _ in PLANTED}


def test_what_is_done_about_an_error_is_not_on_the_path() -> None:
    source = "def f(x):\n    try:\n        x()\n    except OSError:\n        log.exception('bug')"
    assert hot_path.nothing_logs(functions(parse({"server.x": source}), {"server.x": ("f",)})) == []


def test_a_function_that_is_gone_must_leave_the_list() -> None:
    with pytest.raises(KeyError):
        functions(parse({"server.x": ""}), {"server.x": ("f",)})


# ---- one message, run through the engine


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path / "data")
    yield world
    world.close()


def a_room_of(world: World, count: int) -> list[Reader]:
    """So many in the lobby, by frames and by lines in turn, who have heard all that was said until now."""
    readers = [world.a_json_reader() if place % 2 == 0 else world.a_person_with_nc() for place in range(count)]
    for reader in readers:
        if reader.json:
            reader.asks(Join(room="lobby"))
            world.settle()
    say(world, readers[0])  # the first message of a room makes what the next ones find
    for reader in readers:
        reader.hears()
    return readers


def say(world: World, reader: Reader, count: int = 1) -> None:
    """Say something, so many times in one read, and let it happen."""
    reader.asks(*(Post(room="lobby", text=f"message {number}") for number in range(count)))
    world.run(_one_turn())  # what one tick handed over is with the disk now
    world.disk.release(len(world.disk.waiting))
    world.settle()


def said_to(reader: Reader) -> int:
    """How many messages somebody has heard since the last look."""
    return sum("message" in (word["text"] if reader.json else word) for word in reader.hears() if not is_answer(word))


def is_answer(word: Any) -> bool:
    return isinstance(word, dict) and word["type"] == "stored"


async def _one_turn() -> None:
    """The loop turns once."""


def calls_of(work: Callable[[], object]) -> Counter[str]:
    """How often each function of the package is called meanwhile on the loop, but for those that the test calls."""
    calls: Counter[str] = Counter()

    def note(frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        ours = event == "call" and code.co_filename.startswith(str(SOURCES)) and "<" not in code.co_name
        if ours and (frame.f_back is None or frame.f_back.f_globals.get("__name__", "").partition(".")[0] != "tests"):
            module = ".".join(Path(code.co_filename).relative_to(SOURCES).with_suffix("").parts)
            calls[f"{module}.{code.co_qualname}"] += 1

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return calls


def names(listed: Mapping[str, tuple[str, ...]]) -> set[str]:
    return {f"{module}.{function}" for module, those in listed.items() for function in those}


def test_one_message_is_one_write_for_each_member(world: World) -> None:
    readers = a_room_of(world, MEMBERS)
    before = [len(reader.transport.writes) for reader in readers]
    say(world, readers[0])
    assert [len(reader.transport.writes) - seen for reader, seen in zip(readers, before, strict=True)] == [1] * MEMBERS
    assert [said_to(reader) for reader in readers] == [1] * MEMBERS


def test_twenty_messages_in_one_tick_are_one_write_for_each_member(world: World) -> None:
    readers = a_room_of(world, MEMBERS)
    before = [len(reader.transport.writes) for reader in readers]
    say(world, readers[0], 20)
    assert [len(reader.transport.writes) - seen for reader, seen in zip(readers, before, strict=True)] == [1] * MEMBERS
    assert [said_to(reader) for reader in readers] == [20] * MEMBERS


def test_everything_that_a_message_runs_is_in_the_lists(world: World) -> None:
    readers = a_room_of(world, MEMBERS)
    calls = calls_of(lambda: say(world, readers[0]))
    assert set(calls) - names(ONCE_A_MEMBER) - names(ONCE_A_MESSAGE) - names(ONCE_A_BATCH) == set()
    assert "server.fanout.Fanout.publish" in calls, "nothing was watched at all"


def test_what_is_called_for_each_member_is_in_the_shortest_list(world: World) -> None:
    readers = a_room_of(world, MEMBERS)
    calls = calls_of(lambda: say(world, readers[0]))
    assert {name for name, count in calls.items() if count >= MEMBERS} <= names(ONCE_A_MEMBER)
    assert calls["server.outbox.Outbox.flush"] == MEMBERS


def test_more_messages_in_a_tick_call_nothing_more_for_each_member(world: World) -> None:
    readers = a_room_of(world, MEMBERS)
    one = calls_of(lambda: say(world, readers[0]))
    many = calls_of(lambda: say(world, readers[0], 10))
    acknowledgements = 9  # of the author
    for name in names(ONCE_A_MEMBER):
        assert many[name] <= one[name] + acknowledgements, name
