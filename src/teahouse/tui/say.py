"""`teahouse say`: say something and be gone; when it ends well, it is on the server's disk."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable

from teahouse.client import Client, Sending
from teahouse.core.errors import BadField, BadText, Refusal, TeahouseError
from teahouse.core.message import Form

AHEAD = 1_000
"""Lines that may be on their way before the next one is read."""


class LineNotTaken(TeahouseError):
    """Some of many lines were declined, or were no text."""


async def say(client: Client, room: str, text: str, form: Form = "say") -> None:
    """One message.

    raises  Refusal, ClientError: it is not stored, or not known to be
    """
    await (await client.join(room)).say(text, form=form)


async def say_lines(
    client: Client,
    room: str,
    read_line: Callable[[], Awaitable[str]],
    declined: Callable[[TeahouseError], None] = lambda error: None,
) -> int:
    """Each line a message, as it comes, empty ones left out; how many are stored.

    A line that is not taken keeps none of the others: `declined` hears of it when it happens.

    read_line   the next one; "" at the end;  raises BadText: it is none
    raises      LineNotTaken   some were not, and all the others are stored;  ClientError   it cannot go on
    """
    place = await client.join(room)
    waiting: deque[Sending] = deque()
    wrong: list[TeahouseError] = []
    count = 0

    def not_taken(error: TeahouseError) -> None:
        wrong.append(error)
        declined(error)

    async def first_is_stored() -> None:
        nonlocal count
        try:
            await waiting.popleft()
            count += 1
        except Refusal as error:
            not_taken(error)

    while True:
        try:
            line = await read_line()
            if not line:
                break
            if line.strip():
                waiting.append(place.send(line.rstrip("\r\n")))
        except (BadText, BadField) as error:
            not_taken(error)
        if len(waiting) >= AHEAD:
            await first_is_stored()
    while waiting:
        await first_is_stored()
    if wrong:
        raise LineNotTaken(f"{len(wrong)} of the lines were not taken; the others are stored.")
    return count
