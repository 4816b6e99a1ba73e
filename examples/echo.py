"""A bot that repeats what it hears.  python examples/echo.py HOST:PORT ROOM"""

import asyncio
import sys

from teahouse.client import Posted, connect


async def main(server: str, room_name: str) -> None:
    async with connect(server, name="echo") as me:
        room = await me.join(room_name)
        async for event in room:
            if isinstance(event, Posted) and event.text and event.author.id != me.you.id and event.form != "notice":
                await room.say(event.text, reply_to=event.seq, form="notice")  # no bot answers a notice


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:3]))
