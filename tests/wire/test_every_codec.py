"""What holds for every door: any cut of the stream, any bytes, bounded memory."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teahouse.core.commands import Command
from teahouse.core.errors import GoingAway, Refusal, WireError
from teahouse.wire.base import Heard
from teahouse.wire.websocket import JsonCodec
from tests.wire.codecs import DOORS, SMALL, Door, Holding, plain

every_door = pytest.mark.parametrize("door", DOORS, ids=[door.name for door in DOORS])


def cut(draw: st.DataObject, data: bytes) -> list[bytes]:
    """These bytes in pieces of any sizes."""
    places = sorted(draw.draw(st.lists(st.integers(0, len(data)), max_size=12)))
    return [data[start:end] for start, end in zip([0, *places], [*places, len(data)], strict=True)]


def heard(codec: Holding, pauses: list[list[bytes]]) -> list[Heard]:
    """What a stream says: segments in a row, then a pause, and so on; then its end."""
    words: list[Heard] = []
    for segments in pauses:
        for segment in segments:
            words += codec.receive(segment)
        wait = codec.waits()
        if wait is not None and wait[1]:
            words += codec.silence()
    return words + codec.end()


@every_door
@given(data=st.data())
def test_any_cut_of_the_stream_gives_the_same_words(door: Door, data: st.DataObject) -> None:
    stretches = [b"".join(data.draw(st.lists(door.pieces, max_size=8))) for _ in range(data.draw(st.integers(1, 4)))]
    cuts = [cut(data, stretch) for stretch in stretches]
    whole = heard(door.make(), [[stretch] for stretch in stretches])
    assert plain(heard(door.make(), cuts)) == plain(whole)
    bytewise = [[stretch[at : at + 1] for at in range(len(stretch))] for stretch in stretches]
    assert plain(heard(door.make(), bytewise)) == plain(whole)


@every_door
@given(data=st.data())
def test_any_bytes_give_words_and_what_follows_an_error_is_not_read(door: Door, data: st.DataObject) -> None:
    codec = door.make()
    words: list[Heard] = []
    for segment in data.draw(st.lists(door.pieces | st.binary(max_size=400), max_size=12)):
        words += codec.receive(segment)
        codec.waits()
    words += codec.end()
    assert all(isinstance(word, Command | Refusal | WireError) for word in words)
    assert not any(isinstance(word, WireError) for word in words[:-1])
    if words and isinstance(words[-1], WireError):
        assert codec.receive(b"hello\n") == []
        assert codec.end() == []
        assert codec.farewell(words[-1])


@every_door
@given(data=st.data())
def test_what_a_codec_holds_stays_under_its_limit(door: Door, data: st.DataObject) -> None:
    codec = door.make()
    for segment in data.draw(st.lists(door.pieces | st.binary(max_size=400), max_size=12)):
        codec.receive(segment)
        assert codec.held <= door.holds


@every_door
@pytest.mark.parametrize("endless", [b"x", b"\xe4\xbd\xa0", b"\0\0\0\1\0\0\0\xc8\0\0\0\xc8", b" ", b"\r"])
def test_an_endless_stream_is_held_to_the_limit(door: Door, endless: bytes) -> None:
    codec = door.make()
    for _ in range(200):
        codec.receive(endless * 8)
        assert codec.held <= door.holds


@pytest.mark.parametrize("door", [door for door in DOORS if door.name != "listener"], ids=lambda door: door.name)
def test_a_door_says_why_it_closes(door: Door) -> None:
    assert b"house closes" in door.make().farewell(GoingAway("The server stops."))


@given(st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
def test_any_websocket_message_gives_one_word(message: bytes) -> None:
    (word,) = JsonCodec(SMALL).receive(message)
    assert isinstance(word, Command | Refusal)
