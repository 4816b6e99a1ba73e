"""Messages, and what else the writer is asked for, wait apart: neither waits for all that there is of the other."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import apsw
import pytest

from teahouse.core.limits import LAN
from teahouse.core.message import Person, nameless
from teahouse.store.base import Store
from teahouse.store.sqlite import SqliteStore
from teahouse.store.writer import REQUESTS
from tests.store.kit import HandClock, opened, post

CROWD = 3_000

Ask = Callable[[Store, int], Awaitable[object]]


def mark(store: Store, number: int) -> Awaitable[object]:
    return store.mark(number % 7, 1, number)


def come(store: Store, number: int) -> Awaitable[object]:
    return store.keep_guest(Person(number, f"guest{number}"), number.to_bytes(32, "big"), 100)


def come_without_a_name(store: Store, number: int) -> Awaitable[object]:
    return store.keep_guest(nameless(number), number.to_bytes(32, "big"), 100)


def rename(store: Store, number: int) -> Awaitable[object]:
    return store.rename_guest(Person(number, f"other{number}"))


def use_a_token(store: Store, number: int) -> Awaitable[object]:
    return store.extend_tokens([number.to_bytes(32, "big")], 200)


def make_a_room(store: Store, number: int) -> Awaitable[object]:
    return store.open_room(f"new{number}", f"new{number}", None)


def lease(store: Store, number: int) -> Awaitable[object]:
    return store.lease_people(1)


@pytest.fixture
def store(tmp_path: Path, clock: HandClock) -> SqliteStore:
    return SqliteStore(tmp_path / "data", LAN, clock.now_ms)


async def held(store: SqliteStore, hand_over: Callable[[], None]) -> None:
    """Keep the writer busy until all this is queued."""
    goes_on, begun = threading.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def wait(connection: apsw.Connection) -> None:
        loop.call_soon_threadsafe(begun.set)
        assert goes_on.wait(60)

    busy = asyncio.ensure_future(store._do(wait))
    await begun.wait()
    hand_over()
    await asyncio.sleep(0)  # who asks has begun to
    goes_on.set()
    await busy


@pytest.mark.parametrize("ask", [mark, come, come_without_a_name, rename, use_a_token, make_a_room, lease])
async def test_a_message_waits_for_one_share_of_what_a_crowd_asks_for(store: SqliteStore, ask: Ask) -> None:
    order: list[str] = []
    async with opened(store) as house:
        asked: list[asyncio.Future[object]] = []
        said: list[asyncio.Future[list[None]]] = []

        def hand_over() -> None:
            for number in range(1, CROWD + 1):
                asked.append(asyncio.ensure_future(ask(store, number)))
                asked[-1].add_done_callback(lambda _: order.append("asked"))
            asyncio.get_running_loop().call_soon(say)

        def say() -> None:
            said.append(house.desk.hand(post("hello")))
            said[0].add_done_callback(lambda _: order.append("said"))

        await held(store, hand_over)
        await asyncio.gather(*asked, *said)
    assert len(order) == CROWD + 1
    assert order.index("said") <= 3 * REQUESTS


async def test_who_asks_does_not_wait_for_a_flood_of_messages(store: SqliteStore) -> None:
    order: list[str] = []
    async with opened(store) as house:
        waits: list[asyncio.Future[object]] = []

        def hand_over() -> None:
            for number in range(8):
                flood = house.desk.hand(*(post(f"{number} {each}") for each in range(LAN.batch)))
                flood.add_done_callback(lambda _: order.append("said"))
                waits.append(asyncio.ensure_future(flood))
            waits.append(asyncio.ensure_future(store.mark(1, 1, 5)))
            waits[-1].add_done_callback(lambda _: order.append("asked"))

        await held(store, hand_over)
        await asyncio.gather(*waits)
    assert order.index("asked") <= 2


async def test_all_that_waits_is_done_before_the_end(store: SqliteStore) -> None:
    async with opened(store) as house:
        everything: list[asyncio.Future[object]] = []

        def hand_over() -> None:
            everything.extend(asyncio.ensure_future(come(store, number)) for number in range(1, CROWD + 1))
            everything.append(asyncio.ensure_future(house.desk.hand(*(post("x") for _ in range(3 * LAN.batch)))))

        await held(store, hand_over)
    await asyncio.wait_for(asyncio.gather(*everything), 10)


async def test_all_that_waits_is_told_when_the_writer_dies(store: SqliteStore) -> None:
    def bug(connection: apsw.Connection) -> None:
        raise ValueError("a bug")

    async with opened(store) as house:
        everything: list[asyncio.Future[object]] = []
        drafts = [post("x") for _ in range(3 * LAN.batch)]

        def hand_over() -> None:
            everything.append(asyncio.ensure_future(store._do(bug)))
            everything.extend(asyncio.ensure_future(come(store, number)) for number in range(1, CROWD + 1))
            everything.append(asyncio.ensure_future(house.desk.hand(*drafts)))

        await held(store, hand_over)
        answers = await asyncio.wait_for(asyncio.gather(*everything, return_exceptions=True), 60)
        assert all(isinstance(answer, Exception) for answer in answers[:-1])
        assert all(draft.refusal is not None for draft in drafts)
        assert house.desk.fatals == 1
