"""A conversation as it is shown: pages and events, whatever comes first, tell one story."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teahouse.core.events import (
    Deleted,
    Edited,
    Event,
    History,
    Posted,
    Reacted,
    Role,
    RoomJoined,
    TopicChanged,
    Unreacted,
)
from teahouse.core.message import Message, Person, Reaction
from teahouse.tui.talk import MOST, Item, Talk, names_us

ANA, BOB = Person(1, "ana"), Person(2, "bob")


def posted(seq: int, text: str = "hi", author: Person = BOB) -> Posted:
    return Posted(room="tea", seq=seq, time=seq, author=author, text=text, form="say", key=f"k{seq}")


def folded(events: Sequence[Event], upto: int, before: int | None = None, limit: int = 1_000) -> History:
    """A page as the server makes it: everything up to a number folded in."""
    talk = Talk("tea")
    for event in events:
        if event.seq <= upto:
            talk.apply(event, ANA.id)
    items: list[Item] = [item for item in talk.items if before is None or item.seq < before]
    return History(room="tea", messages=items[-limit:], as_of=upto, more=len(items) > limit)


def shown(talk: Talk) -> list[tuple[object, ...]]:
    return [
        (item.seq, item.text, item.edited, item.deleted, [(r.emoji, r.count, r.mine) for r in item.reactions])
        if isinstance(item, Message)
        else (item.seq, type(item))
        for item in talk.items
    ]


@st.composite
def logs(draw: st.DrawFn) -> list[Event]:
    """The log of a lively room."""
    events: list[Event] = []
    posts: list[int] = []
    gone: set[int] = set()
    reacted: set[tuple[int, str, int]] = set()
    for seq in range(1, draw(st.integers(1, 30)) + 1):
        author = draw(st.sampled_from([ANA, BOB]))
        alive = [post for post in posts if post not in gone]
        kind = draw(st.sampled_from(["post", "edit", "delete", "react", "topic"])) if alive else "post"
        about = {"room": "tea", "seq": seq, "time": seq, "author": author}
        if kind == "post":
            posts.append(seq)
            events.append(posted(seq, f"text {seq}", author))
            continue
        if kind == "topic":
            events.append(TopicChanged(**about, topic=f"topic {seq}"))  # type: ignore[arg-type]
            continue
        target = draw(st.sampled_from(alive))
        if kind == "edit":
            events.append(Edited(**about, target=target, text=f"edit {seq}"))  # type: ignore[arg-type]
        elif kind == "delete":
            gone.add(target)
            events.append(Deleted(**about, target=target))  # type: ignore[arg-type]
        else:
            emoji = draw(st.sampled_from("🍵👍"))
            reaction = (target, emoji, author.id)
            change = Unreacted if reaction in reacted else Reacted
            reacted ^= {reaction}
            events.append(change(**about, target=target, emoji=emoji))  # type: ignore[arg-type]
    return events


@given(logs(), st.data())
def test_a_page_and_events_in_any_order_show_what_the_log_says(log: list[Event], data: st.DataObject) -> None:
    """A page is asked for, its moment is `upto`, it arrives when `heard` events have come."""
    truth = Talk("tea")
    for event in log:
        truth.apply(event, ANA.id)
    asked = data.draw(st.integers(0, len(log)))
    upto = data.draw(st.integers(asked, len(log)))
    arrives = data.draw(st.integers(upto, len(log)))
    talk = Talk("tea")
    for event in log[:asked]:
        talk.apply(event, ANA.id)
    with talk.loading():
        for event in log[asked:arrives]:
            talk.apply(event, ANA.id)
        talk.begin(folded(log, upto))
    for event in log[arrives:]:
        talk.apply(event, ANA.id)
    assert shown(talk) == shown(truth)
    assert talk.topic in (truth.topic, ""), "the topic is the room's answer's business"


@given(logs(), st.integers(1, 5), st.data())
def test_older_pages_that_come_late_fit_in_front(log: list[Event], limit: int, data: st.DataObject) -> None:
    truth = Talk("tea")
    for event in log:
        truth.apply(event, ANA.id)
    talk = Talk("tea")
    start = data.draw(st.integers(0, len(log)))
    with talk.loading():
        talk.begin(folded(log, start, limit=limit))
    heard = start
    while talk.has_older or heard < len(log):
        now = data.draw(st.integers(heard, len(log))) if talk.has_older else len(log)
        with talk.loading():
            for event in log[heard:now]:
                talk.apply(event, ANA.id)
            if talk.has_older:
                talk.add_older(folded(log, now, before=talk.first, limit=limit))
        heard = now
    assert shown(talk) == shown(truth)


def test_after_a_jump_what_is_said_now_waits_at_the_end() -> None:
    log: list[Event] = [posted(seq) for seq in range(1, 21)]
    talk = Talk("tea")
    with talk.loading():
        talk.begin_around(History(room="tea", messages=folded(log, 20).messages[4:8], as_of=20, more=True))
    assert (talk.first, talk.last, talk.has_older, talk.has_newer) == (5, 8, True, True)
    assert not talk.apply(posted(21), ANA.id)
    with talk.loading():
        talk.apply(posted(22), ANA.id)  # while the page is on its way, and not in it
        talk.add_newer(History(room="tea", messages=folded([*log, posted(21)], 21).messages[8:], as_of=21, more=False))
    assert (talk.last, talk.has_newer) == (22, False)
    assert talk.apply(posted(23), ANA.id)


def test_what_others_say_where_nobody_looks_is_unread_and_new() -> None:
    talk = Talk("tea")
    for event, looking in (
        (posted(1), True),
        (posted(2, author=ANA), False),
        (posted(3, "@Ana?"), False),
        (posted(4), False),
    ):
        talk.apply(event, ANA.id)
        talk.arrived(event, ANA, looking)
    assert (talk.unread, talk.mentions, talk.first_new()) == (2, 1, 3)
    talk.seen(4)
    assert (talk.unread, talk.mentions, talk.read) == (0, 0, 4)
    talk.seen(2)
    assert talk.read == 4


def test_new_begins_behind_what_was_read_the_last_time() -> None:
    talk = Talk("tea")
    talk.joined(RoomJoined(room="tea", topic="t", head=9, read=5, unread=4, members=[], count=1, you=Role("guest")))
    talk.begin(folded([posted(seq) for seq in range(1, 10)], 9))
    talk.opened()
    assert talk.first_new() == 6
    never = Talk("tea")
    never.joined(RoomJoined(room="tea", topic="t", head=9, read=0, unread=9, members=[], count=1, you=Role("guest")))
    never.opened()
    assert never.first_new() is None, "who was never here begins at the end"


def test_a_long_conversation_lets_its_beginning_go() -> None:
    talk = Talk("tea")
    for seq in range(1, MOST + 2):
        talk.apply(posted(seq), ANA.id)
    talk.trim()
    assert len(talk.items) == MOST // 2
    assert talk.has_older
    assert talk.message(1) is None
    assert not talk.apply(Edited(room="tea", seq=MOST + 2, time=0, author=BOB, target=1, text="x"), ANA.id)


def test_what_was_put_at_a_deleted_message_or_topic_is_nothing() -> None:
    talk = Talk("tea")
    about = {"room": "tea", "author": BOB}
    talk.apply(posted(1), ANA.id)
    talk.apply(TopicChanged(seq=2, time=2, topic="one", **about), ANA.id)  # type: ignore[arg-type]
    talk.apply(Reacted(seq=3, time=3, target=1, emoji=None, **about), ANA.id)  # type: ignore[arg-type]
    assert talk.topic == "one"
    assert not talk.messages()[0].reactions
    assert talk.apply(Deleted(seq=4, time=4, target=2, topic="", **about), ANA.id)  # type: ignore[arg-type]
    item = talk.items[1]
    assert isinstance(item, TopicChanged)
    assert (talk.topic, item.topic, item.deleted) == ("", None, True)
    assert not talk.apply(Deleted(seq=5, time=5, target=77, **about), ANA.id)  # type: ignore[arg-type]
    talk.apply(TopicChanged(seq=6, time=6, topic=None, deleted=True, **about), ANA.id)  # type: ignore[arg-type]
    assert talk.topic == ""


def test_reactions_are_counted_and_ones_own_are_known() -> None:
    talk = Talk("tea")
    talk.apply(posted(1), ANA.id)
    for seq, author, change in ((2, ANA, Reacted), (3, BOB, Reacted), (4, ANA, Unreacted)):
        talk.apply(change(room="tea", seq=seq, time=0, author=author, target=1, emoji="🍵"), ANA.id)
    message = talk.message(1)
    assert message is not None
    assert message.reactions == [Reaction("🍵", 1, False)]


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        *(("@ana!", True), ("hey @ANA", True), ("(@ana)", True), ("你好@ana，", True), ("@anatole or @ana", True)),
        *(
            ("ana", False),
            ("@anna", False),
            ("@bob", False),
            ("@anatole", False),
            ("mail@ana", False),
            ("@ana-2", False),
        ),
    ],
)
def test_a_text_calls_us_by_our_name(text: str, calls: bool) -> None:
    assert names_us(text, ANA) is calls
    assert not names_us("@guest-7", Person(7, "guest-7", chosen=False))


def test_a_room_of_two_is_called_by_the_other() -> None:
    talk = Talk("@1+2")
    assert talk.title == "@1+2"
    talk.other = BOB
    assert talk.title == "@bob"
