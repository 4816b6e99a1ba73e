"""Punctuation that reads as other punctuation: what the text doors write between a name and its text, in disguise.

`ana: hello` is somebody's line and `* ana waves` a notice; a colon or a star of another script does as well to the eye.
The tables are what Unicode Technical Standard 39 («Confusable Detection») says of `:`, `*` and `-`, what NFKC makes of
others, and what is called colon, visarga or asterisk beyond that.
"""

from __future__ import annotations

import unicodedata

COLONS = (
    "\u02d0\u02d1\u02f8\u0589\u05c3\u0703\u0704\u0705\u0706\u0707\u0708\u0709\u0f14\u1361\u1365\u1366\u16ec\u1803\u1804\u1809\u1c7a\u205a\u205d"
    "\u205e\u2236\u2237\u22ee\u2803\u2805\u2806\u2818\u2828\u2830\u2844\u28a0\u2982\u2af6\u2d42\u2d57\u2e2a\u2e2b\u302f\ua4fd\ua6f4\ua789\ufbbd\ufbbe\U00010101\U00010781\U00010782\U00010af5\U00010f88\U00012471"
    "\U00012472\U0001da8a"
)
WIDE_COLONS = "\ufe13\ufe19\ufe30\ufe55\uff1a"
"""Their blank half reads as the space behind the colon."""

VISARGAS = (
    "\u0903\u0983\u0a03\u0a83\u0b03\u0b83\u0c03\u0c83\u0d03\u0d83\u0f7f\u1038\u17c7\u17c8\u1881\u1b04\u1b82\u1ce2\ua881\ua983\uaaf5\U00010a0f"
    "\U00011002\U00011082\U00011102\U00011182\U00011303\U00011445\U000114c1\U000115be\U0001163e\U000116ac\U00011838\U000119df\U00011a39\U00011a97\U00011c3e\U00011d41\U00011d96"
)
"""Signs of the scripts of India and around, which have the look of a colon and are written at the end of words."""

STARS = (
    "\u066d\u2042\u204e\u2051\u2055\u2217\u229b\u22c6\u2605\u2606\u2721\u2722\u2723\u2724\u2725\u2726\u2727\u2729\u272a\u272b\u272c\u272d"
    "\u272e\u272f\u2730\u2731\u2732\u2733\u2734\u2735\u2736\u2737\u2738\u2739\u273a\u273b\u273c\u273d\u273e\u273f\u2740\u2741\u2742\u2743"
    "\u2744\u2745\u2746\u2747\u2748\u2749\u274a\u274b\u29c6\u2e0e\ua673\ufe61\uff0a\U0001031f\U000122ec\U00012394\U0001f7af\U0001f7b0\U0001f7b1\U0001f7b2\U0001f7b3\U0001f7b4"
    "\U0001f7b5\U0001f7b6\U0001f7b7\U0001f7b8\U0001f7b9\U0001f7ba\U0001f7bb\U0001f7bc\U0001f7bd\U0001f7be\U0001f7bf"
)
DASHES = (
    "\u058a\u05be\u1400\u1806\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212\u2796\u2cba\u30fc\u4e00\ufe31\ufe32\ufe58\ufe63\uff0d\u06d4"
    "\u02d7"
)
BLANKS = "\u115f\u1160\u2800\u3164\uffa0"
"""Characters that are no spaces and show nothing, as wide as a letter."""

UNSEEN = (
    "\u00ad\u034f\u061c\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
    "\ufff9-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""Characters that show nothing and have no width, as a class of a regular expression."""

_PLAIN = (
    dict.fromkeys(map(ord, COLONS + VISARGAS), ":")
    | dict.fromkeys(map(ord, WIDE_COLONS), ": ")
    | dict.fromkeys(map(ord, STARS), "*")
    | dict.fromkeys(map(ord, DASHES), "-")
    | dict.fromkeys(map(ord, BLANKS), " ")
)
NEVER_IN_NAMES = frozenset(COLONS + WIDE_COLONS + STARS + "\u01c3\ua4f8\ua4f9\ua4fa\ua4fb\ua4fc\u1c78\u1c79")
"""Letters by their category, punctuation by their look."""


def plain(text: str) -> str:
    """The text with colons, stars, dashes and blanks as ASCII has them. For comparing alone."""
    return text.translate(_PLAIN)


def is_strange_mark(mark: str, before: str) -> bool:
    """Whether a combining mark is none of the script of the letter before it: there it is only a look."""
    script = _script(mark)
    return script not in ("COMBINING", "VEDIC") and script != _script(before)


def _script(char: str) -> str:
    """The first word of the character's name, which names its script."""
    return unicodedata.name(char, "").partition(" ")[0]
