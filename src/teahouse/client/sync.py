"""The same for scripts that know no asyncio: a façade over `Client` that runs the loop while it is called.

Between two calls nothing is read or sent. That is fine for a script; if it takes half a minute the server may hang
up, and the next call comes back and goes on where it was.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from types import TracebackType
from typing import Any, TypeVar

from teahouse.client.client import Client
from teahouse.client.connect import connect
from teahouse.client.room import Room
from teahouse.core.events import Event, Gap, Stored
from teahouse.core.message import Message

T = TypeVar("T")


class SyncRoom:
    """A room, in step. What is not here is a call away: `room.do(room.room.react(seq, "🍵"))`."""

    def __init__(self, client: SyncClient, room: Room) -> None:
        self.client = client
        self.room = room
        self.do = client.do

    def say(self, text: str, *, reply_to: int | None = None) -> Stored:
        """Say something; return when it is stored."""
        return self.do(self.room.say(text, reply_to=reply_to))

    def history(self, *, before: int | None = None, after: int | None = None, most: int = 50) -> list[Message]:
        """Messages, as `Room.history` has them."""

        async def read() -> list[Message]:
            return [message async for message in self.room.history(before=before, after=after, most=most)]

        return self.do(read())

    def __iter__(self) -> Iterator[Event | Gap]:
        """The room's events, as they come."""
        while True:
            try:
                yield self.do(self.room.__anext__())
            except StopAsyncIteration:
                return


class SyncClient:
    """A client, in step.

    Example:
        with connect_sync(server, name="ci") as me:
            builds = me.join("builds")
            builds.say("build 12 is green")
    """

    def __init__(self, client: Client) -> None:
        self.client = client
        self._runner = asyncio.Runner()

    def __enter__(self) -> SyncClient:
        try:
            self.do(self.client.open())
        except BaseException:
            self._runner.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.do(self.client.close())
        finally:
            self._runner.close()

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run anything that can be awaited, to its end."""
        return self._runner.run(work)

    def join(self, room: str, *, after: int | None = None, last: int | None = None) -> SyncRoom:
        """Be in a room, as `Client.join`."""
        return SyncRoom(self, self.do(self.client.join(room, after=after, last=last)))


def connect_sync(server: str = "127.0.0.1", *, name: str | None = None, **settings: Any) -> SyncClient:
    """As `connect`, for scripts that know no asyncio.

    Example:
        with connect_sync(server, name="ci") as me:
            me.join("builds").say("build 12 is green")
    """
    return SyncClient(connect(server, name=name, **settings))
