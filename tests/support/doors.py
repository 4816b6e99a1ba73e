"""Every door behind one interface, so that one script can be played at each of them.

    JsonDoor    frames with cmd 200, a WebSocket, REST
    TextDoor    frames with cmd 100, lines, raw

What an actor hears is matched in order and nothing is skipped, but for the news: who came and went, topics, names.
These are kept apart, because not every door shows them and they arrive between what is said.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from tests.support.json_client import JsonClient
from tests.support.json_door import JsonDoor
from tests.support.rest_client import RestClient
from tests.support.speech import Kind, Manner, News, Said, Speech
from tests.support.text_client import TextClient
from tests.support.text_door import TextDoor


class Door(Protocol):
    """What every door can do for an actor."""

    kind: Kind

    async def enter(self, name: str | None) -> None:
        """Be somebody; at a text door this also means to be in the lobby."""

    async def join(self, room: str) -> None: ...
    async def leave(self, room: str) -> None: ...
    async def say(self, room: str, text: str, manner: Manner = "say") -> None:
        """Say it; it need not be stored yet when this returns."""

    async def say_at_once(self, room: str, texts: list[str]) -> None: ...
    async def whisper(self, to: str, text: str) -> None: ...
    async def rename(self, name: str) -> None: ...
    async def set_topic(self, room: str, topic: str) -> None: ...
    async def past(self, room: str, count: int) -> list[Said]:
        """The newest messages, oldest first."""

    async def find(self, room: str, words: str) -> list[Said]:
        """Messages with these words, newest first."""

    async def hear(self, speech: Speech) -> None:
        """The next thing heard is this."""

    async def see(self, news: News) -> None:
        """This is, or comes, among the news."""

    async def refused(self, code: str) -> None:
        """The last thing asked was refused, for this reason."""

    async def say_bye(self) -> None:
        """Leave as this door's programs do, and see the connection closed."""

    async def vanish(self) -> None: ...
    def wrongs(self) -> list[str]:
        """What this connection saw that may never be."""


async def _json_frames(host: str, port: int) -> Door:
    return JsonDoor("JSON frames", await JsonClient.by_frames(host, port))


async def _websocket(host: str, port: int) -> Door:
    return JsonDoor("WebSocket", await JsonClient.by_websocket(host, port))


async def _rest(host: str, port: int) -> Door:
    return JsonDoor("REST", RestClient(port))


async def _text_frames(host: str, port: int) -> Door:
    return TextDoor("text frames", await TextClient.by_frames(host, port))


async def _lines(host: str, port: int) -> Door:
    return TextDoor("lines", await TextClient.by_lines(host, port))


async def _raw(host: str, port: int) -> Door:
    return TextDoor("raw", await TextClient.by_raw(host, port))


DOORS: Mapping[Kind, Callable[[str, int], Awaitable[Door]]] = {
    "JSON frames": _json_frames,
    "WebSocket": _websocket,
    "REST": _rest,
    "text frames": _text_frames,
    "lines": _lines,
    "raw": _raw,
}
