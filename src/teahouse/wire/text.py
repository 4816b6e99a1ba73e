"""How events, signals and replies read for people: the text doors (lines, raw, cmd 100, listeners).

    ana: hello                          somebody who chose a name
    hello                               a nameless guest: a room of old clients sees exactly what was typed
    guest-12: ana: hello                … unless that would look like somebody else's line
    * ana waves                         `/me`
    * ana corrects: hello all           an edit
    *ana* hello                         said in a direct room

Nobody can forge a line: what is not a message begins with `*`, following lines of a message are indented, and a
nameless message that reads like a line of anybody's gets its author's name (forging.py). Control characters are
taken out once more here, whatever the room's log has: a terminal obeys them.

`""` is what shows nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from teahouse.core.errors import GoingAway, Overload, WireError
from teahouse.core.events import (
    Deleted,
    Edited,
    Event,
    Found,
    Gap,
    HelpText,
    History,
    MemberList,
    Posted,
    Present,
    Refused,
    Renamed,
    Reply,
    RoomEntry,
    RoomJoined,
    RoomList,
    RulesChanged,
    Signal,
    TopicChanged,
)  # fmt: skip
from teahouse.core.message import Message, Person
from teahouse.wire import slash
from teahouse.wire.forging import FROM_THE_LEFT, acts_as_the_house, looks_like_a_line, steer

LISTING_BYTES = 96 * 1024  # one answer; several of them fit in the queue of replies
NAMES_SHOWN = 50
TOPIC_SHOWN = 80

_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]+")
_LINE_END = re.compile("\r\n|[\r\x85\u2028\u2029]")


def visible(text: str) -> str:
    """The text without control characters; every line end is one newline and what follows it is indented."""
    if text.isprintable():
        return text
    return _CONTROLS.sub("", _LINE_END.sub("\n", text)).replace("\n", "\n  ")


# ---- what happens in a room


def message(event: Event) -> str:
    """A message or a correction; "" for all else. What every text door shows."""
    if isinstance(event, Posted):
        if event.text is None:
            return ""
        return said(event.room, event.author, event.form, event.text)
    if isinstance(event, Edited):
        if event.text is None:
            return ""
        return _starred(event.room, event.author, f"corrects: {visible(event.text)}")
    return ""


def said(room: str, author: Person, form: str, text: str) -> str:
    """What somebody said, as it reads in its room."""
    name, shown = author.name, visible(text)
    if form == "act":
        if not acts_as_the_house(shown):
            return _starred(room, author, shown)
        shown = f"/me {shown}"
    if room.startswith("@"):
        return f"{steer(name, shown)}*{name}* {shown}"
    if author.chosen or form == "act" or looks_like_a_line(shown):
        return f"{steer(name, shown)}{name}: {shown}"
    return shown


def happening(event: Event) -> str:
    """A message, a correction, or what became of the room: what people with `nc` see."""
    if isinstance(event, TopicChanged):
        if event.topic:
            return _starred(event.room, event.author, f"sets the topic: {visible(event.topic)}")
        what = "takes the topic away" if event.topic is not None else "sets a topic that was taken away"
        return _starred(event.room, event.author, what)
    if isinstance(event, Deleted) and event.topic is not None:
        return _starred(event.room, event.author, "takes the topic away")
    if isinstance(event, RulesChanged):
        who = "everyone" if event.speak == "everyone" else "only members"
        return _starred(event.room, event.author, f"lets {who} speak")
    return message(event)


def passing(signal: Signal) -> str:
    """Who came, who went, who has a new name."""
    if isinstance(signal, Present):
        if signal.room.startswith("@"):
            return ""
        moves = ((signal.came, "came"), (signal.went, "went"))
        return "\n".join(f"* {_names(people)} {verb}" for people, verb in moves if people)
    if isinstance(signal, Renamed):
        return f"* {signal.from_} is now {signal.person.name}"
    return ""


def _starred(room: str, author: Person, what: str) -> str:
    whispered = f"*{author.name}* " if room.startswith("@") else "* "
    return f"{steer(author.name, what)}{whispered}{author.name} {what}"


# ---- answers


def answer(reply: Reply) -> str:
    """The answer to a slash command; "" for what a text door does not show."""
    match reply:
        case Refused():
            return f"* {visible(reply.message)}"
        case History():
            return _history(reply)
        case Found():
            return _found(reply)
        case MemberList():
            more = " …" if reply.more else ""
            return f"* in {reply.room} ({reply.count}): {_names(reply.members, len(reply.members))}{more}"
        case RoomList():
            return _rooms(reply)
        case RoomJoined():
            return room(reply) if reply.ref == slash.TOPIC_REF else ""
        case Gap():
            return f"* messages {reply.from_} to {reply.to} of {reply.room} are not shown"
        case HelpText():
            return slash.help_text()
        case _:
            return ""


def room(reply: RoomJoined) -> str:
    """What a room is about and who is there."""
    topic = visible(reply.topic) or "no topic yet"
    return f"* {reply.room}: {topic}\n* here ({reply.count}): {_names(reply.members, count=reply.count)}"


def greeting(reply: RoomJoined) -> str:
    """What somebody with `nc` is told on coming into a room; "" for a room of two, which opens by itself."""
    if reply.room.startswith("@"):
        return ""
    if reply.ref == slash.TOPIC_REF:
        return room(reply)
    return f"{room(reply)}\n* /help shows what you can do"


def farewell(why: WireError | Overload) -> str:
    """Why we close."""
    if isinstance(why, GoingAway):
        return "* the house closes"
    return f"* {visible(why.message)}"


# ---- lists


def _names(people: Sequence[Person], shown: int = NAMES_SHOWN, count: int = 0) -> str:
    names = ", ".join(person.name for person in people[:shown])
    hidden = max(count, len(people)) - min(shown, len(people))
    if not names:
        return "nobody"
    return f"{names} and {hidden} more" if hidden > 0 else names


def _rooms(reply: RoomList) -> str:
    listing = _listing("* rooms:", (_entry(room) for room in reply.rooms))
    return f"{listing}\n* {slash.MORE_ROOMS}" if reply.more else listing


def _entry(room: RoomEntry) -> str:
    if room.with_ is not None:
        return f"* with {room.with_.name}: {room.unread} unread"
    topic = visible(room.topic).replace("\n", " ")
    if len(topic) > TOPIC_SHOWN:
        topic = f"{topic[: TOPIC_SHOWN - 1]}…"
    return f"* {room.room} ({room.count} here){': ' if topic else ''}{topic}"


def _history(reply: History) -> str:
    lines = [line for item in reply.messages if (line := _past(item))]
    if not lines:
        return f"* nothing was said in {reply.room} yet"
    # The newest are the ones that matter where not all of them fit.
    kept = list(_fitting(reversed(lines)))
    left_out = "" if len(kept) == len(lines) else ", the older ones left out"
    return "\n".join([f"* the last {len(kept)} in {reply.room}{left_out}:", *reversed(kept)])


def _found(reply: Found) -> str:
    late = "" if reply.complete else " (the newest messages are not searched yet)"
    lines = [f"{line} ({hit.room})" for hit in reply.messages if (line := _past(hit))]
    if not lines:
        return f"* nothing found{late}"
    return _listing(f"* found{late}:", lines)


def _past(item: Message | TopicChanged | RulesChanged) -> str:
    """One line of the past: it begins with its time, so that nobody takes it for something said now."""
    when = datetime.fromtimestamp(item.time / 1000, UTC).strftime("%Y-%m-%d %H:%M")
    if not isinstance(item, Message):
        return f"* {when} {happening(item).removeprefix(FROM_THE_LEFT).removeprefix('* ')}"
    if item.text is None:
        return ""
    name, shown = item.author.name, visible(item.text)
    if item.form == "act" and not acts_as_the_house(shown):
        return f"{steer(name, shown)}* {when} {name} {shown}"
    return f"{steer(name, shown)}* {when} {name}: {'/me ' if item.form == 'act' else ''}{shown}"


def _listing(title: str, lines: Iterable[str]) -> str:
    lines = list(lines)
    kept = list(_fitting(lines))
    left_out = [f"* and {len(lines) - len(kept)} more"] if len(kept) < len(lines) else []
    return "\n".join([title, *kept, *left_out])


def _fitting(lines: Iterable[str]) -> Iterable[str]:
    """The first lines that fit into one answer; one at the least."""
    used = 0
    for line in lines:
        size = len(line.encode())
        if used and used + size > LISTING_BYTES:
            return
        used += size
        yield line
