"""A name over HTTP: never for a page of somebody else's, and never for as long as a stream lasts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from teahouse.core.limits import LAN
from tests.server.house import House, hears, open_house
from tests.support.http_client import ask, follow
from tests.support.inbox import PATIENCE_S

PATIENT = msgspec.structs.replace(LAN, listener_ms=60_000)

BROWSER = "Mozilla/5.0 (X11; Linux x86_64)"
SILENT = [
    # an image of another page, from an address without TLS: no Origin, no Sec-Fetch-Site
    {"referer": "http://evil.example/a/page"},
    {"referer": "http://localhost.evil.example/"},
    {"referer": "http://evil.example/http://localhost/", "user_agent": BROWSER},
    {"referer": "about:blank"},
    {"user_agent": BROWSER},
]
FOREIGN = [
    *SILENT,
    {"origin": "http://evil.example"},
    {"origin": "null"},
    {"origin": "http://localhost:3000"},
    {"origin": "http://localhost", "sec_fetch_site": "same-site"},
    {"sec_fetch_site": "cross-site", "sec_fetch_mode": "no-cors", "sec_fetch_dest": "image"},
    {"sec_fetch_site": "same-site", "sec_fetch_mode": "no-cors", "sec_fetch_dest": "image"},
    {"sec_fetch_site": "cross-site", "sec_fetch_mode": "cors", "sec_fetch_dest": "empty"},
]
TARGETS = [
    "/api/rooms/lobby/events?name=ana", "/api/rooms/lobby/events?wait=60&name=ana", "/r/lobby?follow&name=ana", "/r/lobby?name=ana",
    "/api/rooms?name=ana", "/api/rooms/lobby?name=ana", "/api/rooms/lobby/messages?name=%61na", "/api/search?query=x&name=ana",
]  # fmt: skip


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path / "data", PATIENT) as house:
        yield house


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
async def test_a_page_of_another_origin_takes_no_name(house: House, headers: dict[str, str]) -> None:
    for method in ("GET", "HEAD"):
        for target in TARGETS:
            answer = await ask(house.port, method, target, **headers)
            assert answer.status == 403, (method, target)
    assert house.engine.state.claims == {}
    await house.program(name="ana")


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
async def test_what_has_no_name_may_be_read_as_before(house: House, headers: dict[str, str]) -> None:
    assert (await ask(house.port, "GET", "/api/rooms", **headers)).status == 200
    stream = await follow(house.port, "/api/rooms/lobby/events", **headers)
    assert stream.answer.status == 200
    await stream.close()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"user_agent": "curl/8"},
        {"referer": "http://localhost/r/lobby", "user_agent": BROWSER},
        {"origin": "http://localhost"},
        {"sec_fetch_site": "same-origin"},
        {"sec_fetch_site": "none"},
    ],
    ids=str,
)
async def test_our_own_page_and_programs_may_take_one(house: House, headers: dict[str, str]) -> None:
    stream = await follow(house.port, "/api/rooms/lobby/events?name=ana", **headers)
    assert stream.answer.status == 200
    assert "ana" in house.engine.state.claims
    await stream.close()


@pytest.mark.parametrize("target", ["/api/rooms/lobby/events?name=ana", "/r/lobby?follow&name=ana"])
async def test_a_stream_keeps_a_name_for_a_while_and_goes_on_without(tmp_path: Path, target: str) -> None:
    short = msgspec.structs.replace(PATIENT, visit_name_ms=50)
    async with open_house(tmp_path / "data", short) as house:
        bob = await house.program(name="bob")
        stream = await follow(house.port, target)
        async with asyncio.timeout(PATIENCE_S):
            while "ana" in house.engine.state.claims:
                await asyncio.sleep(0.01)
        ana = await house.program(name="ana")
        await ana.ask("post", room="lobby", text="me at last")
        await stream.until(b"me at last")
        assert await hears(bob) == "me at last"
        await stream.close()
        async with asyncio.timeout(PATIENCE_S):
            while len(house.engine.dispatch.peers) > 2:
                await asyncio.sleep(0.01)
        taken = await ask(house.port, "POST", "/r/lobby?name=ana", "not me")
        assert (taken.status, taken.json["code"]) == (409, "name-taken")


async def test_whose_stream_has_a_token_keeps_the_name(tmp_path: Path) -> None:
    short = msgspec.structs.replace(PATIENT, visit_name_ms=20)
    async with open_house(tmp_path / "data", short) as house:
        token = (await ask(house.port, "POST", "/api/guests", {"name": "ana"})).json["token"]
        mine = {"authorization": f"Bearer {token}"}
        stream = await follow(house.port, "/api/rooms/lobby/events", **mine)
        for number in range(20):
            assert (await ask(house.port, "POST", "/r/lobby", str(number), **mine)).status == 201
        taken = await ask(house.port, "POST", "/r/lobby?name=ana", "not me")
        assert (taken.status, taken.json["code"]) == (409, "name-taken")
        await stream.close()


async def test_a_program_that_calls_itself_a_browser_may_speak_by_name(house: House) -> None:
    shell = "Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1"
    said = await ask(house.port, "POST", "/r/lobby?name=ana", "hello", user_agent=shell)
    assert said.status == 201
