"""What can be done in a play: one function a sentence. The first sentence that matches the whole step is done."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from tests.plays.language import QUOTED, unquoted
from tests.plays.stage import Actor, Stage
from tests.support.json_client import granted
from tests.support.speech import Manner, News, Said, Speech
from tests.support.text_door import TextDoor

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


# ---- coming and going


@sentence(r"joins (\w+)")
async def _joins(stage: Stage, actor: Actor, words: Words) -> None:
    await stage.join(actor, words[1])


@sentence(r"joins (\w+) after the beginning")
async def _joins_after_the_beginning(stage: Stage, actor: Actor, words: Words) -> None:
    await stage.join(actor, words[1], after=0)


@sentence(r"joins (\w+) after (TEXT)")
async def _joins_after(stage: Stage, actor: Actor, words: Words) -> None:
    await stage.join(actor, words[1], after=stage.number_of(unquoted(words[2])))


@sentence(r"joins (\w+) with the last (\d+)")
async def _joins_with_the_last(stage: Stage, actor: Actor, words: Words) -> None:
    await stage.join(actor, words[1], last=int(words[2]))


@sentence(r"tries to join (TEXT)")
async def _tries_to_join(stage: Stage, actor: Actor, words: Words) -> None:
    await stage.enter(actor)
    await actor.at.join(unquoted(words[1]))


@sentence(r"speaks in (\w+)")
async def _speaks_in(stage: Stage, actor: Actor, words: Words) -> None:
    assert words[1] in actor.rooms, f"{actor.part.name} is not in {words[1]}"
    actor.here = words[1]


@sentence(r"leaves (\w+)")
async def _leaves(stage: Stage, actor: Actor, words: Words) -> None:
    await stage.leave(actor, words[1])


@sentence(r"goes")
async def _goes(stage: Stage, actor: Actor, words: Words) -> None:
    door, actor.door, actor.rooms = actor.at, None, []
    await door.say_bye()
    assert not door.wrongs(), door.wrongs()


@sentence(r"vanishes")
async def _vanishes(stage: Stage, actor: Actor, words: Words) -> None:
    door, actor.door, actor.rooms = actor.at, None, []
    await door.vanish()
    assert not door.wrongs(), door.wrongs()


@sentence(r"comes back with the token")
async def _comes_back(stage: Stage, actor: Actor, words: Words) -> None:
    before = actor.who.id
    await stage.enter(actor, actor.token)
    assert actor.who.id == before, f"{actor.part.name} was {before} and is {actor.who.id}"


# ---- saying


@sentence(r"(says|does) (TEXT)")
async def _says(stage: Stage, actor: Actor, words: Words) -> None:
    manner: Manner = "say" if words[1] == "says" else "act"
    await stage.enter(actor)
    await actor.at.say(stage.room(actor.here), unquoted(words[2]), manner)
    await stage.witnessed(actor)


@sentence(r"says at once (TEXT(?:, TEXT)*)")
async def _says_at_once(stage: Stage, actor: Actor, words: Words) -> None:
    texts = [unquoted(text) for text in re.findall(QUOTED, words[1])]
    await actor.at.say_at_once(stage.room(actor.here), texts)
    for text in texts:
        assert (await stage.witnessed(actor))["text"] == text


@sentence(r"counts to (\d+) at once")
async def _counts(stage: Stage, actor: Actor, words: Words) -> None:
    numbers = [f"number {number}" for number in range(1, int(words[1]) + 1)]
    await actor.at.say_at_once(stage.room(actor.here), numbers)
    for text in numbers:
        assert (await stage.witnessed(actor))["text"] == text


@sentence(r"and (\w+) count to (\d+) together")
async def _count_together(stage: Stage, actor: Actor, words: Words) -> None:
    speakers = (actor, stage.actors[words[1]])
    numbers = range(1, int(words[2]) + 1)
    await asyncio.gather(
        *(
            each.at.say_at_once(stage.room(each.here), [f"{each.part.name} at {number}" for number in numbers])
            for each in speakers
        )
    )
    stage.order = await stage.witnessed_from(speakers, 2 * len(numbers))


@sentence(r"hears it in the one order")
async def _hears_in_order(stage: Stage, actor: Actor, words: Words) -> None:
    for speech in stage.order:
        if speech.author is not actor.who:
            await actor.at.hear(speech)


@sentence(r"tries to type (TEXT)")
async def _tries_to_type(stage: Stage, actor: Actor, words: Words) -> None:
    assert isinstance(actor.door, TextDoor)
    await actor.door.type(unquoted(words[1]))


@sentence(r"tries to say (TEXT)")
async def _tries_to_say(stage: Stage, actor: Actor, words: Words) -> None:
    await actor.at.say(stage.room(actor.here), unquoted(words[1]))


@sentence(r"tries to say (TEXT) in (\w+)")
async def _tries_to_say_in(stage: Stage, actor: Actor, words: Words) -> None:
    await actor.json.say(stage.room(words[2]), unquoted(words[1]))


@sentence(r"says (TEXT) with the key (TEXT)")
async def _says_with_key(stage: Stage, actor: Actor, words: Words) -> None:
    await actor.json.say(stage.room(actor.here), unquoted(words[1]), key=unquoted(words[2]))
    await stage.witnessed(actor)


@sentence(r"tries to say (TEXT) with the key (TEXT)")
async def _tries_to_say_with_key(stage: Stage, actor: Actor, words: Words) -> None:
    await actor.json.say(stage.room(actor.here), unquoted(words[1]), key=unquoted(words[2]))


@sentence(r"says again (TEXT) with the key (TEXT)")
async def _says_again(stage: Stage, actor: Actor, words: Words) -> None:
    text = unquoted(words[1])
    answer = await actor.json.ask("post", room=stage.room(actor.here), text=text, key=unquoted(words[2]))
    assert granted(answer).get("again") is True, answer
    assert answer["seq"] == stage.number_of(text), answer


@sentence(r"replies (TEXT) to (TEXT)")
async def _replies(stage: Stage, actor: Actor, words: Words) -> None:
    target = stage.number_of(unquoted(words[2]))
    await actor.json.say(stage.room(actor.here), unquoted(words[1]), reply_to=target)
    assert (await stage.witnessed(actor))["reply_to"] == target


@sentence(r"whispers (TEXT) to (\w+)")
async def _whispers(stage: Stage, actor: Actor, words: Words) -> None:
    other = stage.actors[words[2]].who
    await actor.at.whisper(other.shown, unquoted(words[1]))


@sentence(r"tries to whisper (TEXT) to (TEXT)")
async def _tries_to_whisper(stage: Stage, actor: Actor, words: Words) -> None:
    await actor.at.whisper(unquoted(words[2]), unquoted(words[1]))


# ---- changing


@sentence(r"renames to (\w+)")
async def _renames(stage: Stage, actor: Actor, words: Words) -> None:
    name = words[1] + stage.mark
    await actor.at.rename(name)
    actor.former, actor.who.name = actor.who.shown, name


@sentence(r"tries to rename to (\w+|TEXT)")
async def _tries_to_rename(stage: Stage, actor: Actor, words: Words) -> None:
    name = unquoted(words[1]) if words[1].startswith('"') else words[1] + stage.mark
    await actor.at.rename(name)


@sentence(r"sets the topic (TEXT)")
async def _sets_the_topic(stage: Stage, actor: Actor, words: Words) -> None:
    topic = unquoted(words[1])
    await actor.at.set_topic(stage.room(actor.here), topic)
    assert (await stage.witnessed(actor, "topic_changed"))["topic"] == topic


@sentence(r"corrects (TEXT) to (TEXT)")
async def _corrects(stage: Stage, actor: Actor, words: Words) -> None:
    before, after = unquoted(words[1]), unquoted(words[2])
    target = stage.number_of(before)
    await actor.json.ask("edit", room=stage.room(actor.here), target=target, text=after)
    edited = await stage.witnessed(actor, "edited")
    assert (edited["target"], edited["text"]) == (target, after), edited
    stage.said[after] = {**stage.said[before], "text": after}


@sentence(r"tries to (correct|delete) (TEXT)")
async def _tries_to_change(stage: Stage, actor: Actor, words: Words) -> None:
    more = {"text": "not mine"} if words[1] == "correct" else {}
    type = "edit" if words[1] == "correct" else "delete"
    target = stage.number_of(unquoted(words[2]))
    await actor.json.ask(type, room=stage.room(actor.here), target=target, **more)


@sentence(r"deletes (TEXT)")
async def _deletes(stage: Stage, actor: Actor, words: Words) -> None:
    target = stage.number_of(unquoted(words[1]))
    await actor.json.ask("delete", room=stage.room(actor.here), target=target)
    assert (await stage.witnessed(actor, "deleted"))["target"] == target


@sentence(r"reacts (TEXT) to (TEXT)")
async def _reacts(stage: Stage, actor: Actor, words: Words) -> None:
    await actor.json.ask(
        "react", room=stage.room(actor.here), target=stage.number_of(unquoted(words[2])), emoji=unquoted(words[1])
    )
    await stage.witnessed(actor, "reacted")


@sentence(r"reacts again (TEXT) to (TEXT)")
async def _reacts_again(stage: Stage, actor: Actor, words: Words) -> None:
    answer = await actor.json.ask(
        "react", room=stage.room(actor.here), target=stage.number_of(unquoted(words[2])), emoji=unquoted(words[1])
    )
    assert granted(answer).get("again") is True, answer


@sentence(r"takes (TEXT) back from (TEXT)")
async def _takes_back(stage: Stage, actor: Actor, words: Words) -> None:
    await actor.json.ask(
        "unreact", room=stage.room(actor.here), target=stage.number_of(unquoted(words[2])), emoji=unquoted(words[1])
    )
    await stage.witnessed(actor, "unreacted")


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
