"""A fault at each step of the path of a message, planted by machine, gives no hole and no silent room.

What a few messages in two rooms call, short ones and one of 30 kB, an edit, a reaction, a deletion, a topic and a POST
over HTTP, is traced through a real node with real sockets, on the loop and in the writer's thread. Then each of these
functions fails once, beside the same again. Whatever it was: the node is about to end; or each connection hears both
rooms on, every number of them, and has its answers, or it was closed.

The steps are dealt out to SHARES tests, so that they are taken side by side.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
import zlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

from tests.server.house import HOST, House, open_house
from tests.support.inbox import Ended
from tests.support.json_client import JsonClient, granted
from tests.support.text_client import TextClient

SOURCES = str(Path(__file__).parents[2] / "src" / "teahouse")
LOBBY, OTHER = "lobby", "other"
PATIENCE_S = 5
SHARES = 4
LONG = "a long text " * 2_500

NETS = {
    "server.fuse.Fuse.__call__": "what everything else falls into: its own failure is the loop's, and not one of ours",
    "store.writer.Writer._safely": "the same, for what the writer's thread gives to the loop",
    "server.server.Server._admit": "what the making of a gate falls into: its own failure is the loop's",
    "server.gate.Gate.connection_made": "the same, for the arrival of a connection",
    "server.visits.Visit.safely": "the same, for what else the loop calls for one connection",
    "server.visits.Visit.or_leave": "the same, for the next slice of what one has said",
    "server.tasks.Nap._look": "nobody waits for it: without naps the writer is slower beside a busy loop",
}


class Planted(Exception):
    """The fault."""


class Plant:
    """Notes every function of ours that is called while it is armed; or fails the first call of one of them."""

    def __init__(self, target: CodeType | None = None) -> None:
        self._target = target
        self.bore = False
        self.called: dict[str, CodeType] = {}

    def call(self, code: CodeType) -> None:
        if self._target is None:
            if code.co_filename.startswith(SOURCES) and "<" not in code.co_qualname.replace("<locals>", ""):
                self.called[name_of(code)] = code
        elif code is self._target and not self.bore:
            self.bore = True
            raise Planted


def name_of(code: CodeType) -> str:
    module = ".".join(Path(code.co_filename).relative_to(SOURCES).with_suffix("").parts)
    return f"{module}.{code.co_qualname}"


class Profile:
    """What both threads report to; a thread in which a plant bore reports no more."""

    def __init__(self) -> None:
        self.plant: Plant | None = None

    def __call__(self, frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and self.plant is not None:
            self.plant.call(frame.f_code)


@pytest.fixture
def profile() -> Iterator[Profile]:
    profile = Profile()
    threading.setprofile(profile)  # for the writer's thread, which begins later
    yield profile
    threading.setprofile(None)
    sys.setprofile(None)


class Company:
    """Who is in the house: by frames and WebSocket in both rooms, by WebSocket in one each, by lines in the lobby."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.programs: list[JsonClient] = []
        self.person: TextClient
        self.by_http: set[asyncio.Task[dict[str, Any]]] = set()
        self.targets: list[int] = []  # two messages in the other room that may be changed

    async def come(self) -> None:
        for open_wire, rooms in (
            (JsonClient.by_frames, (LOBBY, OTHER)),
            (JsonClient.by_websocket, (LOBBY, OTHER)),
            (JsonClient.by_websocket, (OTHER,)),
            (JsonClient.by_websocket, (LOBBY,)),
        ):
            program = await open_wire(HOST, self.house.port)
            await program.hello()
            for room in rooms:
                await program.join(room)
            self.programs.append(program)
        self.person = await TextClient.by_lines(HOST, self.house.port)
        await self.person.settle()

    async def prepare(self) -> None:
        """Post what is changed next, so that nobody changes one message too often."""
        asked = [self.programs[2].question("post", room=OTHER, text="to be changed") for _ in range(2)]
        async with asyncio.timeout(PATIENCE_S):
            self.targets = [granted(await future)["seq"] for future in asked]

    def say(self, mark: str) -> list[asyncio.Future[dict[str, Any]]]:
        """Something in each room, by each kind of client, so fast that the disk takes it together."""
        frames, both, other, lobby = self.programs
        changed, deleted = self.targets
        asked = [
            frames.question("post", room=LOBBY, text=f"{mark}a"),
            both.question("post", room=OTHER, text=f"{mark}b"),
            both.question("post", room=LOBBY, text=f"{mark}c", key=mark),
            other.question("post", room=OTHER, text=f"{mark}d"),
            lobby.question("typing", room=LOBBY),
            both.question("post", room=OTHER, text=LONG),
            other.question("edit", room=OTHER, target=changed, text="changed"),
            frames.question("react", room=OTHER, target=changed, emoji="👍"),
            other.question("delete", room=OTHER, target=deleted),
            lobby.question("topic", room=OTHER, topic=f"{mark}f"),
            self.posted(f"{mark}g"),
        ]
        self.person.send(f"{mark}e")
        return asked

    def posted(self, text: str) -> asyncio.Task[dict[str, Any]]:
        """A POST over HTTP: ends with its answer, whatever it is, or with its connection."""
        task = asyncio.ensure_future(self._post(text))
        self.by_http.add(task)
        task.add_done_callback(self.by_http.discard)
        return task

    async def _post(self, text: str) -> dict[str, Any]:
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_connection(HOST, self.house.port)
            body = text.encode()
            head = (
                f"POST /r/{OTHER} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            try:
                writer.write(head.encode() + body)
                await reader.read(-1)
            finally:
                writer.close()
        return {}

    def has_lost_somebody(self) -> bool:
        return self.person.lines.ended or any(program.heard.ended for program in self.programs)

    async def go(self) -> None:
        for program in self.programs:
            await program.vanish()
        await self.person.vanish()
        for task in list(self.by_http):
            task.cancel()
            await asyncio.wait([task])


@contextlib.asynccontextmanager
async def a_company(folder: Path) -> AsyncIterator[Company]:
    async with open_house(folder) as house:
        company = Company(house)
        await company.come()
        await company.prepare()
        yield company
        await company.go()


async def answered(asked: list[asyncio.Future[dict[str, Any]]], fatal: asyncio.Future[Any]) -> bool:
    """Whether each was answered, or its connection ended; or the node is about to end."""
    waiting = {asyncio.ensure_future(_quietly(future)) for future in asked}
    everything = asyncio.ensure_future(asyncio.wait(waiting))
    await asyncio.wait([everything, fatal], timeout=PATIENCE_S, return_when=asyncio.FIRST_COMPLETED)
    everything.cancel()
    return fatal.done() or all(each.done() for each in waiting)


async def _quietly(future: asyncio.Future[Any]) -> None:
    with contextlib.suppress(Ended):
        await asyncio.shield(future)


async def what_is_wrong(company: Company, mark: str) -> list[str]:
    """After a fault: both rooms go on, and whoever is still connected hears every number of them."""
    engine = company.house.engine
    prober = await JsonClient.by_frames(HOST, company.house.port)
    await prober.hello()
    for room in (LOBBY, OTHER):
        await prober.join(room)
        if (await prober.ask("post", room=room, text=f"{mark} after"))["type"] != "stored":
            return [f"{room} takes nothing"]
    heads = {room.name: room.head for room in engine.state.rooms_by_id.values()}
    wrong: list[str] = []
    for place, program in enumerate(company.programs):
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                while not program.heard.ended and any(program.heads[room] != heads[room] for room in program.heads):
                    await asyncio.sleep(0.005)
        if not program.heard.ended and (late := {r: h for r, h in program.heads.items() if h != heads[r]}):
            wrong.append(f"program {place} has heard up to {late} of {heads}")
        wrong += program.wrong
    page = await prober.ask("history", room=LOBBY, limit=50)
    said = [message["text"] for message in page["messages"] if not message["text"].endswith(f"{mark}e")]
    lines: list[str] = []
    if not company.person.lines.ended:
        with contextlib.suppress(TimeoutError, Ended):
            async with asyncio.timeout(PATIENCE_S):
                while not (lines and lines[-1].endswith(f"{mark} after")):
                    lines.append(await company.person.lines.next())
    if not company.person.lines.ended:
        heard = [line for line in lines if mark in line]
        wanted = [text for text in said if mark in text]
        if heard != wanted:
            wrong.append(f"by lines {heard} was heard of {wanted}")
    await prober.vanish()
    return wrong


async def traced(folder: Path, profile: Profile) -> dict[str, CodeType]:
    """What is called from the first byte of a message to the last."""
    async with a_company(folder) as company:
        assert await answered(company.say("first"), company.house.engine.fatal)  # makes what the next ones find
        await company.prepare()
        profile.plant = plant = Plant()
        sys.setprofile(profile)
        assert await answered(company.say("traced"), company.house.engine.fatal)
        await asyncio.sleep(0.1)
        sys.setprofile(None)
        profile.plant = None
    return plant.called


@pytest.mark.asyncio(loop_factories=["uvloop"])
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
@pytest.mark.parametrize("share", range(SHARES))
async def test_a_fault_at_each_step_of_the_path_gives_no_hole_and_no_silent_room(
    tmp_path: Path, profile: Profile, share: int
) -> None:
    asyncio.get_running_loop().set_debug(False)
    path = await traced(tmp_path / "traced", profile)
    assert {"server.feed.Feed._publish", "store.commit.Committer.commit", "server.outbox.Outbox.push"} <= set(path)
    assert set(NETS) <= set(path), "a net that is gone must leave the list"
    steps = [name for name in sorted(path) if name not in NETS and zlib.crc32(name.encode()) % SHARES == share]
    wrong: dict[str, list[str]] = {}
    bore = 0
    number = 0
    while number < len(steps):
        async with a_company(tmp_path / f"house-{number}") as company:
            fatal = company.house.engine.fatal
            await answered(company.say("first"), fatal)
            while number < len(steps):
                name = steps[number]
                number += 1
                await company.prepare()
                profile.plant = plant = Plant(path[name])
                sys.setprofile(profile)
                in_time = await answered(company.say(f"m{number}"), fatal)
                for _ in range(20):  # what was asked for may be answered before all have heard it
                    if plant.bore:
                        break
                    await asyncio.sleep(0.005)
                sys.setprofile(None)
                profile.plant = None
                bore += plant.bore
                if not in_time:
                    wrong[name] = ["somebody was not answered"]
                elif not fatal.done():
                    await asyncio.sleep(0.01)
                if not fatal.done():
                    try:
                        found = await what_is_wrong(company, f"m{number}")
                    except (AssertionError, Ended, TimeoutError) as error:  # it ends only now, or somebody waits
                        found = [f"{type(error).__name__} {error}"]
                    if found and not fatal.done():
                        wrong.setdefault(name, []).extend(found)
                if fatal.done() or wrong.get(name) or company.has_lost_somebody():
                    break
    assert wrong == {}
    assert bore >= 0.9 * len(steps), f"only {bore} of {len(steps)} faults bore"
