"""Telnet's own bytes, taken out of what a person types with it. Its other ways are none of ours: each is declined.

    IAC (255), then      251 – 254 and an option    WILL, WONT, DO, DONT: a DO is answered WONT, a WILL is answered DONT
                         250 … 255 240              a subnegotiation: skipped
                         236 – 249                  a command (the break, «are you there»): skipped
                         255                        the byte 255 itself, which is no UTF-8
    CR NUL               the end of a line, as CR LF is

255 is in no UTF-8, so that text is never taken for telnet, nor another protocol: what else follows a 255 stays, and the
door then says that it is not text. Who presses Ctrl-C in a telnet client hears nothing any more until its DO TIMING-MARK
is answered, so skipping is not enough.

However the stream is cut, the bytes are the same. Holds two bytes at most, and what is owed.

source  RFC 854, RFC 855, RFC 860
"""

from __future__ import annotations

import re

IAC = 0xFF
_DO, _DONT, _WONT = 0xFD, 0xFE, 0xFC
# The options that are assigned end at 49, but for three; a byte behind 255 that is none of them is no telnet.
_OPTION = rb"[\x00-\x3f\x8a-\x8c\xff]"
_FIRST = rb"\xff(?:([\xfb\xfd])(" + _OPTION + rb")|(\xfa" + _OPTION + rb")|[\xec-\xf9]|(\xff))"
# Nobody begins by declining, but UTF-16 does begin with 255 254.
_COMMAND = re.compile(_FIRST)
_LATER_COMMAND = re.compile(_FIRST + rb"|\xff[\xfc\xfe]" + _OPTION + rb"|\r\0")
_CUT = re.compile(rb"\xff[\xfa\xfb\xfd]?\Z")
_LATER_CUT = re.compile(rb"(?:\xff[\xfa-\xfe]?|\r)\Z")


def begins(data: bytes) -> bool | None:
    """Whether these first bytes are a telnet client's; None while they may become so."""
    match = _COMMAND.match(data)
    if match is not None:
        return match[4] is None  # 255 twice is the byte 255
    return None if _CUT.match(data) else False


class Telnet:
    """One connection's.

    speaks  whether it has sent a command: only then it may decline one, and CR NUL is the end of a line
    owed    what its commands want for an answer, and nobody has taken yet
    """

    __slots__ = ("_held", "_skipping", "owed", "speaks")

    def __init__(self) -> None:
        self._held = b""
        self._skipping = False
        self.owed = bytearray()
        self.speaks = False

    def text(self, data: bytes) -> bytes:
        """The next bytes without what is telnet's; what may be the beginning of a command waits for the rest."""
        if not self.speaks and not self._held and b"\xff" not in data:
            return data
        data = self._held + data
        self._held = b""
        said: list[bytes] = []
        at = 0
        while at < len(data):
            if self._skipping:
                at = self._skip(data, at)
                continue
            match = (_LATER_COMMAND if self.speaks else _COMMAND).search(data, at)
            if match is None:
                at = self._keep(data, at, said)
                continue
            said.append(data[at : match.start()])
            at = match.end()
            said.append(self._take(match))
        return b"".join(said)

    def end(self) -> bytes:
        """Nothing more of what waits will come: a pause, or the end of the stream. What it is in the text."""
        held, self._held = self._held, b""
        return b"" if self.speaks else held

    def _keep(self, data: bytes, at: int, said: list[bytes]) -> int:
        """There is no more command: all but what may be the beginning of one is text."""
        cut = (_LATER_CUT if self.speaks else _CUT).search(data, max(at, len(data) - 2))
        end = len(data) if cut is None else cut.start()
        said.append(data[at:end])
        self._held = data[end:]
        return len(data)

    def _take(self, match: re.Match[bytes]) -> bytes:
        """What a command is in the text."""
        if match[0] == b"\r\0":
            return b"\r\n"
        asked, option, subnegotiation, itself = match.groups()
        if itself:
            return b"\xff"
        self.speaks = True
        self._skipping = subnegotiation is not None
        if asked:
            self.owed += bytes((IAC, _WONT if asked[0] == _DO else _DONT, option[0]))
        return b""

    def _skip(self, data: bytes, at: int) -> int:
        """Behind the end of a subnegotiation. 255 255 is a byte of it."""
        while (found := data.find(b"\xff", at)) >= 0:
            if found + 1 == len(data):
                self._held = b"\xff"
                return len(data)
            at = found + 2
            if data[found + 1] != IAC:
                self._skipping = False
                return at
        return len(data)
