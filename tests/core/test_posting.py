"""What is said: posts, corrections, deletions, reactions, typing, whispers."""

from __future__ import annotations

import msgspec
import pytest

from teahouse.core import chat as core
from teahouse.core.commands import Command, Delete, Edit, Post, React, SetTopic, Type, Unreact, Whisper
from teahouse.core.errors import (
    BadField,
    EmptyMessage,
    MessageTooLong,
    NoSuchMessage,
    NoSuchRoom,
    NotAllowed,
    NotInRoom,
    Refusal,
)
from teahouse.core.events import Done, Draft, Edited, Posted, RoomJoined, Seat, Tell, TopicChanged, Typing, Word
from teahouse.core.handlers import posting
from teahouse.core.limits import LAN
from teahouse.core.message import Person
from teahouse.core.room import Member, RoomRecord
from tests.core.a_chat import Chat, a_chat, drafts, replies, signals


def whispers(chat: Chat, who: str, room: str, text: str) -> list[Word]:
    """As the shell does after it has found or made the room of the two."""
    command = Whisper(to="whoever", text=text, ref=9)
    words = posting.answer_whisper(chat.state, chat.sessions[who], chat.makes(room), command, chat.now)
    return chat.carries_out(words)


def test_a_post_reaches_each_member_once() -> None:
    chat = a_chat(alice="lobby", bob="lobby", eve="garden")
    words = chat.does("alice", Post(room="lobby", text="hello"))
    assert len(words) == 1
    assert chat.hearers_of(words) == {"alice", "bob"}


def test_a_draft_is_what_was_said_by_whom_and_what_was_decided_on() -> None:
    chat = a_chat(alice="lobby")
    session = chat.sessions["alice"]
    chat.makes("lobby").record = RoomRecord(rules=4)
    command = Post(room="#Lobby", text="e\u0301", form="act", key="k")
    (draft,) = drafts(core.decide(chat.state, session, command, chat.now))
    assert draft.event == Posted(room="lobby", seq=0, time=0, author=Person(1, "alice"), text="é", form="act", key="k")
    assert (draft.session, draft.command, draft.rules, draft.own_only) == (session, command, 4, False)


def test_only_a_post_with_a_key_is_digested_and_the_contents_count_as_they_are_kept() -> None:
    chat = a_chat(alice="lobby")

    def digest(command: Command) -> int | None:
        return drafts(core.decide(chat.state, chat.sessions["alice"], command, chat.now))[0].digest

    assert digest(Post(room="lobby", text="é")) is None
    kept = digest(Post(room="lobby", text="é", key="k"))
    assert kept == digest(Post(room="lobby", text="e\u0301\x00", key="another"))
    assert kept != digest(Post(room="lobby", text="e", key="k"))


def test_deciding_changes_nothing_before_the_log_has_spoken() -> None:
    chat = a_chat(alice="lobby")
    room = chat.makes("lobby")
    core.decide(chat.state, chat.sessions["alice"], Post(room="lobby", text="hello"), chat.now)
    assert (room.head, room.time) == (0, 0)


@pytest.mark.parametrize(
    ("command", "refusal"),
    [
        (Post(room="lobby", text=" \n"), EmptyMessage),
        (Post(room="lobby", text="x" * (LAN.text_bytes + 1)), MessageTooLong),
        (Post(room="lobby", text="\ud800"), BadField),
        (Post(room="garden", text="hello"), NotInRoom),
        (Post(room="cellar", text="hello"), NoSuchRoom),
        (Post(room="@2+3", text="hello"), NoSuchRoom),
        (Post(room="@1+2", text="hello"), NotInRoom),
        (Post(room="lobby", text="hello", reply_to=2), NoSuchMessage),
        (Edit(room="lobby", target=2, text="x"), NoSuchMessage),
        (Edit(room="lobby", target=1, text=""), EmptyMessage),
        (Delete(room="lobby", target=2), NoSuchMessage),
        (React(room="lobby", target=2, emoji="🙂"), NoSuchMessage),
        (React(room="lobby", target=1, emoji="\x1b"), BadField),
        (React(room="lobby", target=1, emoji="🙂 🙂"), BadField),
        (Unreact(room="lobby", target=1, emoji=""), BadField),
        (SetTopic(room="lobby", topic="x" * 501), BadField),
        (SetTopic(room="garden", topic="x"), NotInRoom),
        (Type(room="garden"), NotInRoom),
    ],
)
def test_a_refusal_changes_nothing(command: Command, refusal: type[Refusal]) -> None:
    chat = a_chat(alice="lobby", bob="garden", eve="garden")
    chat.makes("@1+2")
    chat.makes("@2+3")
    chat.does("alice", Post(room="lobby", text="one"))
    before = (
        chat.state.rooms_by_id.keys(),
        {room.name: dict(room.present) for room in chat.state.rooms_by_id.values()},
    )
    with pytest.raises(refusal):
        core.decide(chat.state, chat.sessions["alice"], command, chat.now)
    after = (chat.state.rooms_by_id.keys(), {room.name: dict(room.present) for room in chat.state.rooms_by_id.values()})
    assert after == before


def test_a_correction_is_of_ones_own() -> None:
    chat = a_chat(alice="lobby")
    chat.does("alice", Post(room="lobby", text="helo"))
    (draft,) = drafts(chat.does("alice", Edit(room="lobby", target=1, text="hello\x00")))
    assert draft.own_only
    assert draft.event == Edited(room="lobby", seq=2, time=chat.now, author=Person(1, "alice"), target=1, text="hello")


def test_a_deletion_is_of_ones_own_unless_one_moderates() -> None:
    chat = a_chat(alice="lobby", bob="lobby")
    chat.does("alice", Post(room="lobby", text="hello"))
    moderator = Member(Person(2, "bob"), "moderator", 1)
    chat.makes("lobby").record = RoomRecord(members={2: moderator})
    (alices,) = drafts(chat.does("alice", Delete(room="lobby", target=1)))
    (bobs,) = drafts(chat.does("bob", Delete(room="lobby", target=1)))
    assert (alices.own_only, bobs.own_only) == (True, False)


def test_where_only_members_speak_a_guest_hears_and_may_delete() -> None:
    chat = a_chat(alice="lobby")
    chat.does("alice", Post(room="lobby", text="hello"))
    room = chat.makes("lobby")
    room.record = msgspec.structs.replace(room.record, speak="members", rules=1)
    for command in (
        Post(room="lobby", text="x"),
        Edit(room="lobby", target=1, text="x"),
        React(room="lobby", target=1, emoji="🙂"),
        SetTopic(room="lobby", topic="x"),
        Type(room="lobby"),
    ):
        with pytest.raises(NotAllowed):
            chat.does("alice", command)
    (draft,) = drafts(chat.does("alice", Delete(room="lobby", target=1)))
    assert draft.rules == 1


def test_a_reaction_may_be_put_and_taken() -> None:
    chat = a_chat(alice="lobby", bob="lobby")
    chat.does("alice", Post(room="lobby", text="hello"))
    for command in (React(room="lobby", target=1, emoji="❤️"), Unreact(room="lobby", target=1, emoji="❤️")):
        words = chat.does("bob", command)
        assert not drafts(words)[0].own_only
        assert chat.hearers_of(words) == {"alice", "bob"}


def test_a_topic_is_one_line_and_an_empty_one_takes_it_away() -> None:
    chat = a_chat(alice="lobby")
    (draft,) = drafts(chat.does("alice", SetTopic(room="lobby", topic=" all\nabout  tea ")))
    assert isinstance(draft.event, TopicChanged)
    assert draft.event.topic == chat.makes("lobby").record.topic == "all about tea"
    chat.does("alice", SetTopic(room="lobby", topic=""))
    assert chat.makes("lobby").record.topic == ""


def test_typing_passes_and_is_answered_only_where_it_was_asked() -> None:
    chat = a_chat(alice="lobby", bob="lobby")
    silent = chat.does("alice", Type(room="lobby"))
    assert silent == [Typing(room="lobby", person=Person(1, "alice"))]
    assert replies(chat.does("alice", Type(room="lobby", ref=2))) == [Done(ref=2)]


def test_whoever_is_written_to_hears_it_at_each_of_their_sessions() -> None:
    chat = a_chat(alice="lobby", bob="lobby", eve="lobby")
    chat.comes("bob at nc", 2, "bob", one_room=True)
    chat.comes("alice again", 1, "alice")
    chat.joins("alice", "@1+2")
    words = chat.does("alice", Post(room="@1+2", text="psst"))
    (draft,) = drafts(words)
    assert words[-1] is draft
    assert chat.who_sits_in("@1+2") == {"alice", "alice again", "bob", "bob at nc"}
    told = [word for word in words if isinstance(word, Tell)]
    assert {session.id for word in told for session in word.sessions} == {
        chat.sessions["bob"].id,
        chat.sessions["alice again"].id,
    }
    assert all(isinstance(word.word, RoomJoined) and word.word.ref is None for word in told)
    assert signals(words) == []


def test_who_was_called_in_is_called_in_once() -> None:
    chat = a_chat(alice="lobby", bob="lobby")
    chat.joins("alice", "@1+2")
    chat.does("alice", Post(room="@1+2", text="psst"))
    assert [type(word) for word in chat.does("bob", Post(room="@1+2", text="yes?"))] == [Draft]


def test_a_session_that_vanished_is_not_called_in() -> None:
    chat = a_chat(alice="lobby", bob="lobby")
    chat.joins("alice", "@1+2")
    chat.vanishes("bob")
    assert not any(isinstance(word, Seat) for word in chat.does("alice", Post(room="@1+2", text="psst")))


def test_a_whisper_is_heard_by_the_two_and_moves_nobody() -> None:
    chat = a_chat(alice="lobby", eve="lobby")
    chat.comes("bob", one_room=True)
    chat.joins("bob", "lobby")
    here = chat.sessions["bob"].here
    words = whispers(chat, "bob", "@1+3", "psst")
    assert chat.hearers_of(words) == {"alice", "bob"}
    assert chat.sessions["bob"].here is here
    assert chat.who_sits_in("lobby") == {"alice", "bob", "eve"}


def test_a_whisper_can_be_decided_again() -> None:
    chat = a_chat(alice="lobby", bob="lobby")
    (draft,) = drafts(whispers(chat, "alice", "@1+2", "psst"))
    assert draft.command is not None
    assert draft.command.ref == 9
    (again,) = drafts(core.decide(chat.state, chat.sessions["alice"], draft.command, chat.now))
    assert isinstance(again.event, Posted)
    assert again.event.text == "psst"


def test_a_refused_whisper_changes_nothing() -> None:
    chat = a_chat(alice="lobby", bob="lobby", eve="lobby")
    for who, room, text, refusal in (("alice", "@1+2", " ", EmptyMessage), ("eve", "@1+2", "psst", NoSuchRoom)):
        with pytest.raises(refusal):
            whispers(chat, who, room, text)
    assert chat.present_in("@1+2") == set()
    assert all(list(session.rooms) == [1] for session in chat.sessions.values())
