"""HTTP is read in fair slices too: no turn of the loop parses more, and no cut changes what is understood."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from teahouse.server import reading
from teahouse.server.reading import PIECE_MOST, SLICE
from teahouse.server.web.guard import GuardedHttp
from tests.server.house import Caller, House, hears, open_house
from tests.server.test_web_http import PATIENT, Answer, last, request
from tests.server.test_web_socket import handshake
from tests.server.test_web_upgrade import HELLO, JOIN, POST, UPGRADES, post, welcome

pytestmark = pytest.mark.asyncio(loop_factories=["uvloop"])

TEXT = "tea " * 12_000


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path / "data", PATIENT) as house:
        yield house


@pytest.fixture(params=[1, 2, 3, 7, 64, 1_023])
def cuts(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Every piece is of so many bytes."""
    size: int = request.param
    monkeypatch.setattr(reading, "PIECE", size)
    monkeypatch.setattr(reading, "PIECE_MOST", size)
    return size


class Parsed:
    """What the parser was fed: bytes of each turn of the loop, and the most at once."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.turn = 0
        self.by_turn: Counter[int] = Counter()
        self.most = 0
        parse = GuardedHttp._parse

        def counting(http: GuardedHttp, data: bytes) -> None:
            self.by_turn[self.turn] += len(data)
            self.most = max(self.most, len(data))
            asyncio.get_running_loop().call_soon(self._next)
            parse(http, data)

        monkeypatch.setattr(GuardedHttp, "_parse", counting)

    def _next(self) -> None:
        self.turn += 1


def chunked(body: bytes, size: int, *headers: str) -> bytes:
    lines = ["POST /r/lobby HTTP/1.1", "Host: localhost", "Transfer-Encoding: chunked", *headers, "", ""]
    chunks = [body[at : at + size] for at in range(0, len(body), size)]
    return "\r\n".join(lines).encode() + b"".join(b"%x\r\n%b\r\n" % (len(c), c) for c in chunks) + b"0\r\n\r\n"


FLOODS = {
    "chunks of one byte": chunked(TEXT.encode()[:40_000], 1),
    "a long body": post(TEXT.encode()),
    "a body too long": post(b"x" * 250_000),
    "heads of sixty lines": request("/healthz", "GET", "localhost", *["a:"] * 59) * 400,
    "requests of a few bytes": request() * 4_000,
    "chunks behind an upgrade": chunked(TEXT.encode()[:20_000], 2, *UPGRADES["h2c"]),
}


@pytest.mark.parametrize("flood", FLOODS.values(), ids=FLOODS.keys())
async def test_no_turn_parses_more_than_a_slice(house: House, monkeypatch: pytest.MonkeyPatch, flood: bytes) -> None:
    parsed = Parsed(monkeypatch)
    caller = await house.call()
    caller.send(flood)
    caller.end()
    assert (await caller.rest()).startswith(b"HTTP/1.1 ")
    assert parsed.most <= PIECE_MOST + 200, "and the head of an upgrade once more"
    assert max(parsed.by_turn.values()) <= SLICE + PIECE_MOST


async def test_requests_in_one_segment_are_answered_in_order(house: House, cuts: int) -> None:
    targets = ["/healthz", "/nothing", "/api", "/healthz"]
    answers = await house.ask(b"".join(request(target) for target in targets) + last("/nothing-more"))
    assert [int(part[:3]) for part in answers.split(b"HTTP/1.1 ")[1:]] == [200, 404, 200, 200, 404]


@pytest.mark.parametrize("size", [1, 5, 4_000])
async def test_a_body_arrives_whole_however_it_is_cut(house: House, cuts: int, size: int) -> None:
    ana = await house.program(name="ana")
    text = TEXT[: 100 * size]
    answer = await house.ask(chunked(text.encode(), size, "Connection: close"))
    assert Answer(answer).status == 201
    assert await hears(ana) == text


@pytest.mark.parametrize("headers", UPGRADES.values(), ids=UPGRADES.keys())
async def test_a_body_behind_an_upgrade_arrives_however_it_is_cut(house: House, cuts: int, headers: list[str]) -> None:
    ana = await house.program(name="ana")
    assert (await house.ask(post(b"a cup of tea", *headers))).startswith(b"HTTP/1.1 201 ")
    assert await hears(ana) == "a cup of tea"


async def test_words_behind_a_handshake_are_heard_however_they_are_cut(house: House, cuts: int) -> None:
    bob = await house.program(name="bob")
    caller = await house.call()
    caller.send(handshake() + HELLO + JOIN + POST)
    await welcome(caller)
    assert await hears(bob) == "at once"


async def test_who_ends_their_side_behind_a_long_body_is_answered(house: House, cuts: int) -> None:
    ana = await house.program(name="ana")
    caller = await house.call()
    caller.send(post(TEXT[:20_000].encode()))
    caller.end()
    assert Answer(await caller.rest()).status == 201
    assert await hears(ana) == TEXT[:20_000]


async def test_who_is_to_wait_for_a_word_before_the_body_gets_it(house: House, cuts: int) -> None:
    caller = await house.call()
    body = b"tea"
    head = post(b"", "Expect: 100-continue", f"Content-Length: {len(body)}", "Connection: close", length=False)
    caller.send(head)
    assert (await caller.until(b"\r\n\r\n")).startswith(b"HTTP/1.1 100 ")
    caller.send(body)
    assert Answer(await caller.rest()).status == 201


async def test_the_connection_is_read_on_after_a_body_for_which_its_reader_had_to_wait(house: House) -> None:
    """More than uvicorn keeps: its flow control and the slices pause the socket at once, and each lets go of it."""
    caller: Caller = await house.call()
    for _ in range(3):
        caller.send(post(b"x" * 200_000))
        head = await caller.until(b"\r\n\r\n")
        await caller.reader.readexactly(int(Answer(head).headers["content-length"]))
    caller.send(last())
    assert Answer(await caller.rest()).status == 200
