"""The functions of the client library and of the terminal that take bytes or text from outside, with their worst inputs."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from typing import Any

from rich.style import Style

from teahouse.client import address, words
from teahouse.client.errors import BadAddress, NotAHouse
from teahouse.client.outbox import Outbox
from teahouse.client.wires import FramesWire, Torn, WebSocketWire, Wire
from teahouse.core.commands import Post
from teahouse.core.events import Reply, Stored
from teahouse.core.message import Message, Person
from teahouse.tui import complete, rows, talk
from teahouse.tui.archive import Archive
from teahouse.wire.frames import json_frame
from tests.support.growing import ANA, BYTES, TEXT, Worst, _kept, _posted
from tests.support.growth import Entry, filled

HOUSE = address.Address("127.0.0.1")
STYLE = Style()
PAINTER = rows.Painter(rows.Palette(STYLE, STYLE, STYLE, STYLE, STYLE, STYLE, (STYLE,)), ANA)
WIDTH = 80


def _heard(make: Callable[[], Wire], piece: int) -> Callable[[bytes], object]:
    """What a wire makes of bytes that come in pieces."""

    def hear(data: bytes) -> object:
        wire = make()
        try:
            return [wire.receive(data[place : place + piece]) for place in range(0, len(data), piece)]
        except (NotAHouse, Torn) as stranger:
            return stranger

    return hear


def _open_websocket() -> Wire:
    wire = WebSocketWire(address.parse("ws://127.0.0.1/ws"))
    wire.ready = True
    return wire


def _word(data: bytes) -> object:
    try:
        return words.decode(data)
    except words.NotAWord as error:
        return error


def _address(said: str) -> object:
    try:
        return address.parse(said)
    except BadAddress as error:
        return error


def _painted(said: str) -> object:
    shown = talk.Talk("lobby")
    message = Message(room="lobby", seq=1, time=0, author=ANA, form="say", text=said)
    return PAINTER.lines(rows.Row(("message", 1), 1, message, True), shown, WIDTH)


def _completed(said: str) -> object:
    people = ["ana", "anna", "茶客"]
    return complete.complete(said, people, ["lobby", "tea"]), complete.complete(f"/join {said}", people, ["lobby"])


def _archived(said: str) -> None:
    archive = Archive("lobby", io.StringIO())
    archive.add(Message(room="lobby", seq=1, time=0, author=ANA, form="say", text=said))
    archive.end(1)


def _happened(count: int) -> None:
    """So many events, one after the other."""
    room = talk.Talk("lobby")
    for seq in range(1, count + 1):
        event = _posted("hello @ana")
        event.seq = seq
        room.apply(event, 2)
        room.arrived(event, Person(2, "bob"), looking=False)
        room.first_new()


def _waited(count: int) -> None:
    """So many messages that wait, are sent, are lost once, and are stored one by one."""

    async def live() -> None:
        sent: list[tuple[Post, Callable[[Reply], None]]] = []
        outbox = Outbox(lambda post, then: sent.append((post, then)), lambda sending, error: None)
        for number in range(count):
            _ = outbox.add(Post(room="lobby", text="tea?", key=str(number)))
        outbox.online = True
        outbox.pump()
        outbox.lost()
        sent.clear()
        outbox.online = True
        outbox.pump()
        while sent:
            _, then = sent.pop(0)
            then(Stored(ref=None, room="lobby", seq=1, time=0))

    asyncio.run(live())


_WORDS: Worst = {
    "a text": filled(b"a", b'{"type":"posted","text":"'),
    "brackets": filled(b"["),
    "a later word": filled(b'{"type":"later"},', b'{"type":"later","x":[', b"0]}"),
    "items of a later kind": filled(b'{"type":"later"},', b'{"type":"history","room":"a","as_of":1,"more":false,"messages":[', b'{"type":"later"}]}'),
    "digits": filled(b"9", b'{"type":"posted","seq":', b"}"),
    "not UTF-8": filled(b"\xff", b'{"type":"'),
}  # fmt: skip
_FRAMES: Worst = {
    "one frame": lambda size: json_frame(b"x" * size),
    "empty frames": filled(json_frame(b"")),
    "small frames": filled(json_frame(b"{}")),
    **BYTES,
}
_MESSAGES: Worst = {
    "messages of nothing": filled(b"\x81\0"),
    "pieces of nothing": filled(b"\0\0", b"\x01\0"),
    "pings": filled(b"\x89\0"),
    "one message": lambda size: b"\x82\x7f" + size.to_bytes(8, "big") + b"x" * size,
    "letters": filled(b"a"),
    "a head": filled(b"a: b\r\n", b"HTTP/1.1 101 Switching Protocols\r\n"),
}
_ADDRESSES: Worst = {
    **TEXT,
    "brackets": filled("[", after="]:1"),
    "hexadecimal": filled("0:", "[", "]"),
    "a port": filled("1", "tea:"),
    "an URL": filled("a", "ws://"),
    "dots": filled("."),
    "question marks": filled("?", "http://a"),
}
_TYPED: Worst = {
    **TEXT,
    "a word and a space": filled("a", "", " "),
    "words": filled("a ", "", "an"),
    "a call": filled("a", "@"),
    "a command": filled("a", "/"),
}
_SHOWN: Worst = {
    **_kept(TEXT),
    "links and their tails": filled("http://a.,.,", "", " "),
    "tails of a link": filled(".,", "http://a"),
    "near links": filled("http://.,<"),
    "tabs": filled("\t"),
}


def _sized(size: int) -> Any:
    return size


CLIENT_ENTRIES: tuple[Entry, ...] = (
    Entry("client.address.parse", _address, 4_096, _ADDRESSES),
    Entry("client.wires.FramesWire", _heard(lambda: FramesWire(HOUSE), 1 << 16), 1 << 18, _FRAMES),
    Entry("client.wires.FramesWire, byte by byte", _heard(lambda: FramesWire(HOUSE), 1), 1 << 14, _FRAMES),
    Entry("client.wires.WebSocketWire", _heard(_open_websocket, 1 << 16), 1 << 14, _MESSAGES),
    Entry("client.wires.WebSocketWire, byte by byte", _heard(_open_websocket, 1), 1 << 12, _MESSAGES),
    Entry("client.words.decode", _word, 1 << 18, _WORDS),
    Entry("client.words.encode", lambda said: words.encode(Post(room="a", text=said)), 1 << 16, _kept(TEXT)),
    Entry("client.outbox.Outbox", _waited, 4_000, {"messages that wait": _sized}),
    Entry("tui.complete.complete", _completed, 60_000, _TYPED),
    Entry("tui.complete.shared", lambda said: complete.shared([said, f"{said}a", f"{said}b"]), 60_000, _kept(TEXT)),
    Entry("tui.rows.Painter", _painted, 8_000, _SHOWN),
    Entry("tui.talk.names_us", lambda said: talk.names_us(said, ANA), 60_000, TEXT),
    Entry("tui.talk.Talk", _happened, 4_000, {"events": _sized}),
    Entry("tui.archive.Archive", _archived, 60_000, _kept(TEXT)),
)  # fmt: skip
