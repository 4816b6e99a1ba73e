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


class Stream:
    """What is on its way to the disk for one room.

    ticket  of the last draft handed over
    held    (ticket to wait for, what then passes), oldest first
    """

    __slots__ = ("held", "ticket")

    def __init__(self) -> None:
        self.ticket = 0
        self.held: deque[tuple[int, Callable[[], None]]] = deque()


class Feed:
    """Drafts in, published events out.

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
        self._streams: dict[int, Stream] = {}
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
        """Give the draft to the log at the end of this tick."""
        self._tickets += 1
        draft.ticket = self._tickets
        stream = self._streams.get(draft.room)
        if stream is None:
            stream = self._streams[draft.room] = Stream()
        stream.ticket = draft.ticket
        if not self._outgoing:
            self._loop.call_soon(self._hand_over)
        self._outgoing.append(draft)

    def _hand_over(self) -> None:
        drafts, self._outgoing = self._outgoing, []
        self._handed.append((drafts[-1].ticket, time.monotonic()))
        self._nap.out()
        self._log.append(drafts)

    def committed(self, batch: list[Draft]) -> None:
        """The log is done with these: publish what it stored, release what waited, answer."""
        self._time_commit(batch)
        stale: list[Draft] = []
        by_room: dict[int, list[Draft]] = {}
        for draft in batch:
            of_room = by_room.get(draft.room)
            if of_room is None:
                of_room = by_room[draft.room] = []
            of_room.append(draft)
            if draft.refusal.__class__ is Stale:
                stale.append(draft)
        self._done = batch[-1].ticket
        for id, drafts in by_room.items():
            self._advance(self._state.rooms_by_id[id], drafts)
        for draft in stale:
            self.on_stale(draft)
        self.on_answered(batch)
        if self._quiet and self._done == self._tickets:
            quiet, self._quiet = self._quiet, []
            for future in quiet:
                future.set_result(None)

    def _time_commit(self, batch: Sequence[Draft]) -> None:
        now = time.monotonic()
        since = self._handed[0][1]  # of a hand-over that came back in part
        while self._handed and self._handed[0][0] <= batch[-1].ticket:
            since = self._handed.popleft()[1]
            self._nap.back()
        stored = sum(1 for draft in batch if draft.refusal is None and not draft.again)
        self._counters.committed(stored, (now - since) * 1_000)

    def _advance(self, room: Room, drafts: Sequence[Draft]) -> None:
        """Publish what was stored of one room, with the signals where they belong between the events."""
        stream = self._streams[room.id]
        if not stream.held:
            self._publish(room, drafts)
        else:
            start = 0
            for place, draft in enumerate(drafts):
                if stream.held and stream.held[0][0] < draft.ticket:
                    self._publish(room, drafts[start:place])
                    start = place
                    self._release(stream, draft.ticket - 1)
            self._publish(room, drafts[start:])
            self._release(stream, drafts[-1].ticket)

    def _publish(self, room: Room, drafts: Sequence[Draft]) -> None:
        events: list[Event] = []
        sessions: list[Session | None] = []
        for draft in drafts:
            if draft.refusal is not None or draft.again:
                continue
            event = draft.event
            if event.seq != room.head + 1:
                raise RuntimeError(f"{room.name}: event {event.seq} after head {room.head}")
            chat.apply(self._state, room.id, event)
            if event.__class__ is Deleted:
                self._fanout.forget_text(room, event.target)
            events.append(event)
            sessions.append(draft.session)
        if events:
            self._fanout.publish(room, events, sessions)

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
        stream = self._streams.get(room.id)
        return stream.ticket if stream is not None else 0

    def _behind_last(self, room: Room, pass_on: Callable[[], None]) -> None:
        stream = self._streams.get(room.id)
        if stream is None or (stream.ticket <= self._done and not stream.held):
            pass_on()
        else:
            stream.held.append((stream.ticket, pass_on))

    def _release(self, stream: Stream, upto: int) -> None:
        held = stream.held
        while held and held[0][0] <= upto:
            held.popleft()[1]()

    async def quiet(self) -> None:
        """Wait until nothing is on its way to the disk."""
        if self.in_flight:
            future: asyncio.Future[None] = self._loop.create_future()
            self._quiet.append(future)
            await future
