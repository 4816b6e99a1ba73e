"""`teahouse say`: say something and be gone; when it ends well, it is on the server's disk."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from teahouse.client import Client, Sending
from teahouse.core.message import Form

AHEAD = 1_000
"""Lines that may be on their way before the next one is read."""


async def say(client: Client, room: str, text: str, form: Form = "say") -> None:
    """One message.

    raises  Refusal, ClientError: it is not stored, or not known to be
    """
    await (await client.join(room)).say(text, form=form)


async def say_lines(client: Client, room: str, read_line: Callable[[], Awaitable[str]]) -> int:
    """Each line a message, as it comes, empty ones left out; how many there were.

    read_line   the next one; "" at the end
    """
    place = await client.join(room)
    waiting: list[Sending] = []
    count = 0
    while line := await read_line():
        if not line.strip():
            continue
        waiting.append(place.send(line.rstrip("\r\n")))
        count += 1
        if len(waiting) >= AHEAD:
            await waiting.pop(0)
    for sending in waiting:
        await sending
    return count
