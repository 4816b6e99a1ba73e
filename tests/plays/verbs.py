"""Do one step of a play: the first sentence that matches the whole of it is done."""

from __future__ import annotations

from tests.plays import doing, noticing
from tests.plays.sentences import SENTENCES
from tests.plays.stage import Stage

__all__ = ["SENTENCES", "do", "doing", "noticing"]  # both fill the table


async def do(stage: Stage, text: str) -> None:
    """Do one step of a play.

    raises ValueError   there is no such sentence, or no such actor
    """
    name, _, rest = text.partition(" ")
    for each in SENTENCES:
        found = each.pattern.fullmatch(rest)
        if found is not None:
            await each.verb(stage, stage.actors[name], found)
            return
    raise ValueError(f"no such sentence: {text}")
