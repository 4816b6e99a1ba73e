"""The door of the core: what is decided here, what is applied, and what a lost connection leaves behind."""

from __future__ import annotations

import pytest

from teahouse.core import chat as core
from teahouse.core import commands as ask
from teahouse.core.errors import NameTaken, NotAllowed, UnknownCommand
from teahouse.core.events import HangUp, HelpText, Pong, Posted, Present, RulesChanged, TopicChanged, Unseat
from teahouse.core.handlers import identity
from teahouse.core.message import Person
from tests.core.a_chat import Chat, a_chat, replies, signals

# Decided with the store's help: server/queries.py has them.
QUESTIONS = {
    ask.Hello, ask.Rename, ask.Join, ask.Direct, ask.Whisper, ask.ReadHistory, ask.Search, ask.Mark, ask.ListRooms, ask.Anew,
    ask.Visit, ask.Open, ask.Look,
}  # fmt: skip


def test_each_command_is_decided_here_or_asks_the_store() -> None:
    every = set(ask.Command.__subclasses__())
    assert set(core.HANDLERS) | QUESTIONS == every
    assert set(core.HANDLERS) & QUESTIONS == set()


def test_what_is_not_decided_here_is_refused() -> None:
    chat = a_chat(alice="lobby")
    with pytest.raises(UnknownCommand):
        chat.does("alice", ask.ListRooms())


def test_small_questions_have_small_answers() -> None:
    chat = a_chat(alice="lobby")
    assert chat.does("alice", ask.Ping(ref=1)) == [Pong(ref=1)]
    assert chat.does("alice", ask.Help(ref=2)) == [HelpText(ref=2)]
    (word,) = chat.does("alice", ask.Quit())
    assert isinstance(word, HangUp)
    assert (word.session, word.why) == (chat.sessions["alice"], None)


@pytest.mark.parametrize(
    "command", [ask.Ping(), ask.Help(), ask.Post(room="lobby", text="x"), ask.ReadRoom(room="lobby")]
)
def test_a_listener_may_ask_nothing(command: ask.Command) -> None:
    chat = Chat()
    chat.connects("nc").listener = True
    with pytest.raises(NotAllowed):
        chat.does("nc", command)
    assert chat.vanishes("nc") == []


def test_an_event_moves_the_head_and_shapes_the_record() -> None:
    chat = a_chat(alice="lobby")
    room, alice = chat.makes("lobby"), Person(1, "alice")
    core.apply(chat.state, room.id, [Posted(room="lobby", seq=1, time=10, author=alice, text="x", form="say")])
    assert (room.head, room.time, room.record.rules) == (1, 10, 0)
    core.apply(chat.state, room.id, [TopicChanged(room="lobby", seq=2, time=20, author=alice, topic="tea")])
    core.apply(chat.state, room.id, [RulesChanged(room="lobby", seq=3, time=30, author=alice, speak="members")])
    assert (room.head, room.time, room.record.topic, room.record.rules) == (3, 30, "tea", 3)
    assert room.record.speak == "members"


def test_a_room_is_found_by_the_name_in_an_event() -> None:
    chat = Chat()
    assert core.room_named(chat.state, "lobby").name == "lobby"
    assert core.room_named(chat.state, chat.makes("Garden").name).name == "Garden"


# ---- connections that are lost


def test_a_text_connection_goes_at_once_and_its_name_is_free() -> None:
    chat = a_chat(alice="lobby")
    chat.comes("bob", one_room=True)
    chat.joins("bob", "lobby")
    words = chat.vanishes("bob")
    assert signals(words) == [Present(room="lobby", came=[], went=[Person(2, "bob")], count=1)]
    assert chat.hearers_of(words) == {"alice"}
    identity.claim(chat.state, 9, "bob", chat.now)


def test_a_json_session_lingers_unseated_and_keeps_its_name() -> None:
    chat = a_chat(alice="lobby", bob="lobby")
    words = chat.vanishes("bob")
    assert [type(word) for word in words] == [Unseat]
    assert chat.present_in("lobby") == {1, 2}
    assert chat.who_sits_in("lobby") == {"alice"}
    with pytest.raises(NameTaken):
        identity.claim(chat.state, 9, "bob", chat.now)


def test_a_json_session_that_has_left_every_room_is_gone_at_once_and_its_name_is_free() -> None:
    chat = a_chat(alice="lobby", bob="lobby")
    chat.does("bob", ask.Leave(room="lobby"))
    assert chat.vanishes("bob") == []
    identity.claim(chat.state, 9, "bob", chat.now)
    assert 2 not in chat.state.sessions_by_person


def test_a_session_that_does_not_come_back_is_forgotten() -> None:
    chat = a_chat(alice="lobby", bob="lobby")
    chat.vanishes("bob")
    assert signals(chat.is_forgotten("bob")) == [Present(room="lobby", came=[], went=[Person(2, "bob")], count=1)]
    identity.claim(chat.state, 9, "bob", chat.now)
    assert 2 not in chat.state.sessions_by_person


def test_going_and_coming_back_in_time_is_not_heard() -> None:
    chat = a_chat(alice="lobby", bob="lobby")
    heard = signals(chat.vanishes("bob"))
    heard += signals(chat.comes("bob again", 2, "bob", lingers=True))
    heard += signals(chat.joins("bob again", "lobby"))
    heard += signals(chat.is_forgotten("bob"))
    assert heard == []
    assert chat.present_in("lobby") == {1, 2}
    with pytest.raises(NameTaken):
        identity.claim(chat.state, 9, "bob", chat.now)


def test_coming_back_to_another_room_is_heard_when_the_old_session_is_forgotten() -> None:
    chat = a_chat(alice="lobby", bob="lobby")
    chat.vanishes("bob")
    chat.comes("bob again", 2, "bob")
    chat.joins("bob again", "garden")
    assert [signal for signal in signals(chat.is_forgotten("bob")) if isinstance(signal, Present)] == [
        Present(room="lobby", came=[], went=[Person(2, "bob")], count=1)
    ]


def test_who_lingers_under_an_old_name_goes_under_the_new_one() -> None:
    chat = a_chat(alice="lobby", bob="lobby")
    chat.vanishes("bob")
    chat.comes("bob again", 2, "robert")
    (went,) = signals(chat.is_forgotten("bob"))
    assert isinstance(went, Present)
    assert went.went == [Person(2, "robert")]


@pytest.mark.parametrize("lingers", [True, False])
def test_vanishing_and_being_forgotten_happen_once(lingers: bool) -> None:
    chat = a_chat(alice="lobby")
    chat.comes("bob", lingers=lingers)
    chat.joins("bob", "lobby")
    chat.vanishes("bob")
    assert chat.vanishes("bob") == []
    chat.is_forgotten("bob")
    assert chat.is_forgotten("bob") == []
    assert chat.vanishes("bob") == []
    assert chat.present_in("lobby") == {1}


def test_a_connection_that_never_said_hello_leaves_nothing() -> None:
    chat = Chat()
    chat.connects("nobody", lingers=True)
    assert chat.vanishes("nobody") == []
    assert chat.is_forgotten("nobody") == []
    assert not chat.sessions["nobody"].gone
    assert replies(chat.vanishes("nobody")) == []
