"""HTTP on the shared port: the few pages, and the bounds of a request."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from teahouse.core.limits import LAN
from tests.server.house import House, open_house

PATIENT = msgspec.structs.replace(LAN, listener_ms=60_000)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path / "data", PATIENT) as house:
        yield house


def request(path: str = "/healthz", method: str = "GET", host: str | None = "localhost", *more: str) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", *([f"Host: {host}"] if host is not None else []), *more]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def last(path: str = "/healthz", method: str = "GET", host: str | None = "localhost", *more: str) -> bytes:
    """The last request of its connection."""
    return request(path, method, host, "Connection: close", *more)


class Answer:
    """One parsed answer."""

    def __init__(self, data: bytes) -> None:
        head, _, self.body = data.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        self.status = int(first.split(" ")[1])
        self.headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}


async def ask(house: House, data: bytes) -> Answer:
    return Answer(await house.ask(data))


# ---- pages


async def test_the_health_says_ok_and_which_version(house: House) -> None:
    answer = await ask(house, last("/healthz"))
    assert answer.status == 200
    assert json.loads(answer.body) == {"status": "ok", "version": "0"}


async def test_the_other_ways_in_are_told_at_the_name_by_which_one_came(house: House) -> None:
    answer = await ask(house, last("/join", "GET", "tea.example:7256"))
    page = answer.body.decode()
    assert answer.status == 200
    assert "nc tea.example 7256" in page
    assert "ws://tea.example:7256/ws" in page
    assert "茶馆" in page
    assert "<script" not in page


@pytest.mark.parametrize(("host", "shown"), [("localhost", "nc localhost 80"), ("[::1]:7256", "nc ::1 7256"),
                                             ("[::1]", "nc ::1 80"), ("127.0.0.1", "nc 127.0.0.1 80")])  # fmt: skip
async def test_the_other_ways_in_know_names_addresses_and_ports(house: House, host: str, shown: str) -> None:
    assert shown in (await ask(house, last("/join", "GET", host))).body.decode()


@pytest.mark.parametrize("path", ["/", "/join", "/join.css", "/healthz", "/metrics", "/nothing"])
async def test_every_answer_keeps_a_page_harmless(house: House, path: str) -> None:
    answer = await ask(house, last(path))
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["date"].endswith("GMT")
    assert "server" not in answer.headers


async def test_what_is_not_there_is_said_in_two_languages(house: House) -> None:
    answer = await ask(house, last("/nothing"))
    assert answer.status == 404
    assert "这个地址没有页面" in answer.body.decode()


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_pages_are_read_only(house: House, method: str) -> None:
    answer = await ask(house, last("/", method))
    assert answer.status == 405
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD"}


async def test_head_is_get_without_the_body(house: House) -> None:
    answer = await ask(house, last("/", "HEAD"))
    assert (answer.status, answer.body) == (200, b"")
    assert int(answer.headers["content-length"]) > 0


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:7256", "", None])
async def test_a_name_that_is_not_ours_is_turned_away(house: House, host: str | None) -> None:
    assert (await ask(house, last("/", "GET", host))).status == 421


async def test_two_hosts_are_none(house: House) -> None:
    assert (await ask(house, last("/", "GET", "localhost", "Host: evil.example"))).status in (400, 421)


async def test_http_1_0_may_leave_the_host_out(house: House) -> None:
    answer = await ask(house, b"GET /healthz HTTP/1.0\r\n\r\n")
    assert answer.status == 200


async def test_the_figures_are_for_prometheus(house: House) -> None:
    answer = await ask(house, last("/metrics"))
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert b'teahouse_connections{door="http"} 1.0\n' in answer.body


# ---- one connection, many requests


async def test_a_connection_serves_one_request_after_the_other(house: House) -> None:
    caller = await house.call()
    for _ in range(3):
        caller.send(request("/healthz"))
        assert (await caller.until(b'"0"}')).startswith(b"HTTP/1.1 200 OK\r\n")
    caller.send(last("/healthz"))
    assert Answer(await caller.rest()).status == 200


async def test_requests_sent_together_are_answered_in_their_order(house: House) -> None:
    paths = ["/", "/healthz", "/nothing", "/join.css", "/healthz"]
    caller = await house.call()
    caller.send(b"".join(map(request, paths)) + last("/metrics"))
    answers = await caller.rest()
    assert [part[:3] for part in answers.split(b"HTTP/1.1 ")[1:]] == [b"200", b"200", b"404", b"200", b"200", b"200"]
    assert answers.count(b'"status":"ok"') == 2


async def test_an_asker_who_ends_his_side_is_answered(house: House) -> None:
    caller = await house.call()
    caller.send(request("/healthz"))
    caller.end()
    assert Answer(await caller.rest()).status == 200


async def test_a_bad_request_behind_a_good_one_does_not_take_its_answer(house: House) -> None:
    answers = await house.ask(request("/healthz") + b"THIS IS NOT HTTP\r\n\r\n")
    assert answers.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b'"status":"ok"' in answers


async def test_an_upgrade_that_we_do_not_know_is_plain_http(house: House) -> None:
    caller = await house.call()
    caller.send(request("/healthz", "GET", "localhost", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c"))
    assert Answer(await caller.rest()).status == 200


# ---- bounds


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET /%b HTTP/1.1\r\n" % (b"x" * 9_000), 414),
        (b"GET /%b" % (b"x" * 9_000), 414),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: %b\r\n\r\n" % (b"x" * 17_000), 431),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n%b\r\n" % (b"X: y\r\n" * 70), 431),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n%b\r\n" % (b"X: %b\r\n" % (b"y" * 1_000) * 20), 431),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: %b" % (b"x" * 60_000), 431),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999999\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost localhost\r\n\r\n", 400),
        (b"GET / HTTP/3.7\r\n\r\n", 400),
        (b"GET http:// HTTP/1.1\r\n\r\n", 400),
        (b"GET /\xff HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        (b"CONNECT localhost:1 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        (
            b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
            400,
        ),
    ],
    ids=lambda value: repr(value[:40]) if isinstance(value, bytes) else str(value),
)
async def test_a_head_beyond_its_bounds_is_refused_and_the_connection_ends(
    house: House, head: bytes, status: int
) -> None:
    answer = await house.ask(head)
    assert Answer(answer).status == status
    assert Answer(answer).headers["connection"] == "close"
    assert house.head == 0


async def test_a_head_within_its_bounds_is_not(house: House) -> None:
    fields = [f"X-{number}: {'y' * 230}" for number in range(60)]
    assert (await ask(house, last("/healthz?" + "q" * 8_000, "GET", "localhost", *fields))).status == 200


async def test_bounds_hold_for_a_head_that_comes_in_pieces(house: House) -> None:
    caller = await house.call()
    caller.send(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ")
    ended = asyncio.ensure_future(caller.rest())
    while not ended.done():
        caller.send(b"x" * 1_000)
        await asyncio.wait([ended], timeout=0.005)
    assert Answer(await ended).status == 431


async def test_a_chunked_body_is_counted(house: House) -> None:
    head = b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunks = b"".join(b"%x\r\n%b\r\n" % (60_000, b"x" * 60_000) for _ in range(6))
    answer = await house.ask(head + chunks)
    # The page may have been refused before the body was too long.
    assert Answer(answer).status in (405, 413)


@pytest.mark.parametrize(
    "beginning",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: half",
        b"GET / HT",
    ],
)
async def test_a_head_that_never_ends_is_closed_with_408(tmp_path: Path, beginning: bytes) -> None:
    async with open_house(tmp_path, msgspec.structs.replace(PATIENT, http_head_ms=50)) as house:
        assert (await ask(house, beginning)).status == 408


async def test_a_header_now_and_then_does_not_keep_a_head_open(tmp_path: Path) -> None:
    async with open_house(tmp_path, msgspec.structs.replace(PATIENT, http_head_ms=80)) as house:
        caller = await house.call()
        caller.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
        ended = asyncio.ensure_future(caller.rest())
        while not ended.done():
            caller.send(b"X: y\r\n")
            await asyncio.wait([ended], timeout=0.02)
        assert Answer(await ended).status == 408


async def test_blank_lines_between_requests_do_not_keep_a_connection_open(tmp_path: Path) -> None:
    async with open_house(tmp_path, msgspec.structs.replace(PATIENT, http_head_ms=80)) as house:
        caller = await house.call()
        caller.send(request("/healthz"))
        await caller.until(b'"0"}')
        ended = asyncio.ensure_future(caller.rest())
        while not ended.done():
            caller.send(b"\r\n")
            await asyncio.wait([ended], timeout=0.02)
        assert await ended == b""


async def test_a_body_that_never_ends_is_closed(tmp_path: Path) -> None:
    async with open_house(tmp_path, msgspec.structs.replace(PATIENT, half_frame_ms=80)) as house:
        caller = await house.call()
        caller.send(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n")
        ended = asyncio.ensure_future(caller.rest())
        while not ended.done():
            caller.send(b"x")
            await asyncio.wait([ended], timeout=0.02)
        assert Answer(await ended).status in (405, 408)


POSTED = b"POST /r/lobby HTTP/1.1\r\nHost: localhost\r\n"
CHUNKED = POSTED + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("beginning", "trickle"),
    [
        (POSTED + b"Content-Length: 1000\r\n\r\n", b"x"),
        (CHUNKED + b"3e8\r\n", b"x"),
        (CHUNKED, b"1\r\nx\r\n"),
        (CHUNKED + b"1;", b"e"),
        (CHUNKED + b"1\r\nx\r\n0\r\n", b"Trailer: x\r\n"),
        (request("/healthz") + POSTED + b"Content-Length: 1000\r\n\r\n", b"x"),
        (request("/healthz") + b"GET / HTTP/1.1\r\n", b"X: y\r\n"),
    ],
    ids=["a body", "a chunk", "chunk after chunk", "the head of a chunk", "trailers", "a second body", "a second head"],
)
async def test_half_a_request_of_which_a_little_comes_now_and_then_is_closed(
    tmp_path: Path, beginning: bytes, trickle: bytes
) -> None:
    quick = msgspec.structs.replace(PATIENT, half_frame_ms=150, http_head_ms=150)
    async with open_house(tmp_path, quick) as house:
        caller = await house.call()
        caller.send(beginning)
        ended = asyncio.ensure_future(caller.rest())
        while not ended.done():
            caller.send(trickle)
            await asyncio.wait([ended], timeout=0.02)
        assert b" 201 " not in await ended
        assert house.head == 0
        await house.empty()


async def test_who_follows_a_room_and_stops_reading_is_let_go(tmp_path: Path) -> None:
    quick = msgspec.structs.replace(PATIENT, stall_ms=300)
    async with open_house(tmp_path, quick) as house:
        callers = [await house.call() for _ in range(2)]
        for caller, path in zip(callers, ("/api/rooms/lobby/events", "/r/lobby?follow"), strict=True):
            caller.reader._transport.pause_reading()  # type: ignore[attr-defined]
            caller.send(request(path))
        await house.has(2, "http")
        program = await house.program(name="ana")
        async with asyncio.timeout(30):
            while house.server.visits.by_door()["http"]:
                await program.ask("post", room="lobby", text="x" * 50_000)
        await program.ask("post", room="lobby", text="still here")


async def test_a_flood_of_requests_on_one_connection_is_bounded(house: House) -> None:
    answers = await house.ask(request("/healthz") * 5_000)
    assert 1 <= answers.count(b"HTTP/1.1 200 OK") <= 100


async def test_a_stopping_server_answers_what_was_asked(house: House) -> None:
    caller = await house.call()
    caller.send(request("/healthz"))
    await caller.until(b'"0"}')
    await house.server.stop()
    assert await caller.rest() == b""
