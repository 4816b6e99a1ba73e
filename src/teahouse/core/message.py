"""People, and messages as they are read."""

from __future__ import annotations

from typing import Literal

import msgspec

Form = Literal["say", "act", "notice"]
Kind = Literal["guest", "member", "bot"]


class Person(msgspec.Struct, frozen=True):
    """A guest, member or bot, as others see them.

    id      stays for ever, is never given twice; 1 and up
    name    how the person is called now; `guest-ID` for a nameless guest
    chosen  whether the person chose that name
    """

    id: int
    name: str
    kind: Kind = "guest"
    chosen: bool = True


def nameless(id: int) -> Person:
    """The guest with this id who has not chosen a name."""
    return Person(id, f"guest-{id}", "guest", False)


class Reaction(msgspec.Struct, frozen=True):
    """One emoji at a message: how many people, and whether the asker is one of them."""

    emoji: str
    count: int
    mine: bool


class Message(msgspec.Struct, omit_defaults=True, kw_only=True, tag_field="type", tag="message"):
    """What somebody said, with its edits, its deletion and its reactions folded in.

    edited  the time of the last edit; ms since 1970 UTC
    text    null once deleted
    """

    room: str
    seq: int
    time: int
    author: Person
    form: Form
    text: str | None
    key: str | None = None
    reply_to: int | None = None
    edited: int | None = None
    deleted: bool = False
    reactions: list[Reaction] = []
