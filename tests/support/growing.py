"""The functions of the server that take bytes or text from outside, each with the inputs that are worst for it.

`MODULES` are those whose public functions must all stand here, in `ENTRIES` or, with a reason, in `FREE`;
`PATTERNS` says of each compiled pattern of the sources which entry tries it (tests/test_growth.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from teahouse.core import escapes, looks, names, text
from teahouse.core.commands import Join, Post
from teahouse.core.errors import Refusal
from teahouse.core.events import Found, History, Posted
from teahouse.core.handlers import membership, reading
from teahouse.core.limits import LAN
from teahouse.core.message import Message, Person
from teahouse.core.state import State
from teahouse.server.web import origin
from teahouse.store import segment, unread
from teahouse.wire import forging, frames, json_form, lines, listener, raw, rest, slash, sniff, sse, telnet, websocket
from teahouse.wire import text as shown
from teahouse.wire.text_door import Conversation, LineBuffer
from tests.support.growth import Entry, filled

Worst = Mapping[str, Callable[[int], Any]]

ANA = Person(1, "ana")
NOBODY = Person(2, "guest-2", chosen=False)

# ---- what text is made of, for everything that takes text

MARKS: Worst = {
    "marks in order": filled("\u0301", "a"),
    "marks out of order": filled("\u0301\u0320"),
    "letters of class 0 that are marks": filled("\u0f73"),
    "… and others among them": filled("\u0f73\u0344\u0f81\u0f75"),
    "half-width marks": filled("\uff9e\u0301", "a"),
    "half-width marks and marks below": filled("\uff9f\u0323\u0301\uff9e", "か"),
    "piles up to the limit": filled("a" + "\u0301\u0320" * 16),
    "letters and piles by turns": filled("\u1ec7\u0323\u0302"),
    "Jamo": filled("\u1112\u1161\u11ab"),
    "letters that become long": filled("\ufdfa"),
    "letters that fold to several": filled("\ufb03\u0390\u1e9e"),
    "iota below": filled("\u1f82\u0345"),
}
ATOMS: Worst = {
    "letters": filled("a"),
    "spaces": filled(" "),
    "spaces between": filled("a "),
    "characters": filled("茶"),
    "characters and letters": filled("茶a"),
    "controls": filled("\x01"),
    "controls between": filled("a\x01"),
    "controls of C1 between": filled("茶\x85"),
    "carriage returns": filled("\r"),
    "line ends": filled("\r\n"),
    "separators": filled("\u2028"),
    "slashes": filled("/"),
    "colons": filled(":"),
    "stars": filled("*"),
    "at signs": filled("@"),
    "calls": filled("@ana"),
    "near calls": filled("@an"),
    "invisible": filled("\u00ad"),
    "emoji": filled("👩‍👩‍👧"),
    "quotes": filled('"'),
    "operators": filled('"a" OR NEAR('),
    "percent": filled("%"),
    "links": filled("http://"),
    "half of a pair at the end": filled("茶", after="\ud800"),
}
TEXT: Worst = {**ATOMS, **MARKS}


def _encoded(worst: Worst) -> Worst:
    """The same as bytes, of about so many."""

    def encode(make: Callable[[int], str]) -> Callable[[int], bytes]:
        return lambda size: make(size // len(make(1).encode(errors="surrogatepass")) * len(make(1))).encode(
            errors="surrogatepass"
        )

    return {name: encode(make) for name, make in worst.items()}


BYTES = _encoded(TEXT)


def _refused(do: Callable[..., object]) -> Callable[[Any], object]:
    """Refusals are answers too."""

    def ask(given: Any) -> object:
        try:
            return do(given)
        except Refusal as refusal:
            return refusal

    return ask


# ---- bytes at the door

_SNIFFED: Worst = {
    **BYTES,
    "a verb and spaces": filled(b" ", b"JOIN", b"\r\n"),
    "a verb and tabs": filled(b"\t ", b"PRIVMSG", b"\r\n"),
    "a verb and parameters": filled(b" a", b"USER", b"\r\n"),
    "a verb and colons": filled(b" :", b"MODE", b"\r\n"),
    "tags": filled(b"a", b"@", b"\r\n"),
    "tags and spaces": filled(b" ", b"@a", b"\r\n"),
    "a prefix and spaces": filled(b" ", b"@a :b", b"x\r\n"),
    "prefixes": filled(b":a ", b"", b"\r\n"),
    "versions of HTTP": filled(b" HTTP/1.1", b"", b"x\n"),
    "versions of RTSP": filled(b" RTSP/1.0", b"", b"x\r\n"),
    "nearly HTTP": filled(b" HTTP/1", b"", b"\n"),
    "a user": filled(b"a", b"USER ", b"\r"),
    "a request for capabilities": filled(b" ", b"CAP REQ ", b"\n"),
    "a method and spaces": filled(b" ", b"OPTIONS", b"\r\n"),
    "digits": filled(b"1", b"*", b"\r\n$"),
    "zero at the end": filled("茶".encode(), b"", b"\0"),
    "no text, and zero": filled(b"\xff", b"", b"\0"),
    "half a character": filled("茶".encode(), b"", b"\xe8"),
}


def _fed(codec: Callable[[], Any]) -> Callable[[bytes], object]:
    """What one byte at a time costs a codec, in all."""

    def feed(data: bytes) -> None:
        one = codec()
        for place in range(len(data)):
            one.receive(data[place : place + 1])
            one.waits()
        one.end()

    return feed


def _whole(codec: Callable[[], Any]) -> Callable[[bytes], object]:
    def take(data: bytes) -> object:
        one = codec()
        return one.receive(data), one.waits(), one.silence(), one.end()

    return take


_LINED: Worst = {**BYTES, "lines": filled(b"\n"), "short lines": filled(b"a\n"), "no text": filled(b"\xff")}
_TELNET: Worst = {
    **BYTES,
    "requests": filled(b"\xff\xfd\x01"),
    "offers": filled(b"\xff\xfb\x01"),
    "commands": filled(b"\xff\xf4"),
    "the byte itself": filled(b"\xff\xff"),
    "a subnegotiation that never ends": filled(b"\xff\xff", b"\xff\xfb\x01\xff\xfa\x18"),
    "subnegotiations": filled(b"\xff\xfa\x18\xff\xf0"),
    "carriage returns and zeros": filled(b"\r\0", b"\xff\xfb\x01"),
    "carriage returns": filled(b"\r", b"\xff\xfb\x01"),
}
_ESCAPED: Worst = {
    **TEXT,
    "escapes": filled("\x1b"),
    "open titles": filled("\x1b]"),
    "an open title": filled("a", "\x1b]"),
    "open titles by C1": filled("\x9d"),
    "an open title by C1": filled("a", "\x9d"),
    "titles": filled("\x1b]a\x07"),
    "parameters": filled("0;", "\x1b["),
    "intermediates": filled(" ", "\x1b["),
    "parameters and intermediates": filled("\x1b[0 "),
    "colours": filled("\x1b[31m"),
    "keys": filled("\x1bO1;"),
}


def _telnet(data: bytes) -> object:
    whole, cut = telnet.Telnet(), telnet.Telnet()
    bytewise = [cut.text(data[place : place + 1]) for place in range(len(data))]
    return telnet.begins(data), whole.text(data), whole.end(), bytewise, cut.end()


_FRAMED: Worst = {
    "one frame": lambda size: frames.text_frame("a" * size),
    "empty frames of text": filled(frames.json_frame(b"")[:8] + b"\0\0\0\x64"),
    "frames of nothing": filled(frames.json_frame(b"")),
    "frames of one letter": filled(b"\0\0\0\1\0\0\0\1\0\0\0\x64a"),
    "unknown frames": filled(b"\0\0\0\1\0\0\0\0\0\0\1\x2c"),
    "pings": filled(frames.json_frame(b'{"type":"ping"}')),
    "frames of bad JSON": filled(frames.json_frame(b"{}")),
}
_JSON_ATOMS: Worst = {
    "numbers": filled(b"1,"), "objects": filled(b"{},"), "lists": filled(b"[],"), "strings": filled(b'"",'),
    "members": filled(b'{"":1},'), "lists in lists": filled(b"[[[[[[[[[[]]]]]]]]]],"), "floats": filled(b"1.5e300,"),
    "long numbers": filled(b"9" * 4_000 + b","), "escapes": filled(b'"\\u00e9\\n",'), "words": filled(b"null,true,"),
}  # fmt: skip


def _in_an_array(worst: Worst) -> Worst:
    def wrap(make: Callable[[int], bytes]) -> Callable[[int], bytes]:
        return lambda size: b'{"type":"ping","x":[' + make(size - 23) + b"0]}"

    return {name: wrap(make) for name, make in worst.items()}


def _in_a_post(worst: Worst) -> Worst:
    def wrap(make: Callable[[int], bytes]) -> Callable[[int], bytes]:
        return lambda size: b'{"type":"post","room":"a","key":"k","text":"' + make(size - 46) + b'"}'

    return {f"a post of {name}": wrap(make) for name, make in worst.items()}


_JSON: Worst = {
    **_in_an_array(_JSON_ATOMS),
    **_in_a_post(BYTES),
    "brackets and an open string of quotes": filled(b'\\"', b"[" * 17 + b'"'),
    "brackets and an open string of escapes": filled(b"\\\\", b"[" * 17 + b'"'),
    "brackets, then strings of quotes": filled(b'"\\"",', b"[" * 17),
    "an open string after each bracket": filled(b'["', b"{" * 17),
    "backslashes outside": filled(b'\\"[', b"["),
    "open brackets": filled(b"["),
    "open members": filled(b'{"a":'),
    "closing brackets": filled(b"]", b"[" * 20),
    "brackets that do not match": filled(b"[}"),
    "many keys": lambda size: b'{"type":"ping",' + b",".join(b'"%x":0' % key for key in range(size // 9)) + b"}",
    "one key, many times": filled(b'"a":0,', b'{"type":"ping",', b'"b":1}'),
    "one long key twice": lambda size: b'{"%b":1,"%b":1}' % (b"k" * (size // 2), b"k" * (size // 2)),
    "a type of digits": filled(b"9", b'{"type":', b"}"),
    "a type of letters": filled(b"x", b'{"type":"', b'"}'),
    "a type of escapes": filled(b"\\u8336", b'{"type":"', b'"}'),
    "a type that is a list": filled(b"[],", b'{"type":[', b"0]}"),
    "a ref of digits": filled(b"9", b'{"type":"ping","ref":', b"}"),
    "a fraction of digits": filled(b"9", b'{"type":"join","room":"a","after":0.', b"}"),
    "an exponent of digits": filled(b"9", b'{"type":"join","room":"a","after":1e', b"}"),
    "a number of digits": filled(b"0", b'{"type":"ping","x":1', b"}"),
    "spaces": filled(b" ", b'{"type":"ping","x":1', b"}"),
    "colons in a text": filled(b":", b'{"type":"post","room":"a","text":"', b'"}'),
    "a field that is wrong": filled(b"`", b'{"type":"post","room":1,"text":"', b'"}'),
    "not UTF-8": filled(b"\xff", b'{"type":"'),
    "line ends, then an error": filled(b"\n", b'{"type":"ping",', b"!"),
}

# ---- REST

_POST_ROW = next(row for row in rest.TABLE if row.command is Post and row.reads == "text")
_JSON_ROW = next(row for row in rest.TABLE if row.command is Post and row.reads == "json")
_JOIN_ROW = next(row for row in rest.TABLE if row.command is Join)
_PATHS: Worst = {
    "slashes": filled(b"/"), "a long room": filled(b"a", b"/r/"), "percent-encoded": filled(b"%E8%8C%B6", b"/r/"),
    "percent signs": filled(b"%", b"/r/"), "nearly encoded": filled(b"%2", b"/r/"), "segments": filled(b"/a", b"/api/rooms"),
    "encoded slashes": filled(b"%2F", b"/api/rooms/", b"/messages"), "not UTF-8": filled(b"%FF", b"/r/"),
}  # fmt: skip
_QUERIES: Worst = {
    "ampersands": filled(b"&"), "equals": filled(b"="), "one field again and again": filled(b"a=1&"), "plus": filled(b"+"),
    "many fields": lambda size: b"&".join(b"%x=" % field for field in range(size // 6)),
    "a long field": filled(b"%61"), "a long value": filled(b"%E8%8C%B6", b"a="), "percent signs": filled(b"%", b"a="),
    "nearly encoded": filled(b"%4", b"a="), "encoded ampersands": filled(b"%26%3D"),
}  # fmt: skip


def _read_path(path: bytes) -> object:
    return rest.find("GET", path), rest.find("PUT", path), rest.methods(path)


def _decoded(row: rest.Row) -> Callable[[bytes], object]:
    return lambda body: rest.decode(row, {"room": "lobby"}, {}, [(b"idempotency-key", b"k")], body)


def _header(value: bytes) -> object:
    headers = [(b"authorization", value), (b"idempotency-key", value), (b"last-event-id", value)]
    return (
        rest.bearer(headers), rest.visitor({}, headers, Post(room="a", text="b")),
        rest.decode(_POST_ROW, {"room": "a"}, {}, headers, b"x"), rest.decode(_JOIN_ROW, {"room": "a"}, {}, headers, b""),
    )  # fmt: skip


_HEADERS: Worst = {
    **BYTES, "a token": filled(b"x", b"Bearer tea_"), "spaces before a token": filled(b" ", b"Bearer ", b"\x7f"),
    "bearers": filled(b"bearer "), "digits": filled(b"9"), "quotes": filled(b'"'),
}  # fmt: skip


def _by_query(value: str) -> object:
    query = {"follow": value, "wait": value, "after": value, "last": value}
    return (
        rest.follows(query), rest.wait_ms(query, 60_000), rest.visitor({"name": value}, [], Join(room="a")),
        rest.decode(_JOIN_ROW, {"room": value}, query, [], b""),
    )  # fmt: skip


_HOSTS: Worst = {
    **ATOMS, "dots": filled("."), "a port": filled("1", "a:"), "brackets": filled("["), "an address": filled("0:", "[", "]:80"),
    "numbers": filled("1."), "an origin": filled("a", "http://"), "schemes": filled("://"),
}  # fmt: skip


def _host(value: str) -> object:
    return (
        origin.hostname(value), origin.is_our_host(value, {"tea.lan"}), origin.is_our_origin(value, value),
        origin.only([(b"host", value.encode(errors="surrogatepass"))], b"host"),
    )  # fmt: skip


# ---- what is shown


def _posted(said: str, author: Person = ANA, room: str = "lobby") -> Posted:
    return Posted(room=room, seq=1, time=0, author=author, text=said, form="say")


def _rendered(said: str) -> object:
    whole = [_posted(said), _posted(said, NOBODY), _posted(said, room="@1+2")]
    return [shown.happening(event) for event in whole], shown.visible(said), shown.said("lobby", NOBODY, "act", said)


def _kept(worst: Worst) -> Worst:
    """What may be in the log: without halves of pairs and control characters."""
    return {
        name: make for name, make in worst.items() if not re.search("half of a pair|controls|carriage|line ends", name)
    }


def _answered(said: str) -> object:
    messages = [Message(room="lobby", seq=1, time=0, author=ANA, form="say", text=said)] * 20
    page = History(room="lobby", messages=[*messages], as_of=1, more=False)
    found = Found(messages=messages, more=False, complete=True)
    limit = LAN.frame_bytes
    return shown.answer(reading.fit_history(page, limit)), shown.answer(reading.fit_found(found, limit))


def _every_format(said: str) -> object:
    event = _posted(said, NOBODY)
    formats = (
        frames.TEXT,
        frames.JSON,
        lines.FORMAT,
        raw.FORMAT,
        listener.FORMAT,
        sse.EVENT_STREAM,
        sse.JSON_LINES,
        websocket.FORMAT,
    )
    return [format.batch([format.event(event)] * 4) for format in formats]


def _buffered(data: bytes) -> None:
    buffer = LineBuffer(LAN.text_bytes)
    for place in range(0, len(data), 7):
        buffer.feed(data[place : place + 7])
    buffer.cut()


def _found(query: str) -> object:
    asked = segment.Query(query)
    return asked.expression, asked.matches(query)


def _mentioned(said: str) -> int:
    found = unread.addresses_in(said)
    return unread.mentions("ana", [found] * 4) + unread.mentions("aſ\u0345ß", [found])


QUERY_BYTES = 1_000

MODULES = (
    "core.escapes", "core.looks", "core.names", "core.text", "server.web.origin", "store.segment", "store.unread", "wire.forging",
    "wire.frames", "wire.json_form", "wire.lines", "wire.listener", "wire.raw", "wire.rest", "wire.slash", "wire.sniff", "wire.sse",
    "wire.telnet", "wire.text", "wire.text_door", "wire.websocket", "client.address", "client.wires", "client.words",
    "tui.complete", "tui.rows", "tui.talk",
)  # fmt: skip
"""All that they have for others and that takes text or bytes stands in one of the two tables, or in FREE."""

FREE: Mapping[str, str] = {
    "core.looks.is_strange_mark": "one character",
    "core.names.alike": "two folds of names, compared",
    "core.names.check_new_room": "a name that room_name has let pass: fifty characters",
    "wire.frames.text_frame": "by every format",
    "wire.frames.json_frame": "by every format",
    "wire.websocket.text_frame": "by every format",
    "wire.listener.listener_frame": "by every format",
    "wire.text_door.shown": "by every format",
    "wire.json_form.bad_field": "msgspec's own words, by every refusal of decode",
    "wire.sse.read_lines": "what this server has written itself",
    "wire.text.said": "by wire.text",
    "store.segment.runs": "by store.segment.segment",
    "store.unread.mention_of": "by store.unread.mentions",
    "client.wires.who_answers": "a few beginnings, compared",
    "tui.talk.call_of": "by tui.talk.names_us",
    "tui.rows.fitted": "one line of the screen",
}
PATTERNS: Mapping[str, str] = {
    "core.escapes": "core.escapes", "core.text": "core.text.clean", "core.names": "core.names.person_name",
    "core.handlers.membership": "core.handlers.membership.find_person", "wire.forging": "wire.forging", "wire.telnet": "wire.telnet",
    "wire.sniff": "wire.sniff.sniff", "wire.slash": "wire.slash.understand", "wire.text": "wire.text", "wire.json_form": "wire.json_form.decode",
    "wire.rest": "wire.rest.find", "store.segment": "store.segment.segment", "client.address": "client.address.parse",
    "tui.rows": "tui.rows.Painter", "store.migrate": "", "demo.script": "", "torture.ledger": "", "tui.files": "",
}  # fmt: skip
"""A module that has patterns → the entry that tries them; "" where they see only files and paths of our own."""

ENTRIES: tuple[Entry, ...] = (
    Entry("wire.sniff.sniff", lambda data: (sniff.sniff(data, False), sniff.sniff(data, True)), sniff.LINE_BYTES, _SNIFFED),
    Entry("wire.json_form.decode", json_form.decode, LAN.frame_bytes, _JSON),
    Entry("wire.json_form.decode_object", json_form.decode_object, LAN.frame_bytes, _JSON),
    Entry("wire.frames.FramesCodec", _whole(lambda: frames.FramesCodec(LAN)), 16_384, _FRAMED),
    Entry("wire.frames.FramesCodec, byte by byte", _fed(lambda: frames.FramesCodec(LAN)), 16_384, _FRAMED),
    Entry("wire.lines.LinesCodec", _whole(lambda: lines.LinesCodec(LAN)), 16_384, _LINED),
    Entry("wire.lines.LinesCodec, byte by byte", _fed(lambda: lines.LinesCodec(LAN)), 16_384, _LINED),
    Entry("wire.raw.RawCodec", _whole(lambda: raw.RawCodec(LAN)), 16_384, _LINED),
    Entry("wire.raw.RawCodec, byte by byte", _fed(lambda: raw.RawCodec(LAN)), 16_384, _LINED),
    Entry("wire.websocket.JsonCodec", _whole(lambda: websocket.JsonCodec(LAN)), LAN.frame_bytes, _JSON),
    Entry("wire.text_door.LineBuffer", _buffered, LAN.text_bytes, _LINED),
    Entry("wire.text_door.Conversation", lambda data: Conversation(LAN.text_bytes).hear(data), LAN.text_bytes, _LINED),
    Entry("wire.slash.understand", slash.understand, LAN.text_bytes, {
        **TEXT, "slashes and a word": filled("/", after="a1"), "a word": filled("a", "/", "1"), "a word, escaped": filled("a", "//", "1"),
        "spaces after a word": filled(" ", "/nick", "a"), "letters": filled("茶", "/"), "words": filled(" a", "/msg"),
        "a count": filled("9", "/history "),
    }),
    Entry("wire.telnet", _telnet, 4_096, _TELNET),
    Entry("core.escapes", lambda said: (escapes.without_escapes(said), escapes.ends_within_an_escape(said)), LAN.text_bytes, _ESCAPED),
    Entry("core.looks.plain", looks.plain, LAN.text_bytes, TEXT),
    Entry("wire.forging", lambda said: (forging.looks_like_a_line(said), forging.acts_as_the_house(said), forging.steer(said, said)), LAN.text_bytes, TEXT),
    Entry("wire.text", _rendered, LAN.text_bytes, _kept(TEXT)),
    Entry("wire.text.answer", _answered, LAN.text_bytes, _kept(TEXT)),
    Entry("wire formats", _every_format, LAN.text_bytes, _kept(TEXT)),
    Entry("wire.rest.find", _read_path, LAN.http_line_bytes, _PATHS),
    Entry("wire.rest.read_query", rest.read_query, LAN.http_line_bytes, _QUERIES),
    Entry("wire.rest.decode, text", _decoded(_POST_ROW), LAN.frame_bytes, BYTES),
    Entry("wire.rest.decode, JSON", _decoded(_JSON_ROW), LAN.frame_bytes, _JSON),
    Entry("wire.rest headers", _header, LAN.http_head_bytes, _HEADERS),
    Entry("wire.rest query", _by_query, LAN.http_line_bytes, TEXT),
    Entry("server.web.origin", _host, LAN.http_head_bytes, _HOSTS),
    Entry("core.text.clean", _refused(lambda said: text.clean(said, LAN.text_bytes)), LAN.text_bytes, TEXT),
    Entry("core.text.clean, too long", _refused(lambda said: text.clean(said, LAN.text_bytes)), LAN.frame_bytes, TEXT),
    Entry("core.text.clean_line", _refused(lambda said: text.clean_line(said, LAN.topic_bytes, "topic")), LAN.frame_bytes, TEXT),
    Entry("core.text.digest", lambda said: text.digest(said, "say", 1), LAN.text_bytes, _kept(TEXT)),
    Entry("core.names.person_name", _refused(names.person_name), LAN.frame_bytes, TEXT),
    Entry("core.names.room_name", _refused(names.room_name), LAN.frame_bytes, TEXT),
    Entry("core.names.direct_pair", _refused(names.direct_pair), LAN.frame_bytes, {**TEXT, "digits": filled("1", "@"), "plus": filled("1+", "@")}),
    Entry("core.names.fold", names.fold, LAN.frame_bytes, TEXT),
    Entry("core.names.skeleton", names.skeleton, LAN.frame_bytes, TEXT),
    Entry("core.names.room_skeleton", names.room_skeleton, LAN.frame_bytes, TEXT),
    Entry("core.handlers.membership.find_person", lambda to: membership.find_person(State(LAN, "tea", "1"), to), LAN.frame_bytes, TEXT),
    Entry("store.segment.segment", segment.segment, LAN.text_bytes // 2, _kept(TEXT)),
    Entry("store.segment.Query", _refused(_found), QUERY_BYTES, _kept(TEXT)),
    Entry("store.segment.Query.matches", lambda said: segment.Query("tea 茶馆").matches(said), LAN.text_bytes // 2, _kept(TEXT)),
    Entry("store.unread.mentions", _mentioned, LAN.text_bytes, _kept(TEXT)),
)  # fmt: skip
