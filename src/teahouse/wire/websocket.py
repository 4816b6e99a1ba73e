"""JSON over WebSocket: one text message is one object.

The handshake and the parsing of the peer's frames are done in server/web/websocket.py. Here is what many members
share: an unmasked text frame, encoded once (RFC 6455 §5.2, 5.3: a server never masks).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from teahouse.core.errors import BadJson, Overload, WireError
from teahouse.core.events import Event, HelpText, Reply, Signal
from teahouse.core.limits import Limits
from teahouse.wire.base import Heard, WireFormat, refused
from teahouse.wire.json_form import decode, encode

FIN_TEXT = 0x81


def text_frame(payload: bytes) -> bytes:
    """One whole text message of a server."""
    size = len(payload)
    if size < 126:
        return b"%c%c%b" % (FIN_TEXT, size, payload)
    if size < 1 << 16:
        return b"%c\x7e%b%b" % (FIN_TEXT, size.to_bytes(2, "big"), payload)
    return b"%c\x7f%b%b" % (FIN_TEXT, size.to_bytes(8, "big"), payload)


class WebSocketFormat:
    """A unit is one text message."""

    name = "ws"
    own: Literal["same", "nothing"] = "same"
    paced = False

    def event(self, event: Event) -> bytes:
        """The event as JSON."""
        return text_frame(encode(event))

    def signal(self, signal: Signal) -> bytes:
        """The signal as JSON."""
        return text_frame(encode(signal))

    def batch(self, units: Sequence[bytes]) -> bytes:
        """One message after the other."""
        return b"".join(units)


FORMAT = WebSocketFormat()


class JsonCodec:
    """One WebSocket. It gets whole messages, so it holds nothing."""

    format: WireFormat = FORMAT
    one_room = False
    lingers = True
    acknowledges = True
    held = 0

    def __init__(self, limits: Limits) -> None:
        self._limit = limits.frame_bytes

    def receive(self, data: bytes) -> list[Heard]:
        """The command that this message is."""
        if len(data) > self._limit:
            return [BadJson(f"A message has at most {self._limit} bytes.", limit=self._limit)]
        return [decode(data)]

    def waits(self) -> tuple[int, bool] | None:
        """Never: unfinished messages are the protocol's."""
        return None

    def silence(self) -> list[Heard]:
        """Completes nothing."""
        return []

    def end(self) -> list[Heard]:
        """Completes nothing."""
        return []

    def owed(self) -> bytes:
        """Nothing."""
        return b""

    def answer(self, reply: Reply) -> bytes:
        """The reply as JSON; `HelpText` is for people."""
        return b"" if isinstance(reply, HelpText) else text_frame(encode(reply))

    def farewell(self, why: WireError | Overload) -> bytes:
        """The refusal that says why; the close frame with its code is the protocol's."""
        return text_frame(encode(refused(why)))
