"""Escape sequences are taken out whole, and nothing else is."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teahouse.core.errors import EmptyMessage
from teahouse.core.escapes import ends_within_an_escape, without_escapes
from teahouse.core.text import clean, clean_line

SEQUENCES = [
    "\x1b[A", "\x1b[1;5D", "\x1bOA", "\x1bO5P", "\x1b[200~", "\x1b[201~", "\x1b[15~", "\x1b[[B", "\x1b[31m", "\x1b[38;5;196m",
    "\x1b[38:2::1:2:3m", "\x1b[?25l", "\x1b[>c", "\x1b[!p", "\x1b[4 q", "\x1b[<0;12;4M", "\x1b7", "\x1bc", "\x1b=", "\x1bf", "\x1b(B",
    "\x1b$(D", "\x1b#8", "\x1b%G", "\x1b]0;title\x07", "\x1b]8;;http://a\x1b\\", "\x1b]52;c;aGk=\x9c", "\x1bP+q544e\x1b\\",
    "\x1b_app\x1b\\", "\x1b^pm\x1b\\", "\x1bXsos\x1b\\", "\x9b31m", "\x9b200~", "\x8fA", "\x9d0;标题\x9c", "\x90q\x9c", "\x1bNa",
]  # fmt: skip


@pytest.mark.parametrize("sequence", SEQUENCES, ids=repr)
def test_a_sequence_goes_whole_wherever_it_stands(sequence: str) -> None:
    for before, after in (("", ""), ("tea", ""), ("", "tea"), ("茶", "é"), ("a\n", "\nb"), (sequence, sequence)):
        expected = (before + after).replace(sequence, "")
        assert without_escapes(before + sequence + after) == expected
        assert without_escapes(f"{before}{sequence}{sequence}{after}") == expected


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("tea\x1b", "tea"),
        ("tea\x1b[", "tea"),
        ("tea\x1b[12;", "tea"),
        ("tea\x1bO", "tea"),
        ("\x1b[12茶", "茶"),
        ("\x1b茶", "茶"),
        ("\x1b\x1b[A!", "!"),
        ("\x1b\nb", "\nb"),
        ("\x1b]0;never ended", "0;never ended"),
        ("\x1b]0;never \x1b[31mended", "0;never ended"),
        ("\x1b]0;a\x1b]0;b\x07c", "0;ac"),
        ("\x1b[\x1b[A", ""),
        ("[A and [200~ are text", "[A and [200~ are text"),
        ("arrows ↑ and CSI", "arrows ↑ and CSI"),
        ("a\tb\nc", "a\tb\nc"),
    ],
)
def test_what_is_cut_off_or_never_ended_goes_as_far_as_it_goes(typed: str, said: str) -> None:
    assert without_escapes(typed) == said


@given(
    st.lists(st.sampled_from([*SEQUENCES, "a", "[", "A", "~", "\x1b", "\x9b", "\x07", "\n", "茶", "0;"])).map("".join)
)
def test_what_is_kept_has_no_escape_in_it(text: str) -> None:
    kept = without_escapes(text)
    assert "\x1b" not in kept
    assert "\x9b" not in kept
    assert without_escapes(kept) == kept or "\x9d" in kept or "\x90" in kept


@given(st.text(st.characters(exclude_categories=["Cc"])))
def test_text_without_control_characters_is_left_alone(text: str) -> None:
    assert without_escapes(text) == text


@pytest.mark.parametrize("sequence", ["\x1b[A", "\x1b[200~", "\x1bOA", "\x9b15~", "\x1b[1;5D"])
def test_the_beginning_of_a_key_may_go_on(sequence: str) -> None:
    for size in range(1, len(sequence)):
        assert ends_within_an_escape("tea" + sequence[:size])
    assert not ends_within_an_escape("tea" + sequence)
    assert not ends_within_an_escape("tea" + sequence + "x")


def test_a_message_and_a_line_are_kept_without_them() -> None:
    assert clean("\x1b[200~pasted\nlines\x1b[201~", 100) == "pasted\nlines"
    assert clean("茶\x1b[A", 100) == "茶"
    assert clean_line("the \x1b[31mred\x1b[0m\x1b]0;x\x07 room", 100, "topic") == "the red room"
    with pytest.raises(EmptyMessage):
        clean("\x1b[A\x1b[B", 100)


WORST = ["\x1b", "\x1b[", "\x1b]", "\x9d", "\x1b[0", "\x1b[ ", "\x1b ", "\x1bP0\x1b", "\x1bO;", "\x1b]0;a", "\x9b\x1b"]


def fastest(text: str) -> float:
    def once() -> float:
        begun = time.thread_time()
        without_escapes(text)
        ends_within_an_escape(text)
        return time.thread_time() - begun

    return min(once() for _ in range(7))


@pytest.mark.parametrize("piece", WORST, ids=repr)
@pytest.mark.parametrize("shape", ["{0}{1}", "{0}", "\x1b[{1}", "\x1b]{1}", "{1}\x1b"])
def test_it_takes_time_by_the_length_alone(piece: str, shape: str) -> None:
    def text(size: int) -> str:
        return shape.format(piece * (size // len(piece)), "0;" * (size // 2))

    ratios = (fastest(text(80_000)) / max(fastest(text(20_000)), 0.0002) for _ in range(5))
    assert any(ratio <= 6 for ratio in ratios)
