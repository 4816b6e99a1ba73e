"""What happens to a client when its house is away: nobody there, somebody else there, back again, changed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from teahouse.client import Client, Patience, Posted, Room, connect, errors
from teahouse.client.places import Declined, Heard, LineState, Lost
from teahouse.core import errors as refusals
from teahouse.testing import HOST, House, house
from tests.support.inbox import PATIENCE_S, until
from tests.support.proxy import Proxy
from tests.support.server_process import free_port

HURRY = Patience(pause=0.01, longest=0.05)


@asynccontextmanager
async def a_stranger(says: bytes, *, closes: bool = False) -> AsyncIterator[str]:
    """Somebody who listens and is no house; where."""

    serving: list[asyncio.Task[None]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        serving.append(task)
        writer.write(says)
        with contextlib.suppress(OSError):
            if not closes:
                await reader.read(-1)
            writer.close()
            await writer.wait_closed()

    server = await asyncio.start_server(serve, HOST, 0)
    try:
        yield f"{HOST}:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await server.wait_closed()
        await asyncio.gather(*serving)


@pytest.fixture
async def proxy(server: House) -> AsyncIterator[Proxy]:
    """Stands between a client and the house."""
    proxy = Proxy(server.port)
    await proxy.start()
    yield proxy
    await proxy.stop()


@pytest.fixture
def place(tmp_path: Path) -> tuple[Path, int]:
    """A folder and a port that stay when the house closes."""
    return tmp_path / "data", free_port()


async def next_text(room: Room) -> str | None:
    async with asyncio.timeout(PATIENCE_S):
        event = await anext(room)
    assert isinstance(event, Posted)
    return event.text


# ---- nobody, or somebody else


async def test_where_nobody_listens_the_error_says_so() -> None:
    with pytest.raises(errors.Unreachable, match="nobody listens there"):
        await connect(f"{HOST}:{free_port()}").open()


async def test_where_there_is_no_such_host_the_error_says_so() -> None:
    with pytest.raises(errors.Unreachable, match="no such host"):
        await connect("nowhere.invalid").open()


async def test_a_web_server_that_waits_for_the_end_of_a_line_is_known_as_one() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(errors.NotAHouse, match="A web server"):
            await connect(f"127.0.0.1:{port}").open()


@pytest.mark.parametrize("form", ["{}", "ws://{}/ws"])
@pytest.mark.parametrize(("says", "who"), [(b"SSH-2.0-x\r\n", "An SSH server"), (b"", "says nothing")])
async def test_where_somebody_else_listens_the_error_says_who(form: str, says: bytes, who: str) -> None:
    async with a_stranger(says) as where:
        with pytest.raises(errors.NotAHouse, match=who):
            await connect(form.format(where), patience=Patience(answer=0.2)).open()


async def test_a_web_server_that_answers_frames_is_known() -> None:
    async with a_stranger(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", closes=True) as where:
        with pytest.raises(errors.NotAHouse, match="A web server"):
            await connect(where).open()


async def test_whoever_closes_without_a_word_is_unreachable() -> None:
    async with a_stranger(b"", closes=True) as where:
        with pytest.raises(errors.Unreachable, match="closed the connection"):
            await connect(where).open()


async def test_a_client_that_could_not_open_leaves_its_outbox_to_others(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(errors.Unreachable):
            await connect(f"{HOST}:{free_port()}", outbox=tmp_path / "outbox").open()


# ---- away and back


async def test_what_is_said_and_asked_while_the_house_is_away_is_done_when_it_is_back(place: tuple[Path, int]) -> None:
    data, port = place
    heard: list[Heard] = []
    async with house(data=data, port=port) as server:
        ana = await connect(server.address, name="ana", patience=HURRY).open()
        bob = await connect(server.url, name="bob", patience=HURRY, heard=heard.append).open()
        here = await ana.join("tea")
        await bob.join("tea")
        await here.say("before")
    await until(lambda: not ana.online and not bob.online)
    sending = here.send("meanwhile")
    asked = asyncio.get_running_loop().create_task(ana.list_rooms())
    assert ana.waiting == [sending]
    async with house(data=data, port=port):
        assert (await sending).seq == 2
        assert [entry.room for entry in await asked] == ["tea", "lobby"]
        assert [await next_text(here), await next_text(here)] == ["before", "meanwhile"]
        await until(lambda: [word.text for word in heard if isinstance(word, Posted)] == ["before", "meanwhile"])
        assert (ana.you.name, bob.you.name) == ("ana", "bob")
        await ana.close()
        await bob.close()
    states = [word.state for word in heard if isinstance(word, LineState)]
    assert states[:2] == ["online", "offline"]
    assert states[-2:] == ["online", "ended"]


async def test_whoever_is_written_to_while_away_is_there_when_back(server: House, proxy: Proxy) -> None:
    where = f"{HOST}:{proxy.port}"
    async with connect(where, name="ana", patience=HURRY) as ana, connect(server.address, name="bob") as bob:
        both = await bob.direct("ana")
        await both.say("one")
        (room,) = [room for room in ana.rooms if await next_text(room) == "one"]
        await room.leave()
        proxy.swallow()
        await both.say("two")
        proxy.let_go()
        async with asyncio.timeout(PATIENCE_S):
            event = await anext(ana)
        assert isinstance(event, Posted)
        assert event.text == "two"


async def test_a_client_gives_up_when_it_was_told_to(place: tuple[Path, int]) -> None:
    data, port = place
    patience = Patience(pause=0.01, longest=0.02, give_up=1.0)  # a house may take that long to close
    async with house(data=data, port=port) as server:
        ana = await connect(server.address, patience=patience).open()
        tea = await ana.join("tea")
    sending = tea.send("lost?")
    async with asyncio.timeout(PATIENCE_S):
        with pytest.raises(errors.Unreachable, match="did not come back"):
            await anext(tea)
    with pytest.raises(errors.Unreachable):
        await sending
    assert isinstance(ana.error, errors.Unreachable)
    assert sending.text == "lost?"
    await ana.close()


async def test_a_restored_backup_is_not_taken_for_the_log_that_one_knew(tmp_path: Path) -> None:
    port = free_port()
    heard: list[Heard] = []
    async with house(data=tmp_path / "new", port=port) as server:
        ana = await connect(server.address, name="ana", patience=HURRY).open()
        bob = await connect(server.address, name="bob", patience=HURRY, heard=heard.append).open()
        here = await ana.join("tea")
        await bob.join("tea")
        await here.say("this will be gone")
        assert await next_text(here) == "this will be gone"
    async with house(data=tmp_path / "old", port=port):
        async with asyncio.timeout(PATIENCE_S):
            with pytest.raises(refusals.LogChanged):
                await anext(here)
        await until(lambda: any(isinstance(word, Lost) for word in heard))
        assert ana.you.name == "ana", "somebody new, under the old name"
        anew = await ana.join("tea")
        await anew.say("start over")
        assert await next_text(anew) == "start over"
        await ana.close()
        await bob.close()


async def test_whoever_is_forgotten_with_a_message_in_doubt_is_told_and_keeps_the_text(tmp_path: Path) -> None:
    port = free_port()
    async with house(data=tmp_path / "new", port=port) as server:
        proxy = Proxy(server.port)
        await proxy.start()
        outbox = tmp_path / "outbox"
        ana = await connect(f"{HOST}:{proxy.port}", name="ana", patience=HURRY, outbox=outbox).open()
        tea = await ana.join("tea")
        proxy.swallow()
        sending = tea.send("stored or not?")
        await asyncio.sleep(0)
    async with house(data=tmp_path / "old", port=port) as server:
        proxy.let_go()
        async with asyncio.timeout(PATIENCE_S):
            with pytest.raises(refusals.BadToken):
                await sending
        await ana.close()
        with pytest.raises(refusals.BadToken):
            await connect(server.address, outbox=outbox).open()
        async with connect(server.address, name="ana", outbox=outbox, fresh=True) as ana:
            await until(lambda: not ana.waiting)
            assert [message.text async for message in ana.rooms[0].history()] == ["stored or not?"]
    await proxy.stop()


async def test_a_message_that_is_declined_is_told_to_the_listener(server: House) -> None:
    heard: list[Heard] = []
    async with connect(server.address, heard=heard.append) as ana:
        tea = await ana.join("tea")
        sending = tea.send(" ")
        await until(lambda: sending.done)
        (declined,) = [word for word in heard if isinstance(word, Declined)]
        assert declined.sending is sending
        assert isinstance(declined.error, refusals.EmptyMessage)
        assert isinstance(sending.error, refusals.EmptyMessage)


async def test_a_listener_that_fails_ends_the_client_with_the_reason(server: House) -> None:
    def fail(word: Heard) -> None:
        if isinstance(word, Posted):
            raise LookupError(word.text)

    ana = await connect(server.address, heard=fail).open()
    tea = await ana.join("tea")
    with pytest.raises(errors.Closed, match="hello") as closed:
        await tea.say("hello")
    assert isinstance(closed.value.__cause__, LookupError)
    await ana.close()


async def test_a_line_that_has_fallen_silent_is_given_up(proxy: Proxy) -> None:
    patience = Patience(silence=0.05, answer=1.0, pause=0.01, longest=0.05)
    heard: list[Heard] = []
    async with connect(f"{HOST}:{proxy.port}", patience=patience, heard=heard.append) as ana:
        tea = await ana.join("tea")
        proxy.swallow()
        await until(lambda: any(isinstance(word, LineState) and "silent" in word.why for word in heard))
        proxy.let_go()
        assert (await tea.say("back again")).seq == 1


# ---- slow readers


async def fill(server: House, count: int) -> None:
    async with connect(server.address) as writer:
        tea = await writer.join("tea")
        sendings = [tea.send(str(number)) for number in range(count)]
        for sending in sendings:
            await sending


async def read_slowly(room: Room, count: int, each: Callable[[int], object]) -> list[str | None]:
    found = []
    for number in range(count):
        found.append(await next_text(room))
        each(number)
        if number % 500 == 0:
            await asyncio.sleep(0.03)
    return found


@pytest.mark.parametrize("backlog", [0.0, 10.0], ids=["impatient", "patient"])
async def test_a_slow_reader_gets_everything_and_holds_little(server: House, backlog: float) -> None:
    asyncio.get_running_loop().set_debug(False)
    await fill(server, 6_000)
    most = 0

    def measure(_: int) -> None:
        nonlocal most
        most = max(most, len(tea.seat.arrivals))

    async with connect(server.address, buffer=100, patience=Patience(backlog=backlog)) as ana:
        tea = await ana.join("tea", after=0)
        assert await read_slowly(tea, 6_000, measure) == [str(number) for number in range(6_000)]
    assert 0 < most < 1_200


async def test_whoever_reads_one_room_is_not_held_up_by_another_that_nobody_reads(server: House) -> None:
    await fill(server, 3_000)
    async with connect(server.address, buffer=10, patience=Patience(backlog=600)) as ana:
        unread = await ana.join("tea", after=0)
        lobby = await ana.join("lobby")
        await lobby.say("through")
        assert await next_text(lobby) == "through"
        assert await read_slowly(unread, 3_000, lambda _: None) == [str(number) for number in range(3_000)]


async def test_whoever_answers_each_event_is_not_held_up_by_his_own_reading(server: House) -> None:
    asyncio.get_running_loop().set_debug(False)
    await fill(server, 3_000)
    async with connect(server.address, buffer=10, patience=Patience(backlog=600)) as ana:
        tea, echo = await ana.join("tea", after=0), await ana.join("echo")
        for number in range(300):
            await echo.say(f"{await next_text(tea)}!")
            assert number >= 0
        assert [message.text async for message in echo.history(after=0)] == [f"{number}!" for number in range(300)]


async def test_a_client_that_nobody_reads_may_talk_for_ever(server: House) -> None:
    async with connect(server.address, buffer=10) as ana:
        tea = await ana.join("tea")
        sendings = [tea.send(str(number)) for number in range(2_000)]
        for sending in sendings:
            await sending
        assert len(tea.seat.arrivals) <= 1_010
        assert await next_text(tea) == "0"


def test_a_client_is_shown_as_it_is() -> None:
    assert repr(connect("tea.lan")) == "<Client nobody, offline>"
    assert isinstance(connect("tea.lan"), Client)
