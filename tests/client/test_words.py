"""JSON from the client's side, also from a server of a later version."""

from __future__ import annotations

import json

import pytest

from teahouse.client.words import NotAWord, Unknown, decode, encode
from teahouse.core.commands import Command, Join, Post
from teahouse.core.events import History, Posted, Stored, TopicChanged
from teahouse.core.message import Message, Person
from teahouse.wire import json_form

ANA = {"id": 1, "name": "ana", "kind": "guest", "chosen": True}
MESSAGE = {"type": "message", "room": "tea", "seq": 1, "time": 5, "author": ANA, "form": "say", "text": "hi"}


@pytest.mark.parametrize(
    "command",
    [Post(room="tea", text="“hi” 茶"), Post(room="tea", text="", key="k", reply_to=4, form="act"), Join(room="tea", after=0)],
)  # fmt: skip
def test_what_is_encoded_is_what_the_server_reads(command: Command) -> None:
    assert json_form.decode(encode(command)) == command


def test_what_has_its_usual_value_is_left_out() -> None:
    assert json.loads(encode(Join(room="tea"))) == {"type": "join", "room": "tea"}


def test_what_the_server_writes_is_what_is_decoded() -> None:
    posted = Posted(room="tea", seq=1, time=5, author=Person(1, "ana"), text="hi", form="say")
    assert decode(json_form.encode(posted)) == posted
    stored = Stored(ref=3, room="tea", seq=1, time=5, key="k")
    assert decode(json_form.encode(stored)) == stored


def test_a_later_event_has_its_number_and_a_later_answer_its_ref() -> None:
    event = decode(
        json.dumps({"type": "pinned", "room": "tea", "seq": 7, "time": 5, "author": ANA, "target": 3}).encode()
    )
    assert isinstance(event, Unknown)
    assert (event.room, event.seq) == ("tea", 7)
    answer = decode(b'{"type":"poll","ref":9,"votes":[]}')
    assert isinstance(answer, Unknown)
    assert answer.ref == 9


def test_a_page_with_a_later_kind_of_message_has_the_others() -> None:
    topic = {"type": "topic_changed", "room": "tea", "seq": 2, "time": 5, "author": ANA, "topic": "x"}
    later = {"type": "poll", "room": "tea", "seq": 3, "question": "?"}
    page = decode(
        json.dumps(
            {"type": "history", "room": "tea", "messages": [MESSAGE, topic, later], "as_of": 3, "more": False}
        ).encode()
    )
    assert isinstance(page, History)
    assert [type(item) for item in page.messages] == [Message, TopicChanged]


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"7", b'{"no":"type"}', b'{"type":7}', b"\xff", b"[" * 100_000])
def test_what_is_no_word_of_any_version_is_none(data: bytes) -> None:
    with pytest.raises(NotAWord):
        decode(data)


@pytest.mark.parametrize(
    "data",
    [
        b'{"type":"later","x":"a"x"',
        b'{"type":"post","text":"}{"type"',
        b'{"type":"later","ref":1}}',
        b'{"type":"later","x":' + b"[" * 100_000,
    ],
)
def test_a_later_word_that_is_broken_behind_its_type_is_no_word(data: bytes) -> None:
    with pytest.raises(NotAWord):
        decode(data)
