"""What each attack is given: the way to the house, a chance of its own, and the few things that all attackers do."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable

import msgspec

from teahouse.server.tasks import Tasks
from teahouse.torture.link import Broken, Link, Refused, open_stream

YARD = "yard"
"""Where strangers talk: what they say is nobody's message."""
LISTEN_S = 0.2


class Target:
    """The house, seen from outside."""

    def __init__(self, host: str, port: int, chance: random.Random) -> None:
        self.host = host
        self.port = port
        self.chance = chance

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection on which nothing was said.

        raises  Broken
        """
        return await open_stream(self.host, self.port)

    async def say(self, *pieces: bytes, listen_s: float = LISTEN_S, eof: bool = False) -> bytes:
        """Say this on a connection of its own, a piece a segment, and listen for a while; what was heard.

        raises  Broken
        """
        reader, writer = await self.open()
        heard = b""
        try:
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0)
            if eof:
                writer.write_eof()
            async with asyncio.timeout(listen_s):
                while data := await reader.read(1 << 16):
                    heard += data
        except TimeoutError:
            pass
        except OSError as error:
            raise Broken(str(error)) from error
        finally:
            writer.transport.abort()
        return heard

    async def link(self, door: str | None = None, room: str | None = YARD) -> Link:
        """A guest, at this door or any, in this room or none.

        raises  Broken, Refused
        """
        link = await Link.open(door or self.chance.choice(("frames", "websocket")), self.host, self.port)
        try:
            await link.ask("hello")
            if room is not None:
                await link.ask("join", room=room)
        except BaseException:
            link.close()
            raise
        return link

    async def http(self, head: str, body: bytes = b"", listen_s: float = LISTEN_S) -> bytes:
        """A request with these lines, whatever they are."""
        return await self.say(head.replace("\n", "\r\n").encode("utf-8", "surrogateescape") + body, listen_s=listen_s)


One = Callable[[Target], Awaitable[None]]


class Attack(msgspec.Struct, frozen=True):
    """One kind. `one`: what one attacker does, again and again; `at_once`: how many of them there are."""

    name: str
    one: One
    at_once: int = 2


async def carry_out(attack: Attack, target: Target, seconds: float) -> int:
    """Attack for so long; returns how often it was done. Whatever becomes of the attackers is their own business."""
    count, tasks = 0, Tasks()

    async def again_and_again() -> None:
        nonlocal count
        while True:
            with contextlib.suppress(Broken, Refused, OSError, RuntimeError):  # uvloop's, for a closed connection
                await attack.one(target)
            count += 1
            await asyncio.sleep(0.01)

    attackers = [tasks.start(again_and_again(), attack.name) for _ in range(attack.at_once)]
    try:
        await asyncio.wait(attackers, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
        for attacker in attackers:
            if attacker.done():
                attacker.result()
    finally:
        await tasks.stop()
    return count
