"""A search for inputs that cost more than their length, by whoever has more patience than we: Hypothesis.

It puts together what is interesting to parsers, in repeated pieces, and goes where the time per byte is highest. What it
tries at a length it tries at four times the length as well: there the time may be six times as long.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, given, settings, target
from hypothesis import strategies as st

from tests.support import growing, growing_clients
from tests.support.growth import GROWTH, TIMES, Entry, filled, seconds

ENTRIES = [
    entry
    for entry in (*growing.ENTRIES, *growing_clients.CLIENT_ENTRIES)
    if isinstance(next(iter(entry.worst.values()))(64), str | bytes)
]
SHORT = 1_024  # bytes or characters: long enough that a square shows at four times as many
NOISE_S = 0.000_2  # what takes less is measured too badly

ATOMS = (
    *'"\\[]{}(),:;=&%+*_~`@#/?.!<>|-^$ \t\r\n\0\x01\x1b\x7f\x85\x9b\xad0aAzıßſ',
    "\\u0061", "\\\"", "null", "1e9", "http://", "https://a.", "@ana", "ana:", "* ", "//", "..", "%2", "%FF", "\r\n", "\x1b[", "\x1b]",
    "JOIN", "USER ", "PRIVMSG", " :", "GET /", " HTTP/1.1", "OPTIONS ", "RTSP/1.0", "{\"type\":\"post\",\"text\":\"", "\"ref\":", "bearer ",
    "茶", "が", "が", "ﾞ", "ｶ", "한", "\u1112\u1161\u11ab", "é", "e\u0301", "\u0301", "\u0320", "\u0323", "\u0345", "\u0344", "\u0f73", "\u0f81", "\ufdfa",
    "\u1f82", "\u200d", "\ufe0f", "👍🏽", "🇩🇪", "\u2028", "\u3000", "\ufeff", "ש", "\u202e", "\U000e0061", "\U0001d15e",
)  # fmt: skip
Shape = tuple[str, str, str, int, str]
EXAMPLES = 1_000 if settings.get_current_profile_name() == "fuzz" else 20

pieces = st.sampled_from(ATOMS) | st.lists(st.sampled_from(ATOMS), min_size=1, max_size=4).map("".join)
shapes = st.tuples(
    st.lists(st.sampled_from(ATOMS), max_size=3).map("".join),
    pieces,
    pieces,
    st.sampled_from((0, 1, 50, 99, 100)),
    st.just("") | st.sampled_from(ATOMS),
)
bare = st.sampled_from((b"", b"\xff", b"\xff\xfd\x01", b"\xe8\x8c", b"\0\0\0\1", b"\0\0\0\1\0\0\0\0\0\0\0\xc8"))


def made(shape: Shape, size: int) -> str:
    """A beginning, one piece over and over, another one over and over, an end; of about so many characters."""
    before, one, other, share, after = shape
    first = size * share // 100
    return before + one * (first // len(one)) + other * ((size - first) // len(other)) + after


class Slow(AssertionError):
    """An input was found; says which."""


def search(entry: Entry, examples: int) -> None:
    """Try so many shapes on one function.

    raises  Slow
    """
    is_text = isinstance(next(iter(entry.worst.values()))(64), str)
    short = min(SHORT, entry.limit // TIMES)

    @settings(
        max_examples=examples, suppress_health_check=list(HealthCheck), derandomize=True, database=None,
        phases=(Phase.generate, Phase.target),  # the shape says enough: to make it smaller takes too long
    )  # fmt: skip
    @given(shape=shapes, raw=bare)
    def look(shape: Shape, raw: bytes) -> None:
        few, many = (made(shape, size) for size in (short, short * TIMES))
        given_of: list[str | bytes] = [few, many]
        if not is_text:
            given_of = [raw + text.encode(errors="surrogatepass") for text in (few, many)]
        target(seconds(entry.do, given_of[1], 0) / len(given_of[1]) * 1e6, label="microseconds per byte")
        times = 0.0
        for samples in (1, 4, 8, 16):
            few_s, many_s = seconds(entry.do, given_of[0], 2 * samples), seconds(entry.do, given_of[1], samples)
            times = many_s / few_s / (len(given_of[1]) / len(given_of[0]) / TIMES)
            if many_s < NOISE_S or times <= GROWTH:
                return
            if times > 2 * GROWTH:
                break  # no noise
        raise Slow(f"{entry.of} takes {times:.1f} times as long for four times of {shape!r}")

    look()


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.of)
def test_nothing_that_can_be_put_together_costs_more_than_its_length(entry: Entry) -> None:
    search(entry, EXAMPLES)


@pytest.mark.parametrize(
    ("before", "do"),
    [
        ("strings of JSON", lambda said: re.sub(r'"(?:[^"\\]|\\.)*"', "", said)),
        ("the last word", re.compile(r"\S+$").search),
        ("marks", lambda said: unicodedata.normalize("NFC", said)),
    ],
)
def test_the_search_finds_what_was_slow_before(before: str, do: Callable[[str], object]) -> None:
    with pytest.raises(Slow):
        search(Entry(before, do, 16_384, {"letters": filled("a")}), 500)
