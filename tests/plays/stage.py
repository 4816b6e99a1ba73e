"""A stage: one assignment of doors to the actors of a play, at one server, and what happens there.

Beside the actors stands a *witness* in every room that the play uses. What somebody says has been said when the
witness has heard it, so the steps of a play happen one after the other and no step waits for a length of time.
That somebody hears nothing is shown by a word of the witness: it is the very next thing they hear.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.plays.language import Part, Play
from tests.support.doors import DOORS, Door
from tests.support.json_client import JsonClient, Word
from tests.support.json_door import JsonDoor
from tests.support.speech import Kind, Speech, Who

DEFAULT_ROOM = "lobby"


@dataclass
class Actor:
    """Somebody on the stage. `here`: the room that they speak in when the play does not say which."""

    part: Part
    kind: Kind
    who: Who
    door: Door | None = None
    here: str = DEFAULT_ROOM
    rooms: list[str] = field(default_factory=list)
    token: str = ""
    former: str = ""

    @property
    def at(self) -> Door:
        assert self.door is not None, f"{self.part.name} is not on the stage"
        return self.door

    @property
    def json(self) -> JsonDoor:
        assert isinstance(self.door, JsonDoor)
        return self.door


class Stage:
    """See the module. `mark` is what makes the rooms and names of this assignment its own; empty in an own house."""

    def __init__(self, play: Play, kinds: dict[str, Kind], host: str, port: int, mark: str) -> None:
        self.play = play
        self.host = host
        self.port = port
        self.mark = mark
        self.actors = {
            part.name: Actor(part, kinds[part.name], Who(None if part.nameless else part.name + mark))
            for part in play.parts
        }
        self.said: dict[str, Word] = {}
        self.order: list[Speech] = []
        self._witness: JsonClient | None = None
        self._watched: set[str] = set()
        self._marks = itertools.count(1)

    @property
    def witness(self) -> JsonClient:
        assert self._witness is not None
        return self._witness

    def room(self, name: str) -> str:
        """The room of the play as it is called at the server."""
        return name + self.mark

    async def open(self) -> None:
        self._witness = await JsonClient.by_frames(self.host, self.port)
        await self._witness.hello()

    async def close(self) -> None:
        """Everybody leaves, however the play went."""
        for actor in self.actors.values():
            if actor.door is not None:
                await actor.door.vanish()
        if self._witness is not None:
            await self._witness.vanish()

    # ---- coming and going

    async def enter(self, actor: Actor, token: str | None = None) -> None:
        """Come to the house; at a text door that is to stand in the default room."""
        if actor.door is not None:
            return
        door = await DOORS[actor.kind](self.host, self.port)
        actor.door = door
        if isinstance(door, JsonDoor):
            await door.enter(actor.who.name, token)
            actor.token, actor.who.id = door.token, door.id
        else:
            if not self.mark:
                await self.watch(DEFAULT_ROOM)
            await door.enter(actor.who.name)
            actor.rooms = [] if self.mark else [DEFAULT_ROOM]

    async def join(self, actor: Actor, room: str, **past: int) -> None:
        await self.watch(room)
        await self.enter(actor)
        if isinstance(actor.door, JsonDoor):
            await actor.door.join(self.room(room), **past)
        else:
            await actor.at.join(self.room(room))  # `lines` shows the past unasked
            actor.rooms.clear()
        if room not in actor.rooms:
            actor.rooms.append(room)
        actor.here = room

    async def leave(self, actor: Actor, room: str) -> None:
        await actor.at.leave(self.room(room))
        actor.rooms.remove(room)

    async def watch(self, room: str) -> None:
        """The witness is in the room from now on."""
        if room not in self._watched:
            self._watched.add(room)
            await self.witness.join(self.room(room))

    # ---- what was said

    async def witnessed(self, actor: Actor, kind: str = "posted") -> Word:
        """The next thing that the witness hears of what stays is said by this actor."""
        word = await self._next_kept()
        assert word["type"] == kind, f"the witness heard {word} instead of something {kind}"
        self._is_by(word, actor)
        if kind == "posted":
            self.said[word["text"]] = word
        return word

    async def witnessed_from(self, actors: Sequence[Actor], count: int) -> list[Speech]:
        """The next `count` messages, in the order in which the witness hears them; these actors say them."""
        order = []
        by_name = {actor.who.name: actor for actor in actors}
        for _ in range(count):
            word = await self._next_kept()
            actor = by_name[word["author"]["name"]]
            self._is_by(word, actor)
            order.append(Speech(actor.who, word["text"]))
        return order

    async def _next_kept(self) -> Word:
        while "seq" not in (word := await self.witness.heard.next()):
            pass  # what only passes
        return word

    def _is_by(self, word: Word, actor: Actor) -> None:
        author = word["author"]
        name = author["name"] if author["chosen"] else None
        assert name == actor.who.name, f"the witness heard {word} instead of something by {actor.who}"
        actor.who.id = author["id"]

    def number_of(self, text: str) -> int:
        """The number of the message that reads so."""
        number: int = self.said[text]["seq"]
        return number

    async def silence(self, actor: Actor) -> None:
        """Prove that this actor has heard nothing more: a word of the witness is the next thing they hear."""
        for room in actor.rooms:
            text = f"so far {next(self._marks)}"
            answer = await self.witness.ask("post", room=self.room(room), text=text)
            assert answer["type"] == "stored", answer
            await self._own(text)
            for other in self.actors.values():
                if other.door is not None and room in other.rooms:
                    await other.door.hear(Speech(Who(None), text))

    async def _own(self, text: str) -> None:
        word = await self._next_kept()
        assert word.get("text") == text, f"the witness heard {word}, of which the play does not speak"

    async def curtain(self) -> None:
        """The play is over: nobody has heard anything that it does not say, and no connection went wrong."""
        rooms = {room for actor in self.actors.values() if actor.door is not None for room in actor.rooms}
        for room in sorted(rooms):
            listener = next(actor for actor in self.actors.values() if actor.door is not None and room in actor.rooms)
            await self.silence(Actor(listener.part, listener.kind, listener.who, listener.door, room, [room]))
        wrongs = self.witness.wrong + [
            wrong for actor in self.actors.values() if actor.door for wrong in actor.door.wrongs()
        ]
        assert not wrongs, wrongs
