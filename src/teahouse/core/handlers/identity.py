"""Who somebody is: names that are claimed, hello, rename. What needs the store is awaited by server/queries.py."""

from __future__ import annotations

from teahouse.core import names
from teahouse.core.commands import Hello
from teahouse.core.errors import BadField, NameTaken
from teahouse.core.events import Done, Ref, Renamed, RoomEntry, ServerInfo, Welcome, Word
from teahouse.core.message import Person
from teahouse.core.session import NOBODY, Session
from teahouse.core.state import Claim, State


def check_hello(state: State, session: Session, command: Hello) -> str | None:
    """The name that is wished for, normalised; None without a wish.

    raises  BadField  a second hello;  BadName
    """
    if session.person is not NOBODY:
        raise BadField("You have said hello already.", field="type")
    return None if command.name is None else names.person_name(command.name)


def claim(state: State, person_id: int, name: str, now: int) -> None:
    """The name is this person's, from now until it is released.

    raises  NameTaken  another has it, or one that looks the same
    """
    folded, looks = names.fold(name), names.skeleton(name)
    for taken in {folded, state.skeletons.get(looks, folded)}:
        held = state.claims.get(taken)
        if held is None or held.person == person_id:
            continue
        if held.until is None or held.until > now:
            raise NameTaken(f"“{name}” is taken, or looks like a name that is. Choose another.", field="name")
        _free(state, taken)
    state.claims[folded] = Claim(person_id)
    state.skeletons[looks] = folded


def hold(state: State, person_id: int, name: str, until: int) -> None:
    """Keep the name of somebody who was here before a restart, until a time; who has it already keeps it."""
    folded = names.fold(name)
    if folded not in state.claims:
        state.claims[folded] = Claim(person_id, until)
        state.skeletons.setdefault(names.skeleton(name), folded)


def release(state: State, person_id: int, name: str, now: int) -> None:
    """The name is free, if it was this person's."""
    folded = names.fold(name)
    held = state.claims.get(folded)
    if held is not None and held.person == person_id:
        _free(state, folded)


def _free(state: State, folded: str) -> None:
    del state.claims[folded]
    looks = names.skeleton(folded)
    if state.skeletons.get(looks) == folded:
        del state.skeletons[looks]


def arrive(state: State, session: Session, person: Person) -> list[Word]:
    """The session is this person from now on; their other sessions have the same name at once."""
    session.person = person
    others = state.sessions_by_person.setdefault(person.id, [])
    old = others[0].person if others else person
    others.append(session)
    for other in others:
        other.person = person
    if old.name == person.name:
        return []
    return [Renamed(person=person, from_=old.name)]


def client_limits(state: State) -> dict[str, int]:
    """The bounds that a client needs to know."""
    limits = state.limits
    told = {
        "frame_bytes": limits.frame_bytes,
        "text_bytes": limits.text_bytes,
        "history": limits.history,
        "search": limits.search,
        "members": limits.members_page,
        "emoji_per_message": limits.emoji_per_message,
    }
    if limits.rooms_per_session is not None:
        told["rooms_per_session"] = limits.rooms_per_session
    return told


def answer_hello(
    state: State, session: Session, person: Person, token: str, entries: list[RoomEntry], ref: Ref
) -> list[Word]:
    """Welcome."""
    words = arrive(state, session, person)
    server = ServerInfo(state.server_name, state.version)
    words.append(Welcome(ref=ref, you=person, token=token, server=server, limits=client_limits(state), rooms=entries))
    return words


def answer_rename(state: State, session: Session, person: Person, ref: Ref) -> list[Word]:
    """All sessions of the person have the new name; whoever shares a room with them hears it."""
    old = session.person
    for other in state.sessions_by_person[person.id]:
        other.person = person
    return [Renamed(person=person, from_=old.name), Done(ref=ref)]
