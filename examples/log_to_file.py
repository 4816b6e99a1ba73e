"""Writes everything that happens in a room to a file, and goes on where the file ends when it is started again.

python examples/log_to_file.py HOST:PORT ROOM FILE
"""

import asyncio
import json
import sys
from pathlib import Path

import msgspec

from teahouse.client import connect, events


async def main(server: str, room_name: str, path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    last = json.loads(lines[-1]) if lines else {"seq": 0, "time": None}
    with path.open("a", encoding="utf-8") as file:
        async with connect(server) as me:
            async for event in await me.join(room_name, after=last["seq"], at=last["time"]):
                if isinstance(event, events.Event):
                    file.write(msgspec.json.encode(event).decode() + "\n")
                    file.flush()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
