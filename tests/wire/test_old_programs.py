"""The two old programs are shown every message whole, as they read."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teahouse.core.events import Posted
from teahouse.core.message import Person, nameless
from teahouse.wire import frames, listener, raw
from teahouse.wire.base import PACE_BYTES, WireFormat
from tests.support.old_programs import FrameReader, Reader, TextReader, arrive

ANA = Person(1, "ana")
GUEST = nameless(2)


def filled(size: int, letters: str) -> str:
    """A text of exactly so many bytes: these letters over and over, the rest filled up."""
    text = letters * (size // len(letters.encode()))
    return text + "x" * (size - len(text.encode()))


LENGTHS = [filled(size, letters) for letters in ("t", "茶", "🍵") for size in range(1, 301)]
LONG = [
    filled(size, letters)
    for letters in ("t", "茶", "🍵")
    for size in (1_439, 1_440, 1_441, 8_191, 20_000, 20_480, 20_481)
]
BURST = [f"{number}: {letters * (number % 40)}" for number in range(200) for letters in ("t", "茶", "🍵")]


def unit(format: WireFormat, text: str, author: Person = GUEST) -> bytes:
    return format.event(Posted(room="lobby", seq=1, time=1, author=author, text=text, form="say"))


def writes(format: WireFormat, units: list[bytes]) -> list[bytes]:
    """How the outbox writes to an old door: greedily, at most PACE_BYTES, a larger unit alone."""
    made: list[bytes] = []
    waiting: list[bytes] = []
    for next_unit in units:
        if waiting and len(format.batch([*waiting, next_unit])) > PACE_BYTES:
            made.append(format.batch(waiting))
            waiting = []
        waiting.append(next_unit)
    return [*made, format.batch(waiting)] if waiting else made


def shown(reader: Reader, arrivals: list[bytes]) -> list[str]:
    for data in arrivals:
        arrive(reader, data)
    return reader.shown


def each_alone(format: WireFormat, texts: list[str], author: Person = GUEST) -> list[bytes]:
    return [format.batch([unit(format, text, author)]) for text in texts]


@pytest.mark.parametrize("texts", [LENGTHS, LONG], ids=["1 to 300 bytes", "long"])
@pytest.mark.parametrize("author", [ANA, GUEST], ids=["named", "nameless"])
def test_the_text_program_prints_each_message_as_it_comes(texts: list[str], author: Person) -> None:
    printed = shown(TextReader(), each_alone(raw.FORMAT, texts, author))
    named = "ana: " if author.chosen else ""
    assert [text.rstrip(" \n") for text in printed] == [f"{named}{text}" for text in texts]


@pytest.mark.parametrize("texts", [LENGTHS, LONG], ids=["1 to 300 bytes", "long"])
@pytest.mark.parametrize("author", [ANA, GUEST], ids=["named", "nameless"])
def test_the_frame_program_prints_each_message_as_it_comes(texts: list[str], author: Person) -> None:
    printed = shown(FrameReader(), each_alone(frames.TEXT, texts, author))
    named = "ana: " if author.chosen else ""
    assert [text.rstrip(" ") for text in printed] == [f"{named}{text}" for text in texts]


def test_the_text_program_misses_nothing_of_a_burst() -> None:
    arrivals = writes(raw.FORMAT, [unit(raw.FORMAT, text, ANA) for text in BURST])
    reader = TextReader()
    lines = [line.rstrip(" ") for printed in shown(reader, arrivals) for line in printed.split("\n")[:-1]]
    assert lines == [f"ana: {text}".rstrip(" ") for text in BURST]
    assert reader.unfinished == b""
    assert len(reader.shown) == len(arrivals)


def test_the_frame_program_misses_nothing_of_a_burst_however_its_writes_meet() -> None:
    arrivals = writes(frames.TEXT, [unit(frames.TEXT, text, ANA) for text in BURST])
    expected = [f"ana: {text}".rstrip(" ") for text in BURST]
    assert [text.rstrip(" ") for text in shown(FrameReader(), arrivals)] == expected
    assert [text.rstrip(" ") for text in shown(FrameReader(), [b"".join(arrivals)])] == expected


def listening(texts: list[str]) -> list[bytes]:
    return writes(listener.FORMAT, [unit(listener.FORMAT, text) for text in texts])


@pytest.mark.parametrize("texts", [LENGTHS, LONG, BURST], ids=["1 to 300 bytes", "long", "burst"])
def test_a_listening_text_program_prints_every_write_at_once(texts: list[str]) -> None:
    reader = TextReader()
    arrivals = listening(texts)
    printed = shown(reader, arrivals)
    assert len(printed) == len(arrivals)
    assert reader.unfinished == b""
    assert_in_order(texts, "".join(printed))


@pytest.mark.parametrize("texts", [LENGTHS, LONG, BURST], ids=["1 to 300 bytes", "long", "burst"])
def test_a_listening_frame_program_misses_nothing(texts: list[str]) -> None:
    assert_in_order(texts, "".join(shown(FrameReader(), listening(texts))))


@pytest.mark.parametrize("seed", range(20))
def test_a_listening_frame_program_that_is_stopped_at_times_misses_nothing(seed: int) -> None:
    chance = random.Random(seed)
    texts = [filled(chance.randint(1, 600), chance.choice("t茶🍵")) + f" end {number}" for number in range(100)]
    arrivals: list[bytes] = []
    for write in (listener.FORMAT.batch([unit(listener.FORMAT, text)]) for text in texts):
        if arrivals and chance.random() < 0.5:
            arrivals[-1] += write  # it was stopped: two writes met in its buffer
        else:
            arrivals.append(write)
    assert_in_order(texts, "".join(shown(FrameReader(), arrivals)))


@given(
    st.lists(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=200), min_size=1, max_size=30)
)
def test_whatever_is_said_both_programs_are_shown_it(texts: list[str]) -> None:
    raw_units = [unit(raw.FORMAT, text, ANA) for text in texts]
    assert_in_order(texts, "".join(shown(TextReader(), writes(raw.FORMAT, raw_units))))
    frame_units = [unit(frames.TEXT, text, ANA) for text in texts]
    assert_in_order(texts, "".join(shown(FrameReader(), writes(frames.TEXT, frame_units))))
    assert_in_order(texts, "".join(shown(TextReader(), listening(texts))))
    assert_in_order(texts, "".join(shown(FrameReader(), listening(texts))))


def assert_in_order(texts: list[str], printed: str) -> None:
    """Every text is there whole, one after the other."""
    at = 0
    for text in texts:
        found = printed.find(text, at)
        assert found >= 0, f"{text[:40]!r} is not shown after {at}"
        at = found + len(text)


def test_the_emulations_do_go_wrong_where_the_programs_do() -> None:
    even = TextReader()
    arrive(even, b"even")
    assert even.shown == []
    untold = FrameReader()
    frame = b"\0\0\0\1\0\0\0\x0b\0\0\0\x64" + b"x" * 11
    arrive(untold, frame * 2)
    assert untold.shown == ["x" * 11]  # the second one began in what was thrown away
