"""What Tab makes of the word before the cursor: a command, a name, a room.

/jo        → /join           a command, at the beginning of the line
/join te   → /join tea       a room, behind a command that takes one
an         → ana: at the beginning of the line,  ana elsewhere;  @an → @ana
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from teahouse.core import names
from teahouse.wire.slash import TABLE

COMMANDS = tuple(f"/{row.word}" for row in TABLE)


class Completion(NamedTuple):
    """What the text from `start` on may become."""

    start: int
    choices: list[str]


def complete(before: str, people: Iterable[str], rooms: Iterable[str]) -> Completion | None:
    """What the end of the text before the cursor may become; None where nothing fits."""
    if not before or before[-1].isspace():
        return None
    # Not by an expression: one that ends in `$` would begin anew at each letter before the last space.
    word = before.rsplit(None, 1)[-1]
    start = len(before) - len(word)
    if start == 0 and word.startswith("/"):
        choices = [f"{command} " for command in COMMANDS if command.startswith(word.lower())]
    elif before.startswith("/join ") and start == len("/join "):
        choices = _fitting(rooms, word)
    elif before.startswith("/msg ") and start == len("/msg "):
        choices = [f"{name} " for name in _fitting(people, word)]
    elif word.startswith("@"):
        choices = [f"@{name} " for name in _fitting(people, word[1:])]
    else:
        choices = [f"{name}: " if start == 0 else f"{name} " for name in _fitting(people, word)]
    return Completion(start, choices) if choices else None


def _fitting(among: Iterable[str], word: str) -> list[str]:
    """Those that begin like the word, shortest first."""
    folded = names.fold(word)
    return sorted((name for name in among if names.fold(name).startswith(folded)), key=lambda name: (len(name), name))


def shared(choices: list[str]) -> str:
    """The beginning that all choices have."""
    first, last = min(choices), max(choices)
    length = next(
        (at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last))
    )
    return first[:length]
