"""Two ways to carry objects: however the stream is cut they are the same, and strangers are known by their voice."""

from __future__ import annotations

import itertools
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.server import ServerProtocol

from teahouse.client.address import parse
from teahouse.client.errors import NotAHouse
from teahouse.client.wires import FramesWire, Torn, WebSocketWire, Wire
from teahouse.wire import websocket as server_websocket
from teahouse.wire.frames import json_frame, text_frame

FRAMES, WEBSOCKET = parse("tea.lan"), parse("ws://tea.lan/ws")
BODIES = st.lists(st.binary(min_size=1, max_size=70_000).filter(bool), max_size=4)


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    """The data, cut there."""
    places = sorted({cut % (len(data) + 1) for cut in cuts} | {0, len(data)})
    return [data[start:end] for start, end in itertools.pairwise(places)]


def received(wire: Wire, data: bytes, cuts: list[int]) -> list[bytes]:
    return [body for piece in pieces(data, cuts) for body in wire.receive(piece)]


def an_open_websocket() -> WebSocketWire:
    """A wire whose upgrade was granted."""
    wire = WebSocketWire(WEBSOCKET)
    server = ServerProtocol()
    server.receive_data(wire.opening())
    (request,) = server.events_received()
    server.send_response(server.accept(request))  # type: ignore[arg-type]  # it is a request
    assert wire.receive(b"".join(server.data_to_send())) == []
    assert wire.ready
    return wire


@given(BODIES, st.lists(st.integers(0, 1 << 20), max_size=8))
def test_however_frames_are_cut_the_objects_are_the_same(bodies: list[bytes], cuts: list[int]) -> None:
    data = b"".join(map(json_frame, bodies))
    assert received(FramesWire(FRAMES), data, cuts) == bodies


@given(BODIES, st.lists(st.integers(0, 1 << 20), max_size=8))
def test_however_a_websocket_is_cut_the_objects_are_the_same(bodies: list[bytes], cuts: list[int]) -> None:
    data = b"".join(map(server_websocket.text_frame, bodies))
    assert received(an_open_websocket(), data, cuts) == bodies


def test_a_message_in_several_frames_is_one_object() -> None:
    parts = [Frame(Opcode.TEXT, b'{"ty', fin=False), Frame(Opcode.CONT, b'pe":', fin=False), Frame(Opcode.CONT, b"1}")]
    data = b"".join(part.serialize(mask=False) for part in parts)
    assert an_open_websocket().receive(data) == [b'{"type":1}']


def test_a_ping_is_answered() -> None:
    wire = an_open_websocket()
    wire.receive(Frame(Opcode.PING, b"!").serialize(mask=False))
    assert wire.pending[0] == 0x80 | Opcode.PONG


def test_a_frame_of_text_is_let_be() -> None:
    assert FramesWire(FRAMES).receive(text_frame("the house closes") + json_frame(b"{}")) == [b"{}"]


@pytest.mark.parametrize(
    ("said", "who"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", "An SSH server"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "A web server"),
        (b"220 mail ESMTP\r\n", "A mail or file server"),
        (b"\x15\x03\x01\0\2\2\x46", "A server that wants TLS"),
        (b"-ERR unknown command\r\n", "A Redis server"),
        (b"what?\n", "Something that is not known here"),
        (b"\0\0\0\2" + bytes(8), "Something that is not known here"),
    ],
)
def test_a_stranger_is_known_by_his_first_bytes(said: bytes, who: str) -> None:
    with pytest.raises(NotAHouse, match=f"^{who} answers at tea.lan:7256"):
        FramesWire(FRAMES).receive(said)


@pytest.mark.parametrize(
    ("said", "what"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", "An SSH server answers"),
        (b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", "with status 404"),
        (b"HTTP/1.1 101 Switching\r\n\r\n", "speaks no WebSocket there"),
    ],
)
def test_a_web_server_without_a_websocket_is_no_house(said: bytes, what: str) -> None:
    wire = WebSocketWire(WEBSOCKET)
    wire.opening()
    with pytest.raises(NotAHouse, match=what):
        wire.receive(said)


def test_bytes_that_make_no_sense_later_tear_the_line() -> None:
    wire = FramesWire(FRAMES)
    wire.receive(json_frame(b"{}"))
    with pytest.raises(Torn):
        wire.receive(struct.pack("!3I", 1, 1 << 31, 200))


def test_a_line_of_text_from_a_house_is_its_goodbye() -> None:
    with pytest.raises(Torn, match=r"^too many$"):
        FramesWire(FRAMES).receive(b"* too many\r\n")


def test_a_websocket_that_is_closed_says_why() -> None:
    data = Frame(Opcode.CLOSE, struct.pack("!H", 1008) + b"too-slow").serialize(mask=False)
    with pytest.raises(Torn, match="1008 too-slow"):
        an_open_websocket().receive(data)
