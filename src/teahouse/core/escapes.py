"""What a terminal is told by escape sequences, taken out of a text whole: with their parameters, not only the ESC.

    ESC [ 3 1 m   ESC O A   ESC ( B   ESC ] 0 ; title BEL   ESC P … ESC \\   ESC 7       and the same begun by one C1 character

Arrow keys, a paste in brackets (`ESC [200~` … `ESC [201~`), colours: what somebody's terminal adds, nobody has said.
A string (title, device control) that is never ended is text behind its introducer: nothing that was said is lost.
A sequence that its text cuts off is taken as far as it goes.

Linear in the text: no repetition can begin where another one goes on, and each sequence is looked at once.

source  ECMA-48 §5.3 – §5.6, §8.3; xterm's «Control Sequences»
"""

from __future__ import annotations

import re

_SEQUENCE = re.compile(
    # OSC, DCS, SOS, PM, APC with their string: up to BEL or ST; another control sequence ends it unfinished
    "(?:\x1b[\\]PX^_]|[\x90\x98\x9d\x9e\x9f])[^\x07\x1b\x80-\x9f]*(?:\x07|\x1b\\\\|\x9c)"
    "|\x1b\\[\\[[A-E]"  # the function keys of Linux' own console
    "|(?:\x1b\\[|\x9b)[0-?]*[ -/]*[@-~]?"  # CSI: parameters, intermediates, the final byte
    "|(?:\x1b[NO]|[\x8e\x8f])[0-9;]*[@-~]?"  # SS2, SS3: keys
    "|\x1b[ -/]*[0-~]?"  # all others: ESC, intermediates, one more
)
_CUT = re.compile("(?:\x1b(?:[\\[NO][0-?]*[ -/]*|[ -/]*)?|[\x8e\x8f\x9b][0-?]*[ -/]*)\\Z")
_LONGEST_CUT = 32  # characters; what has more parameters is nobody's key


def without_escapes(text: str) -> str:
    """The text without escape sequences; other control characters stay."""
    if text.isprintable():
        return text
    return _SEQUENCE.sub("", text)


def ends_within_an_escape(text: str) -> bool:
    """Whether the last characters are the beginning of a sequence whose end may still come."""
    return _CUT.search(text[-_LONGEST_CUT:]) is not None
