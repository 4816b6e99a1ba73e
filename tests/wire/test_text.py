"""How things read for people, and that nobody can forge a line."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teahouse.core.errors import GoingAway, TooSlow
from teahouse.core.events import (
    Deleted,
    Done,
    Edited,
    Event,
    Found,
    Gap,
    History,
    MemberList,
    Posted,
    Present,
    Reacted,
    Refused,
    Renamed,
    Reply,
    RoomEntry,
    RoomList,
    RulesChanged,
    TopicChanged,
    Typing,
)
from teahouse.core.message import Form, Message, Person, nameless
from teahouse.wire import text

ANA = Person(1, "ana")
GUEST = nameless(12)
NOON = 1_763_985_600_000  # 2025-11-24 12:00 UTC


def posted(said: str | None, author: Person = ANA, form: Form = "say", room: str = "lobby") -> Posted:
    return Posted(room=room, seq=1, time=NOON, author=author, text=said, form=form)


def past(said: str | None, author: Person = ANA, form: Form = "say") -> Message:
    return Message(room="lobby", seq=1, time=NOON, author=author, form=form, text=said, deleted=said is None)


def edited(said: str | None, room: str = "lobby") -> Edited:
    return Edited(room=room, seq=2, time=NOON, author=ANA, target=1, text=said)


@pytest.mark.parametrize(
    ("event", "reads"),
    [
        (posted("hello"), "ana: hello"),
        (posted("hello", GUEST), "hello"),
        (posted("waves", form="act"), "* ana waves"),
        (posted("waves", GUEST, "act"), "* guest-12 waves"),
        (posted("rain at noon", form="notice"), "ana: rain at noon"),
        (posted("one\ntwo\nthree"), "ana: one\n  two\n  three"),
        (posted("hello", room="@1+12"), "*ana* hello"),
        (posted("hello", GUEST, room="@1+12"), "*guest-12* hello"),
        (posted("waves", form="act", room="@1+12"), "*ana* ana waves"),
        (edited("new"), "* ana corrects: new"),
        (edited("new", "@1+12"), "*ana* ana corrects: new"),
        (posted(None), ""),
        (edited(None), ""),
        (Deleted(room="lobby", seq=3, time=1, author=ANA, target=1), ""),
        (Reacted(room="lobby", seq=3, time=1, author=ANA, target=1, emoji="🍵"), ""),
    ],
)
def test_messages_and_corrections_read_so_on_every_text_door(event: Event, reads: str) -> None:
    assert text.message(event) == reads
    assert text.happening(event) == reads


def test_topics_and_rules_are_for_people_with_lines() -> None:
    topic = TopicChanged(room="lobby", seq=1, time=1, author=ANA, topic="green\ntea")
    assert text.message(topic) == ""
    assert text.happening(topic) == "* ana sets the topic: green\n  tea"
    none = TopicChanged(room="lobby", seq=1, time=1, author=ANA, topic="")
    assert text.happening(none) == "* ana takes the topic away"
    rules = RulesChanged(room="lobby", seq=1, time=1, author=ANA, speak="members")
    assert text.happening(rules) == "* ana lets only members speak"


def test_who_came_and_who_went() -> None:
    assert text.passing(Present(room="lobby", came=[ANA, GUEST], went=[], count=2)) == "* ana, guest-12 came"
    assert text.passing(Present(room="lobby", came=[ANA], went=[GUEST], count=1)) == "* ana came\n* guest-12 went"
    assert text.passing(Present(room="@1+2", came=[ANA], went=[], count=1)) == ""
    assert text.passing(Renamed(person=ANA, from_="guest-1")) == "* guest-1 is now ana"
    assert text.passing(Typing(room="lobby", person=ANA)) == ""


def test_a_crowd_that_comes_at_once_is_counted() -> None:
    crowd = [nameless(id) for id in range(1, 201)]
    assert text.passing(Present(room="lobby", came=crowd, went=[], count=200)).endswith("guest-50 and 150 more came")


# ---- forging


@pytest.mark.parametrize(
    "said",
    [
        "ana: hello", "ana:", "ana:\tx", "guest-12: hello", "* ana waves", "*ana* hello", "*", "  two", "\ttwo", "\n  two",
        "\u200bana: hello", "\u2800 two", "\u202eana: hello", "ana:\u3000hello", "ana:\u200bhello", "\ufeff* ana waves",
        "\x1bana: hello", "\x00* ana waves", "http: x", "\u2028ana: x",
    ],
)  # fmt: skip
def test_a_nameless_message_that_looks_like_a_line_of_somebody_gets_its_name(said: str) -> None:
    assert text.message(posted(said, GUEST)).startswith("guest-12: ")


@pytest.mark.parametrize(
    "said", ["hello", "http://example.org", "10:30", "a b: c", "注意 明天：", ":)", ":-D ok", "2 * 3", "- one"]
)
def test_a_nameless_message_that_looks_like_nothing_else_is_shown_as_typed(said: str) -> None:
    assert text.message(posted(said, GUEST)) == said


LINE_ENDS = re.compile("\r\n|[\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029]")


@given(
    st.text(alphabet=st.sampled_from("ab: *\n\r\t\x0b\x0c\x1b\x1c\x7f\x85\x9b\u2028\u2029\u200b茶"), max_size=20),
    st.sampled_from(["say", "act", "notice"]),
    st.sampled_from(["lobby", "@1+12"]),
)
def test_the_following_lines_of_a_message_are_indented_whatever_ends_a_line(said: str, form: Form, room: str) -> None:
    for author in (ANA, GUEST):
        first, *following = LINE_ENDS.split(text.message(posted(said, author, form, room)))
        assert all(line.startswith("  ") for line in following)
        if author is GUEST:
            assert not re.match(r"(ana: |\* ana|\*ana\*|  )", first)


@given(st.text(max_size=40))
def test_no_control_character_but_tab_and_newline_is_shown(said: str) -> None:
    shown = text.message(posted(said))
    assert not [sign for sign in shown if sign not in "\t\n" and (sign < " " or "\x7f" <= sign < "\xa0")]


def test_plain_text_is_shown_as_it_is() -> None:
    said = "Grüße, 你好 🍵 (2 * 3)"
    assert text.visible(said) is said


# ---- answers


def refused(message: str) -> Refused:
    return Refused(code="bad-name", message=message)


@pytest.mark.parametrize(
    ("reply", "reads"),
    [
        (refused("That is no name."), "* That is no name."),
        (refused("a\nb: c\x1b"), "* a\n  b: c"),
        (Done(), ""),
        (MemberList(room="tea", members=[ANA, GUEST], count=2, more=False), "* in tea (2): ana, guest-12"),
        (MemberList(room="tea", members=[ANA], count=9, more=True), "* in tea (9): ana …"),
        (MemberList(room="tea", members=[], count=0, more=False), "* in tea (0): nobody"),
        (Gap(room="tea", from_=3, to=7, why="retention"), "* messages 3 to 7 of tea are not shown"),
        (History(room="tea", messages=[], as_of=0, more=False), "* nothing was said in tea yet"),
        (Found(messages=[], more=False, complete=True), "* nothing found"),
        (Found(messages=[], more=False, complete=False), "* nothing found (the newest messages are not searched yet)"),
        (RoomList(rooms=[], more=False), "* rooms:"),
    ],
)
def test_answers_read_so(reply: Reply, reads: str) -> None:
    assert text.answer(reply) == reads


def test_the_past_is_told_from_what_is_said_now() -> None:
    topic = TopicChanged(room="tea", seq=4, time=NOON, author=ANA, topic="leaves")
    messages: list[Message | TopicChanged | RulesChanged] = [
        past("one\ntwo"),
        past("three", GUEST),
        past(None),
        past("waves", form="act"),
        topic,
    ]
    assert text.answer(History(room="tea", messages=messages, as_of=4, more=False)) == (
        "* the last 4 in tea:\n"
        "* 2025-11-24 12:00 ana: one\n  two\n"
        "* 2025-11-24 12:00 guest-12: three\n"
        "* 2025-11-24 12:00 ana waves\n"
        "* 2025-11-24 12:00 ana sets the topic: leaves"
    )


def test_hits_name_their_room() -> None:
    found = Found(messages=[past("green tea")], more=False, complete=True)
    assert text.answer(found) == "* found:\n* 2025-11-24 12:00 ana: green tea (lobby)"


def test_rooms_are_one_line_each() -> None:
    def entry(room: str, topic: str, with_: Person | None = None) -> RoomEntry:
        return RoomEntry(room=room, topic=topic, count=2, head=0, read=0, unread=3, mentions=0, with_=with_)

    rooms = [entry("lobby", ""), entry("tea", "leaves\nand water"), entry("long", "x" * 500), entry("@1+2", "", ANA)]
    assert text.answer(RoomList(rooms=rooms, more=False)).split("\n") == [
        "* rooms:", "* lobby (2 here)", "* tea (2 here): leaves   and water", f"* long (2 here): {'x' * 79}…", "* with ana: 3 unread",
    ]  # fmt: skip


def test_that_there_are_more_rooms_is_said_with_how_to_find_them() -> None:
    entry = RoomEntry(room="tea", topic="", count=2, head=0, read=0, unread=3, mentions=0)
    assert text.answer(RoomList(rooms=[entry], more=True)).split("\n") == [
        "* rooms:", "* tea (2 here)", "* there are more: /rooms WORD finds those that have it in their name",
    ]  # fmt: skip


def test_a_long_past_is_cut_at_its_older_end() -> None:
    messages: list[Message | TopicChanged | RulesChanged] = [past(f"{number} " + "茶" * 10_000) for number in range(40)]
    shown = text.answer(History(room="tea", messages=messages, as_of=40, more=False))
    assert len(shown.encode()) < text.LISTING_BYTES + 1_000
    assert shown.startswith("* the last 3 in tea, the older ones left out:\n")
    assert [line.split()[4] for line in shown.split("\n")[1:]] == ["37", "38", "39"]


def test_one_message_is_shown_however_long_it_is() -> None:
    huge = past("x" * (text.LISTING_BYTES + 1))
    assert "x" * 1_000 in text.answer(History(room="tea", messages=[huge], as_of=1, more=False))


def test_a_long_list_says_how_much_it_leaves_out() -> None:
    hits = [past("x" * 60_000) for _ in range(5)]
    assert text.answer(Found(messages=hits, more=False, complete=True)).endswith("\n* and 4 more")


def test_farewells() -> None:
    assert text.farewell(GoingAway("The server stops.")) == "* the house closes"
    assert text.farewell(TooSlow("You read too slowly.")) == "* You read too slowly."
