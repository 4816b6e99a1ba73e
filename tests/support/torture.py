"""Kill the server at random moments under load, and compare what its clients know with what it has.

Senders by three doors (frames with cmd 200, a WebSocket, lines) and followers by two live through every death. In the
end the room is read from its beginning by somebody new:

    acknowledged ⊆ stored     each `stored` names the number that its message has
    no hole, no double        numbers 1 … N, each key once, each typed line at most once
    no reorder                each sender's messages in the order of sending; followers saw the very same log
"""

from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.support.inbox import until
from tests.support.json_client import JsonClient, Word
from tests.support.load import Company, Follower, LineSender, Restless, Sender
from tests.support.server_process import ServerProcess

ROOM = "arena"
ACKS = (1, 400)
"""How many acknowledgements pass between two kills."""


@dataclass(frozen=True)
class Report:
    """What a torture came to; that nothing was wrong is not said, else there would be no report."""

    kills: int
    acknowledged: int
    typed: int
    stored: int


async def torture(folder: Path, *, kills: int | None = None, minutes: float = 0.0, seed: int = 0) -> Report:
    """Kill `kills` times, or for so many minutes.

    raises AssertionError   a promise was broken; says which
    """
    chance = random.Random(seed)
    server = ServerProcess(folder)
    where = (server.host, server.port, ROOM)
    senders = [
        Sender(*where, "framer", JsonClient.by_frames),
        Sender(*where, "webber", JsonClient.by_websocket),
    ]
    typist = LineSender(*where, "typist")
    followers = [
        Follower(*where, "reader", JsonClient.by_frames),
        Follower(*where, "watcher", JsonClient.by_websocket),
    ]

    def acknowledged() -> int:
        return sum(len(sender.acked) for sender in senders)

    killed = 0
    ends_at = time.monotonic() + minutes * 60
    try:
        await server.start()
        async with Company(*senders, typist, *followers) as company:
            while killed < kills if kills is not None else time.monotonic() < ends_at:
                await company.reach(acknowledged() + chance.randint(*ACKS), acknowledged)
                await server.kill()
                killed += 1
                await server.start()
            await company.reach(acknowledged() + 1, acknowledged)
            await company.finish(*senders, typist)
            stored = await _read_all(server)
            await until(lambda: all(len(follower.events) >= len(stored) for follower in followers))
        code = await server.stop()
        assert code == 0, f"the last server ended with {code}: {server.said()}"
    finally:
        await server.end()
    everybody: list[Restless] = [*senders, typist, *followers]
    for someone in everybody:
        assert not someone.wrong, someone.wrong
    for follower in followers:
        assert follower.events == stored, f"{follower.name} has seen another log"
    _compare(senders, typist, stored)
    return Report(killed, acknowledged(), typist.sent, len(stored))


async def _read_all(server: ServerProcess) -> list[Word]:
    """The room's log, as somebody sees it who was never there."""
    client = await JsonClient.by_frames(server.host, server.port)
    await client.hello()
    head = (await client.join(ROOM, after=0))["head"]
    events: list[Word] = []
    while len(events) < head:
        word = await client.heard.next()
        if "author" in word:
            events.append(word)
    await client.vanish()
    assert not client.wrong, client.wrong
    return events


def _compare(senders: list[Sender], typist: LineSender, stored: list[Word]) -> None:
    """Hold what was said against what is there."""
    for sender in senders:
        keys = [event["key"] for event in stored if event.get("key", "").startswith(f"{sender.name}-")]
        # Nothing is left out and nothing stands twice, up to the last that was sent before the end.
        assert keys == [sender.key(number) for number in range(1, len(keys) + 1)], f"{sender.name}: {keys}"
        for number, seq in enumerate(sender.acked, start=1):
            assert stored[seq - 1]["key"] == sender.key(number), f"{seq} was acknowledged as {sender.key(number)}"
    numbers = [
        int(event["text"].rpartition(" ")[2]) for event in stored if event["text"].startswith(f"{typist.name} types ")
    ]
    twice = [number for number, count in Counter(numbers).items() if count > 1]
    assert not twice, f"lines that were typed once stand twice: {twice}"
    assert numbers == sorted(numbers), "lines stand in another order than they were typed"
    assert numbers, "no line was stored"
