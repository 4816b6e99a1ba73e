"""The language of the plays: who may stand at which door, then one step a line.

    # What this play shows.
    alice, bob: any door
    carol: a JSON door, nameless
    house: its own

    alice joins tea
    alice says "hello\\n  there"
    bob   hears "x" * 300 from alice

Quoted text is a JSON string, so that what cannot be seen can be written. `house: its own` gives each assignment of
doors a server for itself, where the play is about the default room; else all assignments share one, with rooms and
names of their own.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.support.doors import DOORS
from tests.support.speech import Kind

_REST: frozenset[Kind] = frozenset({"REST"})
SITTING: Mapping[str, frozenset[Kind]] = {
    "any door": frozenset(DOORS) - _REST,
    "a text door": frozenset({"text frames", "lines", "raw"}),
    "an old door": frozenset({"text frames", "raw"}),
    "a JSON door": frozenset({"JSON frames", "WebSocket"}),
    "a door that sees the news": frozenset({"JSON frames", "WebSocket", "lines"}),
    "a door that can ask for the past": frozenset({"JSON frames", "WebSocket", "lines"}),
    "a door that begins with now": frozenset({"JSON frames", "WebSocket", "text frames", "raw"}),
    "a door that keeps line ends": frozenset({"JSON frames", "WebSocket", "text frames"}),
}
_ASKING = ("any door", "a JSON door", "a door that can ask for the past", "a door that keeps line ends")
CASTING: Mapping[str, frozenset[Kind]] = {
    **SITTING,
    **{f"{who}, or REST": SITTING[who].union(_REST) for who in _ASKING},
}
"""Who asks by requests is present nowhere and has a name only while it follows a room: not every play can have them."""

QUOTED = r'"(?:[^"\\]|\\.)*"(?: \* \d+)?'


@dataclass(frozen=True)
class Part:
    """Who plays: at which doors they may stand, and whether they choose a name."""

    name: str
    kinds: frozenset[Kind]
    nameless: bool


@dataclass(frozen=True)
class Step:
    """One line of a play; spaces between words are one."""

    line: int
    text: str


@dataclass(frozen=True)
class Play:
    """One script."""

    name: str
    parts: tuple[Part, ...]
    steps: tuple[Step, ...]
    own_house: bool

    def assignments(self) -> Iterator[dict[str, Kind]]:
        """Every way to put the actors at doors."""
        choices = [sorted(part.kinds) for part in self.parts]
        for kinds in itertools.product(*choices):
            yield {part.name: kind for part, kind in zip(self.parts, kinds, strict=True)}


def read_play(path: Path) -> Play:
    """The play in this file.

    raises ValueError   a line that is no casting and no step, with its number
    """
    parts: list[Part] = []
    steps: list[Step] = []
    own_house = False
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1):
        text = one_spaced(line)
        if not text or text.startswith("#"):
            continue
        casting = re.fullmatch(r"([\w, ]+): ([^\",]+(?:, or REST)?)(, nameless)?", text)
        if casting is None:
            steps.append(Step(number, text))
        elif text == "house: its own":
            own_house = True
        elif casting[2] in CASTING:
            parts += [
                Part(name, CASTING[casting[2]], casting[3] is not None) for name in re.findall(r"\w+", casting[1])
            ]
        else:
            raise ValueError(f"{path.name}:{number}: no such casting: {casting[2]}")
    return Play(path.stem, tuple(parts), tuple(steps), own_house)


def one_spaced(line: str) -> str:
    """The line with one space between words; what is quoted stays as it is."""
    pieces = re.split(rf"({QUOTED})", line.strip())
    return "".join(piece if i % 2 else re.sub(r" +", " ", piece) for i, piece in enumerate(pieces))


def unquoted(text: str) -> str:
    """What a quoted text says: `"ab" * 3` is ababab."""
    found = re.fullmatch(r'("(?:[^"\\]|\\.)*")(?: \* (\d+))?', text)
    if found is None:
        raise ValueError(f"not a quoted text: {text}")
    value: str = json.loads(found[1])
    return value * int(found[2] or 1)
