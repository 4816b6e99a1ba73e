"""What actors notice: what they hear, see and are refused, and what they find in the past."""

from __future__ import annotations

import re
from typing import Literal

from tests.plays.language import QUOTED, unquoted
from tests.plays.sentences import Words, sentence
from tests.plays.stage import Actor, Stage
from tests.support.json_client import granted
from tests.support.speech import Manner, News, Said, Speech

# ---- hearing


@sentence(r"hears (TEXT) from (\w+)")
async def _hears(stage: Stage, actor: Actor, words: Words) -> None:
    await _hear(stage, actor, words[2], words[1], "say")


@sentence(r"hears (\w+) (act|correct|whisper) (TEXT)")
async def _hears_otherwise(stage: Stage, actor: Actor, words: Words) -> None:
    manners: dict[str, Manner] = {"act": "act", "correct": "correction", "whisper": "whisper"}
    await _hear(stage, actor, words[1], words[3], manners[words[2]])


@sentence(r"hears (\w+) count to (\d+)")
async def _hears_counting(stage: Stage, actor: Actor, words: Words) -> None:
    for number in range(1, int(words[2]) + 1):
        await actor.at.hear(Speech(stage.actors[words[1]].who, f"number {number}"))


@sentence(r"hears nothing")
async def _hears_nothing(stage: Stage, actor: Actor, words: Words) -> None:
    await stage.silence(actor)


async def _hear(stage: Stage, actor: Actor, speaker: str, text: str, manner: Manner) -> None:
    await actor.at.hear(Speech(stage.actors[speaker].who, unquoted(text), manner))


@sentence(r"sees (\w+) (come|go)")
async def _sees(stage: Stage, actor: Actor, words: Words) -> None:
    kinds: dict[str, Literal["came", "went"]] = {"come": "came", "go": "went"}
    await actor.at.see(News(kinds[words[2]], stage.actors[words[1]].who))


@sentence(r"sees that (\w+) renamed")
async def _sees_renamed(stage: Stage, actor: Actor, words: Words) -> None:
    other = stage.actors[words[1]]
    await actor.at.see(News("renamed", other.who, other.former))


@sentence(r"sees (\w+) set the topic (TEXT)")
async def _sees_topic(stage: Stage, actor: Actor, words: Words) -> None:
    await actor.at.see(News("topic", stage.actors[words[1]].who, unquoted(words[2])))


@sentence(r"sees (\w+) (react|unreact) (TEXT)")
async def _sees_reaction(stage: Stage, actor: Actor, words: Words) -> None:
    kinds: dict[str, Literal["reacted", "unreacted"]] = {"react": "reacted", "unreact": "unreacted"}
    await actor.at.see(News(kinds[words[2]], stage.actors[words[1]].who, unquoted(words[3])))


@sentence(r"sees (\w+) delete (TEXT)")
async def _sees_deletion(stage: Stage, actor: Actor, words: Words) -> None:
    await actor.at.see(News("deleted", stage.actors[words[1]].who))


@sentence(r"is refused ([a-z-]+)")
async def _is_refused(stage: Stage, actor: Actor, words: Words) -> None:
    await actor.at.refused(words[1])


# ---- the past

SAYING = r"TEXT from \w+"


@sentence(rf"reads back ({SAYING}(?:, {SAYING})*)")
async def _reads_back(stage: Stage, actor: Actor, words: Words) -> None:
    expected = _sayings(stage, words[1])
    assert await actor.at.past(stage.room(actor.here), len(expected)) == expected


@sentence(rf"reads (before|after) (TEXT): ({SAYING}(?:, {SAYING})*)")
async def _reads_around(stage: Stage, actor: Actor, words: Words) -> None:
    expected = _sayings(stage, words[3])
    where = {words[1]: stage.number_of(unquoted(words[2]))}
    assert await actor.json.past(stage.room(actor.here), len(expected), **where) == expected


@sentence(r"reads that (TEXT) was deleted")
async def _reads_deleted(stage: Stage, actor: Actor, words: Words) -> None:
    message = await _message(stage, actor, unquoted(words[1]))
    assert (message["text"], message["deleted"]) == (None, True), message


@sentence(r"reads at (TEXT) (\d+) (TEXT)(, one of them own)?")
async def _reads_reactions(stage: Stage, actor: Actor, words: Words) -> None:
    message = await _message(stage, actor, unquoted(words[1]))
    expected = [{"emoji": unquoted(words[3]), "count": int(words[2]), "mine": words[4] is not None}]
    assert message["reactions"] == expected, message


@sentence(r"reads at (TEXT) no reaction")
async def _reads_no_reaction(stage: Stage, actor: Actor, words: Words) -> None:
    message = await _message(stage, actor, unquoted(words[1]))
    assert not message.get("reactions"), message


async def _message(stage: Stage, actor: Actor, text: str) -> dict[str, object]:
    target = stage.number_of(text)
    history = granted(await actor.json.ask("history", room=stage.room(actor.here), around=target, limit=1))
    (message,) = history["messages"]
    assert message["seq"] == target, message
    found: dict[str, object] = message
    return found


@sentence(rf"searching (TEXT) finds ({SAYING}(?:, {SAYING})*)")
async def _finds(stage: Stage, actor: Actor, words: Words) -> None:
    assert await actor.at.find(stage.room(actor.here), unquoted(words[1])) == _sayings(stage, words[2])


@sentence(r"searching (TEXT) finds nothing")
async def _finds_nothing(stage: Stage, actor: Actor, words: Words) -> None:
    assert await actor.at.find(stage.room(actor.here), unquoted(words[1])) == []


@sentence(r"has (\d+) unread in (\w+)")
async def _has_unread(stage: Stage, actor: Actor, words: Words) -> None:
    rooms = granted(await actor.json.ask("rooms"))["rooms"]
    (entry,) = [entry for entry in rooms if entry["room"] == stage.room(words[2])]
    assert entry["unread"] == int(words[1]), entry


@sentence(r"has read up to (TEXT)")
async def _has_read(stage: Stage, actor: Actor, words: Words) -> None:
    answer = await actor.json.ask("mark", room=stage.room(actor.here), seq=stage.number_of(unquoted(words[1])))
    assert answer["type"] == "done", answer


def _sayings(stage: Stage, text: str) -> list[Said]:
    return [
        (stage.actors[name].who.shown, unquoted(quoted)) for quoted, name in re.findall(rf"({QUOTED}) from (\w+)", text)
    ]
