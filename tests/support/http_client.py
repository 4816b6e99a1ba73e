"""A program that speaks HTTP/1.1 and nothing more of it than it needs: one connection a request.

answer = await ask(port, "POST", "/r/tea", b"hello")           the whole answer
stream = await follow(port, "/api/rooms/tea/events?after=0")    the head; the body comes as it comes
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any

from tests.support.inbox import PATIENCE_S, Ended

HOST = "127.0.0.1"
Word = dict[str, Any]


class Answer:
    """A head that was read, with the body as far as it came."""

    def __init__(self, head: bytes, body: bytes = b"") -> None:
        first, *lines = head.decode().removesuffix("\r\n\r\n").split("\r\n")
        self.status = int(first.split(" ")[1])
        self.headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        self.body = body

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Word:
        assert self.headers["content-type"] == "application/json", self.headers
        word: Word = json.loads(self.body)
        return word


def request(method: str, target: str, body: bytes, headers: dict[str, str]) -> bytes:
    """The bytes of a request; `Connection: close` unless the headers say otherwise."""
    said = {"Host": "localhost", "Connection": "close", **headers}
    if body or method in ("POST", "PUT", "PATCH"):
        said.setdefault("Content-Length", str(len(body)))
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in said.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def ask(
    port: int, method: str, target: str, body: bytes | str | Word = b"", **headers: str
) -> Answer:  # fmt: skip
    """One request and its whole answer. A dict is sent as JSON; `idempotency_key="x"` is a header."""
    data = body.encode() if isinstance(body, str) else body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with asyncio.timeout(PATIENCE_S):
        reader, writer = await asyncio.open_connection(HOST, port)
        try:
            writer.write(request(method, target, data, named))
            answer = Answer(await reader.readuntil(b"\r\n\r\n"))
            answer.body = await _body(reader, answer, method)
            return answer
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


async def _body(reader: asyncio.StreamReader, answer: Answer, method: str) -> bytes:
    if answer.headers.get("transfer-encoding") != "chunked":
        return await reader.read(-1)
    pieces = []
    while method != "HEAD" and (piece := await _chunk(reader)):
        pieces.append(piece)
    return b"".join(pieces)


async def _chunk(reader: asyncio.StreamReader) -> bytes:
    """The next piece of a chunked body; b"" is its end (RFC 9112 §7.1)."""
    size = int(await reader.readuntil(b"\r\n"), 16)
    return (await reader.readexactly(size + 2))[:-2]


class Follower:
    """A body that goes on and on."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: Answer) -> None:
        self._reader = reader
        self._writer = writer
        self._rest = b""
        self.answer = answer

    async def until(self, end: bytes, *, forever: bool = False) -> bytes:
        """What comes, up to these bytes and with them.

        raises Ended, TimeoutError (unless it may take for ever)
        """
        async with asyncio.timeout(None if forever else PATIENCE_S):
            while end not in self._rest:
                await self._more()
        found, _, self._rest = self._rest.partition(end)
        return found + end

    async def rest(self) -> bytes:
        """All that comes until the answer ends."""
        async with asyncio.timeout(PATIENCE_S):
            with contextlib.suppress(Ended):
                while True:
                    await self._more()
        found, self._rest = self._rest, b""
        return found

    async def _more(self) -> None:
        try:
            piece = await _chunk(self._reader)
        except (OSError, asyncio.IncompleteReadError):
            piece = b""
        if not piece:
            raise Ended
        self._rest += piece

    async def event(self, *, forever: bool = False) -> Word:
        """The next server-sent event, its `id` beside what it says; comments are passed over."""
        while (unit := await self.until(b"\n\n", forever=forever)).startswith(b":"):
            pass
        fields = dict(line.split(b": ", 1) for line in unit.strip().split(b"\n"))
        word: Word = json.loads(fields[b"data"])
        assert fields.get(b"id", b"%d" % word.get("seq", 0)) == b"%d" % word.get("seq", 0), unit
        return word | ({"id": int(fields[b"id"])} if b"id" in fields else {})

    async def close(self) -> None:
        """Go away."""
        self._writer.transport.abort()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()


async def follow(port: int, target: str, **headers: str) -> Follower:
    """Ask for something that goes on; the head of its answer has come."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with asyncio.timeout(PATIENCE_S):
        reader, writer = await asyncio.open_connection(HOST, port)
        writer.write(request("GET", target, b"", named))
        return Follower(reader, writer, Answer(await reader.readuntil(b"\r\n\r\n")))
