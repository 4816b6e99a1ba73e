"""A chat without a server: the core alone, and the least that a shell must do with its words.

    chat = a_chat(alice="lobby", bob="lobby")
    words = chat.does("alice", Post(room="lobby", text="hello"))
    assert chat.hearers_of(words) == {"alice", "bob"}

What a shell does is done at once and in order: a draft is given the next number and applied, `Seat` and `Unseat`
change who hears. Who heard a word is written down as it passes.
"""

from __future__ import annotations

from collections.abc import Iterable

from teahouse.core import chat as core
from teahouse.core.commands import Command
from teahouse.core.events import Draft, Present, Renamed, Reply, Seat, Signal, Tell, Typing, Unseat, Word
from teahouse.core.handlers import identity, membership, rooms
from teahouse.core.limits import LAN, Limits
from teahouse.core.message import Person, nameless
from teahouse.core.names import fold
from teahouse.core.room import Room, RoomRecord
from teahouse.core.session import Session
from teahouse.core.state import DEFAULT_ROOM, State


class Chat:
    """The state, the sessions by a name of the test's own, and who hears what.

    seats   (session's name, room's name)
    now     ms; moved by the test
    """

    def __init__(self, limits: Limits = LAN) -> None:
        self.state = State(limits, "Teahouse", "0")
        self.sessions: dict[str, Session] = {}
        self.seats: set[tuple[str, str]] = set()
        self.now = 1_000
        self._heard: dict[int, tuple[Word, frozenset[str]]] = {}
        self.makes(DEFAULT_ROOM)

    # ---- what happens

    def makes(self, text: str) -> Room:
        """The room of this name, made if there is none."""
        pair = None if text[0] != "@" else tuple(map(int, text[1:].split("+")))
        if fold(text) not in self.state.rooms_by_name:
            assert pair is None or len(pair) == 2
            self.state.add(Room(len(self.state.rooms_by_id) + 1, text, pair, RoomRecord()), fold(text))
        return self.state.rooms_by_name[fold(text)]

    def connects(self, who: str, *, one_room: bool = False, lingers: bool = False) -> Session:
        """A connection that has not said who it is."""
        session = self.sessions[who] = Session(len(self.sessions) + 1, one_room=one_room, lingers=lingers)
        return session

    def comes(
        self, who: str, id: int | None = None, name: str | None = None, *, one_room: bool = False, lingers: bool = False
    ) -> list[Word]:
        """A connection of a person called like the session, unless said otherwise; nameless with an empty name."""
        session = self.connects(who, one_room=one_room, lingers=lingers)
        id = session.id if id is None else id
        called = who if name is None else name
        if called:
            identity.claim(self.state, id, called, self.now)
        person = Person(id, called) if called else nameless(id)
        return self.carries_out(core.arrive(self.state, session, person))

    def joins(self, who: str, room: str, after: int | None = None) -> list[Word]:
        """As the shell joins: the room is found or made, then the session sits there."""
        session = self.sessions[who]
        target = rooms.target_room(self.state, session, room)
        place = target if isinstance(target, Room) else self.makes(target[0])
        words = membership.answer_join(
            self.state, session, place, cursor=place.head if after is None else after, announce=after is not None,
            standing_read=0, standing_unread=0, ref=None, now=self.now,
        )  # fmt: skip
        return self.carries_out(words)

    def does(self, who: str, command: Command) -> list[Word]:
        """The session asks, and what follows is carried out."""
        return self.carries_out(core.decide(self.state, self.sessions[who], command, self.now))

    def vanishes(self, who: str) -> list[Word]:
        """The connection is no more."""
        return self.carries_out(core.vanish(self.state, self.sessions[who]))

    def is_forgotten(self, who: str) -> list[Word]:
        """The time is over in which the vanished session counts as present."""
        return self.carries_out(core.forget(self.state, self.sessions[who]))

    # ---- what follows

    def carries_out(self, words: list[Word]) -> list[Word]:
        """Do as the core says, in order."""
        for word in words:
            self._heard[id(word)] = (word, frozenset(self._hearers(word)))
            if isinstance(word, Seat):
                self.seats.add((self._who(word.session), word.room.name))
            elif isinstance(word, Unseat):
                self.seats.discard((self._who(word.session), word.room.name))
            elif isinstance(word, Draft):
                word.event.seq = self.state.rooms_by_id[word.room].head + 1
                word.event.time = self.now
                core.apply(self.state, word.room, [word.event])
        return words

    def _hearers(self, word: Word) -> Iterable[str]:
        if isinstance(word, Draft):
            return self.who_sits_in(word.event.room)
        if isinstance(word, Present | Typing):
            return self.who_sits_in(word.room)
        if isinstance(word, Renamed):
            sessions = self.state.sessions_by_person[word.person.id]
            shared = {room.name for session in sessions for room in session.rooms.values()}
            own = {self._who(session) for session in sessions if not session.gone}
            return own.union(*(self.who_sits_in(room) for room in shared))
        if isinstance(word, Tell):
            return {self._who(session) for session in word.sessions}
        return ()

    def _who(self, session: Session) -> str:
        return next(who for who, other in self.sessions.items() if other is session)

    # ---- what is asked of it

    def who_sits_in(self, room: str) -> set[str]:
        """Names of the sessions that hear the room."""
        return {who for who, seat in self.seats if seat == room}

    def hearers_of(self, words: list[Word]) -> set[str]:
        """Who heard any of the words that others hear; answers are the asker's own."""
        return set().union(*(self._heard[id(word)][1] for word in words))

    def present_in(self, room: str) -> set[int]:
        """Ids of the people who are present."""
        return set(self.makes(room).present)


def a_chat(**places: str) -> Chat:
    """Each of these has come and has joined a room; their ids count from 1."""
    chat = Chat()
    for who, room in places.items():
        chat.comes(who, lingers=True)
        chat.joins(who, room)
    return chat


def signals(words: list[Word]) -> list[Signal]:
    """What passes, of these words."""
    return [word for word in words if isinstance(word, Signal)]


def replies(words: list[Word]) -> list[Reply]:
    """What the asker is answered, of these words."""
    return [word for word in words if isinstance(word, Reply)]


def drafts(words: list[Word]) -> list[Draft]:
    """What is to be kept, of these words."""
    return [word for word in words if isinstance(word, Draft)]
