"""What is said: posts, corrections, deletions, reactions, typing."""

from __future__ import annotations

from teahouse.core import text as texts
from teahouse.core.authorize import authorize, own_only
from teahouse.core.commands import Command, Delete, Edit, Post, React, Type, Unreact, Whisper
from teahouse.core.errors import BadField, NoSuchMessage
from teahouse.core.events import Deleted, Done, Draft, Edited, Event, Posted, Reacted, Typing, Unreacted, Word
from teahouse.core.handlers.rooms import call_in, room_of
from teahouse.core.message import Form
from teahouse.core.retry import retry_mark
from teahouse.core.room import Room
from teahouse.core.session import Session
from teahouse.core.state import State

SMALL_CHARS = 512  # 2 KiB at the most: as many as a batch has of those are a MiB
DELETION_WEIGHT = 16_384  # what was said is read, cut into words and taken out of the search, whatever its length


def post(state: State, session: Session, command: Post, now: int) -> list[Word]:
    """Say something where the session is. On the path of a message."""
    room = room_of(state, session, command.room)
    return say(state, session, room, command, command.text, command.form, command.key, command.reply_to)


def say(
    state: State, session: Session, room: Room, command: Command, text: str, form: Form, key: str | None = None,
    reply_to: int | None = None,
) -> list[Word]:  # fmt: skip
    """The draft of a message; in a direct room both people are called in before it."""
    authorize(session.person, "post", room)
    text = texts.clean(text, state.limits.text_bytes)
    if reply_to is not None and reply_to > room.head:
        raise NoSuchMessage(f"There is no message {reply_to} here.", field="reply_to")
    event = Posted(
        room=room.name, seq=0, time=0, author=session.person, text=text, form=form, key=key, reply_to=reply_to
    )
    draft = Draft(room.id, event, session, command, room.record.rules)
    if key is not None:
        draft.digest = texts.digest(text, form, reply_to)
        if session.passing:
            draft.retry = retry_mark(room.id, session.person.name if session.person.chosen else "", key)
    if len(text) > SMALL_CHARS:
        draft.weight = len(text.encode())
    if room.pair is None:
        return [draft]
    return [*call_in(state, room), draft]


def answer_whisper(state: State, session: Session, room: Room, command: Whisper, now: int) -> list[Word]:
    """`/msg`: say it in the room of the two, without moving there. Who says it is called in like the other one.

    The draft is a `Post`'s, so that it can be decided again.
    """
    authorize(session.person, "direct", room)
    return say(state, session, room, Post(ref=command.ref, room=room.name, text=command.text), command.text, "say")


def _change(
    room: Room, session: Session, command: Command, target: int, event: Event, own: bool, weight: int = 0
) -> list[Word]:
    if target > room.head:
        raise NoSuchMessage(f"There is no message {target} here.", field="target")
    return [Draft(room.id, event, session, command, room.record.rules, own_only=own, weight=weight)]


def edit(state: State, session: Session, command: Edit, now: int) -> list[Word]:
    """One's own message reads otherwise."""
    room = room_of(state, session, command.room)
    authorize(session.person, "edit", room)
    text = texts.clean(command.text, state.limits.text_bytes)
    event = Edited(room=room.name, seq=0, time=0, author=session.person, target=command.target, text=text)
    weight = len(text.encode()) if len(text) > SMALL_CHARS else 0
    return _change(room, session, command, command.target, event, own_only(session.person, "edit", room), weight)


def delete(state: State, session: Session, command: Delete, now: int) -> list[Word]:
    """One's own message is gone."""
    room = room_of(state, session, command.room)
    authorize(session.person, "delete", room)
    event = Deleted(room=room.name, seq=0, time=0, author=session.person, target=command.target)
    own = own_only(session.person, "delete", room)
    return _change(room, session, command, command.target, event, own, DELETION_WEIGHT)


def _emoji(text: str) -> str:
    emoji = texts.clean_line(text, 128, "emoji")
    if not emoji or " " in emoji:
        raise BadField("A reaction is one emoji.", field="emoji")
    return emoji


def react(state: State, session: Session, command: React, now: int) -> list[Word]:
    """Put an emoji at a message."""
    room = room_of(state, session, command.room)
    authorize(session.person, "react", room)
    event = Reacted(
        room=room.name, seq=0, time=0, author=session.person, target=command.target, emoji=_emoji(command.emoji)
    )
    return _change(room, session, command, command.target, event, False)


def unreact(state: State, session: Session, command: Unreact, now: int) -> list[Word]:
    """Take one's emoji away."""
    room = room_of(state, session, command.room)
    authorize(session.person, "react", room)
    event = Unreacted(
        room=room.name, seq=0, time=0, author=session.person, target=command.target, emoji=_emoji(command.emoji)
    )
    return _change(room, session, command, command.target, event, False)


def typing(state: State, session: Session, command: Type, now: int) -> list[Word]:
    """Somebody writes; answered only where it was asked with a `ref`."""
    room = room_of(state, session, command.room)
    authorize(session.person, "typing", room)
    words: list[Word] = [Typing(room=room.name, person=session.person)]
    return words if command.ref is None else [*words, Done(ref=command.ref)]
