"""From drafts to what everybody sees: the one place that gives tickets, moves heads and lets signals go.

    hand(draft)        a ticket, then to the log with all others of this tick; where the log has much already: in turn
    committed(batch)   for each room: apply, publish, head = seq; release the signals whose ticket is done;
                       then the answers of this batch
    signal(word)       at once where nothing of the room is on its way to the disk, else behind its last ticket:
                       who posts and leaves is seen to speak, then to leave

The feed's head is the only head: what is on disk but not yet published here does not exist for anyone.

The log has only so much in hand, in drafts and in bytes; the rest waits here, and goes on round robin by person
(turns.py). So a batch is short, whoever sends what, and whoever says little waits for little. What a person does keeps
its order, signals too: they wait with the person's drafts.

What fails for one format or one connection, the fan-out and the dispatcher keep to it. What fails in here has left a room
between two heads: it blows the fuse, and nothing is shown after that.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Collection, Sequence

from teahouse.core import chat
from teahouse.core.errors import Stale, StoreError
from teahouse.core.events import Deleted, Draft, Event, Present, Renamed, Typing
from teahouse.core.room import Room
from teahouse.core.session import Session
from teahouse.core.state import State
from teahouse.server.counters import Counters
from teahouse.server.fanout import Fanout
from teahouse.server.fuse import Fuse
from teahouse.server.tasks import Nap
from teahouse.server.turns import Turns
from teahouse.server.typists import Typists
from teahouse.store.log import Log

IN_HAND = 4  # batches that the log has: while it writes one, others are ready, and a new one does not wait for many
TYPING = 256  # signals that wait in a room: then typing is dropped
NOT_YET = 2**63  # the ticket of what is not handed over


class Passing:
    """What waits to pass in a room: the ticket that must be done before."""

    __slots__ = ("pass_on", "ticket")

    def __init__(self, ticket: int, pass_on: Callable[[], None]) -> None:
        self.ticket = ticket
        self.pass_on = pass_on


Held = deque[Passing]
"""What waits in one room to pass, oldest first."""


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
        self,
        state: State,
        log: Log,
        fanout: Fanout,
        nap: Nap,
        loop: asyncio.AbstractEventLoop,
        counters: Counters,
        fuse: Fuse,
    ) -> None:
        self._state = state
        self._log = log
        self._fanout = fanout
        self._nap = nap
        self._loop = loop
        self._counters = counters
        self._fuse = fuse
        self._last: dict[int, int] = {}  # room → ticket of its last draft
        self._held: dict[int, Held] = {}
        self._passing = 0  # in all of `_held`
        self._outgoing: list[Draft] = []
        self._handed: deque[tuple[int, float, list[Draft]]] = deque()  # (last ticket, when, what): what is out
        self._tickets = 0
        self._done = 0
        self._turns = Turns()
        self._typists = Typists(state.limits)
        self._most = IN_HAND * state.limits.batch
        self._upto = self._most  # the ticket up to which the log may have drafts
        self._most_bytes = state.limits.batch_bytes
        self._bytes = 0  # of the large drafts that the log has
        self._quiet: list[asyncio.Future[None]] = []
        self._given_up: StoreError | None = None
        self.on_stale: Callable[[Draft], None]
        self.on_answered: Callable[[Sequence[Draft]], None]

    @property
    def in_flight(self) -> int:
        """Drafts that did not come back: the log has them, or they wait for their turn."""
        return self._tickets - self._done + self._turns.count

    @property
    def waiting(self) -> int:
        """Drafts that wait for their turn."""
        return self._turns.count

    def has_much_waiting(self, person: int) -> bool:
        """Whether this person has so much waiting here that no more should be read from them."""
        turns, limits = self._turns, self._state.limits
        if self._passing > limits.queue:
            return True
        if not turns.count or not turns.has(person):
            return False
        return (
            turns.owed(person) > limits.waiting_bytes
            or turns.bytes > limits.all_waiting_bytes
            or self.in_flight > limits.queue
        )

    def hand(self, draft: Draft) -> None:
        """Give the draft to the log at the end of this tick, or when it is its turn. On the path of a message."""
        if (
            draft.weight
            or self._tickets >= self._upto
            or (self._turns.count and self._turns.has(draft.event.author.id))
        ):
            self._turns.put(draft.event.author.id, draft)
            self._take_turns()
            return
        self._tickets += 1
        self._last[draft.room] = self._tickets
        if not self._outgoing:
            self._loop.call_soon(self._fuse, self._hand_over)
        self._outgoing.append(draft)

    def _take_turns(self) -> None:
        """Hand on what waits, as far as the log may have it: so many drafts, so many bytes."""
        turns = self._turns
        while turns.count:
            entry = turns.small if self._tickets < self._upto else None
            if entry is None:
                entry = turns.large
                if not isinstance(entry, Draft) or not self._has_space_for(entry.weight):
                    return
            turns.take(entry)
            if isinstance(entry, Draft):
                self._bytes += entry.weight
                self._tickets += 1
                self._last[entry.room] = self._tickets
                if not self._outgoing:
                    self._loop.call_soon(self._fuse, self._hand_over)
                self._outgoing.append(entry)
            else:
                entry()

    def _has_space_for(self, weight: int) -> bool:
        return not self._bytes or self._bytes + weight <= self._most_bytes

    def _hand_over(self) -> None:
        drafts, self._outgoing = self._outgoing, []
        if self._given_up is not None:
            self._answer_unknown(drafts, self._given_up)
            return
        self._handed.append((self._tickets, time.monotonic(), drafts))
        self._nap.out()
        self._log.append(drafts)

    def committed(self, batch: list[Draft]) -> None:
        """The log is done with these: publish what it stored, release what waited, answer. Never raises."""
        if not self._fuse.blown and self._given_up is None:
            self._fuse(self._show, batch)

    def _show(self, batch: list[Draft]) -> None:
        now = time.monotonic()
        since = self._handed[0][1]  # of a hand-over that came back in part
        ticket = self._done
        self._upto += len(batch)
        if self._turns.count or self._bytes:
            self._bytes -= sum([draft.weight for draft in batch])
            self._take_turns()  # first, so that the disk has something to do meanwhile
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
        if self._quiet and not self.in_flight:
            quiet, self._quiet = self._quiet, []
            for future in [future for future in quiet if not future.done()]:
                future.set_result(None)

    def _let_pass(self, run: Run, ticket: int) -> None:
        """What has waited for the drafts before this one passes between their events and its own."""
        if run.held and run.held[0].ticket < ticket:
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

    def signal(self, room: Room, signal: Present | Typing) -> None:
        """Let something pass in a room, in its place. Where much waits to pass there, or much is typed, nobody needs to
        hear of typing."""
        if isinstance(signal, Typing) and (
            len(self._held.get(room.id, ())) >= TYPING
            or not self._typists.may_be_shown(room.id, signal.person.id, self._loop.time())
        ):
            self._counters.dropped += 1
            return
        number = self._fanout.next_signal()
        person = signal.person.id if isinstance(signal, Typing) else (signal.came or signal.went)[0].id
        passing = Passing(self._last_ticket(room), lambda: self._fanout.signal(room, signal, number))
        if self._turns.count and self._turns.has(person):
            passing.ticket = NOT_YET
            self._turns.put(person, lambda: self._behind_own(room, passing))
        self._behind_last(room, passing)

    def _behind_own(self, room: Room, passing: Passing) -> None:
        """All that the person did before has its ticket now."""
        passing.ticket = self._last_ticket(room)
        self._release(room.id, self._done)

    def renamed(self, rooms: Collection[Room], pass_on: Callable[[Renamed], None], signal: Renamed) -> None:
        """A new name passes once, behind the last ticket of all rooms that see it."""
        busy = max(rooms, key=self._last_ticket, default=None)
        if busy is None:
            pass_on(signal)
        elif self._turns.count and self._turns.has(signal.person.id):
            self._turns.put(signal.person.id, lambda: self.renamed(rooms, pass_on, signal))
        else:
            self._behind_last(busy, Passing(self._last_ticket(busy), lambda: pass_on(signal)))

    def is_quiet(self, room: Room) -> bool:
        """Whether nothing of the room is on its way to the disk, or waits for something that is, or for its turn."""
        return self._last_ticket(room) <= self._done and room.id not in self._held and not self._turns.count

    def forget(self, room: Room) -> None:
        """The room is no more."""
        self._last.pop(room.id, None)

    def _last_ticket(self, room: Room) -> int:
        return self._last.get(room.id, 0)

    def _behind_last(self, room: Room, passing: Passing) -> None:
        if passing.ticket <= self._done and room.id not in self._held:
            passing.pass_on()
        else:
            self._held.setdefault(room.id, deque()).append(passing)
            self._passing += 1

    def _release(self, room: int, upto: int) -> None:
        held = self._held.get(room)
        if held is None:
            return
        while held and held[0].ticket <= upto:
            self._passing -= 1
            held.popleft().pass_on()
        if not held:
            self._held.pop(room, None)

    # ---- the end

    async def quiet(self, patience_s: float) -> bool:
        """Wait until nothing is on its way to the disk, for so long; False where the disk has answered nothing at all."""
        if self._given_up is not None or not self.in_flight:
            return True
        before = self._done
        future: asyncio.Future[None] = self._loop.create_future()
        self._quiet.append(future)
        await asyncio.wait([future], timeout=patience_s)
        return self._done != before

    def give_up(self, why: StoreError) -> None:
        """The log does not come back: all that it has is answered so, at once, and what it still says is not shown."""
        self._given_up = why
        self._held.clear()
        self._upto, self._bytes = NOT_YET, 0
        out = [draft for _, _, drafts in self._handed for draft in drafts if not draft.done]
        while (entry := self._turns.small or self._turns.large) is not None:
            self._turns.take(entry)
            if isinstance(entry, Draft):
                out.append(entry)
        self._answer_unknown(out, why)

    def _answer_unknown(self, drafts: list[Draft], why: StoreError) -> None:
        for draft in drafts:
            draft.refusal = why
            draft.done = True
        self.on_answered(drafts)
