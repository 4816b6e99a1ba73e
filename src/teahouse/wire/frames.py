"""Frames: a header of twelve bytes, then the body.

    version (1) │ length of the body in bytes │ cmd         three unsigned 32-bit integers in network byte order
    cmd 100     UTF-8 text: one message, a slash command, or `bye`
    cmd 200     one JSON object

A connection begins as text. Its first cmd 200 makes it a JSON connection for good, which is another session: `Anew`
stands where the one ends and the other begins. Two wire formats, because the two kinds must be told apart:

TEXT    the old frame program reads 10 bytes at a time until one frame is complete and throws the rest of its buffer
        away: each frame's total is divisible by ten (spaces at the end of the body), writes are paced
JSON    for programs: the very object, nothing added

A length is checked before its body is waited for; the version as soon as its four bytes are there.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Literal

from teahouse.core.commands import Anew
from teahouse.core.errors import FrameTooLong, Overload, Refusal, UnknownFrame, UnknownVersion, WireError
from teahouse.core.events import Event, HelpText, Reply, Signal
from teahouse.core.limits import Limits
from teahouse.wire import text
from teahouse.wire.base import Heard, WireFormat, refused
from teahouse.wire.json_form import decode, encode
from teahouse.wire.text_door import Conversation

VERSION = 1
CMD_TEXT = 100
CMD_JSON = 200

_header = struct.Struct("!3I")
HEADER_BYTES = _header.size
_VERSION_BYTES = 4
_pack = _header.pack
_unpack = _header.unpack_from


def text_frame(words: str) -> bytes:
    """A cmd-100 frame whose total is divisible by ten; b"" for no words: an empty one is never sent."""
    if not words:
        return b""
    body = words.encode()
    body += b" " * (-(HEADER_BYTES + len(body)) % 10)
    return _pack(VERSION, len(body), CMD_TEXT) + body


def json_frame(body: bytes) -> bytes:
    """A cmd-200 frame."""
    return _pack(VERSION, len(body), CMD_JSON) + body


class TextFrames:
    """What a connection that speaks cmd 100 hears: messages and corrections as people read them."""

    name = "frames-text"
    own: Literal["same", "nothing"] = "nothing"
    paced = True

    def event(self, event: Event) -> bytes:
        """A message or a correction."""
        return text_frame(text.message(event))

    def signal(self, signal: Signal) -> bytes:
        """Nothing that passes is shown."""
        return b""

    def batch(self, units: Sequence[bytes]) -> bytes:
        """One frame after the other."""
        return b"".join(units)


class JsonFrames:
    """What a connection that speaks cmd 200 hears: every event and signal as JSON."""

    name = "frames-json"
    own: Literal["same", "nothing"] = "same"
    paced = False

    def event(self, event: Event) -> bytes:
        """The event as JSON."""
        body = encode(event)
        return _pack(VERSION, len(body), CMD_JSON) + body

    def signal(self, signal: Signal) -> bytes:
        """The signal as JSON."""
        return json_frame(encode(signal))

    def batch(self, units: Sequence[bytes]) -> bytes:
        """One frame after the other."""
        return b"".join(units)


TEXT = TextFrames()
JSON = JsonFrames()


class FramesCodec:
    """One connection that speaks frames. Holds at most one unfinished frame: 12 + limits.frame_bytes bytes.

    after   the number up to which it has heard the default room as a listener; a text session is then shown what
            follows
    """

    def __init__(self, limits: Limits, after: int | None = None) -> None:
        self.format: WireFormat = TEXT
        self.one_room = True
        self.lingers = False
        self.acknowledges = False
        self._limit = limits.frame_bytes
        self._half_frame_ms = limits.half_frame_ms
        self._talk = Conversation(limits.text_bytes, after=after)
        self._talked = False
        self._json = False
        self._held = bytearray()
        self._need = 0  # bytes that must be held before looking at them is of use

    @property
    def held(self) -> int:
        """Bytes of an unfinished frame."""
        return len(self._held)

    def receive(self, data: bytes) -> list[Heard]:
        """Take the peer's next bytes; return what the frames they complete ask."""
        if self._talk.over:
            return []
        if self._held:
            self._held += data
            if len(self._held) < self._need:
                return []
            data = bytes(self._held)
            self._held.clear()
        return self._take(data)

    def _take(self, data: bytes) -> list[Heard]:
        """Read all frames that `data` has; hold what is left."""
        heard: list[Heard] = []
        at, size = 0, len(data)
        while size - at >= HEADER_BYTES:
            version, length, cmd = _unpack(data, at)
            if version != VERSION:
                return self._broken(heard, _unknown_version(version))
            if length > self._limit:
                return self._broken(heard, _too_long(length, self._limit))
            end = at + HEADER_BYTES + length
            if end > size:
                self._hold(data, at, HEADER_BYTES + length)
                return heard
            body = data[at + HEADER_BYTES : end]
            if cmd == CMD_JSON and self._json and body:
                heard.append(decode(body))
            else:
                heard += self._frame(cmd, body)
                if self._talk.over:
                    return heard
            at = end
        if size - at >= _VERSION_BYTES and (version := int.from_bytes(data[at : at + _VERSION_BYTES])) != VERSION:
            return self._broken(heard, _unknown_version(version))
        if at < size:
            self._hold(data, at, HEADER_BYTES if size - at >= _VERSION_BYTES else _VERSION_BYTES)
        return heard

    def _hold(self, data: bytes, at: int, need: int) -> None:
        self._held += memoryview(data)[at:]
        self._need = need

    def _broken(self, heard: list[Heard], why: WireError) -> list[Heard]:
        self._talk.over = True
        return [*heard, why]

    def _frame(self, cmd: int, body: bytes) -> list[Heard]:
        """What a frame asks that is not simply one more JSON object."""
        if cmd == CMD_JSON:
            before = self._speak_json()
            return [*before, decode(body)] if body else before
        if cmd == CMD_TEXT and not self._json:
            self._talked = True
            return self._talk.hear(body)
        return [self._unknown(cmd)]

    def _speak_json(self) -> list[Heard]:
        """From now on this is a JSON connection; a text session, if there was one, ends here."""
        if self._json:
            return []
        self._json = True
        self.format = JSON
        self.one_room = False
        self.lingers = True
        self.acknowledges = True
        return [Anew()] if self._talked else []

    def _unknown(self, cmd: int) -> Refusal:
        if cmd == CMD_TEXT:
            return UnknownFrame(f"This connection speaks cmd {CMD_JSON} now; open another one for cmd {CMD_TEXT}.")
        return UnknownFrame(f"There is no cmd {cmd}: {CMD_TEXT} is text, {CMD_JSON} is JSON.")

    def waits(self) -> tuple[int, bool] | None:
        """An unfinished frame must be finished in time."""
        return (self._half_frame_ms, False) if self._held else None

    def silence(self) -> list[Heard]:
        """Completes nothing: a frame says itself how long it is."""
        return []

    def end(self) -> list[Heard]:
        """Half a frame is none."""
        self._held.clear()
        return []

    def owed(self) -> bytes:
        """Nothing."""
        return b""

    def answer(self, reply: Reply) -> bytes:
        """One frame of the kind that the connection speaks."""
        if not self._json:
            return text_frame(text.answer(reply))
        if reply.__class__ is HelpText:
            return b""
        body = encode(reply)
        return _pack(VERSION, len(body), CMD_JSON) + body

    def farewell(self, why: WireError | Overload) -> bytes:
        """Why we close, in a frame of the kind that the connection speaks."""
        return json_frame(encode(refused(why))) if self._json else text_frame(text.farewell(why))


def _unknown_version(version: int) -> UnknownVersion:
    return UnknownVersion(f"This server speaks frames of version {VERSION}, not {version}.")


def _too_long(length: int, limit: int) -> FrameTooLong:
    return FrameTooLong(f"A frame's body has at most {limit} bytes; this one would have {length}.", limit=limit)
