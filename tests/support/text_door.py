"""A door for text, as an actor uses it: what must be typed, and how what is heard must read there.

The wording stands here once more, on purpose: what people read is a promise too, and old programs live by it.
"""

from __future__ import annotations

import re

from tests.support.speech import Kind, Manner, Mismatch, News, Said, Speech
from tests.support.text_client import TextClient

_NEWS = re.compile(
    r"\* (?:"
    r"(?P<came>.+) came|(?P<went>.+) went|(?P<old>\S+) is now (?P<new>\S+)"
    r"|(?P<by>\S+) sets the topic: (?P<topic>.*)"
    r"|\S+: .*|here \(\d+\): .*|/help shows what you can do"  # the greeting of a room
    r")"
)
_PAST = re.compile(r"\* \d{4}-\d\d-\d\d \d\d:\d\d ([^\s:]+): (.*)", re.DOTALL)


class TextDoor:
    """Frames with cmd 100, lines or raw. It never gets its own messages back."""

    def __init__(self, kind: Kind, client: TextClient) -> None:
        self.kind = kind
        self.client = client
        self.news: list[str] = []

    async def enter(self, name: str | None) -> None:
        if name is not None:
            await self.rename(name)

    async def _command(self, *words: str) -> None:
        """Type it, wait until it is done; what was shown stays to be looked at."""
        if self.kind == "raw" and not self.client.inside:
            await self.client.settle()
        self.client.command(" ".join(words))
        self.client.put_back(await self.client.settle())

    async def join(self, room: str) -> None:
        await self._command("/join", room)

    async def leave(self, room: str) -> None:
        await self._command("/leave")

    async def say(self, room: str, text: str, manner: Manner = "say") -> None:
        if manner == "act":
            self.client.send(f"/me {text}")
        elif re.match(r"/+[^\W\d_]+(\s|$)", text):
            self.client.send(f"/{text}")
        else:
            self.client.send(text)

    async def say_at_once(self, room: str, texts: list[str]) -> None:
        self.client.send_at_once(texts)

    async def whisper(self, to: str, text: str) -> None:
        await self._command("/msg", to, text)

    async def rename(self, name: str) -> None:
        await self._command("/nick", name)

    async def set_topic(self, room: str, topic: str) -> None:
        await self._command("/topic", topic)

    async def past(self, room: str, count: int) -> list[Said]:
        return _listed(await self._answer(f"/history {count}", f"* the last {count} in {room}:"))

    async def find(self, room: str, words: str) -> list[Said]:
        while True:
            lines = await self._answer(
                f"/search {words}", "* found:", "* nothing found", "* found (", "* nothing found ("
            )
            if "not searched yet" not in lines[0]:
                mine = f" ({room})"
                return [(name, text.removesuffix(mine)) for name, text in _listed(lines) if text.endswith(mine)]

    async def _answer(self, command: str, *titles: str) -> list[str]:
        """The answer to a command: the line that begins with one of the titles, and what follows it."""
        self.client.command(command)
        lines = await self.client.settle()
        start = next((i for i, line in enumerate(lines) if line.startswith(titles)), None)
        if start is None:
            raise Mismatch(f"{command} was answered {lines}")
        self.client.put_back(lines[:start])
        return lines[start:]

    async def hear(self, speech: Speech) -> None:
        expected = as_shown(speech)
        await self._pass_news(expected[0])
        for line in expected:
            got = await self.client.lines.next()
            if got != line:
                raise Mismatch(f"read {got!r} instead of {line!r}")

    async def type(self, text: str) -> None:
        """Type something that may be no message."""
        await self._command(text)

    async def see(self, news: News) -> None:
        while not any(_tells(line, news) for line in self.news):
            before = len(self.news)
            await self._pass_news(None)
            if len(self.news) == before:
                raise Mismatch(f"read {self.client.lines[0]!r} while looking for {news}")
        while not _tells(self.news.pop(0), news):
            pass  # older news that the play does not speak of

    async def _pass_news(self, expected: str | None) -> None:
        """Set aside the news at the head of what came: all that precede `expected`, else the first line."""
        while True:
            await self.client.lines.more_than(0)
            line = self.client.lines[0]
            if line == expected or self.kind != "lines" or not _NEWS.fullmatch(line):
                return
            self.news.append(self.client.lines.take())
            if expected is None:
                return

    async def refused(self, code: str) -> None:
        """A line that is nobody's word says so; which of the reasons it was, only JSON says."""
        lines = await self.client.settle()
        while self.kind == "lines" and lines and _NEWS.fullmatch(lines[0]):
            self.news.append(lines.pop(0))
        if not lines or not lines[0].startswith("* "):
            raise Mismatch(f"nothing was refused as {code}: {lines}")
        self.client.put_back(lines[1:])

    async def say_bye(self) -> None:
        self.client.send("/quit" if self.kind == "lines" else "bye")
        await self.client.ended()

    async def vanish(self) -> None:
        await self.client.vanish()

    def wrongs(self) -> list[str]:
        return self.client.wrong


def as_shown(speech: Speech) -> list[str]:
    """The lines that show this at a text door."""
    name = speech.author.shown
    first, *more = speech.text.split("\n")
    if speech.manner == "act":
        first = f"* {name} {first}"
    elif speech.manner == "correction":
        first = f"* {name} corrects: {first}"
    elif speech.manner == "whisper":
        first = f"*{name}* {first}"
    elif speech.author.name is not None or re.match(r"[\s*]|[^\s:]+:(\s|$)", first):
        first = f"{name}: {first}"
    return [line.rstrip(" ") for line in [first, *(f"  {line}" for line in more)]]


def _listed(lines: list[str]) -> list[Said]:
    """The messages of a listing; a line that is indented belongs to the message before it."""
    return [found.groups() for line in lines[1:] if (found := _PAST.fullmatch(line))]  # type: ignore[misc]


def _tells(line: str, news: News) -> bool:
    """Whether this line is that piece of news."""
    found = _NEWS.fullmatch(line)
    if found is None:
        return False
    match news.kind:
        case "came" | "went":
            return news.who.shown in (found[news.kind] or "").split(", ")
        case "renamed":
            return (found["old"], found["new"]) == (news.value, news.who.shown)
        case "topic":
            return (found["by"], found["topic"]) == (news.who.shown, news.value)
    return False
