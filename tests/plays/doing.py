"""What actors do: come and go, say something, change something."""

from __future__ import annotations

import asyncio
import re

from tests.plays.language import QUOTED, unquoted
from tests.plays.sentences import Words, sentence
from tests.plays.stage import Actor, Stage
from tests.support.json_client import granted
from tests.support.speech import Manner
from tests.support.text_door import TextDoor

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
