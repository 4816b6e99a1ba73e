"""What a typed line asks of the screen: the table of slash commands is the same at every text door (wire/slash.py)."""

from __future__ import annotations

from teahouse.core.commands import (
    Command,
    Help,
    Join,
    Leave,
    ListMembers,
    ListRooms,
    Post,
    Quit,
    ReadHistory,
    ReadRoom,
    Rename,
    Search,
    SetTopic,
    Whisper,
)
from teahouse.core.errors import Refusal
from teahouse.tui.guest import Guest
from teahouse.wire import slash


async def typed(guest: Guest, text: str, *, reply_to: int | None = None) -> None:
    """Do what somebody who typed this asks; the table is the same at every text door (wire/slash.py).

    raises  Refusal, OutboxError: nothing was done
    """
    asked = slash.understand(text)
    if isinstance(asked, Refusal):
        raise asked
    if isinstance(asked, Post):
        if asked.form == "say":
            guest.say(asked.text, reply_to=reply_to)
        else:
            await guest.room(guest.here()).send(asked.text, form=asked.form)
    elif isinstance(asked, Whisper):
        await _whisper(guest, asked)
    elif isinstance(asked, Search | Help | Quit):
        guest.screen.ask_for(asked)
    else:
        await _do(guest, asked)


async def _whisper(guest: Guest, asked: Whisper) -> None:
    room = await guest.client.direct(asked.to)
    talk = await guest.open(room.name)
    guest.look_at(talk)
    guest.say(asked.text)


async def _do(guest: Guest, asked: Command) -> None:
    """A command that the server answers."""
    if isinstance(asked, Rename):
        await guest.client.rename(asked.name)
        guest.screen.people_changed()
    elif isinstance(asked, Join):
        guest.look_at(await guest.open(asked.room))
    elif isinstance(asked, Leave):
        await guest.leave(guest.here())
    elif isinstance(asked, SetTopic):
        await guest.room(guest.here()).set_topic(asked.topic)
    elif isinstance(asked, ReadRoom):
        guest.screen.show(guest.here().topic or "There is no topic.")
    elif isinstance(asked, ReadHistory):
        if guest.here().has_older:
            await guest.older(guest.here())
        else:
            guest.screen.show("This is the beginning of the room.")
    elif isinstance(asked, ListRooms):
        listed = await guest.client.list_rooms(asked.query, most=slash.ROOMS + 1)
        lines = [f"{entry.room} ({entry.count} here) {entry.topic}".rstrip() for entry in listed[: slash.ROOMS]]
        more = [slash.MORE_ROOMS] if len(listed) > slash.ROOMS else []
        guest.screen.show("\n".join(lines + more))
    elif isinstance(asked, ListMembers):
        people = [person.name async for person in guest.room(guest.here()).everybody()]
        guest.screen.show(", ".join(people))
