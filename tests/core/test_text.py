"""The text of a message as it is kept."""

from __future__ import annotations

import unicodedata
from types import SimpleNamespace
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teahouse.core import text as texts
from teahouse.core.errors import BadField, EmptyMessage, MessageTooLong, Refusal

ENOUGH = 1_000_000
CONTROLS = {chr(code) for code in (*range(0x20), 0x7F, *range(0x80, 0xA0))} - {"\n", "\t"}
ANY_TEXT = st.text(st.characters(exclude_categories=[]) | st.sampled_from([*sorted(CONTROLS), "\u0301", "\u0320"]))


def cleaned(text: str) -> str | None:
    """None where it is refused."""
    try:
        return texts.clean(text, ENOUGH)
    except Refusal:
        return None


@given(ANY_TEXT)
def test_what_was_cleaned_is_clean(text: str) -> None:
    once = cleaned(text)
    if once is not None:
        assert texts.clean(once, ENOUGH) == once
        assert unicodedata.is_normalized("NFC", once)
        assert not CONTROLS & set(once)


@given(ANY_TEXT)
def test_any_text_is_kept_or_refused(text: str) -> None:
    cleaned(text)


@given(st.text(st.characters(codec="utf-8"), max_size=40), st.integers(0, 60))
def test_the_limit_is_in_bytes_after_normalisation(text: str, limit: int) -> None:
    kept = cleaned(text)
    if kept is None:
        return
    size = len(kept.encode())
    if size <= limit:
        assert texts.clean(text, limit) == kept
    else:
        with pytest.raises(MessageTooLong) as refused:
            texts.clean(text, limit)
        assert refused.value.limit == limit


@pytest.mark.parametrize("text", ["x" * 9, "茶" * 3, "e\u0301" * 4 + "x"])
def test_a_text_may_be_as_long_as_the_limit_and_no_longer(text: str) -> None:
    assert len(texts.clean(text, 9).encode()) == 9
    with pytest.raises(MessageTooLong):
        texts.clean(text + "x", 9)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("hello", "hello"),
        ("a\r\nb\rc\nd\te", "a\nb\nc\nd\te"),
        ("a\x00b\x1b[31mc\x7fd\x85e\x9bf", "abcde"),
        ("e\u0301", "é"),
        ("e\x01\u0301", "é"),
        ("天气真好 🙂", "天气真好 🙂"),
        ("a\u2028b", "a\u2028b"),
        ("\U0001fae8", "\U0001fae8"),
    ],
)
def test_a_text_is_kept_as(typed: str, kept: str) -> None:
    assert texts.clean(typed, ENOUGH) == kept


@pytest.mark.parametrize("text", ["", " ", "\n\t ", "\x00\x1b", "\u3000", "\u200b\u2060", "\u3164", "\u2800 \ufe0f"])
def test_what_shows_nothing_is_empty(text: str) -> None:
    with pytest.raises(EmptyMessage):
        texts.clean(text, ENOUGH)


@pytest.mark.parametrize("text", ["\ud800", "hello \udfff", "\ud83d é"])
def test_half_of_a_surrogate_pair_is_no_text(text: str) -> None:
    with pytest.raises(BadField) as refused:
        texts.clean(text, ENOUGH)
    assert refused.value.field == "text"


def test_a_pile_of_marks_is_refused_before_it_is_sorted(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(form: str, text: str) -> str:
        raise AssertionError(f"{len(text)} characters were normalised")

    # The module's own `unicodedata` alone: the test runner normalises what it prints.
    looks = SimpleNamespace(normalize=never, is_normalized=unicodedata.is_normalized, combining=unicodedata.combining)
    monkeypatch.setattr(texts, "unicodedata", looks)
    with pytest.raises(BadField) as refused:
        texts.clean("a" + "\u0301" * 40 + "\u0320" * 40, ENOUGH)
    assert refused.value.limit == texts.MARKS
    with pytest.raises(BadField):
        texts.clean_line("a" + "\u0301" * 40 + "\u0320" * 40, ENOUGH, "topic")


@pytest.mark.parametrize(
    "pile", ["\u0f73" * 40, "\u0f81\u0301" * 20, "\u0f75\u0344\u0f73" * 15, "か" + "\u0f73\u0323" * 30]
)
def test_letters_made_of_marks_are_a_pile_too(pile: str) -> None:
    with pytest.raises(BadField) as refused:
        texts.clean(pile, ENOUGH)
    assert refused.value.limit == texts.MARKS
    with pytest.raises(BadField):
        texts.clean_line(pile, 500, "topic")


def test_the_letters_made_of_marks_are_all_of_unicode_s() -> None:
    def made(form: Literal["NFD", "NFKD"]) -> set[str]:
        return {
            char
            for char in map(chr, range(0x110000))
            if not unicodedata.combining(char) and all(map(unicodedata.combining, unicodedata.normalize(form, char)))
        }

    assert made("NFD") == texts._MADE_OF_MARKS
    assert made("NFKD") == texts.MADE_OF_MARKS


def test_what_could_not_fit_is_refused_before_it_is_normalised(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: str) -> str:
        raise AssertionError("it was normalised")

    monkeypatch.setattr(texts, "unicodedata", SimpleNamespace(normalize=never, is_normalized=never, combining=never))
    for text in ("\u0f73" * 600, "e\u0301" * 600, "\ufdfa" * 600, "茶" * 600):
        with pytest.raises(MessageTooLong):
            texts.clean(text, 500)
        with pytest.raises(BadField) as refused:
            texts.clean_line(text, 500, "topic")
        assert refused.value.limit == 500


@given(
    st.text(
        st.characters(codec="utf-8") | st.sampled_from("\u1112\u1161\u11ab\u03b1\u0313\u0342\u0345\u0301"), min_size=1
    )
)
def test_normalising_makes_one_byte_of_at_most_three(text: str) -> None:
    assert len(text.encode()) <= texts.SHRINKS * len(unicodedata.normalize("NFC", text).encode())


def test_marks_out_of_order_on_many_letters_are_put_in_order() -> None:
    assert texts.clean("a\u0301\u0320" * 500, ENOUGH) == unicodedata.normalize("NFC", "a\u0301\u0320" * 500)


@pytest.mark.parametrize(
    ("typed", "kept"), [("  a\n\tb ", "a b"), ("", ""), ("\x1b", ""), ("a\u2028b\x85c", "a b c"), ("e\u0301", "é")]
)
def test_a_line_is_one_line(typed: str, kept: str) -> None:
    assert texts.clean_line(typed, 500, "topic") == kept


def test_a_line_has_a_limit_in_bytes() -> None:
    assert texts.clean_line("茶" * 166, 500, "topic") == "茶" * 166
    with pytest.raises(BadField) as refused:
        texts.clean_line("茶" * 167, 500, "topic")
    assert (refused.value.field, refused.value.limit) == ("topic", 500)


def test_a_digest_is_the_same_in_every_process() -> None:
    assert texts.digest("hello", "say", None) == texts.digest("hello", "say", None)
    assert texts.digest("茶", "act", 7) == 1_921_352_146_584_641_905


@given(st.text(st.characters(codec="utf-8")))
def test_a_digest_fits_a_signed_column_and_tells_contents_apart(text: str) -> None:
    digest = texts.digest(text, "say", None)
    assert -(2**63) <= digest < 2**63
    assert len({digest, texts.digest(text, "act", None), texts.digest(text, "say", 1), texts.digest(text + "x", "say", None)}) == 4  # fmt: skip
