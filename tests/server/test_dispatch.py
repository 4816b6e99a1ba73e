"""What a connection asks in one breath is answered as if it had asked one thing after the other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from teahouse.core.commands import Join, Leave, Ping, Post, ReadHistory, Search
from tests.server.world import SMALL, World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.close()


def test_history_asked_after_a_post_in_one_read_has_that_post(world: World) -> None:
    reader = world.a_json_reader()
    reader.asks(Join(room="lobby"), Post(room="lobby", text="hi"), ReadHistory(room="lobby"), Ping())
    world.settle()
    world.disk.release(1)
    world.settle()
    answers = [word for word in reader.hears() if word.get("ref")]
    assert [word["type"] for word in answers] == ["room", "stored", "history", "pong"]
    assert [message["text"] for message in answers[2]["messages"]] == ["hi"]


def test_what_follows_a_join_in_one_read_is_done_in_the_room(world: World) -> None:
    reader = world.a_json_reader()
    reader.asks(Join(room="tea"), Post(room="tea", text="hi"), Leave(room="tea"), Post(room="tea", text="late"))
    world.settle()
    world.disk.release(1)
    world.settle()
    answers = [word for word in reader.hears() if word.get("ref")]
    assert [word["type"] for word in answers] == ["room", "stored", "done", "refused"]


def test_an_answer_that_is_ready_does_not_pass_one_that_is_not(world: World) -> None:
    reader = world.a_json_reader()
    reader.asks(Join(room="lobby"))
    world.settle()
    reader.hears()
    reader.asks(Post(room="lobby", text="slow"), Ping())
    world.settle()
    assert reader.hears() == []
    world.disk.release(1)
    world.settle()
    assert [word["type"] for word in reader.hears()] == ["posted", "stored", "pong"]


def test_a_direct_room_with_nobody_is_not_made(world: World) -> None:
    reader = world.a_json_reader()
    me = reader.peer.session.person.id
    reader.asks(Join(room=f"@{me}+999999"))
    world.settle()
    assert [word["code"] for word in reader.hears() if word.get("ref")] == ["no-such-room"]
    assert len(world.engine.state.rooms_by_id) == 1


def test_a_session_at_its_limit_of_rooms_makes_no_new_one(tmp_path: Path) -> None:
    world = World(tmp_path, msgspec.structs.replace(SMALL, rooms_per_session=1))
    reader = world.a_json_reader()
    reader.asks(Join(room="lobby"), Join(room="one-too-many"), Join(room="lobby"))
    world.settle()
    answers = [word for word in reader.hears() if word.get("ref")]
    assert [word.get("code", word["type"]) for word in answers] == ["room", "too-many", "room"]
    assert len(world.engine.state.rooms_by_id) == 1
    world.close()


def test_a_search_for_a_very_long_query_is_refused_before_it_is_looked_at(world: World) -> None:
    reader = world.a_json_reader()
    reader.asks(Search(query="\u0301\u0323" * 20_000))
    world.settle()
    assert [(word["code"], word["field"]) for word in reader.hears() if word.get("ref")] == [("bad-field", "query")]


FEW = msgspec.structs.replace(SMALL, answers_waiting=4, batch=16)


def posts(count: int) -> list[Post]:
    return [Post(room="lobby", text=str(number)) for number in range(count)]


@pytest.fixture
def narrow(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path, FEW)
    yield world
    world.close()


def test_who_writes_alone_may_have_half_a_batch_on_its_way(narrow: World) -> None:
    reader = narrow.a_json_reader()
    reader.asks(Join(room="lobby"))
    narrow.settle()
    states = []
    reader.asks(*posts(FEW.batch // 2 - 1))
    states.append(reader.peer.congested)
    reader.asks(*posts(1))
    states.append(reader.peer.congested)
    narrow.disk.release(1)
    narrow.settle()
    states.append(reader.peer.congested)
    assert states == [False, True, False]


def test_who_writes_beside_others_waits_at_the_limit(narrow: World) -> None:
    reader, other = narrow.a_json_reader(), narrow.a_json_reader()
    for each in (reader, other):
        each.asks(Join(room="lobby"))
    narrow.settle()
    other.asks(*posts(FEW.batch // 2))
    reader.asks(*posts(FEW.answers_waiting - 1))
    assert not reader.peer.congested
    reader.asks(*posts(1))
    assert reader.peer.congested


def test_questions_wait_at_the_limit_even_alone(narrow: World) -> None:
    reader = narrow.a_json_reader()
    reader.asks(Join(room="lobby"))
    narrow.settle()
    reader.asks(*posts(FEW.answers_waiting - 1), Ping())
    assert reader.peer.congested
