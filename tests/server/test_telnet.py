"""Who comes by telnet is a person with lines, from the first byte on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from teahouse.core.limits import LAN
from tests.server.house import House, hears, open_house
from tests.wire.test_telnet import DECLINED, PUTTY

PATIENT = msgspec.structs.replace(LAN, listener_ms=60_000)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path / "data", PATIENT) as house:
        yield house


@pytest.mark.parametrize("dribbles", [False, True])
async def test_a_telnet_client_is_declined_and_heard(house: House, dribbles: bool) -> None:
    ana = await house.program(name="ana")
    caller = await house.call()
    await (caller.dribble(PUTTY) if dribbles else caller.dribble(PUTTY[:3]))
    if not dribbles:
        caller.send(PUTTY[3:])
    assert await caller.until(DECLINED[-3:]) == DECLINED
    caller.send(b"\x1b[A\x1b[B\r\0\x1b[200~a cup\x1b[201~\r\0")
    assert await hears(ana) == "a cup"
    caller.send(b"of \xff\xf4\xff\xfd\x06tea\r\n")
    assert await hears(ana) == "of tea"
    await caller.until(b"\xff\xfc\x06")


async def test_ctrl_c_first_closes_nothing(house: House) -> None:
    ana = await house.program(name="ana")
    caller = await house.call()
    caller.send(b"\xff\xf4\xff\xfd\x06")
    assert await caller.until(b"\x06") == b"\xff\xfc\x06"
    caller.send(b"still here\r\n")
    assert await hears(ana) == "still here"


async def test_a_key_cut_by_a_segment_is_no_message_of_an_old_program(house: House) -> None:
    ana = await house.program(name="ana")
    caller = await house.call()
    caller.send(b"\x1b")
    await house.has(2)
    caller.send(b"[A")
    await house.has(1, "raw")
    caller.send("茶".encode())
    assert await hears(ana) == "茶"


@pytest.mark.parametrize(
    "first", [b"PROXY UNKNOWN\r\n", b"PROXY UNKNOWN\n", b"PROXY UNKNOWN ffff::1 ::1 1 2\r\n", b"PROXY TCP6\r\n"]
)
async def test_the_proxy_protocol_is_taken_from_nobody(house: House, first: bytes) -> None:
    assert await house.ask(first + b"hello\n") == b""
    assert house.head == 0


@pytest.mark.parametrize("first", [b"CONNECT\n", b"CONNECT\r\n", b"STOMP\n", b"STOMP\r\n"])
async def test_stomp_is_told_what_this_port_speaks(house: House, first: bytes) -> None:
    caller = await house.call()
    await caller.dribble(first)
    caller.send(b"accept-version:1.2\nhost:tea\n\n\0")
    assert (await caller.rest()).startswith(b"This is Teahouse")
    assert house.head == 0
