"""`teahouse tail`: what was said last in a room, and what is said next.

Text for people, or JSON for programs: one object a line; messages first, then events as they happen
(docs/protocol.md, «Events»).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec

from teahouse.client import Client, Message, Room
from teahouse.core.events import Deleted, Event, Gap, Reacted, RulesChanged, TopicChanged, Unreacted
from teahouse.wire import text

Print = Callable[[str], None]
GONE = "…"  # in place of an emoji whose message was taken away

Item = Message | TopicChanged | RulesChanged

_json = msgspec.json.Encoder()


def as_json(item: object) -> str:
    """One line of JSON."""
    return _json.encode(item).decode()


def clock(ms: int) -> str:
    """A time as people read it, where they are."""
    return datetime.fromtimestamp(ms / 1_000).strftime("%Y-%m-%d %H:%M")


def item_line(item: Item) -> str:
    """A message, with what became of it; or what became of the room."""
    if not isinstance(item, Message):
        return f"{clock(item.time)} {text.happening(item)}"
    if item.text is None:
        return f"{clock(item.time)} * {item.author.name}: taken away"
    said = f"* {item.author.name} {text.visible(item.text)}" if item.form == "act" else f"{item.author.name}: {text.visible(item.text)}"  # fmt: skip
    marks = " (edited)" if item.edited is not None else ""
    marks += "".join(f" {reaction.emoji}{reaction.count}" for reaction in item.reactions)
    return f"{clock(item.time)} {said}{marks}"


def event_line(event: Event | Gap) -> str:
    """Something that happens."""
    if isinstance(event, Gap):
        return f"* the numbers {event.from_} to {event.to} are not shown"
    who = event.author.name
    if isinstance(event, Reacted):
        return f"{clock(event.time)} * {who} {event.emoji or GONE} at {event.target}"
    if isinstance(event, Unreacted):
        return f"{clock(event.time)} * {who} takes {event.emoji or GONE} away from {event.target}"
    if isinstance(event, Deleted):
        return f"{clock(event.time)} * {who} takes {event.target} away"
    shown = text.happening(event)
    if shown and not shown.startswith("*") and not event.author.chosen and not shown.startswith(f"{who}:"):
        shown = f"{who}: {shown}"
    return f"{clock(event.time)} {shown}" if shown else ""


async def newest(place: Room, count: int) -> tuple[list[Item], int]:
    """The newest `count` messages and changes of a room, oldest first; the number up to which they are true."""
    items: list[Item] = []
    before: int | None = None
    as_of: int | None = None
    while len(items) < count:
        page = await place.page(before=before, limit=count - len(items))
        items = [*page.messages, *items]
        as_of = page.as_of if as_of is None else as_of
        if not page.more or not page.messages:
            break
        before = page.messages[0].seq
    return items[-count:], as_of or 0


async def tail(client: Client, room: str, *, last: int, follow: bool, json: bool, out: Print) -> None:
    """Print the last messages; then, if asked to, everything that happens, until the client is closed.

    raises  Refusal: no such room;  ClientError
    """
    place = await client.join(room) if follow else client.room(room)
    items, as_of = await newest(place, last) if last else ([], 0)
    for item in items:
        out(as_json(item) if json else item_line(item))
    if not follow:
        return
    async for event in place:
        if isinstance(event, Event) and event.seq <= as_of:
            continue  # it came between the join and the page, which has it
        line = as_json(event) if json else event_line(event)
        if line:
            out(line)
