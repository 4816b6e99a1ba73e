"""Who hears a room here, and what each of them is given.

A connection is a cursor: for each of its rooms it knows the number up to which it has been served. Live means
that this number is the published head; then it is not even written down. Publishing pushes to those who are live
and whose outbox is not full; the others merely keep their cursor and are served from pages when it drains.

    publish(room, events)        live cursors, by format: encode once, push the very same bytes
                                 a full outbox: the cursor stays behind
    seat(peer, room, cursor)     live at once, or behind and pumped
    pump(cursor)                 pages, cut at the published head; live in the very step that reaches it

A fault of one format or one connection is nobody else's: those cursors are set behind and served from the log; where
that fails too, or nobody knows what was pushed, the connection ends with a reason, and resumes by number.

What a connection receives of a room is a run of consecutive numbers; the property tests hold that against every
order of publishing, draining, leaving and slow disks.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

import structlog

from teahouse.core.errors import StoreError, TooSlow
from teahouse.core.events import CaughtUp, Event, Present, Renamed, Signal, Typing
from teahouse.core.room import Room
from teahouse.core.session import Session
from teahouse.server import presence
from teahouse.server.counters import Counters
from teahouse.server.cursor import Audience, Cursor
from teahouse.server.fuse import CarryOut, straight
from teahouse.server.loading import Loading
from teahouse.server.pages import Page, Pages, page_of
from teahouse.server.peer import Peer, let_go
from teahouse.server.push import Slow, not_pushed, push_units, push_whole

log = structlog.get_logger("teahouse.fanout")

OWN = 16_384  # own events of one who does not read, which it is not to be shown: then it is let go
RETRY_S = 1.0  # until a page that the disk would not give is asked for again


class Fanout:
    """All audiences of this node.

    read_page  asks the store for the page of events after a number; it calls back
    later      call_later of the loop
    """

    def __init__(
        self,
        pages: Pages,
        read_page: Callable[[Room, int, Callable[[list[Event] | Exception], None]], None],
        later: Callable[[float, Callable[[], object]], object],
        counters: Counters,
        fuse: CarryOut = straight,
    ) -> None:
        self._pages = pages
        self._later_on = later
        self._fuse = fuse
        self._loading = Loading(pages, read_page, self._later)
        self._counters = counters
        self._audiences: dict[int, Audience] = {}
        self._signals = 0

    def _later(self, delay_s: float, work: Callable[..., object], *args: object) -> None:
        self._later_on(delay_s, lambda: self._fuse(work, *args))

    # ---- who hears

    def _audience(self, room: Room) -> Audience:
        audience = self._audiences.get(room.id)
        if audience is None:
            audience = self._audiences[room.id] = Audience()
        return audience

    def seat(self, peer: Peer, room: Room, seq: int, announce: bool) -> Cursor:
        """From here on the peer hears the room, from behind `seq` on. Call `pump` once its answer is written."""
        self.unseat(peer, room)
        audience = self._audience(room)
        cursor = Cursor(peer, room, seq, announce, self._signals)
        peer.cursors[room.id] = cursor
        audience.behind[cursor.id] = cursor
        return cursor

    def unseat(self, peer: Peer, room: Room) -> None:
        """The peer hears the room no more."""
        cursor = peer.cursors.pop(room.id, None)
        if cursor is None:
            return
        audience = self._audience(room)
        audience.behind.pop(cursor.id, None)
        of_format = audience.live.get(cursor.format)
        if of_format is not None:
            of_format.pop(cursor.id, None)
            if not of_format:
                del audience.live[cursor.format]
        if not audience.behind and not audience.live:
            del self._audiences[room.id]

    def is_heard(self, room: Room) -> bool:
        """Whether anybody hears the room: seated, listening, or following it by a request."""
        return room.id in self._audiences

    def forget(self, room: Room) -> None:
        """The room is no more."""
        self._pages.forget(room.id)

    def behind(self) -> int:
        """How many cursors are not live."""
        return sum(len(audience.behind) for audience in self._audiences.values())

    # ---- what they hear

    def publish(self, room: Room, events: Sequence[Event], sessions: Sequence[Session | None]) -> None:
        """Show `events`, the last of which is the room's head now; sessions[i] asked for events[i]."""
        audience = self._audiences.get(room.id)
        if audience is None:
            return
        if audience.gathered:
            self._show_gathered(room)
        if audience.behind:
            for session, event in zip(sessions, events, strict=True):
                cursor = audience.behind.get(session.id) if session is not None else None
                if cursor is not None and cursor.format.own == "nothing":
                    cursor.leave_out((event.seq,))
                    if cursor.own is not None and len(cursor.own) == OWN:
                        # Not at once: to let it go changes who hears the room.
                        self._later(0, partial(cursor.peer.close, TooSlow("You write and do not read. Come back.")))
        for format, cursors in list(audience.live.items()):
            mine: dict[int, list[int]] = {}
            if format.own == "nothing":
                for place, session in enumerate(sessions):
                    if session is not None and session.id in cursors:
                        mine.setdefault(session.id, []).append(place)
            units: list[bytes] = []
            try:
                units += [format.event(event) for event in events]
                self._pages.extend(room.id, format, events[0].seq, units)
                slow = (push_units if format.paced else push_whole)(cursors, units, mine)
            except Exception as error:
                slow = self._could_not_push(cursors, units, mine, error)
            for cursor, place in slow:
                self._fall_behind(audience, cursor, events, mine, place)

    def _could_not_push(
        self, cursors: Mapping[int, Cursor], units: Sequence[bytes], mine: Mapping[int, list[int]], error: Exception
    ) -> Slow:
        """Who is to be set behind. Whoever may have got a part is let go: to push that again would show it twice."""
        slow, unsure = not_pushed(cursors, units, mine)
        for cursor in unsure:
            self._end(cursor, error)
        self._read_again([cursor for cursor, _ in slow] or unsure, error)
        return [*slow, *((cursor, 0) for cursor in unsure)]

    def _read_again(self, cursors: Iterable[Cursor], error: Exception) -> None:
        """What was to be shown to these was not; the caller sets them behind, and they are served from the log."""
        again = list(cursors)
        self._later(0, self._pump_all, again)
        log.error("not-shown", format=again[0].format.name, room=again[0].room.name, exc_info=error)

    def _end(self, cursor: Cursor, error: Exception) -> None:
        """To read it again does not help: this connection ends, when nobody walks through those who hear."""
        cursor.loading = True  # until then it is served nothing
        self._later(0, let_go, cursor.peer, error)

    def _fall_behind(
        self, audience: Audience, cursor: Cursor, events: Sequence[Event], mine: dict[int, list[int]], place: int
    ) -> None:
        """From events[place] on it is served from pages."""
        cursor.live = False
        cursor.seq = events[place].seq - 1
        if own := [events[own].seq for own in mine.get(cursor.id, ()) if own >= place]:
            cursor.leave_out(own)
        of_format = audience.live[cursor.format]
        del of_format[cursor.id]
        if not of_format:
            del audience.live[cursor.format]
        audience.behind[cursor.id] = cursor

    def forget_text(self, room: Room, target: int) -> None:
        """A message was deleted: nothing that shows it stays in memory. Before the deletion is published."""
        self._pages.drop(room.id, target)

    # ---- signals

    def next_signal(self) -> int:
        """The number of a signal that happens now: who is seated later does not hear it."""
        self._signals += 1
        return self._signals

    def signal(self, room: Room, signal: Signal, number: int) -> None:
        """Show something that passes to all who sat here when it happened; in a crowd, who came and went in a moment."""
        audience = self._audiences.get(room.id)
        if audience is None:
            return
        if isinstance(signal, Present) and len(room.present) > presence.CROWD:
            if not audience.gathered:
                self._later(presence.GATHER_S, self._show_gathered, room)
            audience.gathered.append((number, signal))
        else:
            self._show_gathered(room)
            self._show(audience, signal, number)

    def _show_gathered(self, room: Room) -> None:
        """Show who came and went. Whoever was seated meanwhile is told what happened after that."""
        audience = self._audiences.get(room.id)
        if audience is None or not audience.gathered:
            return
        gathered, audience.gathered = audience.gathered, []
        first, last = gathered[0][0], gathered[-1][0]
        everyone = itertools.chain(audience.behind.values(), *(those.values() for those in audience.live.values()))
        late = [cursor for cursor in everyone if first <= cursor.floor < last]
        if all_of_it := presence.added_up(room, [signal for _, signal in gathered]):
            self._show(audience, all_of_it, first)
        for cursor in late:
            if rest := presence.added_up(room, [signal for number, signal in gathered if number > cursor.floor]):
                self._show_one(cursor, rest)

    def _show_one(self, cursor: Cursor, signal: Signal) -> None:
        try:
            if not cursor.live or cursor.peer.outbox.full or cursor.kept:
                self._keep(cursor, signal)
            elif unit := cursor.format.signal(signal):
                cursor.peer.outbox.push(unit)
        except Exception as error:
            self._end(cursor, error)

    def _show(self, audience: Audience, signal: Signal, number: int) -> None:
        for format, cursors in audience.live.items():
            try:
                unit = format.signal(signal)
            except Exception as error:
                for cursor in cursors.values():
                    if cursor.floor < number:
                        self._keep(cursor, signal)
                self._read_again(cursors.values(), error)
                continue
            for cursor in cursors.values():
                if cursor.floor >= number:
                    continue
                try:
                    if cursor.peer.outbox.full or cursor.kept:
                        self._keep(cursor, signal)
                    elif unit:
                        cursor.peer.outbox.push(unit)
                except Exception as error:
                    self._end(cursor, error)
        for cursor in audience.behind.values():
            if cursor.floor < number:
                self._keep(cursor, signal)

    def renamed(self, rooms: Sequence[Room], own: Sequence[Peer], signal: Renamed) -> None:
        """Show a new name once to each connection that shares one of the rooms with the person, and to their own."""
        seen: set[int] = set()
        for peer in own:
            seen.add(peer.session.id)
            try:
                if unit := peer.codec.format.signal(signal):
                    peer.outbox.push(unit)
            except Exception as error:
                self._later(0, let_go, peer, error)
        for room in rooms:
            audience = self._audiences.get(room.id)
            if audience is None:
                continue
            self._show_gathered(room)
            for cursors in [*audience.live.values(), audience.behind]:
                for id, cursor in cursors.items():
                    if id in seen:
                        continue
                    seen.add(id)
                    self._show_one(cursor, signal)

    def _keep(self, cursor: Cursor, signal: Signal) -> None:
        """For later, when it is live: who came and went, as a net sum; who is called otherwise. Typing is dropped."""
        if isinstance(signal, Present | Renamed):
            cursor.keep(signal)
        elif isinstance(signal, Typing):
            self._counters.dropped += 1

    def _tell_kept(self, cursor: Cursor) -> None:
        format, outbox, room = cursor.format, cursor.peer.outbox, cursor.room
        signals: list[Signal] = list(cursor.renames.values()) if cursor.renames else []
        if cursor.kept:
            signals.append(presence.told(room, cursor.kept))
        cursor.renames = cursor.kept = None
        for signal in signals:
            if unit := format.signal(signal):
                outbox.push(unit)

    # ---- those who are behind

    def drained(self, peer: Peer) -> None:
        """The peer's outbox has room again: serve its cursors on."""
        for cursor in list(peer.cursors.values()):
            if not cursor.live or cursor.kept or cursor.renames:
                self.pump(cursor)

    def pump(self, cursor: Cursor) -> None:
        """Serve a cursor from pages until its outbox is full or it is live. Never raises."""
        try:
            self._pump(cursor)
        except Exception as error:
            self._end(cursor, error)

    def _pump(self, cursor: Cursor) -> None:
        room, peer = cursor.room, cursor.peer
        if peer.lost or peer.cursors.get(room.id) is not cursor:
            return
        outbox = peer.outbox
        while not cursor.live and cursor.seq < room.head:
            if outbox.full or cursor.loading:
                return
            page = self._pages.get(room.id, cursor.format, cursor.seq + 1)
            if page is None:
                self._load(cursor, page_of(cursor.seq + 1))
                return
            self._serve(cursor, page, room.head)
        if outbox.full:
            return
        if not cursor.live:
            self._go_live(cursor)
        if cursor.kept or cursor.renames:
            self._tell_kept(cursor)

    def _serve(self, cursor: Cursor, page: Page, head: int) -> None:
        """Push events of this page, up to the head, until the outbox is full."""
        outbox, own, seq = cursor.peer.outbox, cursor.own or set(), cursor.seq
        upto = min(page.last, head)
        while seq < upto and not outbox.full:
            seq += 1
            unit = page.units[seq - page.first]
            if seq in own:
                own.discard(seq)
            elif unit:
                outbox.push(unit)
        cursor.seq = seq

    def _go_live(self, cursor: Cursor) -> None:
        audience = self._audience(cursor.room)
        audience.behind.pop(cursor.id, None)
        audience.live.setdefault(cursor.format, {})[cursor.id] = cursor
        cursor.live = True
        cursor.own = None
        if cursor.announce:
            cursor.announce = False
            if unit := cursor.peer.codec.answer(CaughtUp(room=cursor.room.name, seq=cursor.room.head)):
                cursor.peer.outbox.push(unit)

    def _load(self, cursor: Cursor, number: int) -> None:
        cursor.loading = True
        self._loading.ask(cursor.room, cursor.format, number, partial(self._loaded, cursor))

    def _loaded(self, cursor: Cursor, fault: Exception | None) -> None:
        cursor.loading = False
        if fault is None:
            self.pump(cursor)
        elif isinstance(fault, StoreError):
            self._later(RETRY_S, self.pump, cursor)
        else:
            self._end(cursor, fault)

    def _pump_all(self, cursors: Sequence[Cursor]) -> None:
        for cursor in cursors:
            self.pump(cursor)
