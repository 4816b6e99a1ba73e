"""A chat server of a few lines that speaks JSON frames, keeps nothing, and misbehaves in one way on demand."""

from __future__ import annotations

import asyncio
import json
import os
import struct
from dataclasses import dataclass, field
from typing import Any, Literal

HEADER = struct.Struct("!3I")
FAULTY = 20  # the number of the message that something happens to

Fault = Literal["none", "lost", "doubled", "swapped", "own lost", "unacknowledged", "hole", "refused", "hung up"]


@dataclass
class Liar:
    """What the generator must know of a server, and who is in its one room."""

    fault: Fault
    port: int = 0
    door: str = "frames"
    pid: int = field(default_factory=os.getpid)
    seq: int = 0
    members: list[asyncio.StreamWriter] = field(default_factory=list)
    held: bytes = b""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, to its end."""
        try:
            while True:
                _, length, _ = HEADER.unpack(await reader.readexactly(HEADER.size))
                self._answer(writer, json.loads(await reader.readexactly(length)))
        except (asyncio.IncompleteReadError, OSError):
            writer.close()

    def _answer(self, writer: asyncio.StreamWriter, asked: dict[str, Any]) -> None:
        if asked["type"] == "hello":
            writer.write(_frame({"type": "welcome"}))
        elif asked["type"] == "join":
            self.members.append(writer)
            writer.write(_frame({"type": "room", "room": asked["room"]}))
        else:
            self.seq += 1
            self._post(writer, asked, self.fault if self.seq == FAULTY else "none")

    def _post(self, author: asyncio.StreamWriter, asked: dict[str, Any], fault: Fault) -> None:
        if fault == "refused":
            author.write(_frame({"type": "refused", "code": "storage-full"}))
            return
        self.seq += fault == "hole"
        posted = _frame({"type": "posted", "room": asked["room"], "seq": self.seq, "text": asked["text"]})
        last = self.members[-1]
        for member in self.members:
            if (fault == "lost" and member is last) or (fault == "own lost" and member is author):
                continue
            if member is last and self.fault == "swapped" and self.seq in (FAULTY, FAULTY + 1):
                self.held = posted + self.held  # the later one first
                if self.seq == FAULTY + 1:
                    member.write(self.held)
                continue
            member.write(posted * 2 if fault == "doubled" and member is last else posted)
        if fault != "unacknowledged":
            author.write(_frame({"type": "stored", "room": asked["room"], "seq": self.seq}))
        if fault == "hung up":
            last.close()


def _frame(words: dict[str, Any]) -> bytes:
    body = json.dumps(words, separators=(",", ":")).encode()
    return HEADER.pack(1, len(body), 200) + body
