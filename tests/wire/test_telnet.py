"""Telnet's own bytes are none of the text; what it asks is declined."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teahouse.core.commands import Hello, Join, Post
from teahouse.core.errors import BadText
from teahouse.core.limits import LAN
from teahouse.wire.lines import LinesCodec
from teahouse.wire.raw import RawCodec
from teahouse.wire.telnet import Telnet, begins

PUTTY = b"\xff\xfb\x1f\xff\xfb\x20\xff\xfb\x18\xff\xfb\x27\xff\xfd\x01\xff\xfb\x03\xff\xfd\x03"
DECLINED = b"\xff\xfe\x1f\xff\xfe\x20\xff\xfe\x18\xff\xfe\x27\xff\xfc\x01\xff\xfe\x03\xff\xfc\x03"


def read(*pieces: bytes) -> tuple[bytes, bytes]:
    """The text, and what is owed."""
    telnet = Telnet()
    text = b"".join(map(telnet.text, pieces)) + telnet.end()
    return text, bytes(telnet.owed)


@pytest.mark.parametrize(
    ("data", "text", "owed"),
    [
        (PUTTY, b"", DECLINED),
        (b"\xff\xf4\xff\xfd\x06", b"", b"\xff\xfc\x06"),
        (b"te\xff\xfd\x06a", b"tea", b"\xff\xfc\x06"),
        (b"\xff\xf1\xff\xfc\x01\xff\xfe\x03tea", b"tea", b""),
        (b"\xff\xfa\x1f\x00\x50\xff\xff\x18\xff\xf0tea", b"tea", b""),
        (b"\xff\xfa\x18\x00xterm\ntea\xff\xf0tea", b"tea", b""),
        (b"\xff\xedtea\xff\xf6\xff\xf1", b"tea", b""),
        (b"\xff\xf9tea\r\0\r\0x\r\n", b"tea\r\n\r\nx\r\n", b""),
        (b"\xff\xfb\x1ftea\r", b"tea", b"\xff\xfe\x1f"),
        (b"\xff\xfb\xff", b"", b"\xff\xfe\xff"),
        (b"\xff\xf1a\xff\xffb", b"a\xffb", b""),
        # no telnet
        (b"tea\r", b"tea\r", b""),
        (b"tea\r\0", b"tea\r\0", b""),
        (b"tea\xff", b"tea\xff", b""),
        (b"\xff\xfe", b"\xff\xfe", b""),
        (b"\xff\xfe\x01", b"\xff\xfe\x01", b""),
        (b"\xff\xfc\x01", b"\xff\xfc\x01", b""),
        (b"\xff\xfeh\x00i\x00", b"\xff\xfeh\x00i\x00", b""),
        (b"caf\xff \n", b"caf\xff \n", b""),
    ],
)
def test_what_is_text_and_what_is_declined(data: bytes, text: bytes, owed: bytes) -> None:
    assert read(data) == (text, owed)


PIECES = st.sampled_from(
    [
        b"\xff",
        b"\xfb",
        b"\xfd",
        b"\xfe",
        b"\xfa",
        b"\xf0",
        b"\xf4",
        b"\x1f",
        b"\r",
        b"\0",
        b"\n",
        b"a",
        "茶".encode(),
        PUTTY,
    ]
)


@given(st.lists(PIECES, max_size=30).map(b"".join), st.data())
def test_however_the_stream_is_cut_it_is_the_same(data: bytes, choose: st.DataObject) -> None:
    cuts = sorted(choose.draw(st.lists(st.integers(0, len(data)), max_size=6)))
    pieces = [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    assert read(*pieces) == read(data)
    assert read(*(bytes([byte]) for byte in data)) == read(data)


@given(st.text().map(str.encode))
def test_utf_8_is_left_alone(data: bytes) -> None:
    assert read(data) == (data, b"")
    assert begins(data) is False


def test_a_subnegotiation_without_an_end_is_not_kept() -> None:
    telnet = Telnet()
    assert telnet.text(b"\xff\xfa\x1f" + b"x" * 100_000) == b""
    assert all(telnet.text(b"x" * 10_000) == b"" for _ in range(10))
    assert telnet.text(b"\xff") == telnet.text(b"\xf0") == b""
    assert telnet.text(b"tea\n") == b"tea\n"


def test_lines_decline_once_and_hear_the_words() -> None:
    codec = LinesCodec(LAN)
    assert codec.receive(PUTTY) == []
    assert codec.owed() == DECLINED
    assert codec.owed() == b""
    hello, join, post = codec.receive(b"te\xff\xf4\xff\xfd\x06a\r\0")
    assert isinstance(hello, Hello)
    assert isinstance(join, Join)
    assert isinstance(post, Post)
    assert post.text == "tea"
    assert codec.owed() == b"\xff\xfc\x06"


def test_raw_says_nothing_back() -> None:
    codec = RawCodec(LAN)
    assert codec.receive(b"te\xff\xfd\x06a") == []
    assert codec.owed() == b""
    (post,) = [word for word in codec.silence() if isinstance(word, Post)]
    assert post.text == "tea"


def test_255_that_is_no_telnet_is_no_text() -> None:
    assert isinstance(LinesCodec(LAN).receive(b"caf\xff!\n")[-1], BadText)
    codec = RawCodec(LAN)
    codec.receive(b"caf\xff")
    assert isinstance(codec.end()[-1], BadText)


@pytest.mark.parametrize("keys", [b"\x1b[A\x1b[B", b"\x1bOC", b"\x1b[200~\x1b[201~", b"\xc2\x9bA", b"\x1b]0;x\x07"])
def test_keys_say_nothing(keys: bytes) -> None:
    codec = LinesCodec(LAN)
    assert [type(word) for word in codec.receive(keys + b"\r\n")] == [Hello, Join]
    assert codec.receive(keys + b"\n") == []


def test_a_command_that_is_pasted_is_a_command() -> None:
    codec = LinesCodec(LAN)
    codec.receive(b"\n")
    (word,) = codec.receive(b"\x1b[200~/nick ana\x1b[201~\n")
    assert type(word).__name__ == "Rename"


def test_a_key_that_is_cut_by_a_segment_is_waited_for() -> None:
    codec = RawCodec(LAN)
    codec.receive(b"tea\x1b[")
    assert codec.waits() == (LAN.raw_first_ms, True)
    codec.receive(b"A")
    assert codec.waits() == (LAN.raw_silence_ms, True)
    (post,) = [word for word in codec.silence() if isinstance(word, Post)]
    assert post.text == "tea"
