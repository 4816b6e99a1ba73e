"""What a word is."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teahouse.core.errors import BadField
from teahouse.store.connect import run, writing
from teahouse.store.migrate import migrate, migrations
from teahouse.store.segment import MAX_TERMS, Query, runs, segment

anything = st.text(st.characters(codec="utf-8"), max_size=60)
mixed = st.text(st.sampled_from("aB1é上海人茶 カ゛フ한글-_.😀\u0301\U00020000ßµ"), max_size=20)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Hello, World", "hello world"),
        ("上海人", "上海 海人 人"),
        ("茶", "茶"),
        ("喝tea茶水", "喝 tea 茶水 水"),
        ("Ünïcode ÉTÉ", "unicode ete"),
        ("a_b-c", "a b c"),
        ("…!?🫖", ""),
        ("हिन्दी", "हिन्दी"),
        ("𠀀𠀁", "𠀀𠀁 𠀁"),
        ("ＡＢＣ　１２", "abc 12"),
        ("x" * 100, "x" * 64),
        ("データ・ベース", "デー ータ タ ベー ース ス"),
    ],
)
def test_a_text_becomes_tokens(text: str, tokens: str) -> None:
    assert segment(text) == tokens


@given(st.one_of(anything, mixed))
def test_a_text_has_each_of_its_own_words(text: str) -> None:
    for _, run_ in runs(text):
        assert len(segment(run_).split()) > MAX_TERMS or Query(run_).matches(text)


@given(mixed, mixed)
def test_the_index_finds_what_a_look_at_the_text_finds(text: str, query: str) -> None:
    connection = writing(Path(":memory:"))
    migrate(connection, Path(), migrations())
    run(connection, "INSERT INTO words (rowid, t) VALUES (1, ?)", (segment(text),))
    asked = Query(query)
    found = asked.expression and run(connection, "SELECT rowid FROM words WHERE words MATCH ?", (asked.expression,))
    assert bool(found) == asked.matches(text)
    connection.close()


@given(anything)
def test_any_text_is_a_query(text: str) -> None:
    connection = writing(Path(":memory:"))
    migrate(connection, Path(), migrations())
    try:
        asked = Query(text)
    except BadField:
        return
    if asked.expression:
        run(connection, "SELECT rowid FROM words WHERE words MATCH ?", (asked.expression,))
    connection.close()


@given(anything)
def test_composed_and_decomposed_are_the_same(text: str) -> None:
    assert runs(unicodedata.normalize("NFC", text)) == runs(unicodedata.normalize("NFD", text))


def test_a_query_has_a_bound() -> None:
    Query(" ".join(map(str, range(MAX_TERMS))))
    Query("same " * 1_000)
    with pytest.raises(BadField) as refused:
        Query(" ".join(map(str, range(MAX_TERMS + 1))))
    assert refused.value.limit == MAX_TERMS
