"""Attacks of those who take: rooms, edits, keys, bytes, connections; and of those who do not read what they asked for."""

from __future__ import annotations

import asyncio
import itertools
import json
import socket

from teahouse.torture.link import Link, open_stream
from teahouse.torture.people import ROOM
from teahouse.torture.target import YARD, Attack, Target
from teahouse.torture.wires import HEADER, WebSocket, ws_frame

HEAVY = "steam " * 9_900  # nearly 60 kB
MANY = 40


async def _all(link: Link, kind: str, fields: list[dict[str, object]]) -> None:
    """Ask all this at once and read the answers."""
    open_refs = {link.say(kind, **each) for each in fields}
    while open_refs:
        open_refs.discard((await link.next()).get("ref"))


async def rooms(target: Target) -> None:
    """New rooms, as many as are given."""
    link = await target.link(room=None)
    try:
        names = [f"room-{target.chance.getrandbits(40):x}" for _ in range(MANY)]
        await _all(link, "join", [{"room": name} for name in names])
        await _all(link, "post", [{"room": name, "text": "mine"} for name in names[:5]])
        await _all(link, "rooms", [{}] * 3)
    finally:
        link.close()


async def edits(target: Target) -> None:
    """One message, edited and reacted to as often as it goes, and its page asked for all the while."""
    link = await target.link()
    try:
        seq = (await link.ask("post", room=YARD, text="once"))["seq"]
        base: dict[str, object] = {"room": YARD, "target": seq}
        for turn in range(4):
            await _all(link, "edit", [{**base, "text": f"{turn} {number} {HEAVY}"} for number in range(5)])
            for kind in ("react", "unreact"):
                await _all(link, kind, [{**base, "emoji": emoji} for emoji in "🍵🫖🍪☕🥐"])
            await link.ask("history", room=YARD, around=seq, limit=500)
        await link.ask("delete", room=YARD, target=seq)
    finally:
        link.close()


async def keys(target: Target) -> None:
    """Everybody's keys are the same, and sent again and again."""
    link = await target.link(room=f"keys-{target.chance.randrange(8)}")
    room = f"keys-{target.chance.randrange(8)}"
    try:
        await link.ask("join", room=room)
        for _ in range(3):
            await _all(link, "post", [{"room": room, "text": "1", "key": str(number % 5)} for number in range(MANY)])
    finally:
        link.close()


async def heavy(target: Target) -> None:
    """Texts as long as they may be, one after the other."""
    link = await target.link()
    try:
        for number in range(8):
            await link.ask("post", room=YARD, text=f"{number} {HEAVY}")
    finally:
        link.close()


async def presence(target: Target) -> None:
    """In and out, and called otherwise each time."""
    link = await target.link(room=None)
    try:
        for number in range(MANY):
            link.say("join", room=YARD)
            link.say("rename", name=f"x{target.chance.getrandbits(40):x}{number}")
            link.say("typing", room=YARD)
            link.say("leave", room=YARD)
        await link.ask("ping")
    finally:
        link.close()


async def questions(target: Target) -> None:
    """Searches and pages of the busiest room, several on their way."""
    link = await target.link(room=None)
    try:
        await link.ask("join", room=ROOM)
        queries = ("says", "a", "framer says 1", "茶", "from:framer", "e", "s s s s s s s")
        await _all(link, "search", [{"query": query, "room": ROOM, "limit": 100} for query in queries])
        await _all(link, "history", [{"room": ROOM, "after": target.chance.randrange(500), "limit": 500}] * 4)
        await _all(link, "members", [{"room": ROOM}] * 4)
    finally:
        link.close()


async def topics(target: Target) -> None:
    """The topic changes, and changes."""
    link = await target.link()
    try:
        await _all(link, "topic", [{"room": YARD, "topic": f"tea {number}"} for number in range(MANY)])
    finally:
        link.close()


async def guests(target: Target) -> None:
    """Guests by the dozen, each with a token, each read with once."""
    body = json.dumps({}).encode()
    head = f"POST /api/guests HTTP/1.1\nHost: {target.host}\nContent-Type: application/json\nContent-Length: 2\nConnection: close\n\n"
    heard = await target.http(head, body, listen_s=2.0)
    _, found, rest = heard.partition(b'"token":"')
    if found:
        token = rest.partition(b'"')[0].decode()
        for _ in range(5):
            await target.http(
                f"GET /api/rooms/{YARD}/messages HTTP/1.1\nHost: {target.host}\nAuthorization: Bearer {token}\nConnection: close\n\n",
                listen_s=1.0,
            )


async def connections(target: Target) -> None:
    """Connections without a word, a hundred at once, held for a moment."""
    writers: list[asyncio.StreamWriter] = []
    try:
        for _ in range(100):
            _, writer = await open_stream(target.host, target.port)
            writers.append(writer)
        await asyncio.sleep(0.3)
    finally:
        for writer in writers:
            writer.transport.abort()


async def deaf_streams(target: Target) -> None:
    """Event streams, long polls and endless lines that nobody reads."""
    path = target.chance.choice(
        (f"/api/rooms/{ROOM}/events?after=0", f"/r/{ROOM}?after=0&follow", f"/api/rooms/{ROOM}/messages?limit=500")
    )
    request = f"GET {path} HTTP/1.1\r\nHost: {target.host}\r\n\r\n".encode()
    await _deaf(target, [request] * target.chance.choice((1, 1, 8)))


async def deaf_readers(target: Target) -> None:
    """In the busiest room, by each door, and reading nothing; or a byte now and then."""
    hello, join = b'{"type":"hello"}', f'{{"type":"join","room":"{ROOM}","after":0}}'.encode()
    words = f"/join {ROOM}".encode()
    pieces = target.chance.choice(
        (
            [HEADER.pack(1, len(hello), 200) + hello, HEADER.pack(1, len(join), 200) + join],
            [HEADER.pack(1, len(words), 100) + words],
            [WebSocket().opening(target.host, target.port), ws_frame(1, hello), ws_frame(1, join)],
            [words + b"\n"],
            [words],
            [],
        )
    )
    await _deaf(target, pieces)


async def _deaf(target: Target, pieces: list[bytes]) -> None:
    peer = socket.socket()
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    peer.setblocking(False)
    loop = asyncio.get_running_loop()
    try:
        await loop.sock_connect(peer, (target.host, target.port))
        for piece in pieces:
            await loop.sock_sendall(peer, piece)
            await asyncio.sleep(0.05)
        for _ in range(20):
            await asyncio.sleep(0.1)
            if target.chance.random() < 0.3:
                await asyncio.wait_for(loop.sock_recv(peer, 1), 0.1)
    except TimeoutError:
        pass
    finally:
        peer.close()


async def drips(target: Target) -> None:
    """A byte at a time, at each door."""
    words = target.chance.choice(
        (
            b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 500,
            WebSocket().opening(target.host, target.port),
            HEADER.pack(1, 50, 200) + b" " * 50,
            "/join yard\n茶茶茶\n".encode(),
            b"NICK ana\r\n",
        )
    )
    _, writer = await target.open()
    try:
        for byte in words:
            writer.write(bytes((byte,)))
            await asyncio.sleep(0.02)
    finally:
        writer.transport.abort()


async def pipelines(target: Target) -> None:
    """Requests and commands in one breath, and no answer is read."""
    requests = [f"GET /api/rooms/{YARD}/messages?limit=500 HTTP/1.1\r\nHost: x\r\n\r\n".encode()] * 50
    hello = b'{"type":"hello"}'
    page = b'{"type":"history","room":"yard","limit":500}'
    frames = [HEADER.pack(1, len(word), 200) + word for word in itertools.chain([hello], [page] * 200)]
    await target.say(b"".join(target.chance.choice((requests, frames))), listen_s=0.5)


ATTACKS = (
    Attack("rooms", rooms, 1),
    Attack("edits", edits, 1),
    Attack("keys", keys, 1),
    Attack("heavy", heavy, 4),
    Attack("presence", presence, 2),
    Attack("questions", questions, 1),
    Attack("topics", topics, 1),
    Attack("guests", guests, 2),
    Attack("connections", connections, 2),
    Attack("deaf streams", deaf_streams, 8),
    Attack("deaf readers", deaf_readers, 16),
    Attack("drips", drips, 8),
    Attack("pipelines", pipelines, 1),
)
