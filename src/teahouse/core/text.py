"""The text of a message as it is kept: normalised, free of control characters, bounded."""

from __future__ import annotations

import hashlib
import re
import unicodedata

from teahouse.core.errors import BadField, EmptyMessage, MessageTooLong

# C0 but \t and \n, DEL, C1: a terminal or another protocol would read them as something else than text.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def clean(text: str, limit_bytes: int) -> str:
    """The text as it is kept: NFC, LF between lines, no control characters but tab and newline.

    raises  EmptyMessage    nothing visible is left
            MessageTooLong  more than `limit_bytes` bytes of UTF-8
            BadField        half of a surrogate pair: not text
    """
    if text.isascii():
        if not text.isprintable():
            text = _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
        size = len(text)
    else:
        text = unicodedata.normalize("NFC", _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n")))
        try:
            size = len(text.encode())
        except UnicodeEncodeError:
            raise BadField("The text has half of a surrogate pair.", field="text") from None
    if size > limit_bytes:
        raise MessageTooLong(f"A message has at most {limit_bytes} bytes; this one has {size}.", limit=limit_bytes)
    if not text or text.isspace():
        raise EmptyMessage("A message needs some text.")
    return text


def clean_line(text: str, limit_bytes: int, field: str) -> str:
    """One line of text, trimmed; empty is fine.

    raises  BadField  too long, or not text
    """
    line = " ".join(unicodedata.normalize("NFC", _CONTROLS.sub(" ", text)).split())
    try:
        size = len(line.encode())
    except UnicodeEncodeError:
        raise BadField("The text has half of a surrogate pair.", field=field) from None
    if size > limit_bytes:
        raise BadField(f"At most {limit_bytes} bytes; this has {size}.", field=field, limit=limit_bytes)
    return line


def digest(text: str, form: str, reply_to: int | None) -> int:
    """64 bits, signed, of a message's normalised contents: tells a retry from another message under the same key."""
    contents = f"{form}\0{reply_to or ''}\0{text}".encode()
    return int.from_bytes(hashlib.blake2b(contents, digest_size=8).digest(), "big", signed=True)
