"""The table of sentences: what a step of a play may say after the actor's name, and the function that does it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.plays.language import QUOTED
from tests.plays.stage import Actor, Stage

Words = re.Match[str]
Verb = Callable[[Stage, Actor, Words], Awaitable[None]]


@dataclass(frozen=True)
class Sentence:
    """A pattern after the actor's name, and what it does."""

    pattern: re.Pattern[str]
    verb: Verb


SENTENCES: list[Sentence] = []


def sentence(pattern: str) -> Callable[[Verb], Verb]:
    """This function does what a step says that reads `NAME pattern`. TEXT stands for a quoted text."""

    def enter(verb: Verb) -> Verb:
        SENTENCES.append(Sentence(re.compile(pattern.replace("TEXT", QUOTED)), verb))
        return verb

    return enter
