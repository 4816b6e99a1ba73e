"""What would read as a line of somebody else, or of the house, on a door that shows text for people.

    ana： hello    ꞉  ᛬  ː  …       a colon of any script, and something before it
    ＊ ana waves   ∗  ٭  ✱  …       a star of any script
    2025-11-24 12:00 ana: hello     a line of the past, as `teahouse tail` prints it
    (what nobody sees) ana: hello   spaces, blanks, characters without a width
    שלום :ana                       where letters run from right to left, what stands last is read first

Nobody is refused for it: such a message gets its author's name, so that it says itself whose it is.

Only the beginning of a text is looked at: a name has at most 32 letters.
"""

from __future__ import annotations

import re

from teahouse.core.looks import BLANKS, UNSEEN, plain
from teahouse.core.names import skeleton

HEAD = 512  # characters; who puts so many unseen ones into a name has something to hide

_DATE = r"\d{4}-\d\d-\d\d"
_ASCII_LINE = re.compile(rf"[\s*]|[^\s:]+\s*:(?:\s|$)|{_DATE}")
# Behind the colon may stand what sits on it (marks of any script), and signs, but no letter and nothing of ASCII.
_NAMED = re.compile(rf"[^\s:]+\s*:[^\w\x20-\x7e]*(?:[\s{UNSEEN}]|$)")
_DATED = re.compile(_DATE)
_FIRST = re.compile(rf"[\s{BLANKS}{UNSEEN}*]")
_UNSEEN = re.compile(f"[{UNSEEN}]+")
_TURNS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_FROM_THE_RIGHT = re.compile(
    "[\u0590-\u08ff\u200f\u202b\u202e\u2067\ufb1d-\ufdff\ufe70-\ufeff\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
FROM_THE_LEFT = "\u200e"
_SIGNS = re.compile("[:*]")
# What the house says behind a name, in its own lines (text.py).
_ALONE = frozenset(map(skeleton, ("came", "went")))
_BEGUN = tuple(
    map(
        skeleton,
        (
            "is now ",
            "sets the topic:",
            "takes the topic away",
            "corrects:",
            "lets everyone speak",
            "lets only members speak",
        ),
    )
)
_ACT = 64  # characters; the longest of these has 23


def looks_like_a_line(text: str) -> bool:
    """Whether a text, shown without its author's name, reads as a line that is not its author's."""
    head = text[:HEAD]
    if head.isascii():
        return _ASCII_LINE.match(head) is not None
    line = head.partition("\n")[0]
    shape = plain(line)
    if _FIRST.match(shape) or _NAMED.match(shape) or _TURNS.search(line):
        return True
    seen = _UNSEEN.sub("", shape)
    if _DATED.match(seen) or (len(text) > HEAD and len(seen) < HEAD // 2):
        return True
    return _FROM_THE_RIGHT.search(line) is not None and _SIGNS.search(shape) is not None


def acts_as_the_house(text: str) -> bool:
    """Whether what somebody does by `/me` reads, behind a star and a name, as something that the house says."""
    words = " ".join(skeleton(plain(_UNSEEN.sub("", text[:HEAD].partition("\n")[0])[:_ACT])).split())
    return words.rstrip(" .,:;!") in _ALONE or f"{words} ".startswith(_BEGUN)


def steer(name: str, text: str) -> str:
    """What goes before a line of this author, so that it is read from its beginning.

    A terminal takes the direction of a line from its first letter. With a name from the right, a text from the left
    stands before it: «bob: hi» would be read first.
    """
    if name.isascii() or _FROM_THE_RIGHT.search(name) is None:
        return ""
    return FROM_THE_LEFT if _SIGNS.search(plain(text[:HEAD])) else ""
