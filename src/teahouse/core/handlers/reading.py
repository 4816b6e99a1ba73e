"""What one answer may hold: a page of messages ends where its answer would outgrow a frame.

A page is bounded by its count of messages, and a message by its bytes; together they could be far more than a client
takes in one frame. So what does not fit is left for the next page, from the end that the asker reads towards.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from teahouse.core.events import Found, History
from teahouse.core.message import Message

T = TypeVar("T")

BESIDE_BYTES = 512  # of one message as JSON, beside its text and reactions; generous
REACTION_BYTES = 160
ESCAPED = 2  # bytes that one byte of text may become: a quote, a newline


def _bytes_of(entry: object) -> int:
    if not isinstance(entry, Message):
        return 2 * BESIDE_BYTES
    text = len(entry.text.encode()) if entry.text is not None else 0
    return BESIDE_BYTES + ESCAPED * text + REACTION_BYTES * len(entry.reactions)


def _fitting(entries: Sequence[T], limit_bytes: int) -> int:
    """How many of the first entries fit; one at the least."""
    size = 0
    for place, entry in enumerate(entries):
        size += _bytes_of(entry)
        if size > limit_bytes and place:
            return place
    return len(entries)


def fit_history(page: History, limit_bytes: int, *, after: int | None = None, around: int | None = None) -> History:
    """The page, shortened in place to what fits: the oldest stay where it was asked for `after`, else the newest; with
    `around`, the message itself and what is nearest to it."""
    entries = page.messages
    if after is not None:
        start, end = 0, _fitting(entries, limit_bytes)
    elif around is not None:
        middle = next((place for place, entry in enumerate(entries) if entry.seq >= around), len(entries))
        start = middle - _fitting(entries[:middle][::-1], limit_bytes // 2) if middle else 0
        end = middle + _fitting(entries[middle:], limit_bytes // 2)
    else:
        start, end = len(entries) - _fitting(entries[::-1], limit_bytes), len(entries)
    if end - start < len(entries):
        page.messages = entries[start:end]
        page.more = True
    return page


def fit_found(found: Found, limit_bytes: int) -> Found:
    """The hits, shortened in place to what fits: the newest stay."""
    count = _fitting(found.messages, limit_bytes)
    if count < len(found.messages):
        found.messages = found.messages[:count]
        found.more = True
    return found
