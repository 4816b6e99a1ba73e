"""The two old programs in one room: every message reaches both whole, whatever its length and however they read.

Four of them are there: each has one that speaks and one that never said a word. What they print is read as a person
would read it: lines, without the padding at their end and without the header that a listener of text sees.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
import re
from collections.abc import AsyncIterator, Sequence

import pytest

from tests.support.inbox import PATIENCE_S
from tests.support.json_client import JsonClient, granted
from tests.support.old_programs import Program, frame_program, text_program
from tests.support.server_process import ServerProcess

pytestmark = pytest.mark.asyncio(loop_factories=["uvloop"])

PIECES = ("tea ", "茶", "🍵", "é", "x", "你好，", "👩‍👩‍👧 ")
ROOM = "lobby"
LONG = (301, 1_000, 1_439, 1_440, 1_441, 4_096, 8_191, 12_345, 16_384, 20_480)
_LISTENERS_HEADER = re.compile("\x00\x00\x00\x01.{9}    ", re.DOTALL)


class Room:
    """Who is there, and what they have read since the play began. `silent`: they have never said anything."""

    def __init__(self, text: Program, frames: Program, silent_text: Program, silent_frames: Program) -> None:
        self.text = text
        self.frames = frames
        self.silent = (silent_text, silent_frames)
        self.everybody = (text, frames, silent_text, silent_frames)
        self._begun: dict[Program, int] = {}

    def has_begun(self, line: str) -> bool:
        """Whether everybody has read this line. From then on what they read before it does not count."""
        read = [lines(program.shown) for program in self.everybody]
        if not all(line in each for each in read):
            return False
        self._begun = {program: each.index(line) + 1 for program, each in zip(self.everybody, read, strict=True)}
        return True

    def read_by(self, program: Program) -> list[str]:
        return lines(program.shown)[self._begun[program] :]

    def hear(self, expected: Sequence[str], *, but: Program | None = None) -> None:
        """All but one read exactly this, or will have soon."""
        for program in self.everybody:
            if program is not but:
                count = self._begun[program] + len(expected)
                has_read(program, count)
                assert self.read_by(program) == list(expected)

    async def hear_if_more_comes(self, said: list[str], speaker: JsonClient, *, but: Program | None = None) -> None:
        """All but one read this as soon as something more is said; what was said more is added to it.

        The text program prints when a read comes back short. Two writes that met in its buffer while it did not read
        are even together, and it shows them with the next one.
        """
        expected = tuple(said)
        readers = [program for program in self.everybody if program is not but]
        async with asyncio.timeout(PATIENCE_S):
            while not all(len(self.read_by(program)) >= len(expected) for program in readers):
                said.append(f"something more, {len(said)}")
                await say(speaker, said[-1])
                await asyncio.sleep(0.1)
        for program in readers:
            assert tuple(self.read_by(program)[: len(expected)]) == expected


def has_read(program: Program, count: int) -> list[str]:
    """Wait until it has read so many lines; return them."""
    return lines(program.wait_until(lambda shown: len(lines(shown)) >= count))


def has_read_line(program: Program, line: str) -> list[str]:
    """Wait until it has read this; return all it has read."""
    return lines(program.wait_until(lambda shown: line in lines(shown)))


def lines(shown: Sequence[str]) -> list[str]:
    """What a person reads on the screen."""
    screen = _LISTENERS_HEADER.sub("", "\n".join(shown))
    return [line.strip() for line in screen.split("\n") if line.strip()]


def of_length(byte_count: int, chance: random.Random) -> str:
    """A text of exactly so many bytes, of one line, that nobody could take for a name."""
    text = ""
    while len((longer := text + chance.choice(PIECES)).encode()) < byte_count:
        text = longer
    text = text.strip()
    return text + "." * (byte_count - len(text.encode()))


async def a_speaker(server: ServerProcess) -> JsonClient:
    """A program of today, so that what the old ones hear does not hang on how the old ones speak."""
    speaker = await JsonClient.by_frames(server.host, server.port)
    await speaker.hello()
    await speaker.join(ROOM)
    return speaker


async def say(speaker: JsonClient, text: str) -> None:
    granted(await speaker.ask("post", room=ROOM, text=text))


@contextlib.asynccontextmanager
async def a_room(server: ServerProcess, speaker: JsonClient) -> AsyncIterator[Room]:
    """The four of them, all seated: they have heard the speaker knock."""
    address = (server.host, server.port)
    with text_program(address) as text, frame_program(address) as frames:
        with text_program(address) as silent_text, frame_program(address) as silent_frames:
            room = Room(text, frames, silent_text, silent_frames)
            text.say("good day")
            frames.say("good day")
            knocks = itertools.count(1)
            knock = ""
            async with asyncio.timeout(PATIENCE_S):
                while not room.has_begun(knock):
                    knock = f"knock {next(knocks)}"
                    await say(speaker, knock)
                    await asyncio.sleep(0.1)
            yield room


async def test_each_length_reaches_both_programs_whole(server: ServerProcess) -> None:
    chance = random.Random(7)
    speaker = await a_speaker(server)
    async with a_room(server, speaker) as room:
        said: list[str] = []
        for length in (*range(1, 301), *LONG):
            said.append(of_length(length, chance))
            await say(speaker, said[-1])
            room.hear(said)  # one by one, so that each is a write of its own
    await speaker.close()


async def test_what_an_old_program_says_reaches_the_other_three(server: ServerProcess) -> None:
    chance = random.Random(8)
    speaker = await a_speaker(server)
    async with a_room(server, speaker) as room:
        said: list[str] = []
        for length in (2, 3, 17, 18, 19, 100, 300, 1_440, 20_480):
            for program in (room.text, room.frames):
                text = of_length(length, chance)
                program.say(text)
                others = [other for other in room.everybody if other is not program]
                for other in others:
                    has_read_line(other, text)
                said.append(text)
        for program in room.silent:
            assert room.read_by(program) == said
        assert room.read_by(room.text) == said[1::2]
        assert room.read_by(room.frames) == said[::2]
    await speaker.close()


async def test_a_burst_of_two_hundred_reaches_both_programs_whole(server: ServerProcess) -> None:
    chance = random.Random(9)
    speaker = await a_speaker(server)
    async with a_room(server, speaker) as room:
        said = [of_length(chance.randint(8, 60), chance) for _ in range(200)]
        for answer in [speaker.question("post", room=ROOM, text=text) for text in said]:
            granted(await answer)
        await room.hear_if_more_comes(said, speaker)
    await speaker.close()


async def test_a_burst_of_the_frame_program_reaches_the_other_three(server: ServerProcess) -> None:
    chance = random.Random(11)
    speaker = await a_speaker(server)
    async with a_room(server, speaker) as room:
        burst = [of_length(chance.randint(8, 60), chance) for _ in range(200)]
        for text in burst:
            room.frames.say(text)
        while (word := await speaker.heard.next()).get("text") != burst[-1]:
            assert word["type"] == "posted" or "seq" not in word, word
        await room.hear_if_more_comes(burst, speaker, but=room.frames)
    await speaker.close()


async def test_programs_that_were_stopped_read_everything_when_they_go_on(server: ServerProcess) -> None:
    chance = random.Random(10)
    speaker = await a_speaker(server)
    async with a_room(server, speaker) as room:
        said: list[str] = []
        for _ in range(8):
            for program in room.everybody:
                program.pause()
            for _ in range(chance.randint(1, 40)):
                said.append(of_length(chance.randint(1, 200), chance))
                await say(speaker, said[-1])
            for program in room.everybody:
                program.resume()
            await room.hear_if_more_comes(said, speaker)
    await speaker.close()


async def test_goodbye_is_not_heard_and_closes_the_connection(server: ServerProcess) -> None:
    speaker = await a_speaker(server)
    async with a_room(server, speaker) as room:
        room.text.say("bye")
        room.text.wait_for_end()
        room.frames.say("bye")
        room.frames.wait_for_end()
        await say(speaker, "they are gone")
        for program in room.silent:
            has_read_line(program, "they are gone")
            assert room.read_by(program) == ["they are gone"]
    await speaker.close()
