"""Requests that are wrong, or that two servers might read in two ways: each is a 4xx, and the connection ends.

Behind each stands a second request, `POST /r/lobby` with «smuggled» as its message. Whoever reads the first one in another
way than we do would have it heard: so nothing may be stored, and nothing after the first no is answered.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from teahouse.core.limits import LAN
from tests.server.house import House, open_house

PATIENT = msgspec.structs.replace(LAN, listener_ms=60_000, http_head_ms=500, half_frame_ms=500)
SECOND = b"POST /r/lobby HTTP/1.1\r\nHost: localhost\r\nContent-Length: 8\r\n\r\nsmuggled"


def post(*lines: bytes, body: bytes = b"", target: bytes = b"/r/lobby", version: bytes = b"HTTP/1.1") -> bytes:
    """A POST with these header lines and a good Host."""
    return b"\r\n".join([b"POST %b %b" % (target, version), b"Host: localhost", *lines, b"", body])


CHUNKED = b"Transfer-Encoding: chunked"
LENGTHS: dict[str, bytes] = {
    "a length that is negative": post(b"Content-Length: -1", body=b"x"),
    "a length with a sign": post(b"Content-Length: +1", body=b"x"),
    "a length in hexadecimal": post(b"Content-Length: 0x1", body=b"x"),
    "a length with a letter": post(b"Content-Length: 1a", body=b"x"),
    "a length with a point": post(b"Content-Length: 1.0", body=b"x"),
    "a length with an exponent": post(b"Content-Length: 1e1", body=b"x"),
    "a length with an underscore": post(b"Content-Length: 1_0", body=b"x" * 10),
    "a length in Arabic digits": post("Content-Length: ١".encode(), body=b"x"),
    "a length of two words": post(b"Content-Length: 1 1", body=b"x"),
    "a list of lengths": post(b"Content-Length: 1, 1", body=b"x"),
    "a list of lengths that differ": post(b"Content-Length: 1, 2", body=b"xx"),
    "an empty length": post(b"Content-Length:", body=b""),
    "a length that no integer holds": post(b"Content-Length: 99999999999999999999999", body=b"x"),
    "a length of eighteen digits": post(b"Content-Length: 999999999999999999", body=b"x"),
    "a body above the limit": post(b"Content-Length: 262145", body=b"x"),
    "two lengths that agree": post(b"Content-Length: 1", b"Content-Length: 1", body=b"x"),
    "two lengths that differ": post(b"Content-Length: 1", b"Content-Length: 99", body=b"x"),
    "two lengths, the second zero": post(b"Content-Length: 99", b"Content-Length: 0", body=b""),
}
ENCODINGS: dict[str, bytes] = {
    "a length and chunks": post(b"Content-Length: 4", CHUNKED, body=b"0\r\n\r\n"),
    "chunks and a length": post(CHUNKED, b"Content-Length: 4", body=b"0\r\n\r\n"),
    "chunks and a length of zero": post(CHUNKED, b"Content-Length: 0", body=b"0\r\n\r\n"),
    "chunks in HTTP/1.0": post(CHUNKED, b"Content-Length: 3", version=b"HTTP/1.0", body=b"0\r\n\r\n"),
    "an unknown encoding": post(b"Transfer-Encoding: xchunked", body=b"0\r\n\r\n"),
    "gzip alone": post(b"Transfer-Encoding: gzip", body=b"0\r\n\r\n"),
    "identity": post(b"Transfer-Encoding: identity", b"Content-Length: 0"),
    "chunks, then something else": post(b"Transfer-Encoding: chunked, identity", body=b"0\r\n\r\n"),
    "chunks in quotes": post(b'Transfer-Encoding: "chunked"', body=b"0\r\n\r\n"),
    "chunks with a comma behind": post(b"Transfer-Encoding: chunked,", body=b"0\r\n\r\n"),
    "chunks, and not chunks": post(CHUNKED, b"Transfer-Encoding: identity", body=b"0\r\n\r\n"),
    "an empty encoding": post(b"Transfer-Encoding:", b"Content-Length: 0"),
    "an encoding with a space before its colon": post(b"Transfer-Encoding : chunked", body=b"0\r\n\r\n"),
    "an encoding behind a vertical tab": post(b"Transfer-Encoding: \x0bchunked", body=b"0\r\n\r\n"),
    "an encoding with a NUL": post(b"Transfer-Encoding: chunked\x00", body=b"0\r\n\r\n"),
    "an encoding that goes on in the next line": post(b"Transfer-Encoding:", b" chunked", body=b"0\r\n\r\n"),
}
CHUNKS: dict[str, bytes] = {
    "a chunk without a size": post(CHUNKED, body=b"\r\nx\r\n0\r\n\r\n"),
    "a chunk of a negative size": post(CHUNKED, body=b"-1\r\nx\r\n0\r\n\r\n"),
    "a chunk whose size has a sign": post(CHUNKED, body=b"+1\r\nx\r\n0\r\n\r\n"),
    "a chunk whose size has a prefix": post(CHUNKED, body=b"0x1\r\nx\r\n0\r\n\r\n"),
    "a chunk whose size is no number": post(CHUNKED, body=b"z\r\nx\r\n0\r\n\r\n"),
    "a chunk whose size has an underscore": post(CHUNKED, body=b"1_0\r\nx\r\n0\r\n\r\n"),
    "a chunk whose size no integer holds": post(CHUNKED, body=b"fffffffffffffffff1\r\nx\r\n0\r\n\r\n"),
    "a chunk above the limit": post(CHUNKED, body=b"fffffff\r\n" + b"x" * 263_000),
    "a chunk that is longer than it says": post(CHUNKED, body=b"1\r\nxx\r\n0\r\n\r\n"),
    "a chunk that ends without a line end": post(CHUNKED, body=b"1\r\nx0\r\n\r\n"),
    "a size that ends with a bare newline": post(CHUNKED, body=b"1\nx\r\n0\r\n\r\n"),
    "a size that ends with a bare carriage return": post(CHUNKED, body=b"1\rx\r\n0\r\n\r\n"),
    "a chunk that ends with a bare newline": post(CHUNKED, body=b"1\r\nx\n0\r\n\r\n"),
    "an extension with a bare newline": post(CHUNKED, body=b"1;a\nb\r\nx\r\n0\r\n\r\n"),
    "a size behind a space": post(CHUNKED, body=b" 1\r\nx\r\n0\r\n\r\n"),
    "chunks that never end": post(CHUNKED, body=b"1\r\nx\r\n"),
}
HEADERS: dict[str, bytes] = {
    "no host": b"POST /r/lobby HTTP/1.1\r\nContent-Length: 1\r\n\r\nx",
    "two hosts": post(b"Host: localhost", b"Content-Length: 1", body=b"x"),
    "two hosts that differ": post(b"Host: evil.example", b"Content-Length: 1", body=b"x"),
    "a host that is another's": b"POST /r/lobby HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 1\r\n\r\nx",
    "a host with a path": b"POST /r/lobby HTTP/1.1\r\nHost: localhost/x\r\nContent-Length: 1\r\n\r\nx",
    "a host with somebody": b"POST /r/lobby HTTP/1.1\r\nHost: localhost@evil.example\r\nContent-Length: 1\r\n\r\nx",
    "a space before the colon": post(b"Content-Length : 1", body=b"x"),
    "a header without a colon": post(b"Nonsense", b"Content-Length: 1", body=b"x"),
    "a header without a name": post(b": x", b"Content-Length: 1", body=b"x"),
    "a header whose name has a space": post(b"X Y: 1", b"Content-Length: 1", body=b"x"),
    "a header whose name has a NUL": post(b"X\x00: 1", b"Content-Length: 1", body=b"x"),
    "a header whose name is not ASCII": post("Größe: 1".encode(), b"Content-Length: 1", body=b"x"),
    "a value with a NUL": post(b"X: a\x00b", b"Content-Length: 1", body=b"x"),
    "a value with a bare carriage return": post(b"X: a\rb", b"Content-Length: 1", body=b"x"),
    "a value with a bare newline": post(b"X: a\nContent-Length: 1", body=b"x"),
    "a line that is folded": post(b"X: a", b" b", b"Content-Length: 1", body=b"x"),
    "a folded length": post(b"Content-Length:", b" 1", body=b"x"),
    "a first header that is folded": b"POST /r/lobby HTTP/1.1\r\n Host: localhost\r\nContent-Length: 1\r\n\r\nx",
    "line ends of one character": b"POST /r/lobby HTTP/1.1\nHost: localhost\nContent-Length: 1\n\nx",
    "a head that ends with one character": b"POST /r/lobby HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\nx",
    "a header above its limit": post(b"X: " + b"x" * 17_000, b"Content-Length: 1", body=b"x"),
    "more headers than may be": post(*[b"X: y"] * 70, b"Content-Length: 1", body=b"x"),
}
LINES: dict[str, bytes] = {
    "no version": b"POST /r/lobby\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx",
    "HTTP/0.9": post(b"Content-Length: 1", version=b"HTTP/0.9", body=b"x"),
    "HTTP/2.0": post(b"Content-Length: 1", version=b"HTTP/2.0", body=b"x"),
    "HTTP/1.2": post(b"Content-Length: 1", version=b"HTTP/1.2", body=b"x"),
    "HTTP/1.10": post(b"Content-Length: 1", version=b"HTTP/1.10", body=b"x"),
    "HTTP/11": post(b"Content-Length: 1", version=b"HTTP/11", body=b"x"),
    "http in small letters": post(b"Content-Length: 1", version=b"http/1.1", body=b"x"),
    "something behind the version": post(b"Content-Length: 1", version=b"HTTP/1.1 x", body=b"x"),
    "a space in the path": post(b"Content-Length: 1", target=b"/r/lo bby", body=b"x"),
    "a NUL in the path": post(b"Content-Length: 1", target=b"/r/lo\x00bby", body=b"x"),
    "a tab in the path": post(b"Content-Length: 1", target=b"/r/lo\tbby", body=b"x"),
    "a path that is not ASCII": post(b"Content-Length: 1", target="/r/茶".encode(), body=b"x"),
    "a path above its limit": post(b"Content-Length: 1", target=b"/r/" + b"x" * 9_000, body=b"x"),
    "an unknown method": b"BREW /r/lobby HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx",
    "a method in small letters": b"post /r/lobby HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx",
    "CONNECT": b"CONNECT localhost:1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx",
    "a request for a proxy to nowhere": post(b"Content-Length: 1", target=b"http://", body=b"x"),
    "an upgrade to another HTTP": post(b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"Content-Length: 1", target=b"/nothing", body=b"x"),
}  # fmt: skip
ALL = {**LENGTHS, **ENCODINGS, **CHUNKS, **HEADERS, **LINES}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path / "data", PATIENT) as house:
        yield house


def test_there_are_eighty_of_them() -> None:
    assert len(ALL) >= 80


@pytest.mark.parametrize("kind", ["LENGTHS", "ENCODINGS", "CHUNKS", "HEADERS", "LINES"])
async def test_what_could_be_read_in_two_ways_is_refused_and_the_connection_ends(house: House, kind: str) -> None:
    wrong = []
    for name, data in globals()[kind].items():
        answers = await house.ask(data + SECOND)
        statuses = [int(status) for status in re.findall(rb"HTTP/1\.[01] (\d{3}) ", answers)]
        if len(statuses) != 1 or not 400 <= statuses[0] < 500:
            wrong.append((name, statuses, answers[:200]))
    assert wrong == []
    assert house.head == 0
