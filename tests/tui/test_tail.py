"""How what was said reads on a terminal, and as lines of JSON."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import msgspec
import pytest

from teahouse.client import Client, connect
from teahouse.core.events import EVENTS, Event, Gap, Posted
from teahouse.core.message import Message
from teahouse.testing import House
from teahouse.tui.say import say, say_lines
from teahouse.tui.tail import event_line, newest, tail
from tests.support.inbox import until
from tests.tui.given import given


@pytest.fixture
async def ana(server: House) -> AsyncIterator[Client]:
    async with connect(server.address, name="ana") as client:
        yield client


def untimed(lines: list[str]) -> list[str]:
    """The lines without their times, which each of them has."""
    shown = [re.sub(r"^\d{4}-\d\d-\d\d \d\d:\d\d ", "", line) for line in lines]
    assert all(short != line for short, line in zip(shown, lines, strict=True))
    return shown


async def a_lively_room(client: Client) -> None:
    tea = await client.join("tea")
    await tea.say("black")
    await tea.edit(1, "green")
    await tea.react(1, "🍵")
    await tea.say("waves", form="act")
    await tea.set_topic("tea and talk")
    await tea.say("two\nlines")
    await tea.say("a mistake")
    await tea.delete(7)


async def test_the_last_messages_have_what_became_of_them(ana: Client, server: House) -> None:
    await a_lively_room(ana)
    lines: list[str] = []
    async with connect(server.address) as reader:
        await tail(reader, "tea", last=20, follow=False, json=False, out=lines.append)
        assert untimed(lines) == [
            "ana: green (edited) 🍵1",
            "* ana waves",
            "* ana sets the topic: tea and talk",
            "ana: two\n  lines",
            "* ana: taken away",
        ]
        assert reader.rooms == [], "one may look without being there"
        lines.clear()
        await tail(reader, "tea", last=2, follow=False, json=False, out=lines.append)
        assert untimed(lines) == ["ana: two\n  lines", "* ana: taken away"]


async def test_what_happens_next_follows_once(ana: Client, server: House) -> None:
    await a_lively_room(ana)
    lines: list[str] = []
    async with connect(server.address) as reader:
        following = asyncio.get_running_loop().create_task(
            tail(reader, "tea", last=1, follow=True, json=False, out=lines.append)
        )
        await until(lambda: len(lines) == 1)
        (tea,) = ana.rooms
        await tea.say("next")
        await tea.react(9, "👍")
        await tea.unreact(9, "👍")
        await tea.edit(9, "corrected")
        await tea.delete(9)
        await until(lambda: len(lines) == 6)
    async with asyncio.timeout(10):
        await following
    assert untimed(lines)[1:] == [
        "ana: next",
        "* ana 👍 at 9",
        "* ana takes 👍 away from 9",
        "* ana corrects: corrected",
        "* ana takes 9 away",
    ]


async def test_json_is_what_the_server_tells(ana: Client, server: House) -> None:
    await a_lively_room(ana)
    lines: list[str] = []
    async with connect(server.address) as reader:
        following = asyncio.get_running_loop().create_task(
            tail(reader, "tea", last=1, follow=True, json=True, out=lines.append)
        )
        await until(lambda: len(lines) == 1)
        await ana.rooms[0].say("next")
        await until(lambda: len(lines) == 2)
    async with asyncio.timeout(10):
        await following
    assert msgspec.json.decode(lines[0], type=Message).seq == 7
    event = msgspec.json.decode(lines[1], type=EVENTS[0])
    assert isinstance(event, Posted)
    assert event.text == "next"


async def test_more_than_a_page_is_fetched_in_pages(ana: Client) -> None:
    tea = await ana.join("tea")
    sendings = [tea.send(str(number)) for number in range(1_200)]
    for sending in sendings:
        await sending
    items, as_of = await newest(tea, 1_100)
    assert [item.seq for item in items] == list(range(101, 1_201))
    assert as_of == 1_200
    assert len((await newest(tea, 5_000))[0]) == 1_200


async def test_a_nameless_guest_is_named_among_lines_with_times(server: House) -> None:
    async with connect(server.address) as guest:
        tea = await guest.join("tea")
        await tea.say("hello")
        event = await anext(tea)
        assert isinstance(event, Event)
        assert untimed([event_line(event)]) == [f"{guest.you.name}: hello"]


def test_a_hole_is_shown() -> None:
    assert event_line(Gap(room="tea", from_=1, to=9, why="retention")) == "* the numbers 1 to 9 are not shown"


async def test_each_line_is_a_message_in_order(ana: Client) -> None:
    assert await say_lines(ana, "tea", given(["one\n", "\n", "  \n", "two\r\n", "three"])) == 3
    assert [message.text async for message in ana.room("tea").history(after=0)] == ["one", "two", "three"]


async def test_a_text_is_one_message(ana: Client) -> None:
    await say(ana, "tea", "one\ntwo")
    await say(ana, "tea", "waves", "act")
    assert [(message.form, message.text) async for message in ana.room("tea").history(after=0)] == [
        ("say", "one\ntwo"),
        ("act", "waves"),
    ]
