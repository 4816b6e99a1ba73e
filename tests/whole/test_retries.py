"""Requests without a token, sent again and again through `kill -9`: each message is there once."""

from __future__ import annotations

import asyncio
import random

import pytest

from tests.support.canary import Canary
from tests.support.http_client import ask
from tests.support.server_process import ServerProcess

pytestmark = pytest.mark.asyncio(loop_factories=["uvloop"])

SENDERS = 8
EACH = 12
KILLS = 5


async def insist(server: ServerProcess, sender: int, number: int) -> int:
    """Say it with a key until there is an answer; the number that it got."""
    name = f"?name=ci_{sender}" if sender % 2 else ""
    while True:
        try:
            answer = await ask(
                server.port,
                "POST",
                f"/r/builds{name}",
                f"{sender}: build {number}",
                idempotency_key=f"{sender}/{number}",
            )
        except (OSError, EOFError, TimeoutError, ValueError):
            await asyncio.sleep(0.01)
            continue
        if answer.status in (200, 201):
            seq: int = answer.json["seq"]
            return seq
        # A name may still be held by the request that the kill has cut off, or by the same one in another turn.
        assert answer.status in (409, 503), answer.body
        await asyncio.sleep(0.01)


async def test_a_message_without_a_token_is_stored_once_whatever_is_cut(server: ServerProcess) -> None:
    chance = random.Random(7)
    seqs: dict[tuple[int, int], set[int]] = {}

    async def send(sender: int) -> None:
        for number in range(EACH):
            twice = await asyncio.gather(*(insist(server, sender, number) for _ in range(2)))
            seqs.setdefault((sender, number), set()).update(twice)

    async with Canary(server.host, server.port, comes_back=True):
        sending = asyncio.gather(*(send(sender) for sender in range(SENDERS)))
        for _ in range(KILLS):
            await asyncio.sleep(chance.uniform(0.02, 0.2))
            await server.kill()
            await server.start()
        async with asyncio.timeout(120):
            await sending
        for (sender, number), first in seqs.items():
            assert len(first) == 1
            assert await insist(server, sender, number) in first
    page = (await ask(server.port, "GET", "/api/rooms/builds/messages?limit=500")).json["messages"]
    said = [message["text"] for message in page]
    assert sorted(said) == sorted(f"{sender}: build {number}" for sender in range(SENDERS) for number in range(EACH))
