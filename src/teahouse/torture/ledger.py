"""What was said, acknowledged, stored and delivered, held against each other while it happens.

The log is written down as it is first heard; whoever hears it again must hear the very same. Three ways to be wrong:

    lost        acknowledged, and something else stands at that number; or a number was left out
    doubled     one message at two numbers, or one number twice on one connection
    reordered   two messages of one sender in another order than they were sent, or two readers with two logs
    slow        the canary waited too long; nothing excuses it
    grown       memory or descriptors did not come back
    broken      anything else that may not be: a refusal without a reason, an error in the server's own log

A finding comes with its story: the last that was done by and to the one who is concerned, and the weather of those
moments.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import deque
from typing import Literal

import msgspec

STORY = 400  # lines that are kept for each person
SHOWN = 24  # lines of a story that are shown: the last
LAST = 6  # lines of somebody of whom no message is named
AROUND_S = 2.0
TYPISTS = ("typist", "rawling", "framed")
"""Who has no acknowledgement: sent once, never again."""
SAID = re.compile(r"\b([a-z]+) (says|types) (\d+)\.")

Kind = Literal["lost", "doubled", "reordered", "slow", "grown", "broken"]


class Finding(msgspec.Struct):
    """A promise that was not kept."""

    kind: Kind
    what: str
    story: list[str] = []


class Story:
    """What somebody did and met, the latest last."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._lines: dict[str, deque[tuple[float, str]]] = {}

    def tell(self, who: str, what: str) -> None:
        """Note it. `who` may be «weather»."""
        self._lines.setdefault(who, deque(maxlen=STORY)).append((time.monotonic(), what))

    def about(self, who: str, number: int | None) -> list[str]:
        """The shortest that explains it: what concerns this message, the connection, and the weather around."""
        lines = list(self._lines.get(who, ()))
        mine = [(at, what) for at, what in lines if number is None or concerns(what, number)]
        if not mine:
            mine = lines[-LAST:]
        if not mine:
            return []
        first, last = mine[0][0] - AROUND_S, mine[-1][0] + AROUND_S
        around = [(at, f"{who}: {what}") for at, what in mine]
        around += [(at, f"{who}: {what}") for at, what in lines if what.startswith("—") and first <= at <= last]
        around += [(at, f"weather: {what}") for at, what in self._lines.get("weather", ()) if first <= at <= last]
        return [f"{at - self._began:9.3f} s  {what}" for at, what in sorted(set(around))[-SHOWN:]]

    def at(self, moment: float) -> list[str]:
        """The weather around a moment of the monotonic clock, and that moment."""
        near = [(at, what) for at, what in self._lines.get("weather", ()) if abs(at - moment) <= AROUND_S]
        return [f"{at - self._began:9.3f} s  {what}" for at, what in sorted([*near, (moment, "HERE")])[-SHOWN:]]


def concerns(what: str, number: int) -> bool:
    """Whether a line of a story names this message, alone or in a run of them."""
    spans = re.findall(r"#(\d+)(?:…(\d+))?", what)
    return any(int(first) <= number <= int(last or first) for first, last in spans)


class Ledger:
    """All that is known.

    log    the texts of the room by number, as far as anybody heard
    acked  what was acknowledged, and with which number
    """

    def __init__(self) -> None:
        self.story = Story()
        self.log: dict[int, str] = {}
        self.acked: dict[str, int] = {}
        self.sent = 0
        self.delivered = 0
        self.findings: list[Finding] = []
        self.refusals = 0
        self.full_until = 0.0
        self.found = asyncio.Event()
        self._acked_at: dict[int, tuple[str, str, int]] = {}  # number in the log → message, sender, number of it
        self._at: dict[str, int] = {}  # message → its number in the log
        self._last: dict[str, int] = {}  # sender → the last of its messages in the log
        self._late: set[str] = set()
        self._overtaken: dict[str, Finding] = {}

    # ---- what senders know

    def sends(self, who: str, first: int, last: int) -> None:
        """These messages go out, again or for the first time."""
        self.story.tell(who, f"sends #{first}…{last}" if last > first else f"sends #{first}")

    def acknowledged(self, who: str, number: int, seq: int) -> None:
        """Somebody read `stored`."""
        message = said(who, number)
        self.acked[message] = seq
        self.story.tell(who, f"reads that #{number} is stored as {seq}")
        if (other := self._acked_at.get(seq)) is not None:
            self.find("lost", f"{seq} was acknowledged for «{other[0]}» and then for «{message}»", other[1], other[2])
        self._acked_at[seq] = (message, who, number)
        self._holds(seq)
        suspicion = self._overtaken.pop(message, None)
        if suspicion is not None and message not in self._late:
            self._note(suspicion)

    @property
    def disk_is_full(self) -> bool:
        """It is, or was a moment ago: what was refused then may still be under way."""
        return time.monotonic() < self.full_until

    def may_be_late(self, who: str, number: int) -> None:
        """It was refused, or nobody knows: a later one may stand before it, as its sender knows."""
        self._late.add(said(who, number))

    # ---- what readers know

    def heard(self, who: str, before: int | None, seq: int, text: str | None) -> None:
        """Somebody heard an event of the room.

        before   the number that he had heard until then
        """
        self.delivered += 1
        if before is not None and seq != before + 1:
            kind: Kind = "lost" if seq > before + 1 else "doubled"
            self.find(kind, f"{who} heard {seq} after {before}", who, None)
        known, text = self.log.get(seq), text or ""
        if known is None:
            self._write_down(seq, text)
        elif known != text:
            self.find("reordered", f"{who} heard «{text[:60]}» as {seq}, where others heard «{known[:60]}»", who, None)

    def _write_down(self, seq: int, text: str) -> None:
        self.log[seq] = text
        for who, verb, digits in SAID.findall(text):
            number, message = int(digits), f"{who} {verb} {digits}."
            if (there := self._at.setdefault(message, seq)) != seq:
                self.find("doubled", f"«{message}» stands at {there} and at {seq}", who, number)
                continue
            if number < (last := self._last.get(who, 0)):
                what = f"«{message}» stands at {seq}, behind {last} of the same sender"
                self._overtakes(message, Finding("reordered", what, self.story.about(who, number)))
            self._last[who] = max(number, last)
        self._holds(seq)

    def _overtakes(self, message: str, suspicion: Finding) -> None:
        """A refusal explains it, and may still be under way to its sender: judged when it is acknowledged."""
        if message in self.acked and message not in self._late:
            self._note(suspicion)
        elif message not in self.acked:
            self._overtaken[message] = suspicion

    def _holds(self, seq: int) -> None:
        """What was acknowledged as this number must stand there."""
        acked, text = self._acked_at.get(seq), self.log.get(seq)
        if acked is not None and text is not None and acked[0] not in text:
            what = f"«{acked[0]}» was acknowledged as {seq}, where «{text[:60]}» stands"
            self.find("lost", what, acked[1], acked[2])

    # ---- in the end

    def close(self, head: int) -> None:
        """The room was read to its end, `head`: judge what is left."""
        for message, seq in self.acked.items():
            if seq > head or seq not in self.log:
                _, who, number = self._acked_at[seq]
                self.find("lost", f"«{message}» was acknowledged as {seq}; the room ends at {head}", who, number)
        for message, suspicion in self._overtaken.items():
            if message not in self._late:
                self._note(suspicion)

    @property
    def stored(self) -> int:
        """How many of the senders' messages stand in the log."""
        return len(self._at)

    def count(self, kind: Kind) -> int:
        """Findings of a kind."""
        return sum(finding.kind == kind for finding in self.findings)

    def find(self, kind: Kind, what: str, who: str, number: int | None = None) -> None:
        """Note a finding, with its story."""
        self._note(Finding(kind, what, self.story.about(who, number)))

    def slow(self, what: str, moment: float) -> None:
        """Somebody waited too long for what was due at this moment."""
        self._note(Finding("slow", what, self.story.at(moment)))

    def _note(self, finding: Finding) -> None:
        self.findings.append(finding)
        self.found.set()


def said(who: str, number: int) -> str:
    """The text of a message; at the doors without acknowledgement it is typed."""
    return f"{who} {'types' if who in TYPISTS else 'says'} {number}."
