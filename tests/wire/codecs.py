"""Every codec, in one list: a codec that is in it has its property tests."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol

from hypothesis import strategies as st

from teahouse.core.errors import Refusal, WireError
from teahouse.core.limits import LAN
from teahouse.wire.base import Codec, Heard
from teahouse.wire.frames import FramesCodec
from teahouse.wire.lines import LinesCodec
from teahouse.wire.listener import ListenerCodec
from teahouse.wire.raw import RawCodec

SMALL = LAN.__class__(profile="small", frame_bytes=200, text_bytes=60)
HEADER = struct.Struct("!3I")


class Holding(Codec, Protocol):
    """A codec that says how many bytes it holds."""

    @property
    def held(self) -> int: ...


class Door(NamedTuple):
    """A codec, what its peers are likely to send, and how much it may hold."""

    name: str
    make: Callable[[], Holding]
    pieces: st.SearchStrategy[bytes]
    holds: int


def frame(body: bytes, cmd: int = 100, version: int = 1) -> bytes:
    """A frame as a peer sends it."""
    return HEADER.pack(version, len(body), cmd) + body


_words = st.sampled_from(
    [
        "hello",
        "你好",
        "🍵",
        "/nick ana",
        "/me waves",
        "/nikc",
        "//nick",
        "/etc/hosts",
        "bye",
        "",
        " ",
        "x" * 60,
        "y" * 61,
        "a:b",
    ]
).map(str.encode)
_objects = st.sampled_from(
    [
        b'{"type":"hello"}',
        b'{"type":"post","room":"tea","text":"a: b","ref":7}',
        b'{"type":"post","room":"tea","room":"tea","text":""}',
        b'{"type":"nothing","ref":"x"}',
        b'{"type":"ping","x":[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]}',
        b"[]",
        b"\xff",
        b"",
    ]
)
_text_pieces = st.one_of(
    _words, st.sampled_from([b"\n", b"\r\n", b"\r", b"\n\n", b"\xe4\xbd", b"\0"]), st.binary(max_size=8)
)
_frame_pieces = st.one_of(
    _words.map(frame),
    _objects.map(lambda body: frame(body, 200)),
    st.sampled_from([frame(b"?", 300), frame(b"\xff"), frame(b"", version=2), HEADER.pack(1, 201, 200), b"\0\0\0"]),
    st.binary(max_size=8),
)

DOORS = (
    Door("frames", lambda: FramesCodec(SMALL), _frame_pieces, 12 + SMALL.frame_bytes),
    Door("lines", lambda: LinesCodec(SMALL), _text_pieces, SMALL.text_bytes),
    Door("raw", lambda: RawCodec(SMALL), _text_pieces, SMALL.text_bytes),
    Door("listener", lambda: ListenerCodec(SMALL), _text_pieces, 0),
)


def plain(words: Iterable[Heard]) -> list[object]:
    """Words that can be compared: refusals and errors have no equality of their own."""
    return [
        (word.code, word.message, getattr(word, "field", None), getattr(word, "ref", None))
        if isinstance(word, Refusal | WireError)
        else word
        for word in words
    ]
