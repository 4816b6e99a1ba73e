"""JSON: what is a command, what is not, and what the refusal says."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from teahouse.core.commands import COMMANDS, Command, Ping, Post
from teahouse.core.errors import Refusal
from teahouse.core.events import Renamed, RoomEntry, RoomList
from teahouse.core.message import Person
from teahouse.wire import json_form


def refusal(data: bytes) -> tuple[str, str | None, object]:
    """code, field and ref of what these bytes are refused with."""
    word = json_form.decode(data)
    assert isinstance(word, Refusal)
    return word.code, word.field, word.ref


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{", b"nul", b"1", b"[]", b'"x"', b'{"type":"ping"} x', b"{'type':'ping'}", b'{"type":"ping",}', b"\xff",
        b'{"type":"ping","x":"\xff"}', b'{"type":"ping","x":NaN}', b'{"type":"ping","x":"\\ud800"}',
        b'{"type":"ping","x":"\x01"}', b'\xef\xbb\xbf{"type":"ping"}', '{"type":"ping"}'.encode("utf-16"),
    ],
)  # fmt: skip
def test_what_is_not_one_json_object_is_bad_json(data: bytes) -> None:
    assert refusal(data)[0] == "bad-json"


@pytest.mark.parametrize(
    "data",
    [
        b'{"type":"ping","type":"ping"}',
        b'{"type":"ping","ref":1,"ref":1}',
        b'{"type":"ping","ref":1,"re\\u0066":1}',
        b'{"type":"post","room":"a","text":"x","text":"y"}',
        b'{"type":"post","room":"a","text":"x","key":null,"key":"k"}',
        b'{"type":"post","room":"a","text":"a:b","text":"x"}',
        b'{"type":"ping","unknown":1,"unknown":2}',
        b'{"type":"ping","unknown":{"a":1,"a":2}}',
        b'{"type" : "ping" , "type"\t:\n"ping"}',
        b'{"type":"no such","type":"no such"}',
    ],
)
def test_a_key_that_stands_twice_is_bad_json(data: bytes) -> None:
    assert refusal(data)[0] == "bad-json"


@pytest.mark.parametrize(("open", "close"), [("[", "]"), ('{"a":', "}")])
def test_nesting_has_a_limit_that_does_not_depend_on_the_caller(open: str, close: str) -> None:
    def nested(depth: int) -> bytes:
        return f'{{"type":"ping","x":{open * (depth - 1)}1{close * (depth - 1)}}}'.encode()

    assert json_form.decode(nested(json_form.MAX_DEPTH)) == Ping()
    assert refusal(nested(json_form.MAX_DEPTH + 1))[0] == "bad-json"
    assert refusal(nested(100_000))[0] == "bad-json"


def test_brackets_in_a_text_are_no_nesting() -> None:
    text = "[{" * 50 + '"\\'
    data = json.dumps({"type": "post", "room": "a", "text": text, "x": 1}).encode()
    assert json_form.decode(data) == Post(room="a", text=text)


def test_colons_in_a_text_are_no_keys() -> None:
    text = 'a:b, "text": "text": http://x'
    data = json.dumps({"type": "post", "room": "a", "text": text}).encode()
    assert json_form.decode(data) == Post(room="a", text=text)


def test_unknown_fields_are_ignored() -> None:
    assert json_form.decode(b'{"type":"ping","x":{"y":[1,2]},"ref":3}') == Ping(ref=3)


def test_a_number_of_many_digits_is_no_work() -> None:
    assert json_form.decode(b'{"type":"ping","x":1' + b"0" * 200_000 + b"}") == Ping()


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (b'{"type":"post","room":"a","ref":5}', "text"),
        (b'{"type":"post","room":1,"text":"","ref":5}', "room"),
        (b'{"type":"post","room":"a","text":null,"ref":5}', "text"),
        (b'{"type":"post","room":"a","text":"x","form":"shout","ref":5}', "form"),
        (b'{"type":"post","room":"a","text":"x","key":"","ref":5}', "key"),
        (b'{"type":"join","room":"a","after":-1,"ref":5}', "after"),
        (b'{"type":"join","room":"a","after":1.5,"ref":5}', "after"),
        (b'{"type":"join","room":"a","after":9007199254740992,"ref":5}', "after"),
        (b'{"type":"edit","room":"a","target":0,"text":"x","ref":5}', "target"),
        (b'{"ref":5}', "type"),
        (b'{"type":7,"ref":5}', "type"),
    ],
)
def test_a_bad_field_is_named_and_the_ref_is_repeated(data: bytes, field: str) -> None:
    assert refusal(data) == ("bad-field", field, 5)


@pytest.mark.parametrize("ref", [b"1.5", b"true", b"[]", b'"' + b"x" * 65 + b'"', b"9007199254740992"])
def test_a_ref_that_cannot_be_is_a_bad_field_and_not_repeated(ref: bytes) -> None:
    assert refusal(b'{"type":"ping","ref":' + ref + b"}") == ("bad-field", "ref", None)


def test_an_unknown_command_is_refused_with_its_ref_and_few_of_its_own_words() -> None:
    word = json_form.decode(b'{"type":"' + b"x" * 5_000 + b'","ref":"r"}')
    assert isinstance(word, Refusal)
    assert (word.code, word.ref) == ("unknown-command", "r")
    assert len(word.message) < 100


def test_commands_of_text_doors_are_unknown_to_json() -> None:
    for name in ("whisper", "room", "help", "quit", "anew"):
        assert refusal(b'{"type":"%b","room":"a","to":"b","text":"c"}' % name.encode())[0] == "unknown-command"


def test_bad_json_repeats_the_ref_where_one_can_be_read() -> None:
    assert refusal(b'{"type":"ping","ref":5,"x":1,"x":2}') == ("bad-json", None, 5)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_comes_back_as_it_was(command: type[Command]) -> None:
    values = {
        "room": "tea",
        "name": "ana",
        "to": "bob",
        "text": "a: b",
        "target": 3,
        "emoji": "🍵",
        "topic": "",
        "query": "x",
        "seq": 4,
    }
    needed = {field.name: values[field.name] for field in msgspec.structs.fields(command) if field.required}
    word = command(ref="r", **needed)
    assert json_form.decode(msgspec.json.encode(word)) == word


@given(
    st.dictionaries(
        st.sampled_from(["room", "text", "key", "form", "ref", "x"]), st.text(max_size=20) | st.integers() | st.none()
    )
)
def test_what_has_no_flaw_is_judged_as_the_plain_decoder_does(fields: dict[str, object]) -> None:
    data = json.dumps({"type": "post", **fields}).encode()
    try:
        expected: Post | None = msgspec.json.decode(data, type=Post)
    except msgspec.DecodeError:
        expected = None
    word = json_form.decode(data)
    assert isinstance(word, Refusal) if expected is None else word == expected


def test_names_that_python_keeps_for_itself_are_plain_on_the_wire() -> None:
    ana = Person(1, "ana")
    assert json.loads(json_form.encode(Renamed(person=ana, from_="bob")))["from"] == "bob"
    entry = RoomEntry(room="@1+2", topic="", count=2, head=0, read=0, unread=0, mentions=0, with_=ana)
    assert json.loads(json_form.encode(RoomList(rooms=[entry], more=False)))["rooms"][0]["with"]["name"] == "ana"


@pytest.mark.parametrize(
    "data",
    [
        b'{"type":' + b"9" * 5_000 + b"}",
        b'{"type":-' + b"1" * 400_000 + b"}",
        b'{"type":{"a":1e999999}}',
        b'{"type":"nope","x":NaN}',
        b'{"type":7,"x":"\\ud800"}',
    ],
)
def test_a_type_that_is_none_is_a_refusal_whatever_else_is_wrong(data: bytes) -> None:
    assert refusal(data)[0] in ("bad-field", "bad-json")


@pytest.mark.parametrize("unit", [b"1,", b"{},", b"[],", b'"",', b'{"":[]},'])
def test_a_body_of_very_many_values_is_refused(unit: bytes) -> None:
    few = b'{"type":"ping","x":[' + unit * (json_form.MAX_VALUES // 4) + b"0]}"
    many = b'{"type":"ping","x":[' + unit * json_form.MAX_VALUES + b"0]}"
    assert json_form.decode(few) == Ping()
    assert refusal(many)[0] == "bad-json"
    assert isinstance(json_form.decode_object(many), Refusal)


def test_commas_and_brackets_in_a_text_are_no_values() -> None:
    text = 'a, b: "c", [d] \\ ' * 2_000
    data = json.dumps({"type": "post", "room": "a", "text": text}).encode()
    assert json_form.decode(data) == Post(room="a", text=text)
    assert json_form.decode_object(data) == json.loads(data)


@given(
    st.recursive(
        st.text('[]{},:"\\a', max_size=6), lambda inner: st.lists(inner) | st.dictionaries(st.text('[]{"\\'), inner)
    )
)
def test_depth_counts_the_brackets_outside_of_strings(value: object) -> None:
    def depth(value: object) -> int:
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
        return 0 if inner is None else 1 + max(map(depth, inner), default=0)

    assert json_form._depth(json_form._without_strings(json.dumps(value).encode())) == depth(value)
