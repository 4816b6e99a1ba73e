"""A door for programs, as an actor uses it: frames with cmd 200, a WebSocket, or REST."""

from __future__ import annotations

from typing import Any

from tests.support.json_client import JsonClient, Word, granted
from tests.support.rest_client import RestClient
from tests.support.speech import Kind, Manner, Mismatch, News, Said, Speech, Who


class JsonDoor:
    """A door that speaks JSON. Its own messages come back to it and are passed over, unless they are looked for."""

    def __init__(self, kind: Kind, client: JsonClient | RestClient) -> None:
        self.kind = kind
        self.client = client
        self.token = ""
        self.id = 0
        self.rooms: dict[str, Word] = {}
        self.news: list[Word] = []
        self.refusals: list[str] = []

    async def enter(self, name: str | None, token: str | None = None) -> None:
        welcome = await self.client.hello(name, token)
        self.token, self.id = welcome["token"], welcome["you"]["id"]
        assert welcome["you"]["chosen"] is (name is not None or token is not None), welcome

    async def ask(self, type: str, **fields: Any) -> Word:
        """Ask; a refusal is noted for `refused`."""
        answer = await self.client.ask(type, **fields)
        if answer["type"] == "refused":
            self.refusals.append(answer["code"])
        return answer

    async def join(self, room: str, **past: int) -> None:
        answer = await self.ask("join", room=room, **past)
        if answer["type"] == "room":
            self.rooms[room] = answer

    async def leave(self, room: str) -> None:
        await self.ask("leave", room=room)

    async def say(self, room: str, text: str, manner: Manner = "say", **more: Any) -> None:
        await self.ask("post", room=room, text=text, form=manner, **more)

    async def say_at_once(self, room: str, texts: list[str]) -> None:
        for answer in [self.client.question("post", room=room, text=text) for text in texts]:
            granted(await answer)

    async def whisper(self, to: str, text: str) -> None:
        room = await self.ask("direct", to=to)
        if room["type"] == "room":
            await self.ask("post", room=room["room"], text=text)

    async def rename(self, name: str) -> None:
        await self.ask("rename", name=name)

    async def set_topic(self, room: str, topic: str) -> None:
        await self.ask("topic", room=room, topic=topic)

    async def past(self, room: str, count: int, **where: int) -> list[Said]:
        history = granted(await self.ask("history", room=room, limit=count, **where))
        return [_as_said(message) for message in history["messages"] if "text" in message]

    async def find(self, room: str, words: str) -> list[Said]:
        while True:
            found = granted(await self.ask("search", query=words, room=room))
            if found["complete"]:
                return [_as_said(message) for message in found["messages"]]

    async def hear(self, speech: Speech) -> None:
        while True:
            word = await self.client.heard.next()
            if self._is(word, speech):
                return
            if not _is_speech(word):
                self.news.append(word)
            elif word["author"]["id"] != self.id:
                raise Mismatch(f"heard {word} instead of {speech}")

    def _is(self, word: Word, speech: Speech) -> bool:
        if word["type"] == "edited":
            manner: str = "correction"
        elif word["type"] == "posted":
            manner = "whisper" if word["room"].startswith("@") else word["form"]
        else:
            return False
        in_place = speech.room is None or word["room"] == speech.room
        return (manner, word["text"], in_place) == (speech.manner, speech.text, True) and _names(
            word["author"], speech.author
        )

    async def see(self, news: News) -> None:
        while not any(_tells(word, news) for word in self.news):
            word = await self.client.heard.next()
            if _is_speech(word) and word["author"]["id"] != self.id:
                raise Mismatch(f"heard {word} while looking for {news}")
            self.news.append(word)
        while not _tells(self.news.pop(0), news):
            pass  # older news that the play does not speak of

    async def refused(self, code: str) -> None:
        assert self.refusals == [code], f"refused {self.refusals}, not {code}"
        self.refusals.clear()

    async def say_bye(self) -> None:
        await self.client.close()

    async def vanish(self) -> None:
        await self.client.vanish()

    def wrongs(self) -> list[str]:
        return self.client.wrong + [f"was refused: {code}" for code in self.refusals]


def _is_speech(word: Word) -> bool:
    """Whether this is something to read; a message that was deleted has a number and an author, but no text."""
    return word["type"] in ("posted", "edited") and word["text"] is not None


def _as_said(message: Word) -> Said:
    return message["author"]["name"], message["text"]


def _names(person: Word, who: Who) -> bool:
    if who.name is None:
        return not person["chosen"] and who.id in (None, person["id"])
    return bool(person["chosen"] and person["name"] == who.name)


def _tells(word: Word, news: News) -> bool:
    """Whether this word is that piece of news."""
    match news.kind:
        case "came" | "went":
            return word["type"] == "present" and any(_names(person, news.who) for person in word[news.kind])
        case "renamed":
            return word["type"] == "renamed" and word["from"] == news.value and _names(word["person"], news.who)
        case "topic":
            return word["type"] == "topic_changed" and word["topic"] == news.value and _names(word["author"], news.who)
        case "reacted" | "unreacted":
            return word["type"] == news.kind and word["emoji"] == news.value and _names(word["author"], news.who)
        case "deleted":
            return word["type"] == "deleted" and _names(word["author"], news.who)
