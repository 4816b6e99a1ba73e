"""A visitor comes for one request: it acts in every room that it sees, and is present in none."""

from __future__ import annotations

import pytest

from teahouse.core.commands import Delete, Edit, Leave, ListMembers, Post, React, SetTopic, Type
from teahouse.core.errors import BadRoom, NoSuchRoom, NotInRoom
from teahouse.core.events import Done, Draft
from teahouse.core.handlers import identity
from teahouse.core.message import Person, nameless
from tests.core.a_chat import Chat, a_chat, drafts, replies, signals

HI = Post(room="lobby", text="hi")


def a_visit(chat: Chat, who: str = "ci", id: int = 90, named: bool = True) -> None:
    """Somebody who has just said who they are, for one request."""
    session = chat.connects(who)
    person = Person(id, who) if named else nameless(id)
    chat.carries_out(identity.answer_visit(chat.state, session, person, None))


def test_a_visitor_speaks_without_joining_and_nobody_hears_them_come() -> None:
    chat = a_chat(alice="lobby")
    a_visit(chat)
    words = chat.does("ci", HI)
    assert [draft.event.author for draft in drafts(words)] == [Person(90, "ci")]
    assert signals(words) == []
    assert chat.hearers_of(words) == {"alice"}
    assert chat.present_in("lobby") == {1}


@pytest.mark.parametrize(
    "command",
    [
        HI,
        Edit(room="lobby", target=1, text="x"),
        Delete(room="lobby", target=1),
        React(room="lobby", target=1, emoji="x"),
        SetTopic(room="lobby", topic="x"),
        Type(room="lobby", ref=1),
        ListMembers(room="lobby"),
    ],
)
def test_a_visitor_may_do_what_the_others_must_join_for(command: Post) -> None:
    chat = a_chat(alice="lobby")
    chat.does("alice", HI)
    a_visit(chat)
    assert chat.does("ci", command)
    if not isinstance(command, ListMembers):
        chat.comes("bob")
        with pytest.raises(NotInRoom):
            chat.does("bob", command)


def test_a_visitor_sees_no_room_that_is_not_there_or_is_others() -> None:
    chat = a_chat(alice="lobby", bob="lobby")
    chat.makes("@1+2")
    a_visit(chat)
    for room in ("nowhere", "@1+2"):
        with pytest.raises(NoSuchRoom):
            chat.does("ci", Post(room=room, text="hi"))
    with pytest.raises(BadRoom):
        chat.does("ci", Post(room="", text="hi"))


def test_a_visitor_who_joins_hears_the_room_and_is_not_there() -> None:
    chat = a_chat(alice="lobby")
    a_visit(chat)
    words = chat.joins("ci", "lobby")
    assert signals(words) == []
    assert chat.who_sits_in("lobby") == {"alice", "ci"}
    assert chat.present_in("lobby") == {1}
    assert chat.makes("lobby").count() == 1
    assert chat.vanishes("ci") == []


def test_whoever_a_visitor_writes_to_is_called_in_and_the_visitor_is_not() -> None:
    chat = a_chat(alice="lobby")
    a_visit(chat)
    chat.makes("@1+90")
    words = chat.does("ci", Post(room="@1+90", text="psst"))
    assert [type(word) for word in words][-1] is Draft
    assert chat.who_sits_in("@1+90") == {"alice"}
    assert chat.present_in("@1+90") == {1}


def test_a_name_is_a_visitors_while_the_request_lasts() -> None:
    chat = a_chat(alice="lobby")
    a_visit(chat)
    assert "ci" in chat.state.claims
    chat.vanishes("ci")
    assert "ci" not in chat.state.claims
    assert 90 not in chat.state.sessions_by_person


def test_the_other_sessions_of_a_visitor_stay_where_they_are() -> None:
    chat = a_chat(alice="lobby")
    session = chat.connects("request")
    words = chat.carries_out(identity.answer_visit(chat.state, session, Person(1, "alice"), 7))
    assert replies(words) == [Done(ref=7)]
    chat.does("request", HI)
    assert chat.vanishes("request") == []
    assert chat.present_in("lobby") == {1}
    assert chat.who_sits_in("lobby") == {"alice"}
    assert chat.state.claims["alice"].person == 1


def test_a_visitor_leaves_no_room_because_they_are_in_none() -> None:
    chat = a_chat(alice="lobby")
    a_visit(chat, named=False)
    assert signals(chat.does("ci", Leave(room="lobby"))) == []
    assert chat.present_in("lobby") == {1}
