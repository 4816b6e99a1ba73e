"""The way in for every command: who we are there, remembered from the last time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from teahouse.client import Client, Patience, connect
from teahouse.client.address import parse
from teahouse.client.errors import OutboxError
from teahouse.client.places import Heard
from teahouse.core.errors import BadToken
from teahouse.tui.memory import Memory

AGENT = "teahouse terminal"
HERE = "127.0.0.1:7256"
PATIENCE = Patience()


def whereto(memory: Memory, server: str | None) -> str:
    """The house that is meant, written in one way: the one that was named, or the last one, or the one on this machine.

    raises  BadAddress
    """
    return str(parse(server or memory.last or HERE))


async def enter(
    memory: Memory,
    server: str,
    name: str | None,
    *,
    heard: Callable[[Heard], None] | None = None,
    outbox: Path | None = None,
    fresh: bool = False,
    patience: Patience = PATIENCE,
) -> Client:
    """Be in a house: the same person as last time, or somebody new; remembered for the next time.

    name     who we want to be; None: who we were
    outbox   a file for what is not stored; another program may have it, then there is none
    fresh    be somebody new
    raises   ClientError, Refusal   as `Client.open`
    """
    known = memory.recall(server, name)
    token = None if known is None or fresh else known.token
    wish = name if name is not None or known is None else known.name or None

    def client(token: str | None, outbox: Path | None, fresh: bool) -> Client:
        return connect(
            server, name=wish, token=token, outbox=outbox, fresh=fresh, heard=heard, agent=AGENT, patience=patience
        )

    try:
        opened = await client(token, outbox, fresh).open()
    except OutboxError:
        opened = await client(token, None, fresh).open()
    except BadToken:
        # Away for longer than the house remembers: somebody new under the old name, who says what was left to say.
        opened = await client(None, outbox, True).open()
    note(memory, server, opened)
    return opened


def note(memory: Memory, server: str, client: Client) -> None:
    """Remember who we are now."""
    if client.token is not None:
        memory.remember(server, client.you.name if client.you.chosen else "", client.token)


@asynccontextmanager
async def visit(memory: Memory, server: str, name: str | None, patience: Patience = PATIENCE) -> AsyncIterator[Client]:
    """Be in a house while a command runs."""
    client = await enter(memory, server, name, patience=patience)
    try:
        yield client
    finally:
        await client.close()
