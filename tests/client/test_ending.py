"""A client that is closed on the way out, in a task that was cancelled before: all of its end is done, and in time.

Python 3.11.0 to 3.11.2 raise CancelledError there where `asyncio.timeout` means TimeoutError (Debian 12 has 3.11.2).
`old_timeouts` is how they end a timeout, word for word in what it does.
"""

from __future__ import annotations

import asyncio
from asyncio import timeouts
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from teahouse.client import Client, Patience, Room, connect
from teahouse.client.within import within
from teahouse.testing import House, house

SHORT = Patience(goodbye=0.1)


@pytest.fixture(autouse=True)
def old_timeouts(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in CPython 3.11.2, Lib/asyncio/timeouts.py: whether the task was cancelled before it began is not asked."""

    async def leave(self: Any, kind: type[BaseException] | None, error: object, trace: object) -> None:
        if self._timeout_handler is not None:
            self._timeout_handler.cancel()
            self._timeout_handler = None
        if self._state is type(self._state).EXPIRING:
            self._state = type(self._state).EXPIRED
            if self._task.uncancel() <= 0 and kind is asyncio.CancelledError:
                raise TimeoutError
        elif self._state is type(self._state).ENTERED:
            self._state = type(self._state).EXITED

    monkeypatch.setattr(timeouts.Timeout, "__aexit__", leave)


async def on_the_way_out(work: Callable[[], Awaitable[object]]) -> None:
    """Do this in a task that was cancelled: as after Ctrl-C."""

    async def cancelled() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await work()

    task = asyncio.ensure_future(cancelled())
    await asyncio.sleep(0)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_the_old_timeout_is_as_it_was() -> None:
    reached: list[str] = []

    async def work() -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(0.01):
                await asyncio.Event().wait()
        reached.append("behind it")

    await on_the_way_out(work)
    assert reached == []


async def test_a_deadline_holds_on_the_way_out() -> None:
    reached: list[bool] = []

    async def work() -> None:
        reached.append(await within(0.01, asyncio.sleep(60)))
        reached.append(await within(60, asyncio.sleep(0)))

    await on_the_way_out(work)
    assert reached == [False, True]


async def test_a_deadline_that_is_cancelled_cancels_the_work_and_no_more() -> None:
    ended: list[str] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("the work")

    task = asyncio.ensure_future(within(60, work()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == ["the work"]


async def test_what_the_work_raises_is_raised() -> None:
    async def work() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        await within(60, work())


@pytest.mark.parametrize("form", ["{}", "ws://{}/ws"])
async def test_what_was_not_sent_is_known_after_a_close_on_the_way_out(form: str) -> None:
    told: list[list[str]] = []
    async with house() as server:
        me = await connect(form.format(server.address), name="ana", patience=SHORT).open()
        tea = await me.join("tea")
    sendings = [tea.send(text) for text in ("one", "two", "three")]

    async def work() -> None:
        await me.close()
        told.append([sending.text for sending in me.unsent])

    await on_the_way_out(work)
    assert told == [["one", "two", "three"]]
    assert all(sending.done for sending in sendings)


async def test_a_house_that_says_no_goodbye_does_not_keep_the_line_open(server: House) -> None:
    closed: list[str] = []

    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A line to the house on which nothing comes back once the client is leaving."""
        house_reader, house_writer = await asyncio.open_connection("127.0.0.1", int(server.address.rpartition(":")[2]))

        async def there() -> None:
            while data := await reader.read(1 << 16):
                house_writer.write(data)

        async def back() -> None:
            while data := await house_reader.read(1 << 16):
                writer.write(data)

        tasks = [asyncio.ensure_future(there()), asyncio.ensure_future(back())]
        with suppress(ConnectionError):
            await tasks[0]
        await gone.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        house_writer.close()
        writer.close()

    gone = asyncio.Event()
    async with await asyncio.start_server(deaf, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        me: Client = await connect(f"127.0.0.1:{port}", name="ana", patience=SHORT).open()
        tea: Room = await me.join("tea")
        await tea.say("hello")

        async def work() -> None:
            await me.close()
            closed.append(type(me.error).__name__)

        await on_the_way_out(work)
        gone.set()
    assert closed == ["Closed"]


async def test_a_house_that_is_closed_on_the_way_out_waits_for_nobody_for_ever(tmp_path: Path) -> None:
    opened: asyncio.Future[House] = asyncio.get_running_loop().create_future()

    async def serve() -> None:
        async with house(data=tmp_path) as server:
            opened.set_result(server)
            await asyncio.Event().wait()

    task = asyncio.ensure_future(serve())
    server = await opened
    # Somebody who takes nothing and never goes.
    reader, writer = await asyncio.open_connection("127.0.0.1", int(server.address.rpartition(":")[2]))
    writer.write(b"hello\n")
    await reader.readline()
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    async with house(data=tmp_path) as again:  # it has closed its store and let go of the folder
        assert again.data == tmp_path
    writer.transport.abort()
