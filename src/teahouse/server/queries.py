"""Commands that read or write what stands outside a room's log: names, tokens, read marks, history, search.

Each goes in three steps: check (the core, pure), ask (the store, awaited), answer (the core, pure, one step of the
loop, on the state as it is then). Between ask and answer the world moves on, so nothing that was true at the check
is relied on in the answer, and a peer that was lost meanwhile is answered nothing.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, TypeVar

from teahouse.core import chat, names
from teahouse.core import text as texts
from teahouse.core.authorize import authorize
from teahouse.core.commands import (
    Command,
    Direct,
    Hello,
    Join,
    ListRooms,
    Look,
    Mark,
    Open,
    Post,
    ReadHistory,
    Rename,
    Search,
    Visit,
    Whisper,
)  # fmt: skip
from teahouse.core.errors import BadField, BadToken, LogChanged, NoSuchPerson, Refusal
from teahouse.core.events import Done, Gap, Marked, RoomEntry, RoomList, Stored, Tell, Word
from teahouse.core.handlers import identity, listing, membership, posting, reading
from teahouse.core.handlers import rooms as lookup
from teahouse.core.message import Person, nameless
from teahouse.core.retry import retry_mark
from teahouse.core.room import Room
from teahouse.core.state import State
from teahouse.server.clock import Clock
from teahouse.server.ids import Ids
from teahouse.server.making import Making
from teahouse.server.peer import Peer
from teahouse.server.tasks import Nap, Tasks
from teahouse.server.tokens import Tokens
from teahouse.store.base import Standing, Store

T = TypeVar("T")

QUERY_BYTES = 1_000  # of a search


class Lost(Exception):
    """The peer went away while the store was asked: nothing is to be answered."""


def token_hash(token: str) -> bytes:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).digest()


class Queries:
    """One function a command; `table` names them."""

    def __init__(self, state: State, store: Store, tokens: Tokens, clock: Clock, tasks: Tasks, nap: Nap) -> None:
        self._state = state
        self._store = store
        self._tokens = tokens
        self._clock = clock
        self._nap = nap
        self.ids = Ids(store.lease_people, tasks)
        self._making = Making(state, store, clock)
        self.table: dict[type[Command], Callable[[Peer, Any], Coroutine[Any, Any, Sequence[Word]]]] = {
            Hello: self.hello,
            Rename: self.rename,
            Join: self.join,
            Direct: self.direct,
            Whisper: self.whisper,
            ReadHistory: self.history,
            Search: self.search,
            Mark: self.mark,
            ListRooms: self.rooms,
            Visit: self.visit,
            Open: self.open,
            Look: self.look,
        }

    async def _ask(self, peer: Peer, question: Awaitable[T]) -> T:
        """Await the store; raise Lost where the peer went away meanwhile."""
        self._nap.out()
        try:
            answer = await question
        finally:
            self._nap.back()
        if peer.lost:
            raise Lost
        return answer

    # ---- who one is

    async def hello(self, peer: Peer, command: Hello) -> Sequence[Word]:
        """A new guest, or one who comes back with a token."""
        state, session = self._state, peer.session
        wish = identity.check_hello(state, session, command)
        if peer.codec.one_room and command.token is None and wish is None:
            person = nameless(await self._ask(peer, self.ids.take()))
            return chat.arrive(state, session, person)
        kept = True
        if command.token is None:
            token = "tea_" + secrets.token_urlsafe(32)
            person = self._named(nameless(await self._ask(peer, self.ids.take())), wish)
            kept = await self._settled(peer, person, self._tokens.keep(person, token_hash(token)))
        else:
            token = command.token
            person = await self._returned(peer, await self._guest_of(peer, token), wish)
        session.token = token_hash(token)
        session.agent = command.agent or ""
        is_new = command.token is None
        entries, more = await self._settled(peer, person, self._page(peer, person, ListRooms(), is_new=is_new))
        return identity.answer_hello(state, session, person, token, entries, more, command.ref, kept=kept)

    async def visit(self, peer: Peer, command: Visit) -> Sequence[Word]:
        """Somebody who comes for one request."""
        state = self._state
        wish = None if command.name is None else names.person_name(command.name)
        if command.said is not None and (first := await self._said_before(peer, command.said, wish)) is not None:
            return [first]
        if command.token is not None:
            person = await self._returned(peer, await self._guest_of(peer, command.token), wish)
        else:
            person = self._named(nameless(await self._ask(peer, self.ids.take())), wish)
        return identity.answer_visit(state, peer.session, person, command.ref, passing=command.token is None)

    async def _said_before(self, peer: Peer, post: Post, wish: str | None) -> Stored | None:
        """The answer to a retry: the first message of these contents. Nobody comes for it, so no name is needed."""
        room = self._state.rooms_by_name.get(names.room_name(post.room)[1]) if post.room[:1] != "@" else None
        if room is None or post.key is None:
            return None
        text = texts.clean(post.text, self._state.limits.text_bytes)
        digest = texts.digest(text, post.form, post.reply_to)
        mark = retry_mark(room.id, wish or "", post.key)
        first = await self._ask(peer, self._store.retried(mark, digest, self._clock.now_ms()))
        if first is None:
            return None
        return Stored(ref=post.ref, room=room.name, seq=first[0], time=first[1], key=post.key, again=True)

    async def _guest_of(self, peer: Peer, token: str) -> Person:
        person = await self._ask(peer, self._tokens.whose(token_hash(token)))
        if person is None:
            raise BadToken("This token is unknown or has ended. Come without it.")
        return person

    async def _returned(self, peer: Peer, person: Person, wish: str | None) -> Person:
        """Who comes back has the old name, if it is still free; a wish that is taken is refused."""
        if wish is not None:
            named = self._named(person, wish)
            if named != person:
                await self._settled(peer, named, self._tokens.rename(named))
            return named
        if person.chosen:
            try:
                identity.claim(self._state, person.id, person.name, self._clock.ticks_ms())
            except Refusal:
                return nameless(person.id)
        return person

    def _named(self, person: Person, wish: str | None) -> Person:
        """The person, with the name claimed that is wished for."""
        if wish is None:
            return person
        identity.claim(self._state, person.id, wish, self._clock.ticks_ms())
        return Person(person.id, wish, person.kind, True)

    async def _settled(self, peer: Peer, person: Person, question: Awaitable[T]) -> T:
        """Ask; where that fails and nobody is this person, their name is free again."""
        try:
            return await self._ask(peer, question)
        except BaseException:  # a bug, or the end of the task: a name that nobody has would be taken for ever
            if person.chosen and person.id not in self._state.sessions_by_person:
                identity.release(self._state, person.id, person.name)
            raise

    async def rename(self, peer: Peer, command: Rename) -> Sequence[Word]:
        """The new name is claimed, kept, then shown."""
        state, session = self._state, peer.session
        authorize(session.person, "rename")
        wish, old = names.person_name(command.name), session.person
        identity.claim(state, old.id, wish, self._clock.ticks_ms())
        named = Person(old.id, wish, old.kind, True)
        try:
            await self._ask(peer, self._store.rename_guest(named))
        except BaseException:
            if names.fold(wish) != names.fold(old.name):
                identity.release(state, old.id, wish)
            raise
        self._tokens.renamed(named)
        if old.chosen and names.fold(old.name) != names.fold(wish):
            identity.release(state, old.id, old.name)
        return identity.answer_rename(state, session, named, command.ref)

    # ---- where one is

    async def _room(self, peer: Peer, name: str) -> Room:
        """The room of this name, made now where there is none yet."""
        target = lookup.target_room(self._state, peer.session, name)
        if isinstance(target, Room):
            return target
        name, fold, pair = target
        membership.check_for_one_more(self._state, peer.session)
        if pair is not None:
            other = pair[0] if pair[1] == peer.session.person.id else pair[1]
            if not (membership.find_person(self._state, other) or await self._ask(peer, self._store.person(other))):
                raise lookup.no_such_room(name)
            return await self._ask(peer, self._making.make(peer, name, fold, pair))
        looks = lookup.claim_looks(self._state, name, fold)
        try:
            return await self._ask(peer, self._making.make(peer, name, fold, None))
        finally:
            self._state.opening.pop(looks, None)

    async def join(self, peer: Peer, command: Join) -> Sequence[Word]:
        """Seat the session where it asked to begin."""
        session = peer.session
        room = self._readable(peer, command.room) if session.visitor else await self._room(peer, command.room)
        membership.check_cursor(room, command.after, command.at, command.last)
        if command.at is not None and command.after:
            time = await self._ask(peer, self._store.time_of(room.id, command.after))
            if time != command.at:
                raise LogChanged("This room's log is not the one you know. Start over without `after`.")
        start = command.after
        if command.last is not None:
            count = min(command.last, self._state.limits.history)
            start = await self._ask(peer, self._store.start_of_last(room.id, room.head, count))
        standing = Standing()
        if not session.one_room:
            (standing,) = await self._ask(peer, self._store.standing(session.person, [(room.id, room.head)]))
        cursor = room.head if start is None else start
        skipped = None
        if command.at_most is not None and room.head - cursor > command.at_most:
            skipped = Gap(room=room.name, from_=cursor + 1, to=room.head - command.at_most, why="at_most")
            cursor = room.head - command.at_most
        words = membership.answer_join(
            self._state, session, room, cursor=cursor, announce=start is not None, standing_read=standing.read,
            standing_unread=standing.unread, ref=command.ref, now=self._clock.now_ms(),
        )  # fmt: skip
        return [*words, skipped] if skipped is not None else words

    async def _pair_room(self, peer: Peer, to: str | int) -> tuple[Room, Person]:
        """The room of the asker and the person named or numbered `to`."""
        session = peer.session
        other = membership.find_person(self._state, to)
        if other is None and isinstance(to, int):
            other = await self._ask(peer, self._store.person(to))
        if other is None:
            raise NoSuchPerson(
                f"Nobody here is called {str(to)[: names.NAME_MAX]}. `members` or /who lists who is here.", field="to"
            )
        if other.id == session.person.id:
            raise BadField("That is yourself; a direct conversation has two people.", field="to")
        name = names.direct_name(session.person.id, other.id)
        return await self._room(peer, name), other

    async def direct(self, peer: Peer, command: Direct) -> Sequence[Word]:
        """The room of the two of us."""
        room, _ = await self._pair_room(peer, command.to)
        person = peer.session.person
        (standing,) = await self._ask(peer, self._store.standing(person, [(room.id, room.head)]))
        return membership.answer_direct(
            self._state, peer.session, room, standing_read=standing.read, standing_unread=standing.unread,
            ref=command.ref, now=self._clock.now_ms(),
        )  # fmt: skip

    async def whisper(self, peer: Peer, command: Whisper) -> Sequence[Word]:
        """`/msg`: open the room of the two of us and say it there."""
        room, _ = await self._pair_room(peer, command.to)
        return posting.answer_whisper(self._state, peer.session, room, command, self._clock.now_ms())

    async def open(self, peer: Peer, command: Open) -> Sequence[Word]:
        """The room is there from now on."""
        await self._room(peer, command.room)
        return [Done(ref=command.ref)]

    async def look(self, peer: Peer, command: Look) -> Sequence[Word]:
        """The room, and how the asker stands to it."""
        room, person = self._readable(peer, command.room), peer.session.person
        (standing,) = await self._ask(peer, self._store.standing(person, [(room.id, room.head)]))
        limit = self._state.limits.members_page
        return [lookup.joined(person, room, limit, standing.read, standing.unread, command.ref)]

    # ---- what was

    def _readable(self, peer: Peer, name: str) -> Room:
        room = lookup.target_room(self._state, peer.session, name)
        if not isinstance(room, Room):
            raise lookup.no_such_room(name)
        authorize(peer.session.person, "read", room)
        return room

    async def history(self, peer: Peer, command: ReadHistory) -> Sequence[Word]:
        """A page of messages."""
        if sum(bound is not None for bound in (command.before, command.after, command.around)) > 1:
            raise BadField("Only one of before, after and around can be given.", field="before")
        room = self._readable(peer, command.room)
        limit = min(command.limit or 50, self._state.limits.history)
        page = await self._ask(
            peer,
            self._store.history(
                room.id, room.head, peer.session.person.id, before=command.before, after=command.after,
                around=command.around, limit=limit,
            ),
        )  # fmt: skip
        page.ref = command.ref
        limits = self._state.limits
        return [reading.fit_history(page, limits.frame_bytes, after=command.after, around=command.around)]

    async def search(self, peer: Peer, command: Search) -> Sequence[Word]:
        """Messages that have all the words, in one room or in all that the asker may see."""
        if command.before is not None and command.room is None:
            raise BadField("`before` needs `room`: numbers are a room's own.", field="before")
        query = texts.clean_line(command.query, QUERY_BYTES, "query")
        if not query:
            raise BadField("Say what to search for.", field="query")
        if command.room is not None:
            rooms = [self._readable(peer, command.room)]
        else:
            rooms = listing.visible_rooms(self._state, peer.session.person)
        found = await self._ask(
            peer,
            self._store.search(
                query, [(room.id, room.head) for room in rooms], peer.session.person.id,
                before=command.before, limit=min(command.limit or 20, self._state.limits.search),
            ),
        )  # fmt: skip
        found.ref = command.ref
        return [reading.fit_found(found, self._state.limits.frame_bytes)]

    async def mark(self, peer: Peer, command: Mark) -> Sequence[Word]:
        """A read position moves forward; the person's other sessions hear it."""
        session = peer.session
        room = self._readable(peer, command.room)
        if command.seq > room.head:
            raise BadField(f"The room's last number is {room.head}.", field="seq", limit=room.head)
        seq = await self._ask(peer, self._store.mark(session.person.id, room.id, command.seq))
        others = [other for other in self._state.sessions_by_person.get(session.person.id, ()) if other is not session]
        return [Tell(others, Marked(room=room.name, seq=seq)), Done(ref=command.ref)]

    async def _page(
        self, peer: Peer, person: Person, command: ListRooms, *, is_new: bool = False
    ) -> tuple[list[RoomEntry], bool]:
        """A page of the rooms that the person may see, and whether there are more. Who is new has read nothing."""
        state = self._state
        read = [] if is_new else await self._ask(peer, self._store.rooms_read(person.id))
        others: dict[int, Person] = {}
        if command.query:
            others = await self._others(peer, person, list(listing.directs(state, person, listing.NAMED)))
        rooms, more = listing.page(state, peer.session, person, command, read, others)
        standings = await self._ask(peer, self._store.standing(person, [(room.id, room.head) for room in rooms]))
        others |= await self._others(peer, person, [room for room in rooms if room.id not in others])
        entries = [
            listing.room_entry(room, others.get(room.id), standing.read, standing.unread, standing.mentions)
            for room, standing in zip(rooms, standings, strict=True)
        ]
        fitting = listing.fitting(entries, state.limits.frame_bytes)
        return entries[:fitting], more or fitting < len(entries)

    async def _others(self, peer: Peer, person: Person, rooms: Sequence[Room]) -> dict[int, Person]:
        """The other person of each direct room, here or not, by the room's id."""
        ids = {room.id: sum(room.pair) - person.id for room in rooms if room.pair is not None}
        here = {id: found for id in ids.values() if (found := membership.find_person(self._state, id)) is not None}
        away = [id for id in ids.values() if id not in here]
        people = here | (await self._ask(peer, self._store.people(away)) if away else {})
        return {room: people[id] for room, id in ids.items() if id in people}

    async def rooms(self, peer: Peer, command: ListRooms) -> Sequence[Word]:
        """The rooms that the asker may see."""
        entries, more = await self._page(peer, peer.session.person, command)
        return [RoomList(ref=command.ref, rooms=entries, more=more)]
