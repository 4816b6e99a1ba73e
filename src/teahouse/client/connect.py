"""`connect`, where everything begins."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from teahouse.client.client import Client
from teahouse.client.engine import Wishes
from teahouse.client.link import Patience
from teahouse.client.places import Heard

AGENT = "teahouse.client"
BUFFER = 1_000
PATIENCE = Patience()


def connect(
    server: str = "127.0.0.1",
    *,
    name: str | None = None,
    token: str | None = None,
    outbox: str | Path | None = None,
    fresh: bool = False,
    heard: Callable[[Heard], None] | None = None,
    agent: str = AGENT,
    buffer: int = BUFFER,
    patience: Patience = PATIENCE,
) -> Client:
    """A client of the house at `server`, to be opened by `async with`.

    server    HOST, HOST:PORT (7256 if none is named), or a URL: ws://HOST:PORT/ws
    name      who we want to be; without one, a nameless guest
    token     `Client.token` of an earlier time: we are the same person again
    outbox    a file that remembers who we are and what is not stored yet, when this program dies. One program each
    fresh     be somebody new, although the file knows who we were: what waits in it is said by the new one
    heard     a listener: it is called with every event, signal and change of the line, and nothing is kept to iterate
    buffer    events that each room keeps for a slow reader, before the line must wait for him
    patience  how long to wait for what

    Example:
        async with connect(server, name="ana") as me:
            lobby = await me.join("lobby")
            await lobby.say("hi")
    """
    wishes = Wishes(
        name=name,
        token=token,
        agent=agent,
        outbox=None if outbox is None else Path(outbox),
        fresh=fresh,
        buffer=buffer,
        patience=patience,
    )
    return Client(server, wishes, heard)
