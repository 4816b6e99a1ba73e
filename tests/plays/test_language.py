"""The language itself, and that a play which does not tell the truth fails."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.plays.language import CASTING, Step, one_spaced, read_play, unquoted
from tests.plays.performance import a_house, perform
from tests.plays.test_plays import PLAYS
from tests.plays.verbs import SENTENCES, do
from tests.support.doors import DOORS

LIES = {
    "another text": 'alice says "tea"\nbob hears "coffee" from alice',
    "another author": 'alice says "tea"\nbob hears "tea" from bob',
    "nothing, but there was something": 'alice says "tea"\nbob hears nothing',
    "one of two": 'alice says "tea"\nalice says "more"\nbob hears "tea" from alice',
    "another order": 'alice says "one"\nalice says "two"\nbob hears "two" from alice\nbob hears "one" from alice',
    "twice": 'alice says "tea"\nbob hears "tea" from alice\nbob hears "tea" from alice',
    "another manner": 'alice does "waves"\nbob hears "waves" from alice',
    "a refusal that never was": "alice is refused too-long",
    "a refusal that is left out": "alice tries to rename to bob",
}


def a_play(folder: Path, script: str) -> Path:
    path = folder / "play.chat"
    path.write_text(script, encoding="utf-8")
    return path


@pytest.mark.parametrize("lie", LIES)
async def test_a_play_that_does_not_tell_the_truth_fails_at_every_door(
    lie: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.support.inbox.PATIENCE_S", 1.0)
    script = f"alice, bob: any door, or REST\nalice joins tea\nbob joins tea\n{LIES[lie]}\n"
    play = read_play(a_play(tmp_path, script))
    async with a_house(tmp_path / "data") as where:
        reports = await asyncio.gather(
            *(perform(play, kinds, where, str(number)) for number, kinds in enumerate(play.assignments()))
        )
    assert len(reports) == len(DOORS) ** 2
    assert all(reports)


def test_every_way_to_put_the_actors_at_doors_is_one_assignment(tmp_path: Path) -> None:
    play = read_play(a_play(tmp_path, "alice, bob: any door\ncarol: a JSON door, nameless\n"))
    assignments = [tuple(kinds.values()) for kinds in play.assignments()]
    assert len(assignments) == len(set(assignments)) == 5 * 5 * 2
    assert [part.nameless for part in play.parts] == [False, False, True]


def test_a_casting_that_does_not_exist_is_an_error_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"play\.chat:2: no such casting: a back door"):
        read_play(a_play(tmp_path, "# a play\nalice: a back door\n"))


async def test_a_sentence_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(ValueError, match="no such sentence: alice sings"):
        await do(None, "alice sings")  # type: ignore[arg-type]


def test_spaces_between_words_are_one_and_quoted_ones_stay() -> None:
    assert one_spaced('alice   says  "a   b" * 3') == 'alice says "a   b" * 3'


def test_quoted_text_is_a_json_string_that_may_be_repeated() -> None:
    assert unquoted('"a\\n\\"茶"') == 'a\n"茶'
    assert unquoted('"ab" * 3') == "ababab"
    with pytest.raises(ValueError, match="not a quoted text"):
        unquoted("plain")


def test_at_least_twenty_plays_use_every_casting_and_every_sentence() -> None:
    plays = [read_play(path) for path in PLAYS]
    assert len(plays) >= 20
    steps: list[Step] = [step for play in plays for step in play.steps]
    unused = [
        sentence.pattern.pattern
        for sentence in SENTENCES
        if not any(sentence.pattern.fullmatch(step.text.partition(" ")[2]) for step in steps)
    ]
    assert not unused
    castings = {part.kinds for play in plays for part in play.parts}
    assert castings == set(CASTING.values())
