"""What a word is, for the search index and for a query: both go through here, so both mean the same.

    index   «Teahouse 上海人»  ─▶  teahouse 上海 海人 人
    query   «tea 海人»         ─▶  "tea"* AND "海人"        query «人» ─▶ "人"*

Words of alphabets match by their beginning. Where words are not set apart (Chinese, Japanese, Korean) each run of
characters becomes its overlapping pairs *and its last character*: two characters and more are then a phrase of
pairs, and one character is the beginning of a pair. SQLite's own `trigram` finds no word of two characters.

Letters are compared casefolded and without the accents of Latin, Greek and Cyrillic; full-width letters are letters.
Of a pile of marks on one letter the first ones count: to put a long one in order takes the square of its length.
A change here changes what an index means: count SEGMENTS up, and the index is made anew at the next start.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby

from teahouse.core.errors import BadField
from teahouse.core.text import MADE_OF_MARKS, MARKS

SEGMENTS = 2
WORD_CHARS = 64  # what is longer is no word; compared up to here
MAX_TERMS = 64  # words and pairs of one query

_ASCII_WORD = re.compile(rf"([a-z0-9]{{1,{WORD_CHARS}}})[a-z0-9]*")
# Phrases in one character, by their short forms: each would become up to eighteen letters.
_PHRASES = str.maketrans({"\ufdfa": "\u0635\u0644\u0639\u0645", "\ufdfb": "\u062c\u0644"})
_ACCENTS = re.compile("[\u0300-\u036f]+")
_UNSPACED = re.compile(
    "[\u1100-\u11ff\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3100-\u318f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U00016fe0-\U00018aff\U0001b000-\U0001b16f"
    "\U00020000-\U0003ffff]"
)
NONE, WORD, UNSPACED = range(3)


def runs(text: str) -> list[tuple[bool, str]]:
    """The runs of letters and digits, in order, as they are compared; before each, whether its script is unspaced."""
    if text.isascii():
        return [(False, word) for word in _ASCII_WORD.findall(text.lower())]
    text = "".join(_without_piles(text)).translate(_PHRASES)
    plain = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).casefold())
    plain = unicodedata.normalize("NFKC", _ACCENTS.sub("", plain))
    found = [(kind == UNSPACED, "".join(run)) for kind, run in groupby(plain, _kind) if kind != NONE]
    return [(unspaced, run if unspaced else run[:WORD_CHARS]) for unspaced, run in found]


def _without_piles(text: str) -> Iterator[str]:
    """The characters, of marks on one letter the first MARKS."""
    combining, pile = unicodedata.combining, 0
    for char in text:
        pile = pile + 1 if combining(char) or char in MADE_OF_MARKS else 0
        if pile <= MARKS:
            yield char


@lru_cache(maxsize=8_192)
def _kind(char: str) -> int:
    if unicodedata.category(char)[0] not in "LNM":
        return NONE
    return UNSPACED if _UNSPACED.match(char) else WORD


def segment(text: str) -> str:
    """The text as the index takes it: tokens with a space between."""
    return " ".join(_ASCII_WORD.findall(text.lower()) if text.isascii() else _tokens(text))


def _tokens(text: str) -> Iterator[str]:
    for unspaced, run in runs(text):
        if unspaced:
            yield from _pairs(run)
            yield run[-1]
        else:
            yield run


def _pairs(run: str) -> list[str]:
    return [run[place : place + 2] for place in range(len(run) - 1)]


class Query:
    """The words somebody searches for: all of them must be there.

    expression  for the index; empty: there is no letter or digit, nothing is found
    is_pair     two characters of an unspaced script, nothing else: one token, as it stands in the index
    """

    def __init__(self, text: str) -> None:
        """raises BadField  more than MAX_TERMS words and pairs"""
        self._terms = list(dict.fromkeys(runs(text)))
        parts: list[str] = []
        count = 0
        for unspaced, run in self._terms:
            if unspaced and len(run) > 1:
                pairs = _pairs(run)
                parts.append('"' + " ".join(pairs) + '"')
                count += len(pairs)
            else:
                parts.append(f'"{run}"*')
                count += 1
        if count > MAX_TERMS:
            raise BadField(
                f"The query is too long: at most {MAX_TERMS} words or pairs of characters.",
                field="query",
                limit=MAX_TERMS,
            )
        self.expression = " AND ".join(parts)
        self.is_pair = [(unspaced, len(run)) for unspaced, run in self._terms] == [(True, 2)]

    def matches(self, text: str) -> bool:
        """Whether this text has all the words: what the index, up to date, would say."""
        there = runs(text)
        return bool(self._terms) and all(
            any(run in other for cjk, other in there if cjk)
            if unspaced
            else any(other.startswith(run) for cjk, other in there if not cjk)
            for unspaced, run in self._terms
        )
