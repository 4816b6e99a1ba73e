"""What stands around the conversation, as text: the head, the rooms, the people, the bar."""

from __future__ import annotations

from rich.text import Text

from teahouse.client import Message
from teahouse.tui.guest import Guest
from teahouse.tui.rows import fitted
from teahouse.tui.talk import Talk

ROOM_WIDTH = 21
"""Cells of a line in the list of rooms: its width in app.tcss without padding and scroll bar."""
PEOPLE_SHOWN = 200
CHOICES_SHOWN = 8


def head(guest: Guest) -> Text:
    """The room: its name, what it is about, how many are here."""
    talk = guest.current
    if talk is None:
        return Text("You are in no room. /join lobby takes you to one.", "dim")
    line = Text.assemble((talk.title, "bold"))
    if talk.topic:
        line.append(f"  {talk.topic}")
    if not talk.name.startswith("@"):
        line.append(f"  {guest.room(talk).count} here", "dim")
    line.no_wrap, line.overflow = True, "ellipsis"
    return line


def room_line(talk: Talk, is_current: bool) -> Text:
    """A room in the list, with what is unread."""
    count = f" {min(talk.unread, 999)} " if talk.unread else ""
    style = "bold" if is_current or talk.unread else ""
    calls_us = talk.mentions or talk.name.startswith("@")
    return Text.assemble(
        (fitted(talk.title, ROOM_WIDTH - len(count)), style), (count, "bold reverse" if calls_us else "bold")
    )


def other_room_line(name: str) -> Text:
    """A room where we are not."""
    return Text(fitted(name, ROOM_WIDTH), "dim")


def people(guest: Guest) -> list[Text]:
    """Who is here, by name; we first."""
    if guest.current is None:
        return []
    everybody = guest.room(guest.current).members.values()
    ordered = sorted(everybody, key=lambda person: (person.id != guest.me.id, person.name.casefold()))
    lines = [
        Text(person.name, "bold" if person.id == guest.me.id else "" if person.chosen else "dim")
        for person in ordered[:PEOPLE_SHOWN]
    ]
    hidden = guest.room(guest.current).count - len(lines)
    return [*lines, Text(f"and {hidden} more", "dim")] if hidden > 0 else lines


def bar(guest: Guest, below: int, choices: list[str]) -> Text:
    """One line for what passes: how the line is, what could be completed, who is writing.

    below    messages that came where nobody looked, at the end of this room
    choices  what Tab could make of the last word
    """
    waiting = len(guest.client.waiting)
    if guest.line.state == "ended":
        return Text(f" {guest.line.why} ", "bold reverse red")
    if guest.line.state == "offline":
        wait = f", {waiting} waiting" if waiting else ""
        return Text.assemble((f" reconnecting{wait} ", "bold reverse yellow"), (f" {guest.line.why}", "dim"))
    if choices:
        more = " …" if len(choices) > CHOICES_SHOWN else ""
        return Text("  ".join(choice.strip() for choice in choices[:CHOICES_SHOWN]) + more, "dim")
    talk = guest.current
    if talk is not None and talk.has_newer:
        return Text(" older messages: end goes to the newest ", "reverse")
    if below:
        return Text(f" ↓ {below} new ", "bold reverse")
    names = guest.writing(talk) if talk is not None else []
    if names:
        verb = "is" if len(names) == 1 else "are"
        return Text(f"{', '.join(names[:3])} {verb} writing …", "dim italic")
    return Text(f"{waiting} waiting" if waiting else "", "dim")


def about(reply_to: Message | None, edited: Message | None) -> Text:
    """What the composer is about to do, when it is more than to say something."""
    if edited is not None:
        return Text("editing your message · esc: no", "bold")
    if reply_to is None:
        return Text()
    said = " ".join((reply_to.text or "").split())
    line = Text.assemble(("↪ ", "bold"), (f"{reply_to.author.name}: {said}", "dim"))
    line.no_wrap, line.overflow = True, "ellipsis"
    return line
