"""Who is present, held against a model: whatever people do, the rooms, the sessions and the signals tell one story."""

from __future__ import annotations

import contextlib

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from teahouse.core.commands import HERE, Leave, Post
from teahouse.core.errors import NameTaken, NoSuchRoom, NotInRoom
from teahouse.core.events import Present, Word
from teahouse.core.handlers import identity
from teahouse.core.message import Person
from teahouse.core.names import fold
from tests.core.a_chat import Chat

PEOPLE = st.integers(1, 3)
NAMES = st.sampled_from(["ana", "аna", "bob", "b0b", ""])
ROOMS = st.sampled_from(["lobby", "garden", "@1+2", "@2+3"])


class Presence(RuleBasedStateMachine):
    """told: who is present, for somebody who believes the signals alone."""

    here = Bundle("here")
    lost = Bundle("lost")

    def __init__(self) -> None:
        super().__init__()
        self.chat = Chat()
        self.told: dict[str, set[int]] = {}
        self.count = 0

    def hear(self, words: list[Word], asker: str) -> None:
        """Believe what the words say; `came` and `went` alternate, and nobody hears himself come or go."""
        for word in words:
            if not isinstance(word, Present):
                continue
            told = self.told.setdefault(word.room, set())
            came, went = ({person.id for person in people} for people in (word.came, word.went))
            assert not came & told, "came twice"
            assert went <= told, "went without having come"
            told |= came
            told -= went
            assert word.count == len(told)
            assert asker not in self.chat.hearers_of([word])

    @rule(target=here, person=PEOPLE, name=NAMES, door=st.sampled_from(["text", "json"]))
    def somebody_comes(self, person: int, name: str, door: str) -> object:
        self.count += 1
        who = f"session {self.count}"
        try:
            words = self.chat.comes(who, person, name, one_room=door == "text", lingers=door == "json")
        except NameTaken:
            del self.chat.sessions[who]
            return multiple()
        self.hear(words, who)
        return who

    @rule(who=here, room=ROOMS)
    def somebody_joins(self, who: str, room: str) -> None:
        with contextlib.suppress(NoSuchRoom):
            self.hear(self.chat.joins(who, room), who)

    @rule(who=here, room=ROOMS)
    def somebody_leaves(self, who: str, room: str) -> None:
        with contextlib.suppress(NoSuchRoom, NotInRoom):
            self.hear(self.chat.does(who, Leave(room=room)), who)

    @rule(who=here, room=ROOMS)
    def somebody_speaks(self, who: str, room: str) -> None:
        if self.chat.sessions[who].one_room:
            room = HERE
        with contextlib.suppress(NoSuchRoom, NotInRoom):
            words = self.chat.does(who, Post(room=room, text="hello"))
            assert who in self.chat.hearers_of(words)
            self.hear(words, who)

    @rule(who=here, name=st.sampled_from(["ana", "bob", "eva", "еva"]))
    def somebody_is_renamed(self, who: str, name: str) -> None:
        session = self.chat.sessions[who]
        with contextlib.suppress(NameTaken):
            identity.claim(self.chat.state, session.person.id, name, self.chat.now)
            person = Person(session.person.id, name)
            self.hear(self.chat.carries_out(identity.answer_rename(self.chat.state, session, person, None)), "")

    @rule(target=lost, who=consumes(here))
    def a_connection_is_lost(self, who: str) -> object:
        self.hear(self.chat.vanishes(who), who)
        return who

    @rule(who=lost)
    def a_lost_connection_is_forgotten(self, who: str) -> None:
        self.hear(self.chat.is_forgotten(who), who)

    @invariant()
    def rooms_and_sessions_say_the_same(self) -> None:
        for room in self.chat.state.rooms_by_id.values():
            of_sessions: dict[int, set[int]] = {}
            for sessions in self.chat.state.sessions_by_person.values():
                for session in sessions:
                    if room.id in session.rooms:
                        of_sessions.setdefault(session.person.id, set()).add(session.id)
            present = {id: {session.id for session in sessions} for id, sessions in room.present.items()}
            assert present == of_sessions

    @invariant()
    def who_was_told_of_is_who_is_there(self) -> None:
        for room in self.chat.state.rooms_by_id.values():
            if room.pair is None:
                assert self.told.get(room.name, set()) == room.present.keys()
            else:
                assert room.name not in self.told
                assert room.present.keys() <= set(room.pair)

    @invariant()
    def who_is_seated_is_who_is_present_and_connected(self) -> None:
        expected = {
            (who, room.name)
            for who, session in self.chat.sessions.items()
            if not session.gone
            for room in session.rooms.values()
        }
        assert self.chat.seats == expected

    @invariant()
    def a_text_connection_is_in_one_public_room_at_most(self) -> None:
        for session in self.chat.sessions.values():
            if session.one_room:
                assert sum(room.pair is None for room in session.rooms.values()) <= 1
                assert session.here is None or session.here.id in session.rooms

    @invariant()
    def each_name_in_use_is_claimed_and_no_other(self) -> None:
        state = self.chat.state
        people = [sessions[0].person for sessions in state.sessions_by_person.values()]
        in_use = {fold(person.name): person.id for person in people if person.chosen}
        assert {name: claim.person for name, claim in state.claims.items()} == in_use
        assert sorted(name for folds in state.skeletons.values() for name in folds) == sorted(state.claims)

    @invariant()
    def a_person_has_one_name(self) -> None:
        for sessions in self.chat.state.sessions_by_person.values():
            assert sessions
            assert len({session.person for session in sessions}) == 1


TestPresence = Presence.TestCase
TestPresence.settings = settings(max_examples=60, stateful_step_count=40)
