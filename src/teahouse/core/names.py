"""Names of people and rooms: what is one, what is the same one.

Names compare by casefold. Where a letter outside ASCII is involved they also compare by *skeleton*: each letter that
looks like another is read as that other (Unicode Technical Standard 39, «Confusable Detection»), so that a Cyrillic
«аna» cannot sit beside a Latin «ana». Limits apply after normalisation (NFC).
"""

from __future__ import annotations

import re
import unicodedata

from teahouse.core.errors import BadName, BadRoom

NAME_MAX = 32
ROOM_MAX = 50

RESERVED_PREFIXES = ("guest-", "bot-")
RESERVED = frozenset(
    [
        "admin",
        "administrator",
        "all",
        "anyone",
        "bot",
        "channel",
        "everyone",
        "guest",
        "here",
        "host",
        "house",
        "moderator",
        "nobody",
        "operator",
        "owner",
        "root",
        "server",
        "service",
        "somebody",
        "system",
        "teahouse",
    ]
)

_PUNCTUATION = frozenset("-_[]{}\\|^`")
_BAD_FIRST_OF_ROOM = frozenset("@&!+#")
_BAD_IN_ROOM = frozenset(",:/")
_PAIR = re.compile(r"@([1-9][0-9]{0,15})\+([1-9][0-9]{0,15})")

# Letters that look like an ASCII one in common fonts. Not the whole of UTS 39: what can be typed and taken for Latin.
_LOOKS_LIKE = str.maketrans(
    {
        # Cyrillic
        "а": "a", "в": "b", "е": "e", "к": "k", "м": "m", "н": "h", "о": "o", "р": "p", "с": "c", "т": "t", "у": "y",
        "х": "x", "ѕ": "s", "і": "i", "ј": "j", "ԁ": "d", "һ": "h", "ԛ": "q", "ԝ": "w", "ь": "b", "ӏ": "l", "г": "r",
        "ү": "y", "ѵ": "v", "ո": "n",
        # Greek
        "α": "a", "β": "b", "γ": "y", "ε": "e", "η": "n", "ι": "i", "κ": "k", "μ": "u", "ν": "v", "ο": "o", "ρ": "p",
        "τ": "t", "υ": "u", "χ": "x", "ω": "w", "ϲ": "c", "ϳ": "j", "ζ": "z",
        # Armenian, Latin beyond ASCII
        "հ": "h", "ս": "u", "օ": "o", "ց": "g", "զ": "q", "ı": "i", "ɡ": "g", "ɩ": "i", "ʏ": "y", "ʀ": "r", "ø": "o",
        "ł": "l", "đ": "d", "ħ": "h", "ŧ": "t", "ɑ": "a", "ƅ": "b", "ꞵ": "b",
    }
)  # fmt: skip


def fold(name: str) -> str:
    """The form in which names are the same name."""
    return unicodedata.normalize("NFC", name.casefold())


def skeleton(name: str) -> str:
    """The form in which names look the same. Of an ASCII name: its fold."""
    if name.isascii():
        return name.lower()
    bare = "".join(c for c in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(c))
    return bare.translate(_LOOKS_LIKE)


def person_name(text: str) -> str:
    """The name in NFC.

    raises  BadName: what is wrong with it
    """
    name = unicodedata.normalize("NFC", text)
    if not name:
        raise BadName("A name has at least one letter.", field="name")
    if len(name) > NAME_MAX:
        raise BadName(f"A name has at most {NAME_MAX} letters.", field="name", limit=NAME_MAX)
    if name[0] in "-0123456789" or name[0].isdigit():
        raise BadName("A name does not begin with a digit or with “-”.", field="name")
    for char in name:
        if not _may_name(char):
            raise BadName(
                f"A name has letters, digits and -_[]{{}}\\|^` alone; “{_shown(char)}” is none.", field="name"
            )
    folded = fold(name)
    if folded in RESERVED or folded.startswith(RESERVED_PREFIXES):
        raise BadName(f"“{name}” is reserved. Choose another name.", field="name")
    return name


def _may_name(char: str) -> bool:
    if char.isascii():
        return char.isalnum() or char in _PUNCTUATION
    category = unicodedata.category(char)
    # Marks belong to the letters of many scripts (Devanagari, Thai); Nd are their digits.
    return category[0] == "L" or category in ("Mn", "Mc", "Nd")


def _shown(char: str) -> str:
    return char if char.isprintable() else f"U+{ord(char):04X}"


def room_name(text: str) -> tuple[str, str]:
    """The room's name in NFC and its fold; a typed `#lobby` is `lobby`.

    raises  BadRoom: what is wrong with it
    """
    name = unicodedata.normalize("NFC", text)
    if name.startswith("#"):
        name = name[1:]
    if not name:
        raise BadRoom("A room's name has at least one letter.", field="room")
    if len(name) > ROOM_MAX:
        raise BadRoom(f"A room's name has at most {ROOM_MAX} letters.", field="room", limit=ROOM_MAX)
    if name[0] in _BAD_FIRST_OF_ROOM:
        raise BadRoom(f"A room's name does not begin with “{name[0]}”.", field="room")
    for char in name:
        if char in _BAD_IN_ROOM or char.isspace() or unicodedata.category(char)[0] in "CZ":
            raise BadRoom(
                f"A room's name has no spaces, commas, colons or slashes; “{_shown(char)}” is one.", field="room"
            )
    return name, fold(name)


def direct_pair(text: str) -> tuple[int, int] | None:
    """The two ids of `@12+40`, sorted; None for what is no direct room's name.

    raises  BadRoom: it begins like one and is none
    """
    if not text.startswith("@"):
        return None
    match = _PAIR.fullmatch(text)
    if match is None:
        raise BadRoom("A direct room is called @ID+ID: the ids of the two people.", field="room")
    low, high = sorted((int(match[1]), int(match[2])))
    if low == high:
        raise BadRoom("A direct room has two people.", field="room")
    return low, high


def direct_name(one: int, other: int) -> str:
    """The name of the room of these two, the same for both."""
    return f"@{min(one, other)}+{max(one, other)}"
