"""Whoever comes back gets exactly what was missed, through broken connections and the death of the server."""

from __future__ import annotations

import pytest

from tests.support.json_client import JsonClient
from tests.support.load import Company, Follower, Sender
from tests.support.server_process import ServerProcess

pytestmark = pytest.mark.asyncio(loop_factories=["uvloop"])

TOTAL = 10_000
ROOM = "log"


async def test_five_clients_each_end_with_every_message_once_and_in_order(server: ServerProcess) -> None:
    doors = (JsonClient.by_frames, JsonClient.by_websocket)
    share, rest = divmod(TOTAL, 3)
    senders = [
        Sender(
            server.host,
            server.port,
            ROOM,
            f"sender{i}",
            doors[i % 2],
            (50, 1_500),
            total=share + (rest if i == 0 else 0),
        )
        for i in range(3)
    ]
    followers = [Follower(server.host, server.port, ROOM, f"follower{i}", doors[i % 2], (20, 2_000)) for i in range(5)]
    async with Company(*senders, *followers) as company:
        for killed_at in (TOTAL // 3, 2 * TOTAL // 3):
            await company.reach(killed_at, lambda: sum(len(sender.acked) for sender in senders))
            await server.kill()
            await server.start()
        await company.when(lambda: all(len(follower.events) >= TOTAL for follower in followers))
        await company.finish(*senders)

    for someone in (*senders, *followers):
        assert not someone.wrong, someone.wrong
        assert someone.breaks > 2, f"{someone.name} was never cut off"
    expected = sorted(sender.key(number) for sender in senders for number in range(1, len(sender.acked) + 1))
    for follower in followers:
        assert [event["seq"] for event in follower.events] == list(range(1, TOTAL + 1))
        assert sorted(event["key"] for event in follower.events) == expected
    by_number = {event["seq"]: event["key"] for event in followers[0].events}
    for sender in senders:
        keys = [by_number[seq] for seq in sender.acked]
        assert keys == [sender.key(number) for number in range(1, len(sender.acked) + 1)]
