"""The slash commands: one table for every text door.

/nick ana       → Rename(name="ana")
//nick          → the text "/nick"
/etc/hosts      → text: only a slash and letters alone is meant as a command
/nikc ana       → refused, with the hint that `//nikc ana` is text with one slash
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from teahouse.core.commands import (
    HERE,
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
)  # fmt: skip
from teahouse.core.errors import BadField, Refusal, UnknownCommand

HISTORY = 20  # messages that `/history` alone shows
NONE = '""'  # what takes a topic away, where no text at all asks for it
TOPIC_REF = "/topic"
"""The `ref` of the command behind `/topic`: its answer has the shape of a join's, and this tells them apart."""

_COMMAND = re.compile(r"/([^\W\d_]+)(?:\s+(.*))?", re.DOTALL)
_ESCAPED = re.compile(r"/+/[^\W\d_]+(?:\s.*)?", re.DOTALL)
ROOMS = 100  # of one listing
MORE_ROOMS = "there are more: /rooms WORD finds those that have it in their name"
QUERY_CHARS = 100  # of a name that is looked for; none is as long
_COUNT = re.compile(r"[1-9][0-9]{0,5}", re.ASCII)


class Row(NamedTuple):
    """One command: how it is typed, what it does, and the words after it → what is asked (None: it lacks some)."""

    usage: str
    does: str
    ask: Callable[[str], Command | None]

    @property
    def word(self) -> str:
        return self.usage.partition(" ")[0].removeprefix("/")


def _history(words: str) -> Command | None:
    if not words:
        return ReadHistory(room=HERE, limit=HISTORY)
    return ReadHistory(room=HERE, limit=int(words)) if _COUNT.fullmatch(words) else None


def _whisper(words: str) -> Command | None:
    to, *text = words.split(None, 1)
    return Whisper(to=to, text=text[0]) if text else None


TABLE = (
    Row("/nick NAME", "call yourself that", lambda words: Rename(name=words) if words else None),
    Row("/join ROOM", "go to another room", lambda words: Join(room=words) if words else None),
    Row("/leave", "leave the room", lambda _: Leave(room=HERE)),
    Row("/rooms [WORD]", "which rooms there are, or have it in their name", lambda words: ListRooms(query=words[:QUERY_CHARS] or None)),
    Row("/who", "who is here", lambda _: ListMembers(room=HERE)),
    Row("/history [N]", f"the last N messages ({HISTORY})", _history),
    Row("/search WORDS", "messages that have all the words", lambda words: Search(query=words) if words else None),
    Row("/me TEXT", "say what you do: * ana waves", lambda words: Post(room=HERE, text=words, form="act") if words else None),
    Row("/msg NAME TEXT", "say something to one person", lambda words: _whisper(words) if words else None),
    Row('/topic [TEXT]', 'what the room is about, or make it so; "" takes it away', lambda words: SetTopic(room=HERE, topic="" if words == NONE else words) if words else ReadRoom(room=HERE, ref=TOPIC_REF)),
    Row("/help", "these lines", lambda _: Help()),
    Row("/quit", "leave and close", lambda _: Quit()),
)  # fmt: skip

ROWS = {row.word: row for row in TABLE}


def understand(text: str) -> Command | Refusal:
    """What somebody who typed this asks: a row of the table, or to say it in the room where he is."""
    if not text.startswith("/"):
        return Post(room=HERE, text=text)
    if _ESCAPED.fullmatch(text):
        return Post(room=HERE, text=text[1:])
    typed = _COMMAND.fullmatch(text)
    if typed is None:
        return Post(room=HERE, text=text)
    word, words = typed[1], (typed[2] or "").strip()
    row = ROWS.get(word.lower())
    if row is None:
        return UnknownCommand(
            f"There is no /{word[:40]}: /help lists what there is. To say it as text, type //{word[:40]}"
        )
    return row.ask(words) or BadField(f"It is typed {row.usage}", field=row.word)


def help_text() -> str:
    """The table as people read it."""
    width = max(len(row.usage) for row in TABLE)
    lines = [f"* {row.usage:<{width}}  {row.does}" for row in TABLE]
    return "\n".join([*lines, f"* {'//word':<{width}}  the text /word"])
