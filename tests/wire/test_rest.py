"""REST, without HTTP: from the pieces of a request to a command, and from a reply to a status."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, quote_plus

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from teahouse.core.commands import (
    COMMANDS,
    Command,
    Delete,
    Edit,
    Hello,
    Join,
    ListMembers,
    ListRooms,
    Look,
    Post,
    React,
    ReadHistory,
    Search,
    SetTopic,
    Unreact,
    Visit,
)  # fmt: skip
from teahouse.core.errors import BadText, NotAllowed, Overload, Refusal, StoreError, TeahouseError, WireError
from teahouse.core.events import History, Refused, Stored
from teahouse.wire import rest
from teahouse.wire.base import Heard
from teahouse.wire.rest import STATUS, TABLE, Headers, Row

EMOJI = quote("👍")


def asked(method: str, target: str | bytes, body: bytes = b"", *headers: tuple[bytes, bytes]) -> Heard:
    """What a request is heard as; the first thing wrong with it, where there is one."""
    path, _, query = (target.encode() if isinstance(target, str) else target).partition(b"?")
    found = rest.find(method, path)
    if isinstance(found, Refusal):
        return found
    row, said = found
    parameters = rest.read_query(query)
    if isinstance(parameters, Refusal):
        return parameters
    return rest.decode(row, said, parameters, headers, body)


def refused(heard: Heard | Visit) -> tuple[str, str | None]:
    """The code of a refusal, and the field that it names."""
    assert isinstance(heard, Refusal | WireError), heard
    return heard.code, getattr(heard, "field", None)


# ---- each row


ROWS: list[tuple[str, str, bytes, Command]] = [
    ("POST", "/r/tea", b"good evening", Post(room="tea", text="good evening")),
    ("GET", "/r/tea", b"", Join(room="tea")),
    ("GET", "/r/tea?after=7&follow", b"", Join(room="tea", after=7)),
    ("POST", "/api/guests", b'{"name": "ana"}', Hello(name="ana")),
    ("POST", "/api/guests", b"", Hello()),
    ("GET", "/api/rooms", b"", ListRooms()),
    ("GET", "/api/rooms/tea", b"", Look(room="tea")),
    ("GET", "/api/rooms/tea/members?after=12", b"", ListMembers(room="tea", after=12)),
    ("PUT", "/api/rooms/tea/topic", b'{"topic": "oolong"}', SetTopic(room="tea", topic="oolong")),
    ("GET", "/api/rooms/tea/messages", b"", ReadHistory(room="tea")),
    ("GET", "/api/rooms/tea/messages?before=9&limit=3", b"", ReadHistory(room="tea", before=9, limit=3)),
    ("GET", "/api/rooms/tea/messages?after=0", b"", ReadHistory(room="tea", after=0)),
    ("GET", "/api/rooms/tea/messages?around=4", b"", ReadHistory(room="tea", around=4)),
    ("POST", "/api/rooms/tea/messages", b'{"text": "hi", "form": "act", "key": "k", "reply_to": 3}',
     Post(room="tea", text="hi", form="act", key="k", reply_to=3)),
    ("PATCH", "/api/rooms/tea/messages/7", b'{"text": "better"}', Edit(room="tea", target=7, text="better")),
    ("DELETE", "/api/rooms/tea/messages/7", b"", Delete(room="tea", target=7)),
    ("PUT", f"/api/rooms/tea/messages/7/reactions/{EMOJI}", b"", React(room="tea", target=7, emoji="👍")),
    ("DELETE", f"/api/rooms/tea/messages/7/reactions/{EMOJI}", b"", Unreact(room="tea", target=7, emoji="👍")),
    ("GET", "/api/rooms/tea/events?after=7&wait=30", b"", Join(room="tea", after=7)),
    ("GET", "/api/search?query=green+tea&room=tea", b"", Search(query="green tea", room="tea")),
]  # fmt: skip


@pytest.mark.parametrize(("method", "target", "body", "command"), ROWS, ids=lambda value: str(value)[:40])
def test_a_request_is_the_command_of_its_row(method: str, target: str, body: bytes, command: Command) -> None:
    assert asked(method, target, body) == command


def test_each_row_of_the_table_was_tried() -> None:
    found = [rest.find(method, target.partition("?")[0].encode()) for method, target, _, _ in ROWS]
    assert {id(one[0]) for one in found if not isinstance(one, Refusal)} == set(map(id, TABLE))


def test_a_head_is_a_get() -> None:
    assert asked("HEAD", "/api/rooms") == ListRooms()


def test_every_command_of_the_table_comes_from_the_other_doors_too() -> None:
    assert {row.command for row in TABLE} - set(COMMANDS) == {Look}


# ---- which row


@pytest.mark.parametrize(
    ("method", "path", "methods"),
    [
        ("GET", "/api", []),
        ("GET", "/api/", []),
        ("GET", "/api/rooms/", []),
        ("GET", "/api/rooms//messages", []),
        ("GET", "/api/rooms/a/b/messages", []),
        ("GET", "/r/", []),
        ("GET", "/r/tea/", []),
        ("GET", "/API/rooms", []),
        ("PUT", "/r/tea", ["POST", "GET", "HEAD"]),
        ("BREW", "/r/tea", ["POST", "GET", "HEAD"]),
        ("POST", "/api/search", ["GET", "HEAD"]),
        ("GET", "/api/guests", ["POST"]),
        ("HEAD", "/api/guests", ["POST"]),
    ],
)
def test_what_is_no_row_is_an_unknown_command(method: str, path: str, methods: list[str]) -> None:
    assert refused(asked(method, path)) == ("unknown-command", None)
    assert rest.methods(path.encode()) == methods


def test_an_encoded_slash_is_a_character_of_its_segment() -> None:
    assert asked("GET", "/api/rooms/a%2Fb") == Look(room="a/b")


@pytest.mark.parametrize("segment", ["%", "%z1", "%2", "a%%20", "%u0041", "%-1"])
def test_a_percent_without_two_digits_is_refused(segment: str) -> None:
    assert refused(asked("GET", f"/r/{segment}")) == ("bad-field", "room")
    assert refused(asked("GET", f"/api/search?query={segment}")) == ("bad-field", "query")
    assert refused(asked("GET", f"/api/search?{segment}=1")) == ("bad-field", "query")


@pytest.mark.parametrize("segment", ["%ff", "%c3", "%ed%a0%80", "%f4%90%80%80", "%c0%af"])
def test_what_is_encoded_must_be_utf_8(segment: str) -> None:
    assert refused(asked("GET", f"/r/{segment}")) == ("bad-field", "room")
    assert refused(asked("GET", f"/api/search?query={segment}")) == ("bad-field", "query")


def test_bytes_that_should_have_been_encoded_are_read_as_utf_8() -> None:
    assert asked("GET", "/r/茶") == Join(room="茶")
    assert refused(asked("GET", b"/r/\xff")) == ("bad-field", "room")


# ---- where a field comes from


def test_the_path_wins_over_the_header_the_header_over_the_query_the_query_over_the_body() -> None:
    key = (b"idempotency-key", b"header")
    body = b'{"text": "hi", "room": "body", "key": "body", "form": "say"}'
    command = asked("POST", "/api/rooms/path/messages?room=query&key=query&form=act", body, key)
    assert command == Post(room="path", text="hi", key="header", form="act")


def test_where_an_event_source_was_wins_over_where_it_began() -> None:
    assert asked("GET", "/api/rooms/tea/events?after=3", b"", (b"last-event-id", b"17")) == Join(room="tea", after=17)


def test_the_quotes_of_a_structured_header_are_not_part_of_the_key() -> None:
    assert asked("POST", "/r/tea", b"hi", (b"idempotency-key", b'"8e03"')) == Post(room="tea", text="hi", key="8e03")
    assert asked("POST", "/r/tea", b"hi", (b"idempotency-key", b'"')) == Post(room="tea", text="hi", key='"')


def test_what_a_request_says_of_its_own_type_is_not_heard() -> None:
    assert asked("POST", "/api/rooms/tea/messages?type=quit", b'{"type": "delete", "text": "hi"}') == Post(
        room="tea", text="hi"
    )


def test_unknown_fields_are_ignored() -> None:
    assert asked("POST", "/api/rooms/tea/messages?colour=green", b'{"text": "hi", "size": [1, {}]}') == Post(
        room="tea", text="hi"
    )


def test_parameters_are_named_once_each() -> None:
    assert rest.read_query(b"") == rest.read_query(b"&&") == {}
    assert rest.read_query(b"a=1&&b=x+y%3D&") == {"a": "1", "b": "x y="}
    for query in (b"=1", b"a=1&=", b"a=1&a=1", b"a=1&%61=2"):
        assert isinstance(rest.read_query(query), Refusal)


def test_a_ref_comes_back() -> None:
    command = asked("POST", "/api/rooms/tea/messages", b'{"text": "hi", "ref": 7}')
    assert isinstance(command, Post)
    assert command.ref == 7


def test_a_bearer_says_hello_with_its_token() -> None:
    bearer = (b"authorization", b"Bearer tea_x")
    assert asked("POST", "/api/guests", b'{"name": "ana", "token": "tea_y"}', bearer) == Hello(
        name="ana", token="tea_x"
    )


@pytest.mark.parametrize("number", ["", "-1", "+5", "1_0", " 5", "5.0", "0x5", "１２", "²", "1e3", "9" * 17, "null"])
def test_an_integer_outside_the_body_is_digits_alone(number: str) -> None:
    assert refused(asked("GET", f"/api/rooms/tea/messages?limit={quote_plus(number)}")) == ("bad-field", "limit")
    header = (b"last-event-id", number.strip().encode())
    if not number.strip().isdecimal():
        assert refused(asked("GET", "/api/rooms/tea/events", b"", header)) == ("bad-field", "after")


@pytest.mark.parametrize(
    ("method", "target", "body", "code", "field"),
    [
        ("GET", "/api/rooms/tea/messages?limit=0", b"", "bad-field", "limit"),
        ("GET", "/api/rooms/tea/messages?limit=9007199254740992", b"", "bad-field", "limit"),
        ("GET", "/api/rooms/tea/messages?limit=1&limit=2", b"", "bad-field", "limit"),
        ("DELETE", "/api/rooms/tea/messages/0", b"", "bad-field", "target"),
        ("DELETE", "/api/rooms/tea/messages/latest", b"", "bad-field", "target"),
        ("PUT", "/api/rooms/tea/messages/1/reactions/" + "x" * 33, b"", "bad-field", "emoji"),
        ("GET", "/api/search", b"", "bad-field", "query"),
        ("POST", "/api/rooms/tea/messages", b"", "bad-field", "text"),
        ("POST", "/api/rooms/tea/messages", b"{}", "bad-field", "text"),
        ("POST", "/api/rooms/tea/messages", b'{"text": 5}', "bad-field", "text"),
        ("POST", "/api/rooms/tea/messages", b'{"text": null}', "bad-field", "text"),
        ("POST", "/api/rooms/tea/messages", b'{"text": "x", "form": "shout"}', "bad-field", "form"),
        ("POST", "/api/rooms/tea/messages", b'{"text": "x", "reply_to": "3"}', "bad-field", "reply_to"),
        ("POST", "/api/rooms/tea/messages", b'{"text": "x", "key": ""}', "bad-field", "key"),
        ("POST", "/api/rooms/tea/messages", b"hello", "bad-json", None),
        ("POST", "/api/rooms/tea/messages", b'["text"]', "bad-json", None),
        ("POST", "/api/rooms/tea/messages", b'{"text": "a", "text": "b"}', "bad-json", None),
        ("POST", "/api/rooms/tea/messages", b'{"text": "x", "y": 1e999}', "bad-json", None),
        ("POST", "/api/rooms/tea/messages", b'{"text": "x", "y": ' + b"9" * 5_000 + b"}", "bad-json", None),
        ("POST", "/api/rooms/tea/messages", b'{"text": "x", "y": ' + b"[" * 90_000 + b"]" * 90_000 + b"}", "bad-json", None),
        ("POST", "/api/rooms/tea/messages", b'{"text": "\xff"}', "bad-json", None),
        ("POST", "/api/rooms/tea/messages", b'{"text": "\\ud800"}', "bad-json", None),
        ("POST", "/api/guests", b'{"name": 5}', "bad-field", "name"),
        ("PUT", "/api/rooms/tea/topic", b"{}", "bad-field", "topic"),
        ("POST", "/r/tea", b"\xff\xfe", "bad-text", None),
    ],
    ids=lambda value: repr(value)[:40],
)  # fmt: skip
def test_what_is_wrong_is_named(method: str, target: str, body: bytes, code: str, field: str | None) -> None:
    assert refused(asked(method, target, body)) == (code, field)


def test_a_header_that_stands_twice_or_is_not_utf_8_is_refused() -> None:
    key = b"idempotency-key"
    assert refused(asked("POST", "/r/tea", b"hi", (key, b"a"), (key, b"a"))) == ("bad-field", "key")
    assert refused(asked("POST", "/r/tea", b"hi", (key, b"\xff"))) == ("bad-field", "key")


# ---- the body that is the message


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"hi", "hi"),
        (b"hi\n", "hi"),
        (b"hi\r\n", "hi"),
        (b"hi\n\n", "hi\n"),
        (b"\xef\xbb\xbfhi", "hi"),
        (b"a=1&b=2", "a=1&b=2"),
        (b'{"text": "hi"}', '{"text": "hi"}'),
        ("好".encode(), "好"),
        (b"", ""),
    ],
)
def test_the_body_itself_is_the_message_but_for_its_last_line_end(body: bytes, text: str) -> None:
    assert asked("POST", "/r/tea?text=ignored", body) == Post(room="tea", text=text)


def test_a_form_with_parts_is_no_message() -> None:
    heard = asked("POST", "/r/tea", b"--x\r\n", (b"content-type", b"Multipart/form-data; boundary=x"))
    assert isinstance(heard, BadText)


# ---- who asks


def visit(query: str, *headers: tuple[bytes, bytes], command: Command | None = None) -> Visit | Refusal:
    said = rest.read_query(query.encode())
    assert isinstance(said, dict)
    return rest.visitor(said, headers, command or ListRooms())


def test_who_asks_is_a_token_or_a_name_or_nobody() -> None:
    assert visit("") == Visit()
    assert visit("name=ci") == Visit(name="ci")
    assert visit("", (b"authorization", b"Bearer tea_x")) == Visit(token="tea_x")
    assert visit("", (b"authorization", b"bearer   tea_x ")) == Visit(token="tea_x")


def test_a_key_without_a_token_says_what_may_be_a_retry_and_not_who_asks() -> None:
    post = Post(room="tea", text="hi", key="k")
    assert visit("name=ci", command=post) == Visit(name="ci", said=post)
    assert visit("", command=Post(room="tea", text="hi")) == Visit()
    assert visit("", (b"authorization", b"Bearer tea_x"), command=post) == Visit(token="tea_x")


@pytest.mark.parametrize("command", [Edit(room="tea", target=1, text="x"), Delete(room="tea", target=1)])
def test_who_has_no_token_may_change_no_message(command: Command) -> None:
    for query in ("", "name=ci", "name=ci&key=k"):
        refusal = visit(query, command=command)
        assert isinstance(refusal, NotAllowed)
        assert "token" in refusal.message
    assert visit("", (b"authorization", b"Bearer tea_x"), command=command) == Visit(token="tea_x")


def test_a_token_and_a_name_are_one_too_many() -> None:
    assert refused(visit("name=ci", (b"authorization", b"Bearer tea_x"))) == ("bad-field", "name")


@pytest.mark.parametrize("value", [b"", b"tea_x", b"Basic dXNlcg==", b"Bearer", b"Bearer x", b"Bearer tea_x tea_y", b"Bearer tea_\xff"])  # fmt: skip
def test_any_other_authorization_is_a_bad_token(value: bytes) -> None:
    assert refused(visit("", (b"authorization", value))) == ("bad-token", None)


def test_two_authorizations_are_none() -> None:
    bearer = (b"authorization", b"Bearer tea_x")
    assert refused(visit("", bearer, bearer)) == ("bad-token", None)


# ---- how it is to be answered


@pytest.mark.parametrize(
    ("query", "follows"),
    [
        ("", False),
        ("follow", True),
        ("follow=", True),
        ("follow=1", True),
        ("follow=0", False),
        ("follow=False", False),
    ],
)
def test_follow_is_said_or_not(query: str, follows: bool) -> None:
    said = rest.read_query(query.encode())
    assert isinstance(said, dict)
    assert rest.follows(said) is follows


def test_a_long_poll_waits_as_long_as_it_says_but_not_for_ever() -> None:
    assert rest.wait_ms({}, 60_000) is None
    assert rest.wait_ms({"wait": "0"}, 60_000) == 0
    assert rest.wait_ms({"wait": "30"}, 60_000) == 30_000
    assert rest.wait_ms({"wait": "9999999999"}, 60_000) == 60_000
    no = rest.wait_ms({"wait": "-1"}, 60_000)
    assert isinstance(no, Refusal)
    assert no.field == "wait"


def row(command: type[Command], method: str | None = None) -> Row:
    return next(row for row in TABLE if row.command is command and method in (None, row.method))


def test_what_was_made_is_201_and_what_was_there_is_200() -> None:
    stored = Stored(room="tea", seq=1, time=1)
    again = Stored(room="tea", seq=1, time=1, again=True)
    assert rest.status(row(Post), stored) == 201
    assert rest.status(row(Post), again) == 200
    assert rest.status(row(Edit), stored) == 200
    assert rest.status(row(ReadHistory), History(room="tea", messages=[], as_of=0, more=False)) == 200
    assert rest.status(row(Post), Refused(code="key-reused", message="")) == 409


def leaves(root: type[TeahouseError]) -> list[Any]:
    below = [leaf for child in root.__subclasses__() for leaf in leaves(child)]
    return [*([root] if "code" in vars(root) else []), *below]


def test_every_reason_to_say_no_has_a_status() -> None:
    told = [leaf for branch in (Refusal, WireError, Overload) for leaf in leaves(branch)]
    assert {leaf.code for leaf in told} == set(STATUS)
    assert all(400 <= status < 600 for status in STATUS.values())
    assert {STATUS[leaf.code] for leaf in leaves(StoreError)} == {503}


# ---- any request


names = st.text(min_size=1, max_size=40).filter(lambda text: max(text) < "\ud800" or min(text) > "\udfff")


@given(room=names, text=names, key=st.none() | st.text("ab-1", min_size=1, max_size=64))
def test_what_was_encoded_is_what_is_heard(room: str, text: str, key: str | None) -> None:
    body = msgspec.json.encode({"text": text})
    query = "" if key is None else f"?key={quote_plus(key)}"
    assert asked("POST", f"/api/rooms/{quote(room, safe='')}/messages{query}", body) == Post(
        room=room, text=text, key=key
    )
    assert asked("GET", f"/api/search?query={quote_plus(text)}") == Search(query=text)


pieces = st.sampled_from([b"api", b"r", b"rooms", b"messages", b"events", b"search", b"guests", b"reactions", b"1", b"%41", b"%", b"\xff", b""])  # fmt: skip
paths = st.lists(pieces | st.binary(max_size=6), max_size=7).map(lambda parts: b"/" + b"/".join(parts))
queries = st.lists(
    st.sampled_from([b"limit=", b"after=", b"query=", b"wait=", b"name=", b"follow", b"key=", b"%"]) | st.binary(max_size=8),
    max_size=4,
).map(b"&".join)  # fmt: skip
header_names = st.sampled_from([b"idempotency-key", b"last-event-id", b"authorization", b"content-type"])
any_headers: st.SearchStrategy[Headers] = st.lists(st.tuples(header_names, st.binary(max_size=12)), max_size=3)
bodies = st.binary(max_size=80) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.dictionaries(st.sampled_from(["text", "name", "topic", "key", "reply_to", "x"]), inner, max_size=4),
).map(lambda value: msgspec.json.encode(value, enc_hook=str) if _fits(value) else b"[]")  # fmt: skip
methods = st.sampled_from(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])


def _fits(value: object) -> bool:
    """Whether JSON of ours can say it."""
    if isinstance(value, dict):
        return all(map(_fits, value.values()))
    return not isinstance(value, int) or abs(value) < 2**63


@given(method=methods, path=paths, query=queries, headers=any_headers, body=bodies)
def test_any_request_is_a_command_or_a_refusal_that_has_a_status(
    method: str, path: bytes, query: bytes, headers: Headers, body: bytes
) -> None:
    heard = asked(method, path + b"?" + query, body, *headers)
    assert isinstance(heard, Command) or heard.code in STATUS
    said = rest.read_query(query)
    if isinstance(heard, Command) and isinstance(said, dict):
        asker = rest.visitor(said, headers, heard)
        assert isinstance(asker, Visit) or asker.code in STATUS


@given(row=st.sampled_from(TABLE), body=bodies, query=queries)
def test_any_body_and_query_of_any_row_is_a_command_or_a_refusal(row: Row, body: bytes, query: bytes) -> None:
    path = row.path.format(room="tea", target="1", emoji="x")
    heard = asked(row.method, path.encode() + b"?" + query, body)
    assert isinstance(heard, row.command) or (isinstance(heard, Refusal | WireError) and heard.code in STATUS)
