"""From what a connection says to what is done about it. Its answers leave by `answers.py`.

    handle(peer, heard)     each command in turn: questions go to `queries`, the rest to `chat.decide`;
                            drafts to the feed, signals behind the room's last ticket, orders to the fan-out

A command that `waits` begins when all earlier questions are answered; behind a `barrier` (it changes who or where the
session is) what was heard after it waits until it is done.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Sequence
from functools import partial
from weakref import WeakValueDictionary

import structlog

from teahouse.core import chat
from teahouse.core.commands import Anew, Command, Hello, Visit
from teahouse.core.errors import HelloFirst, Overload, Refusal, StorageError, TooFast, WireError
from teahouse.core.events import (
    Draft,
    HangUp,
    Present,
    Renamed,
    Reply,
    Seat,
    Signal,
    Tell,
    Typing,
    Unseat,
    Word,
)  # fmt: skip
from teahouse.core.message import Person
from teahouse.core.room import Room
from teahouse.core.session import NOBODY, Neighbours, Session
from teahouse.core.state import DEFAULT_ROOM, State
from teahouse.server.answers import push_ready
from teahouse.server.clock import Clock
from teahouse.server.counters import Counters
from teahouse.server.fanout import Fanout
from teahouse.server.feed import Feed
from teahouse.server.fuse import Fuse
from teahouse.server.outbox import Outbox
from teahouse.server.peer import WAITING, Peer, Question, let_go
from teahouse.server.queries import Lost, Queries
from teahouse.server.tasks import Tasks
from teahouse.wire.base import Codec, Heard, refused

log = structlog.get_logger("teahouse.dispatch")

TRIES = 3
NOT_DECIDED = StorageError("A fault of the server: this was not stored. Try again.")


class Dispatch:
    """All peers of one node."""

    def __init__(
        self, state: State, feed: Feed, fanout: Fanout, queries: Queries, tasks: Tasks, clock: Clock,
        loop: asyncio.AbstractEventLoop, counters: Counters, fuse: Fuse,
    ) -> None:  # fmt: skip
        self._state = state
        self._feed = feed
        self._fanout = fanout
        self._queries = queries
        self._tasks = tasks
        self._clock = clock
        self._loop = loop
        self._counters = counters
        self._fuse = fuse
        self._ids = itertools.count(1)
        self._paused: set[Peer] = set()
        self._lingering: dict[int, tuple[asyncio.TimerHandle, Peer, Session]] = {}
        self._house = Neighbours()
        self._neighbours: WeakValueDictionary[str, Neighbours] = WeakValueDictionary()
        self.peers: dict[int, Peer] = {}
        feed.on_stale = self._decide_again
        feed.on_answered = self._answered

    # ---- coming and going

    def arrive(
        self, codec: Codec, outbox: Outbox, close: Callable[[WireError | Overload | None], None], neighbours: str
    ) -> Peer:
        """A connection has begun, from the address that counts with `neighbours`; nobody is known at its other end."""
        peer = Peer(self._session(codec, neighbours), codec, outbox, close, neighbours)
        self.peers[peer.session.id] = peer
        outbox.on_drain = lambda: self._fanout.drained(peer)
        outbox.on_stuck = peer.close
        outbox.pace(codec.format if codec.format.paced else None)
        return peer

    def _session(self, codec: Codec, address: str) -> Session:
        neighbours = self._neighbours.get(address)
        if neighbours is None:
            neighbours = self._neighbours[address] = Neighbours(self._house)
        return Session(next(self._ids), one_room=codec.one_room, lingers=codec.lingers, neighbours=neighbours)

    def listen(self, peer: Peer) -> None:
        """Let somebody who has said nothing hear the default room."""
        peer.session.listener = True
        room = self._state.rooms_by_name[DEFAULT_ROOM]
        self._fanout.pump(self._fanout.seat(peer, room, room.head, announce=False))

    def unlisten(self, peer: Peer) -> int | None:
        """A listener speaks: end its session; return the number up to which it has heard the default room."""
        room = self._state.rooms_by_name[DEFAULT_ROOM]
        cursor = peer.cursors.get(room.id)
        heard = None if cursor is None else room.head if cursor.live else cursor.seq
        self.gone(peer)
        return heard

    def gone(self, peer: Peer) -> None:
        """The connection is no more, or the session is over. Idempotent."""
        if peer.lost:
            return
        peer.lost = True
        self._end_session(peer)
        peer.answers.clear()
        peer.waiting.clear()
        self._paused.discard(peer)

    def _end_session(self, peer: Peer) -> None:
        session = peer.session
        try:
            self._carry_out(peer, chat.vanish(self._state, session), None)
        finally:
            for room in [cursor.room for cursor in peer.cursors.values()]:
                self._fanout.unseat(peer, room)
            del self.peers[session.id]
        if session.gone:
            self._let_linger(peer, session)

    def _let_linger(self, peer: Peer, session: Session) -> None:
        """For a while; of one address no more than it may have connections: the oldest is forgotten then."""
        timer = self._loop.call_later(self._state.limits.vanished_ms / 1_000, self._fuse, self._forget, peer, session)
        self._lingering[session.id] = (timer, peer, session)
        lingering, most = session.neighbours.lingering, self._state.limits.connections_per_address
        lingering[session.id] = None
        if most is not None and len(lingering) > most:
            timer, peer, session = self._lingering[next(iter(lingering))]
            timer.cancel()
            self._forget(peer, session)

    def _forget(self, peer: Peer, session: Session) -> None:
        del self._lingering[session.id]
        del session.neighbours.lingering[session.id]
        self._carry_out(peer, chat.forget(self._state, session), None)

    def _anew(self, peer: Peer) -> None:
        """A connection that spoke text speaks JSON from now on."""
        self._end_session(peer)
        peer.session = self._session(peer.codec, peer.neighbours)
        self.peers[peer.session.id] = peer

    def stop(self) -> None:
        """No timer fires any more."""
        for timer, _, _ in self._lingering.values():
            timer.cancel()
        self._lingering.clear()

    # ---- what is asked

    def handle(self, peer: Peer, heard: Sequence[Heard]) -> None:
        """Take what one read of this peer has brought, in order."""
        if peer.lost:
            return
        if peer.session.one_room is not peer.codec.one_room:
            self._follow_codec(peer, heard)
        peer.waiting.extend(heard)
        self._go_on(peer)

    def _follow_codec(self, peer: Peer, heard: Sequence[Heard]) -> None:
        """The codec has learnt which kind of client it serves. What was said as text before is still a text session's."""
        peer.outbox.pace(peer.codec.format if peer.codec.format.paced else None)
        text_first = peer.barred or peer.session.person is not NOBODY or any(word.__class__ is Anew for word in heard)
        if not text_first:
            peer.session.one_room = peer.codec.one_room
            peer.session.lingers = peer.codec.lingers

    def _go_on(self, peer: Peer) -> None:
        """Look at what waits, up to a command that must wait itself; then push the answers that are ready."""
        waiting = peer.waiting
        while True:
            if waiting:
                self._look_at_waiting(peer)
            if peer.answers:
                push_ready(peer, self._counters)
            if not waiting or peer.barred or peer.answers or peer.lost:
                break
        if self._has_asked_enough(peer):
            peer.congested = True
            self._paused.add(peer)
        elif peer.congested:
            self._relieve(peer)

    def _has_asked_enough(self, peer: Peer) -> bool:
        """Whether the peer must wait for answers before it may ask more.

        Who writes alone may have more messages on their way to the disk: together they are one batch. Beside others
        not, for each of theirs would wait for all of that. Nor where the disk has not come to what the person said.
        """
        limits, answers = self._state.limits, peer.answers
        if self._feed.has_much_waiting(peer.session.person.id):
            return True
        if len(answers) < limits.answers_waiting:
            return len(peer.waiting) >= WAITING
        return self._feed.in_flight >= limits.batch // 2 or not isinstance(answers[-1], Draft)

    def _relieve(self, peer: Peer) -> None:
        peer.congested = False
        self._paused.discard(peer)
        peer.on_relief()

    def _look_at_waiting(self, peer: Peer) -> None:
        """One command after the other, up to one that must wait."""
        waiting, answers = peer.waiting, peer.answers
        now = self._clock.now_ms()
        while waiting and not peer.barred and not peer.lost:
            word = waiting[0]
            if answers and word.waits:
                return
            waiting.popleft()
            try:
                if isinstance(word, Command):
                    self._command(peer, word, now)
                elif isinstance(word, Refusal):
                    self._refuse(peer, word, word.ref)
                else:
                    peer.close(word)
            except Refusal as refusal:
                self._refuse(peer, refusal, word.ref if isinstance(word, Command) else None)
            except Exception as error:
                let_go(peer, error)

    def _refuse(self, peer: Peer, refusal: Refusal, ref: int | str | None) -> None:
        self._counters.refused[refusal.code] += 1
        peer.answers.append(refused(refusal, ref))

    def _command(self, peer: Peer, command: Command, now: int) -> None:
        kind = command.__class__
        if peer.session.person is NOBODY and kind is not Hello and kind is not Visit:
            if kind is Anew:
                return
            raise HelloFirst("Say hello first.")
        if kind in self._queries.table:
            question = Question()
            peer.answers.append(question)
            peer.barred = kind.barrier
            self._tasks.spawn(self._ask(peer, command, question), kind.__name__, partial(let_go, peer))
        elif kind is Anew:
            self._anew(peer)
        else:
            self._carry_out(peer, chat.decide(self._state, peer.session, command, now), None)

    async def _ask(self, peer: Peer, command: Command, question: Question) -> None:
        replies: list[Reply] = []
        try:
            words = await self._queries.table[command.__class__](peer, command)
            if not peer.lost:
                self._carry_out(peer, words, replies)
        except Lost:
            return
        except Refusal as refusal:
            self._counters.refused[refusal.code] += 1
            replies.append(refused(refusal, command.ref))
        except Exception as error:
            let_go(peer, error)
        question.replies = replies
        if command.barrier:
            peer.barred = False
        if not peer.lost:
            self._go_on_safely(peer)
            self._fanout.drained(peer)

    # ---- what is done about it

    def _carry_out(self, peer: Peer, words: Sequence[Word], replies: list[Reply] | None) -> None:
        """Do as the core says, in order. `replies` takes the answers of a question; None: answer in turn."""
        for word in words:
            if isinstance(word, Draft):
                peer.answers.append(word)
                self._feed.hand(word)
            elif isinstance(word, Reply):
                (peer.answers if replies is None else replies).append(word)
            elif isinstance(word, Signal):
                self._pass_on(word)
            elif isinstance(word, Tell):
                self._tell(word)
            else:
                self._order(word)

    def _order(self, word: Seat | Unseat | HangUp) -> None:
        peer = self.peers.get(word.session.id)
        if peer is None:
            return
        if isinstance(word, Seat):
            self._fanout.seat(peer, word.room, word.cursor, word.announce)
            # The answer goes first; `caught_up` and the events after it.
            self._loop.call_soon(self._fuse, self._fanout.drained, peer)
        elif isinstance(word, Unseat):
            self._fanout.unseat(peer, word.room)
        else:
            peer.close(word.why)

    def _pass_on(self, signal: Signal) -> None:
        if isinstance(signal, Renamed):
            self._feed.renamed(self._rooms_of(signal.person), self._show_renamed, signal)
        elif isinstance(signal, Present | Typing):
            self._feed.signal(chat.room_named(self._state, signal.room), signal)

    def _show_renamed(self, signal: Renamed) -> None:
        sessions = self._state.sessions_by_person.get(signal.person.id, ())
        own = [peer for session in sessions if (peer := self.peers.get(session.id)) is not None]
        self._fanout.renamed(self._rooms_of(signal.person), own, signal)

    def _rooms_of(self, person: Person) -> list[Room]:
        """Where a session of theirs sits."""
        rooms: dict[int, Room] = {}
        for session in self._state.sessions_by_person.get(person.id, ()):
            rooms.update(session.rooms)
        return list(rooms.values())

    def _tell(self, word: Tell) -> None:
        for session in word.sessions:
            peer = self.peers.get(session.id)
            if peer is None:
                continue
            try:
                codec = peer.codec
                unit = codec.format.signal(word.word) if isinstance(word.word, Signal) else codec.answer(word.word)
                if unit:
                    peer.outbox.push(unit)
            except Exception as error:
                let_go(peer, error)

    def _decide_again(self, draft: Draft) -> None:
        """The room's rules moved between the decision and the log."""
        session, command = draft.session, draft.command
        draft.refusal = None
        draft.tries += 1
        if session is None or command is None or draft.tries > TRIES:
            draft.refusal = TooFast("The room's rules keep changing. Try again.", retry_after_ms=100)
            return
        try:
            words = chat.decide(self._state, session, command, self._clock.now_ms())
        except Refusal as refusal:
            draft.refusal = refusal
            return
        except Exception as error:
            draft.refusal = NOT_DECIDED
            if (peer := self.peers.get(session.id)) is not None:
                let_go(peer, error)
            return
        for word in words:
            if isinstance(word, Draft):
                draft.event, draft.rules, draft.own_only = word.event, word.rules, word.own_only
                draft.done = False
                self._feed.hand(draft)

    # ---- answers

    def _answered(self, drafts: Sequence[Draft]) -> None:
        """A batch is on disk and published: its senders' answers are ready."""
        peers = self.peers
        for session in dict.fromkeys([draft.session for draft in drafts]):
            if session is not None and (peer := peers.get(session.id)) is not None:
                self._go_on_safely(peer)
        if self._paused:
            for peer in [peer for peer in self._paused if not self._has_asked_enough(peer)]:
                self._relieve_safely(peer)

    def _go_on_safely(self, peer: Peer) -> None:
        """What fails for one peer is its own affair: others wait behind it."""
        try:
            self._go_on(peer)
        except Exception as error:
            let_go(peer, error)

    def _relieve_safely(self, peer: Peer) -> None:
        try:
            self._relieve(peer)
        except Exception as error:
            let_go(peer, error)
