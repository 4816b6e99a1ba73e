"""Rooms over HTTP: server-sent events, and JSON lines for the long poll.

    id: 17                                          what an EventSource remembers, and sends as Last-Event-ID
    data: {"type":"posted","room":"lobby","seq":17,…}
    (an empty line)

The `id` is the event's `seq`. What passes (who came, who writes) has no number, so it has no `id` either, and the last
one stays: a browser that reconnects resumes from the last event that it got, by itself. There is no `event:` line:
with one an EventSource would need a listener for each kind.

source  WHATWG HTML, «Server-sent events»
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from teahouse.core.errors import Overload, WireError
from teahouse.core.events import AnyEvent, Event, Reply, Signal
from teahouse.wire import json_form
from teahouse.wire.base import refused

COMMENT = b":\n\n"
"""Shows nothing, and tells whoever is on the way that the stream is alive."""


class EventStreamFormat:
    """A unit is one server-sent event."""

    name = "sse"
    own: Literal["same", "nothing"] = "same"
    paced = False

    def event(self, event: Event) -> bytes:
        """The event with its number."""
        return b"id: %d\ndata: %b\n\n" % (event.seq, json_form.encode(event))

    def signal(self, signal: Signal) -> bytes:
        """The signal, without a number."""
        return b"data: %b\n\n" % json_form.encode(signal)

    def batch(self, units: Sequence[bytes]) -> bytes:
        """One after the other."""
        return b"".join(units)

    def answer(self, reply: Reply) -> bytes:
        """`caught_up`, `gap`."""
        return b"data: %b\n\n" % json_form.encode(reply)

    def farewell(self, why: WireError | Overload) -> bytes:
        """The refusal that says why the stream ends."""
        return self.answer(refused(why))


class JsonLinesFormat:
    """A unit is one event on a line of its own; what passes is left out."""

    name = "json-lines"
    own: Literal["same", "nothing"] = "same"
    paced = False

    def event(self, event: Event) -> bytes:
        """The event."""
        return json_form.encode(event) + b"\n"

    def signal(self, signal: Signal) -> bytes:
        """Nothing."""
        return b""

    def batch(self, units: Sequence[bytes]) -> bytes:
        """One line after the other."""
        return b"".join(units)


EVENT_STREAM = EventStreamFormat()
JSON_LINES = JsonLinesFormat()

_events: msgspec.json.Decoder[AnyEvent] = msgspec.json.Decoder(AnyEvent)


def read_lines(data: bytes) -> list[AnyEvent]:
    """The events of whole JSON lines, as `JSON_LINES` has written them."""
    return _events.decode_lines(data)
