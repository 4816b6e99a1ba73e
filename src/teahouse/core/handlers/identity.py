"""Who somebody is: names that are claimed, hello, rename. What needs the store is awaited by server/queries.py."""

from __future__ import annotations

from teahouse.core import names
from teahouse.core.commands import Hello
from teahouse.core.errors import BadField, NameTaken
from teahouse.core.events import Done, Ref, Renamed, RoomEntry, ServerInfo, Welcome, Word
from teahouse.core.message import Person, nameless
from teahouse.core.session import NOBODY, Session
from teahouse.core.state import Claim, State


def check_hello(state: State, session: Session, command: Hello) -> str | None:
    """The name that is wished for, normalised; None without a wish.

    raises  BadField  a second hello;  BadName
    """
    if session.person is not NOBODY:
        raise BadField("You have said hello already.", field="type")
    return None if command.name is None else names.person_name(command.name)


def claim(state: State, person_id: int, name: str, ticks: int) -> None:
    """The name is this person's, from now until it is released.

    ticks  now, by the monotonic clock (ms)

    raises  NameTaken  another has it, or one that looks the same
    """
    rivals = [folded for folded in _same_or_alike(state, name) if state.claims[folded].person != person_id]
    for folded in rivals:
        until = state.claims[folded].until
        if until is None or until > ticks:
            raise NameTaken(f"“{name}” is taken, or looks like a name that is. Choose another.", field="name")
    for folded in rivals:
        _free(state, folded)
    _give(state, name, person_id, None)


def hold(state: State, person_id: int, name: str, until: int) -> None:
    """Keep the name of somebody who was here before a restart, until a time; who has it already keeps it."""
    if not _same_or_alike(state, name):
        _give(state, name, person_id, until)


def release(state: State, person_id: int, name: str) -> None:
    """The name is free from now on, if it was this person's."""
    folded = names.fold(name)
    held = state.claims.get(folded)
    if held is not None and held.person == person_id:
        _free(state, folded)


def _same_or_alike(state: State, name: str) -> list[str]:
    """Folds of the claimed names that are this one, or look like it."""
    folded = names.fold(name)
    found = {other for other in state.skeletons.get(names.skeleton(name), ()) if names.alike(folded, other)}
    return sorted(found | ({folded} & state.claims.keys()))


def _give(state: State, name: str, person_id: int, until: int | None) -> None:
    folded = names.fold(name)
    if folded in state.claims:
        _free(state, folded)  # it may have been written otherwise, and have looked otherwise
    held = state.claims[folded] = Claim(person_id, names.skeleton(name), until)
    state.skeletons.setdefault(held.skeleton, set()).add(folded)


def _free(state: State, folded: str) -> None:
    looks = state.claims.pop(folded).skeleton
    same = state.skeletons[looks]
    same.discard(folded)
    if not same:
        del state.skeletons[looks]


def arrive(state: State, session: Session, person: Person) -> list[Word]:
    """The session is this person from now on; their other sessions have the same name at once.

    raises  NameTaken  the claim was lost between the question and now, and another has the name
    """
    if person.chosen:
        # The person's last other session may have ended meanwhile, and have given the name back.
        claim(state, person.id, person.name, 0)
    sessions = state.sessions_by_person.setdefault(person.id, [])
    old = sessions[0].person if sessions else person
    session.person = person
    sessions.append(session)
    return _call(state, old, person)


def _call(state: State, old: Person, person: Person) -> list[Word]:
    """All sessions of the person have the new name; the old one is free; whoever shares a room with them hears it."""
    for session in state.sessions_by_person[person.id]:
        session.person = person
    if old.chosen and not (person.chosen and names.fold(old.name) == names.fold(person.name)):
        release(state, person.id, old.name)
    return [] if old.name == person.name else [Renamed(person=person, from_=old.name)]


def client_limits(state: State) -> dict[str, int]:
    """The bounds that a client needs to know."""
    limits = state.limits
    told = {
        "frame_bytes": limits.frame_bytes,
        "text_bytes": limits.text_bytes,
        "topic_bytes": limits.topic_bytes,
        "history": limits.history,
        "search": limits.search,
        "members": limits.members_page,
        "emoji_per_message": limits.emoji_per_message,
    }
    if limits.rooms_per_session is not None:
        told["rooms_per_session"] = limits.rooms_per_session
    return told


def answer_hello(
    state: State,
    session: Session,
    person: Person,
    token: str,
    entries: list[RoomEntry],
    more: bool,
    ref: Ref,
    *,
    kept: bool = True,
) -> list[Word]:
    """Welcome."""
    words = arrive(state, session, person)
    server = ServerInfo(state.server_name, state.version)
    limits = client_limits(state)
    welcome = Welcome(
        ref=ref, you=person, token=token, server=server, limits=limits, rooms=entries, more=more, kept=kept
    )
    words.append(welcome)
    return words


def answer_visit(state: State, session: Session, person: Person, ref: Ref, *, passing: bool = False) -> list[Word]:
    """The session is this person for one request; `passing`: and nobody is this person after it."""
    session.visitor = True
    session.passing = passing
    return [*arrive(state, session, person), Done(ref=ref)]


def give_back_name(state: State, session: Session) -> None:
    """A visitor without a token has had the name for long enough. Nobody sees them, so nobody is told."""
    person = session.person
    if person.chosen:
        release(state, person.id, person.name)
        session.person = nameless(person.id)


def answer_rename(state: State, session: Session, person: Person, ref: Ref) -> list[Word]:
    """The person is called otherwise; what they were called until now is free."""
    return [*_call(state, session.person, person), Done(ref=ref)]
