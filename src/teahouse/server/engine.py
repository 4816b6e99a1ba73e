"""One node without its sockets: the state, and all that moves it. What tests drive, and `server.py` puts on a port."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import structlog

from teahouse.core import names
from teahouse.core.errors import StorageUnknown, StoreFatal
from teahouse.core.events import Event
from teahouse.core.handlers import identity
from teahouse.core.limits import AHEAD_MS, Limits
from teahouse.core.room import Room
from teahouse.core.state import DEFAULT_ROOM, State
from teahouse.server.clock import Clock
from teahouse.server.counters import Counters
from teahouse.server.dispatch import Dispatch
from teahouse.server.fanout import Fanout
from teahouse.server.feed import Feed
from teahouse.server.fuse import Fuse
from teahouse.server.outbox import Flusher
from teahouse.server.pages import PAGE, Pages
from teahouse.server.queries import Queries
from teahouse.server.tasks import Nap, Tasks
from teahouse.server.tokens import Tokens
from teahouse.server.vacancies import Vacancies
from teahouse.store.base import Store, Trouble

SETTLE_S = 1.0  # how long the end waits for what is on its way to the disk

log = structlog.get_logger("teahouse.engine")

NAMED = 5  # rooms in a warning


class Engine:
    """Everything but the port.

    fatal  is set when the store must not be used any more: end the process, non-zero
    """

    def __init__(self, store: Store, limits: Limits, *, name: str, version: str, clock: Clock | None = None) -> None:
        loop = asyncio.get_running_loop()
        self._store = store
        self.fatal: asyncio.Future[StoreFatal] = loop.create_future()
        self.fuse = Fuse(self._on_fatal)
        self.limits = limits
        self.clock = clock or Clock()
        self.counters = Counters()
        self.tasks = Tasks()
        self.nap = Nap(loop)
        self.state = State(limits, name, version)
        self.flusher = Flusher(loop, limits, self.fuse)
        self.pages = Pages(limits.page_cache_bytes)
        self.fanout = Fanout(self.pages, self._read_page, loop.call_later, self.counters, self.fuse)
        self.feed = Feed(self.state, store.log, self.fanout, self.nap, loop, self.counters, self.fuse)
        self.tokens = Tokens(self.state, store, self.clock)
        self.queries = Queries(self.state, store, self.tokens, self.clock, self.tasks, self.nap)
        self.dispatch = Dispatch(
            self.state, self.feed, self.fanout, self.queries, self.tasks, self.clock, loop, self.counters, self.fuse
        )
        self.vacancies = Vacancies(self.state, store, self.feed, self.fanout, self.clock)

    async def start(self) -> None:
        """Open the store and learn what it knows.

        raises  ConfigError, StoreFatal: see `Store.open`
        """
        rooms = await self._store.open()
        for room in sorted(rooms, key=lambda room: (room.latest(), room.id)):
            self.state.add(room, names.fold(room.name))
        if DEFAULT_ROOM not in self.state.rooms_by_name:
            self.state.add(await self._store.open_room(DEFAULT_ROOM, DEFAULT_ROOM, None), DEFAULT_ROOM)
        now = self.clock.now_ms()
        _warn_of_the_future(rooms, now)
        await self.tokens.begin()
        until = self.clock.ticks_ms() + self.limits.vanished_ms
        for person in await self._store.recent_guests(self.tokens.now_ms()):
            identity.hold(self.state, person.id, person.name, until)
        self._store.log.listen(self.feed.committed, self._on_fatal)
        self.flusher.watch()
        await self.queries.ids.reserve()
        self.tasks.spawn(self.tokens.run(), "keep tokens")
        self.tasks.spawn(self.tokens.run_hourly(), "renew tokens")
        self.tasks.spawn(self.vacancies.run(), "let empty rooms go")

    def erasing_s(self) -> float:
        """For how long something deleted has been waiting to be out of every file."""
        return self._store.erasing_s()

    def trouble(self) -> Trouble | None:
        """Why nothing can be stored now; None where nothing is known to be in the way."""
        if self.fatal.done():
            return Trouble("writer-dead", self.fatal.result().message)
        return self._store.trouble()

    async def settle(self) -> None:
        """Let what is on its way now reach the disk; whoever waits longer is told that nobody knows."""
        if not self.fatal.done() and not await self.feed.quiet(SETTLE_S):
            self.feed.give_up(
                StorageUnknown(
                    "The server stops, and its disk has not answered: this may be stored or not. "
                    "Send it again with the same key."
                )
            )

    async def stop(self) -> None:
        """Let what is on its way reach the disk, then close the store; within some seconds.

        raises StoreFatal  the disk did not answer: what was not acknowledged may be stored or not
        """
        await self.settle()
        if self.trouble() is None:
            await self.tokens.save_at_the_end(SETTLE_S)
        self.flusher.flush()
        self.dispatch.stop()
        self.flusher.stop()
        await self.tasks.stop()
        await self._store.close()

    def _on_fatal(self, error: StoreFatal) -> None:
        if not self.fatal.done():
            self.fatal.set_result(error)

    def _read_page(self, room: Room, after: int, then: Callable[[list[Event] | Exception], None]) -> None:
        head = room.head

        async def read() -> None:
            self.nap.out()
            try:
                events: list[Event] | Exception = await self._store.events(room.id, after, head, PAGE)
            except Exception as error:
                events = error
            finally:
                self.nap.back()
            self.fuse(then, events)

        self.tasks.spawn(read(), "read page")


def _warn_of_the_future(rooms: Sequence[Room], now: int) -> None:
    """Say it where rooms have a time that is still to come: the clock was wrong then, or it is now."""
    ahead = [room for room in rooms if room.time > now + AHEAD_MS]
    if ahead:
        log.warning(
            "rooms-ahead-of-the-clock",
            rooms=len(ahead),
            some=[room.name for room in ahead[:NAMED]],
            hours=round((max(room.time for room in ahead) - now) / 3_600_000, 1),
            then="new messages have the time of the clock; their order is by number, as always",
        )
