"""Names of people and rooms: what is one, what is the same one, what looks the same.

    fold       names with the same fold are the same name: `Ana`, `ANA`
    skeleton   names with the same skeleton look the same: Latin `ana`, Cyrillic `аna`

A skeleton reads each letter as the one it looks like (Unicode Technical Standard 39, «Confusable Detection»). It has
its say only where a letter outside ASCII is involved: `al` and `a1` may both be here. Accents count: José is not Jose,
か is not が. The table is not all of Unicode's, but what can be typed and be taken for Latin.

Limits apply after normalisation (NFC); what could not fit is refused before it is normalised (see text.py).
"""

from __future__ import annotations

import re
import unicodedata

from teahouse.core.errors import BadName, BadRoom
from teahouse.core.looks import NEVER_IN_NAMES, is_strange_mark, plain
from teahouse.core.text import INVISIBLE

NAME_MAX = 32
ROOM_MAX = 50
SHRINKS = 4  # NFC makes one character of at most so many
LONGEST = SHRINKS * ROOM_MAX  # characters: what is longer is nobody's name and no room's, however it is written

RESERVED = frozenset(
    (
        "admin", "administrator", "all", "anyone", "bot", "channel", "everyone", "guest", "here", "host", "house",
        "moderator", "nobody", "operator", "owner", "root", "server", "service", "somebody", "system", "teahouse",
        "and", "found", "in", "messages", "nothing", "rooms", "the",  # lines of the house begin so: `* the house closes`
    )
)  # fmt: skip
RESERVED_PREFIXES = ("guest-", "bot-")

_ASCII_NAME = re.compile(r"[A-Za-z_\[\]{}\\|^`][A-Za-z0-9\-_\[\]{}\\|^`]*")
_BAD_FIRST_OF_ROOM = frozenset("@&!+#")
_BAD_IN_ROOM = frozenset(",:/")
_EMOJI_STYLE = re.compile("[\ufe0e\ufe0f]")
_PAIR = re.compile(r"@([1-9][0-9]{0,15})\+([1-9][0-9]{0,15})")

_ALIKE = {
    "a": "АаΑαɑᴀᎪꓮᗅ", "b": "ВвЬьΒβʙᏴᏏꓐƄƅ", "c": "СсϹϲᴄᏟꓚ", "d": "ԀԁᎠꓓժđĐ", "e": "ЕеҽΕεᎬꓰ", "f": "ϜꓝƑƒ", "g": "ɡԌԍցᏀꓖ",
    "h": "НнΗҺһհᎻꓧʜħĦ", "i": "ІіΙιıɩɪᎥ", "j": "ЈјϳյᎫꓙ", "k": "КкΚκĸᏦꓗ", "l": "ӀӏǀꓲᏞꓡʟاוןłŁ", "m": "МмΜᎷꓟᴍ",
    "n": "ΝηпꓠɴՈո", "o": "ОоΟοσՕօᴏסഠꓳøØ", "p": "РрΡρᏢꓑᴘ", "q": "Ԛԛգզ", "r": "гᎡꓣʀ", "s": "ЅѕՏꓢꜱᏚ", "t": "ТтΤτᎢꓔᴛŧŦ",
    "u": "υμսՍꓴᴜ", "v": "νѴѵᏙꓦᴠ", "w": "ԜԝωᎳꓪᴡшɯ", "x": "ХхΧχꓫ", "y": "УуΥγҮүꓬʏ", "z": "ΖᏃꓜᴢ", "3": "Зз", "-": "ー一ᅳ",
}  # fmt: skip
_LOOKS_LIKE = str.maketrans({other: letter for letter, others in _ALIKE.items() for other in others})
_ASCII_ALIKE = str.maketrans("0i1|", "olll")  # I is l in many fonts, and i is I


def fold(name: str) -> str:
    """The form in which names are the same name. What is too long for any name stays as it is: sorting its marks could
    take long, and it is not the same as anything."""
    if name.isascii():
        return name.lower()
    if len(name) > LONGEST:
        return name
    # Unicode 3.13, D145: casefold what is decomposed.
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())


def skeleton(name: str) -> str:
    """The form in which names look the same. For comparing alone: nothing to show to anyone."""
    return _letters(name).replace("rn", "m")


def room_skeleton(name: str) -> str:
    """The same for rooms, whose names have signs too. `modern` and `modem` are two rooms: both are words."""
    return _letters(name if name.isascii() else plain(name))


def _letters(name: str) -> str:
    if len(name) > LONGEST:
        return name
    if not name.isascii():
        bare = "".join(map(_plain_digit, unicodedata.normalize("NFKD", name))).translate(_LOOKS_LIKE)
        # Once more: Cherokee's small letters fold to its large ones, which are those that look like Latin.
        name = bare.casefold().translate(_LOOKS_LIKE).replace("i\u0307", "i")
    return name.lower().translate(_ASCII_ALIKE)


def alike(one: str, other: str) -> bool:
    """Whether two folds are one name to the eye, given that their skeletons are the same."""
    return one == other or not (one.isascii() and other.isascii())


def _plain_digit(char: str) -> str:
    value = unicodedata.decimal(char, None)
    return char if value is None else str(value)


# ---- people


def person_name(text: str) -> str:
    """The name in NFC.

    raises  BadName: what is wrong with it
    """
    name = unicodedata.normalize("NFC", text) if len(text) <= SHRINKS * NAME_MAX else text
    if not name:
        raise BadName("A name has at least one letter.", field="name")
    if len(name) > NAME_MAX:
        raise BadName(f"A name has at most {NAME_MAX} letters.", field="name", limit=NAME_MAX)
    if name[0] == "-" or name[0].isdecimal():
        raise BadName("A name does not begin with a digit or with “-”.", field="name")
    if _ASCII_NAME.fullmatch(name) is None:
        _check_letters(name)
    if _is_reserved(name):
        raise BadName(f"“{name}” is reserved. Choose another name.", field="name")
    return name


def _check_letters(name: str) -> None:
    letter = ""
    for place, char in enumerate(name):
        is_mark = unicodedata.category(char)[0] == "M"
        if not _may_name(char, first=place == 0) or (is_mark and is_strange_mark(char, letter)):
            raise BadName(
                f"A name has letters, digits and -_[]{{}}\\|^` alone; “{_shown(char)}” is none.", field="name"
            )
        letter = letter if is_mark else char


def _may_name(char: str, *, first: bool) -> bool:
    if char.isascii():
        return _ASCII_NAME.fullmatch(f"_{char}") is not None
    category = unicodedata.category(char)
    # Marks belong to the letters of many scripts (Devanagari, Thai), so none comes first; Nd are their digits.
    return (
        char not in INVISIBLE
        and char not in NEVER_IN_NAMES
        and (category[0] == "L" or (not first and category in ("Mn", "Mc", "Nd")))
    )


def _is_reserved(name: str) -> bool:
    folded = fold(name)
    if folded in RESERVED or folded.startswith(RESERVED_PREFIXES):
        return True
    looks = skeleton(name)
    return not name.isascii() and (looks in _RESERVED_LOOKS or looks.startswith(_RESERVED_PREFIX_LOOKS))


_RESERVED_LOOKS = frozenset(map(skeleton, RESERVED))
_RESERVED_PREFIX_LOOKS = tuple(map(skeleton, RESERVED_PREFIXES))


def _shown(char: str) -> str:
    return char if char.isprintable() and char not in INVISIBLE else f"U+{ord(char):04X}"


# ---- rooms


def room_name(text: str) -> tuple[str, str]:
    """The room's name in NFC and its fold; a typed `#lobby` is `lobby`.

    raises  BadRoom: what is wrong with it
    """
    name = unicodedata.normalize("NFC", text) if len(text) <= SHRINKS * ROOM_MAX else text
    name = _EMOJI_STYLE.sub("", name.removeprefix("#"))  # ☕ is ☕, in colour or not
    if not name:
        raise BadRoom("A room's name has at least one letter.", field="room")
    if len(name) > ROOM_MAX:
        raise BadRoom(f"A room's name has at most {ROOM_MAX} letters.", field="room", limit=ROOM_MAX)
    if name[0] in _BAD_FIRST_OF_ROOM or unicodedata.category(name[0])[0] == "M":
        raise BadRoom(f"A room's name does not begin with “{_shown(name[0])}”.", field="room")
    for char in name:
        if not _may_name_a_room(char):
            raise BadRoom(
                f"A room's name has no spaces, commas, colons or slashes, and nothing invisible; “{_shown(char)}” is one.",
                field="room",
            )
    if name in (".", ".."):
        raise BadRoom(f"“{name}” means something else in an address. Choose another name.", field="room")
    return name, fold(name)


def _may_name_a_room(char: str) -> bool:
    # C is control, format and unassigned: what is unassigned today may fold otherwise tomorrow, and rooms stay.
    return not (
        char in _BAD_IN_ROOM or char in INVISIBLE or char.isspace() or unicodedata.category(char)[0] in ("C", "Z")
    )


def check_new_room(name: str) -> None:
    """Whether a room that is not there yet may be called so: signs that look like those that no room has. Those that
    are there already stay.

    raises  BadRoom: what is wrong with it
    """
    looks = unicodedata.normalize("NFKC", plain(name))
    first = looks[:1]
    if first in _BAD_FIRST_OF_ROOM:
        raise BadRoom(
            f"A room's name does not begin with “{_shown(name[0])}”, which looks like “{first}”.", field="room"
        )
    if looks in (".", ".."):
        raise BadRoom(f"“{name}” looks like what means something else in an address.", field="room")
    for char in name:
        like = unicodedata.normalize("NFKC", plain(char))
        if unicodedata.category(char)[0] != "M" and (
            _BAD_IN_ROOM & set(like) or like[:1].isspace() or char in _SLASHES
        ):
            raise BadRoom(
                f"A room's name has nothing that looks like a space, comma, colon or slash: “{_shown(char)}”.",
                field="room",
            )


_SLASHES = frozenset("\u2044\u2215\u2571\u29f8\u3033\ua4f9\u201a")  # … and commas that NFKC leaves alone


# ---- rooms of two


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
