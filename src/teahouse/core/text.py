"""The text of a message as it is kept: normalised, free of control characters, bounded.

On the path of every message, so printable ASCII (what most text is) is looked at once and returned as it came.

Normalising is not free of danger: sorting a pile of marks on one letter takes time that grows with the square of the
pile, so 60 kB of them would hold the event loop for ten seconds. A pile out of order is refused before it is sorted
(Unicode Standard Annex 15, «Stream-Safe Text Format»), and what could not fit is refused before anything is done to it.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata

from teahouse.core.errors import BadField, EmptyMessage, MessageTooLong
from teahouse.core.escapes import without_escapes

MARKS = 32  # on one letter, where they still have to be sorted; no script needs ten
SHRINKS = 3  # NFC makes one byte of at most so many: three Jamo are one syllable

# The letters that decompose into marks alone, though they count as no marks themselves (Unicode Character Database).
_MADE_OF_MARKS = frozenset("\u0f73\u0f75\u0f81")
# … when look-alikes are made one as well (NFKC, NFKD).
MADE_OF_MARKS = _MADE_OF_MARKS | frozenset("\uff9e\uff9f")

# C0 but \t and \n, DEL, C1: a terminal or another protocol would read them as something else than text.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]+")

# Letters, marks and symbols that show nothing (Default_Ignorable_Code_Point beyond category Cf, and the blank Braille
# cell): a text of these alone is empty, a name with one of them would look like another name.
INVISIBLE = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0"
    + "".join(map(chr, range(0xFE00, 0xFE10)))
    + "".join(map(chr, range(0xE0100, 0xE01F0)))
)


def clean(text: str, limit_bytes: int) -> str:
    """The text as it is kept: NFC, LF between lines, no control characters but tab and newline.

    raises  EmptyMessage    nothing visible is left
            MessageTooLong  more than `limit_bytes` bytes of UTF-8
            BadField        half of a surrogate pair, or a pile of marks: not text
    """
    if text.isascii():
        if not text.isprintable():
            text = _without_controls(text)
        size = len(text)
        empty = not text or text.isspace()
    else:
        size = _size(text, "text")
        if size <= limit_bytes * SHRINKS:
            text = _nfc(_without_controls(text), "text")
            size = _size(text, "text")
        empty = size <= limit_bytes and _shows_nothing(text)
    if size > limit_bytes:
        raise MessageTooLong(f"A message has at most {limit_bytes} bytes; this one has {size}.", limit=limit_bytes)
    if empty:
        raise EmptyMessage("A message needs some text.")
    return text


def clean_line(text: str, limit_bytes: int, field: str) -> str:
    """One line of text, trimmed; empty is fine.

    raises  BadField  too long, or not text
    """
    text = text.strip()
    _check_line(_size(text, field), limit_bytes, field, SHRINKS)
    line = " ".join(_nfc(_CONTROLS.sub(" ", without_escapes(text)), field).split())
    _check_line(_size(line, field), limit_bytes, field)
    return line


def _check_line(size: int, limit_bytes: int, field: str, shrinks: int = 1) -> None:
    if size > limit_bytes * shrinks:
        raise BadField(f"At most {limit_bytes} bytes; this has {size}.", field=field, limit=limit_bytes)


def digest(text: str, form: str, reply_to: int | None) -> int:
    """64 bits, signed, of a message's normalised contents: tells a retry from another message under the same key."""
    contents = f"{form}\0{reply_to or ''}\0{text}".encode()
    return int.from_bytes(hashlib.blake2b(contents, digest_size=8).digest(), "big", signed=True)


def _without_controls(text: str) -> str:
    if _CONTROLS.search(text) is None:
        return text
    return _CONTROLS.sub("", without_escapes(text).replace("\r\n", "\n").replace("\r", "\n"))


def _nfc(text: str, field: str) -> str:
    # Text that is in order already passes in linear time, however many marks it has.
    if unicodedata.is_normalized("NFC", text):
        return text
    pile = 0
    for char in text:
        pile = pile + 1 if unicodedata.combining(char) or char in _MADE_OF_MARKS else 0
        if pile > MARKS:
            raise BadField(f"More than {MARKS} marks on one letter.", field=field, limit=MARKS)
    return unicodedata.normalize("NFC", text)


def _size(text: str, field: str) -> int:
    try:
        return len(text.encode())
    except UnicodeEncodeError:
        raise BadField("The text has half of a surrogate pair.", field=field) from None


def _shows_nothing(text: str) -> bool:
    # Unassigned is not invisible: an emoji may be newer than this Python's tables.
    return all(char.isspace() or char in INVISIBLE or unicodedata.category(char) == "Cf" for char in text)
