"""WebSocket units, and the codec of whole messages."""

from __future__ import annotations

import json

import pytest
from websockets.frames import Opcode
from websockets.protocol import CLIENT, OPEN, Protocol

from teahouse.core.commands import Ping
from teahouse.core.errors import BadJson, GoingAway
from teahouse.core.events import HelpText, Pong, Posted, Typing
from teahouse.core.message import Person
from teahouse.wire import websocket
from teahouse.wire.websocket import JsonCodec, text_frame
from tests.wire.codecs import SMALL


def read(data: bytes) -> list[bytes]:
    """The text messages that a client of the library reads in these bytes."""
    client = Protocol(CLIENT, state=OPEN, max_size=None)
    client.receive_data(data)
    messages = []
    for event in client.events_received():
        assert event.opcode is Opcode.TEXT  # type: ignore[union-attr]
        assert event.fin  # type: ignore[union-attr]
        messages.append(bytes(event.data))  # type: ignore[union-attr]
    return messages


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 300_000])
def test_a_client_reads_what_was_written(size: int) -> None:
    assert read(text_frame(b"x" * size) + text_frame(b"next")) == [b"x" * size, b"next"]


def test_events_signals_and_replies_are_objects() -> None:
    ana = Person(1, "ana")
    posted = websocket.FORMAT.event(Posted(room="tea", seq=1, time=2, author=ana, text="hi", form="say"))
    typing = websocket.FORMAT.signal(Typing(room="tea", person=ana))
    pong = JsonCodec(SMALL).answer(Pong(ref=3))
    messages = [json.loads(message) for message in read(websocket.FORMAT.batch([posted, typing, pong]))]
    assert [message["type"] for message in messages] == ["posted", "typing", "pong"]
    assert messages[2] == {"type": "pong", "ref": 3}


def test_one_message_is_one_command() -> None:
    assert JsonCodec(SMALL).receive(b'{"type":"ping","ref":3}') == [Ping(ref=3)]


def test_a_message_above_the_limit_is_bad_json() -> None:
    (refusal,) = JsonCodec(SMALL).receive(b" " * (SMALL.frame_bytes + 1))
    assert isinstance(refusal, BadJson)
    assert refusal.limit == SMALL.frame_bytes


def test_a_farewell_names_its_code() -> None:
    (said,) = read(JsonCodec(SMALL).farewell(GoingAway("The server stops.")))
    assert json.loads(said)["code"] == "going-away"


def test_help_is_never_json() -> None:
    assert JsonCodec(SMALL).answer(HelpText()) == b""
