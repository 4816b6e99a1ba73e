"""Who has which name, and what the others hear of it."""

from __future__ import annotations

import pytest

from teahouse.core import chat as core
from teahouse.core.commands import Hello
from teahouse.core.errors import BadField, BadName, NameTaken
from teahouse.core.events import Done, Renamed, Welcome
from teahouse.core.handlers import identity
from teahouse.core.limits import NONE
from teahouse.core.message import Person, nameless
from tests.core.a_chat import Chat, a_chat, replies, signals

ANA = 7
BOB = 8


def test_a_name_belongs_to_the_first_who_claims_it() -> None:
    chat = Chat()
    identity.claim(chat.state, ANA, "Ana", 0)
    identity.claim(chat.state, ANA, "ANA", 0)
    with pytest.raises(NameTaken) as refused:
        identity.claim(chat.state, BOB, "ana", 0)
    assert refused.value.field == "name"


@pytest.mark.parametrize(("first", "second"), [("ana", "аna"), ("аna", "ana"), ("аna", "anа"), ("bob", "bоb")])  # fmt: skip
def test_a_name_that_looks_the_same_is_taken_whichever_came_first(first: str, second: str) -> None:
    chat = Chat()
    identity.claim(chat.state, ANA, first, 0)
    with pytest.raises(NameTaken):
        identity.claim(chat.state, BOB, second, 0)
    identity.claim(chat.state, ANA, second, 0)


def test_ascii_names_that_resemble_each_other_are_both_free_and_both_guarded() -> None:
    chat = Chat()
    identity.claim(chat.state, ANA, "al", 0)
    identity.claim(chat.state, BOB, "a1", 0)
    identity.release(chat.state, BOB, "a1")
    with pytest.raises(NameTaken):
        identity.claim(chat.state, 9, "аl", 0)


def test_a_name_given_back_leaves_no_trace() -> None:
    chat = Chat()
    for name in ("ana", "аna", "Ηans", "ηans", "Groß"):
        identity.claim(chat.state, ANA, name, 0)
    for name in ("ana", "аna", "ηans", "GROSS"):
        identity.release(chat.state, ANA, name)
    assert chat.state.claims == {}
    assert chat.state.skeletons == {}


def test_a_name_is_not_given_back_by_somebody_else() -> None:
    chat = Chat()
    identity.claim(chat.state, ANA, "ana", 0)
    identity.release(chat.state, BOB, "ana")
    with pytest.raises(NameTaken):
        identity.claim(chat.state, BOB, "ana", 0)


def test_a_held_name_is_kept_until_its_time() -> None:
    chat = Chat()
    identity.hold(chat.state, ANA, "ana", 100)
    for name in ("ana", "аna"):
        with pytest.raises(NameTaken):
            identity.claim(chat.state, BOB, name, 99)
    identity.claim(chat.state, BOB, "аna", 100)
    with pytest.raises(NameTaken):
        identity.claim(chat.state, ANA, "ana", 100)


def test_a_held_name_waits_for_its_owner_alone_and_is_then_in_use() -> None:
    chat = Chat()
    identity.hold(chat.state, ANA, "ana", 100)
    identity.claim(chat.state, ANA, "ana", 50)
    with pytest.raises(NameTaken):
        identity.claim(chat.state, BOB, "ana", 1_000)


def test_of_two_held_alike_the_first_keeps_the_name() -> None:
    chat = Chat()
    identity.hold(chat.state, ANA, "ana", 100)
    identity.hold(chat.state, BOB, "аna", 100)
    identity.claim(chat.state, ANA, "ana", 50)
    assert {claim.person for claim in chat.state.claims.values()} == {ANA}


def test_the_wish_of_a_hello_is_normalised() -> None:
    chat = Chat()
    session = chat.connects("ana")
    assert identity.check_hello(chat.state, session, Hello(name="e\u0301va")) == "éva"
    assert identity.check_hello(chat.state, session, Hello()) is None
    with pytest.raises(BadName):
        identity.check_hello(chat.state, session, Hello(name="guest-1"))


def test_a_second_hello_is_refused() -> None:
    chat = a_chat(ana="lobby")
    with pytest.raises(BadField) as refused:
        identity.check_hello(chat.state, chat.sessions["ana"], Hello(name="eva"))
    assert refused.value.field == "type"


def test_a_welcome_says_who_one_is_and_what_the_limits_are() -> None:
    chat = Chat()
    session = chat.connects("ana")
    words = identity.answer_hello(chat.state, session, nameless(7), "tea_x", [], True, 3)
    (welcome,) = [word for word in words if isinstance(word, Welcome)]
    assert (welcome.ref, welcome.you, welcome.token) == (3, nameless(7), "tea_x")
    assert welcome.limits["text_bytes"] == chat.state.limits.text_bytes
    assert session.person == nameless(7)


def test_a_limit_that_is_none_is_not_told() -> None:
    chat = Chat(NONE)
    assert "rooms_per_session" not in identity.client_limits(chat.state)


def test_a_second_session_with_another_name_renames_the_first() -> None:
    chat = a_chat(ana="lobby", bob="lobby")
    words = chat.comes("again", 1, "eva")
    assert signals(words) == [Renamed(person=Person(1, "eva"), from_="ana")]
    assert chat.sessions["ana"].person is chat.sessions["again"].person
    assert chat.hearers_of(words) == {"ana", "bob", "again"}


def test_the_old_name_is_free_as_soon_as_there_is_a_new_one() -> None:
    chat = a_chat(ana="lobby")
    chat.comes("again", 1, "eva")
    identity.claim(chat.state, BOB, "ana", 0)
    identity.claim(chat.state, 1, "ina", 0)
    identity.answer_rename(chat.state, chat.sessions["ana"], Person(1, "ina"), None)
    identity.claim(chat.state, BOB, "eva", 0)


def test_two_renames_at_once_leave_one_name() -> None:
    chat = a_chat(ana="lobby")
    chat.comes("again", 1, "ana")
    identity.claim(chat.state, 1, "eva", 0)
    identity.claim(chat.state, 1, "ina", 0)
    identity.answer_rename(chat.state, chat.sessions["ana"], Person(1, "eva"), None)
    identity.answer_rename(chat.state, chat.sessions["again"], Person(1, "ina"), None)
    assert list(chat.state.claims) == ["ina"]


def test_a_rename_is_heard_and_done() -> None:
    chat = a_chat(ana="lobby", bob="lobby", eve="garden")
    identity.claim(chat.state, 1, "Anna", 0)
    words = chat.carries_out(identity.answer_rename(chat.state, chat.sessions["ana"], Person(1, "Anna"), 4))
    assert signals(words) == [Renamed(person=Person(1, "Anna"), from_="ana")]
    assert replies(words) == [Done(ref=4)]
    assert chat.hearers_of(words) == {"ana", "bob"}
    assert chat.sessions["ana"].person.name == "Anna"


def test_the_same_name_in_other_letters_is_a_rename_that_keeps_the_claim() -> None:
    chat = a_chat(ana="lobby")
    identity.claim(chat.state, 1, "ANA", 0)
    identity.answer_rename(chat.state, chat.sessions["ana"], Person(1, "ANA"), None)
    with pytest.raises(NameTaken):
        identity.claim(chat.state, BOB, "ana", 0)


def test_a_name_lost_between_question_and_answer_is_claimed_again_or_refused() -> None:
    chat = Chat()
    first, second = chat.connects("first"), chat.connects("second")
    core.arrive(chat.state, first, Person(ANA, "ana"))
    core.vanish(chat.state, first)
    core.arrive(chat.state, second, Person(ANA, "ana"))
    with pytest.raises(NameTaken):
        identity.claim(chat.state, BOB, "ana", 0)
    third = chat.connects("third")
    with pytest.raises(NameTaken):
        core.arrive(chat.state, third, Person(BOB, "ana"))
    assert BOB not in chat.state.sessions_by_person
