"""Words that are out of the search index, taken out of the table that leads to its leaves too.

FTS5 keeps in `words_idx`, for each leaf of a segment, the beginning of the first word of that leaf, so that it finds the
leaf that may hold a word. When that word is taken out of the index, its beginning stays there: it still sorts between
the leaf and the one before. Here it is replaced with the word that is the first of the leaf now, which sorts as well;
where no word begins on the leaf any more, nothing has to lead to it.

    words_idx   (segment, separator) ─▶ leaf << 1       words_data   segment << 37 | leaf ─▶ the leaf

    leaf   │ … 2 bytes: where its contents end │ contents │ where its words stand, each a varint │

Source: fts5_index.c of SQLite, the comment at its head.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection

import apsw
import msgspec

from teahouse.store.connect import run

MAIN = b"0"  # before every word in the index; other characters would be prefix indexes
MANY = 100  # words for which all separators are looked through, rather than each word looked for in each segment

_LED_TO = """
WITH RECURSIVE segment (segid) AS (
  SELECT min(segid) FROM words_idx
  UNION ALL SELECT (SELECT min(segid) FROM words_idx WHERE segid > segment.segid) FROM segment WHERE segid IS NOT NULL
)
SELECT DISTINCT leaf.segid, leaf.term, leaf.pgno >> 1 FROM segment
CROSS JOIN json_each(?1) AS word CROSS JOIN words_idx AS leaf ON leaf.segid = segment.segid AND leaf.term = (
  SELECT term FROM words_idx WHERE segid = segment.segid AND term <= CAST('0' || word.value AS BLOB)
  ORDER BY term DESC LIMIT 1
) WHERE length(leaf.term) > 1 AND substr(CAST('0' || word.value AS BLOB), 1, length(leaf.term)) = leaf.term
"""


def mend(connection: apsw.Connection, words: Collection[str]) -> None:
    """These words were taken out of some document, and the index is flushed."""
    for segment, separator, leaf in _led_to(connection, words):
        block = connection.execute("SELECT block FROM words_data WHERE id = ?", (segment << 37 | leaf,)).get
        first = _first_word(block or b"")
        if first is None:
            connection.execute("DELETE FROM words_idx WHERE segid = ? AND term = ?", (segment, separator))
        elif not first.startswith(separator):
            connection.execute(
                "UPDATE words_idx SET term = ? WHERE segid = ? AND term = ?", (first, segment, separator)
            )


def _led_to(connection: apsw.Connection, words: Collection[str]) -> list[tuple[int, bytes, int]]:
    """Separators that may be the beginning of one of the words: segment, separator, leaf."""
    if len(words) <= MANY:
        return [*run(connection, _LED_TO, (msgspec.json.encode(sorted(words)).decode(),))]
    ordered = sorted(MAIN + word.encode() for word in words)
    found: list[tuple[int, bytes, int]] = []
    for segment, separator, leaf in connection.execute("SELECT segid, term, pgno >> 1 FROM words_idx"):
        place = bisect_left(ordered, separator)
        if len(separator) > 1 and place < len(ordered) and ordered[place].startswith(separator):
            found.append((segment, separator, leaf))
    return found


def _first_word(leaf: bytes) -> bytes | None:
    """The first word that begins on a leaf; None where none does."""
    end = int.from_bytes(leaf[2:4], "big")
    if not 4 <= end < len(leaf):
        return None
    place, _ = _varint(leaf, end)
    length, start = _varint(leaf, place)
    return leaf[start : start + length]


def _varint(data: bytes, place: int) -> tuple[int, int]:
    """A number of SQLite's variable length at this place, below 2**28, and the place behind it."""
    number = 0
    while data[place] & 0x80:
        number = number << 7 | data[place] & 0x7F
        place += 1
    return number << 7 | data[place], place + 1
