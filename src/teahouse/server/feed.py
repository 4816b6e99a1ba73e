"""From drafts to what everybody sees: the one place that gives tickets, moves heads and lets signals go.

    hand(draft)        a ticket, then to the log with all others of this tick
    committed(batch)   for each room: apply, publish, head = seq; release the signals whose ticket is done;
                       then the answers of this batch
    signal(word)       at once where nothing of the room is on its way to the disk, else behind its last ticket:
                       who posts and leaves is seen to speak, then to leave

The feed's head is the only head: what is on disk but not yet published here does not exist for anyone.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence

from teahouse.core import chat
from teahouse.core.errors import Stale
from teahouse.core.events import Deleted, Draft, Event, Renamed, Signal
from teahouse.core.room import Room
from teahouse.core.session import Session
from teahouse.core.state import State
from teahouse.server.counters import Counters
from teahouse.server.fanout import Fanout
from teahouse.server.tasks import Nap
from teahouse.store.log import Log

Held = deque[tuple[int, Callable[[], None]]]
"""What waits in one room to pass, oldest first: (ticket to wait for, what then passes)."""


class Run:
    """What one batch has for one room, as far as it is not published: events in order, and who asked for each."""

    __slots__ = ("events", "held", "room", "sessions")

    def __init__(self, room: Room, held: Held | None) -> None:
        self.room = room
        self.held = held
        self.events: list[Event] = []
        self.sessions: list[Session | None] = []


class Feed:
    """Drafts in, published events out.

    A draft's ticket is its place in the order of handing over, counted from 1; the log gives drafts back in that order.

    on_stale     decide again; called with the draft
    on_answered  these drafts are done; called once a batch, in order
    """

    def __init__(
        self, state: State, log: Log, fanout: Fanout, nap: Nap, loop: asyncio.AbstractEventLoop, counters: Counters
    ) -> None:
        self._state = state
        self._log = log
        self._fanout = fanout
        self._nap = nap
        self._loop = loop
        self._counters = counters
        self._last: dict[int, int] = {}  # room → ticket of its last draft
        self._held: dict[int, Held] = {}
        self._outgoing: list[Draft] = []
        self._handed: deque[tuple[int, float]] = deque()  # (last ticket, when): of each hand-over that is out
        self._tickets = 0
        self._done = 0
        self._quiet: list[asyncio.Future[None]] = []
        self.on_stale: Callable[[Draft], None]
        self.on_answered: Callable[[Sequence[Draft]], None]

    @property
    def in_flight(self) -> int:
        """Drafts that were handed over and did not come back."""
        return self._tickets - self._done

    def hand(self, draft: Draft) -> None:
        """Give the draft to the log at the end of this tick. On the path of a message."""
        self._tickets += 1
        self._last[draft.room] = self._tickets
        if not self._outgoing:
            self._loop.call_soon(self._hand_over)
        self._outgoing.append(draft)

    def _hand_over(self) -> None:
        drafts, self._outgoing = self._outgoing, []
        self._handed.append((self._tickets, time.monotonic()))
        self._nap.out()
        self._log.append(drafts)

    def committed(self, batch: list[Draft]) -> None:
        """The log is done with these: publish what it stored, release what waited, answer."""
        now = time.monotonic()
        since = self._handed[0][1]  # of a hand-over that came back in part
        ticket = self._done
        self._done += len(batch)
        while self._handed and self._handed[0][0] <= self._done:
            since = self._handed.popleft()[1]
            self._nap.back()
        stored = 0
        stale: list[Draft] = []
        runs: dict[int, Run] = {}
        for draft in batch:
            ticket += 1
            run = runs.get(draft.room)
            if run is None:
                run = runs[draft.room] = Run(self._state.rooms_by_id[draft.room], self._held.get(draft.room))
            if run.held is not None:
                self._let_pass(run, ticket)
            if draft.refusal is not None:
                if draft.refusal.__class__ is Stale:
                    stale.append(draft)
            elif not draft.again:
                run.events.append(draft.event)
                run.sessions.append(draft.session)
                stored += 1
        for run in runs.values():
            self._publish(run)
            self._release(run.room.id, self._done)
        self._counters.committed(stored, (now - since) * 1_000)
        for draft in stale:
            self.on_stale(draft)
        self.on_answered(batch)
        if self._quiet and self._done == self._tickets:
            quiet, self._quiet = self._quiet, []
            for future in quiet:
                future.set_result(None)

    def _let_pass(self, run: Run, ticket: int) -> None:
        """What has waited for the drafts before this one passes between their events and its own."""
        if run.held and run.held[0][0] < ticket:
            self._publish(run)
            self._release(run.room.id, ticket - 1)

    def _publish(self, run: Run) -> None:
        """These events have happened: apply them, show them. In a room, only here is its head moved."""
        events, room = run.events, run.room
        if not events:
            return
        if events[0].seq != room.head + 1 or events[-1].seq != room.head + len(events):
            raise RuntimeError(f"{room.name}: events {events[0].seq} to {events[-1].seq} after head {room.head}")
        chat.apply(self._state, room.id, events)
        for event in events:
            if event.__class__ is Deleted:
                self._fanout.forget_text(room, event.target)
        self._fanout.publish(room, events, run.sessions)
        run.events, run.sessions = [], []

    # ---- signals

    def signal(self, room: Room, signal: Signal) -> None:
        """Let something pass in a room, in its place."""
        number = self._fanout.next_signal()
        self._behind_last(room, lambda: self._fanout.signal(room, signal, number))

    def renamed(self, rooms: Iterable[Room], pass_on: Callable[[Renamed], None], signal: Renamed) -> None:
        """A new name passes once, behind the last ticket of all rooms that see it."""
        busy = max(rooms, key=self._last_ticket, default=None)
        if busy is None:
            pass_on(signal)
        else:
            self._behind_last(busy, lambda: pass_on(signal))

    def _last_ticket(self, room: Room) -> int:
        return self._last.get(room.id, 0)

    def _behind_last(self, room: Room, pass_on: Callable[[], None]) -> None:
        last = self._last_ticket(room)
        if last <= self._done and room.id not in self._held:
            pass_on()
        else:
            self._held.setdefault(room.id, deque()).append((last, pass_on))

    def _release(self, room: int, upto: int) -> None:
        held = self._held.get(room)
        if held is None:
            return
        while held and held[0][0] <= upto:
            held.popleft()[1]()
        if not held:
            del self._held[room]

    async def quiet(self) -> None:
        """Wait until nothing is on its way to the disk."""
        if self.in_flight:
            future: asyncio.Future[None] = self._loop.create_future()
            self._quiet.append(future)
            await future
