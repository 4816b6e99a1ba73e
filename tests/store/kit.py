"""What tests of a store are written with: drafts in a few words, and a desk that waits until they are done."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, cast

from teahouse.core.errors import StoreFatal
from teahouse.core.events import Deleted, Draft, Edited, Event, Posted, Reacted, RulesChanged, TopicChanged, Unreacted
from teahouse.core.message import Form, Person
from teahouse.core.room import Room
from teahouse.store.base import Store

Opener = Callable[[Path], Store]

PATIENCE_S = 60

ANA = Person(1, "ana")
BEN = Person(2, "ben")
CAI = Person(3, "蔡")


class HandClock:
    """Wall time that moves when a test says so."""

    def __init__(self, now: int = 1_700_000_000_000) -> None:
        self.now = now

    def now_ms(self) -> int:
        return self.now


def draft(room: int, event: Event, *, rules: int = 0, digest: int | None = None, own_only: bool = False) -> Draft:
    return Draft(room, event, rules=rules, digest=digest, own_only=own_only)


def post(
    text: str,
    author: Person = ANA,
    *,
    room: int = 1,
    key: str | None = None,
    form: Form = "say",
    reply_to: int | None = None,
    rules: int = 0,
) -> Draft:
    event = Posted(
        room=f"r{room}", seq=0, time=0, author=author, text=text, form=form, key=key, reply_to=reply_to
    )  # fmt: skip
    return draft(room, event, rules=rules, digest=sum(text.encode()) if key is not None else None)


def edit(
    target: int, text: str, author: Person = ANA, *, room: int = 1, own_only: bool = True, rules: int = 0
) -> Draft:
    event = Edited(room=f"r{room}", seq=0, time=0, author=author, target=target, text=text)
    return draft(room, event, own_only=own_only, rules=rules)


def delete(target: int, author: Person = ANA, *, room: int = 1, own_only: bool = True, rules: int = 0) -> Draft:
    event = Deleted(room=f"r{room}", seq=0, time=0, author=author, target=target)
    return draft(room, event, own_only=own_only, rules=rules)


def react(target: int, emoji: str, author: Person = ANA, *, room: int = 1, rules: int = 0) -> Draft:
    event = Reacted(room=f"r{room}", seq=0, time=0, author=author, target=target, emoji=emoji)
    return draft(room, event, rules=rules)


def unreact(target: int, emoji: str, author: Person = ANA, *, room: int = 1, rules: int = 0) -> Draft:
    event = Unreacted(room=f"r{room}", seq=0, time=0, author=author, target=target, emoji=emoji)
    return draft(room, event, rules=rules)


def topic(text: str, author: Person = ANA, *, room: int = 1, rules: int = 0) -> Draft:
    return draft(room, TopicChanged(room=f"r{room}", seq=0, time=0, author=author, topic=text), rules=rules)


def new_rules(author: Person = ANA, *, room: int = 1, rules: int = 0) -> Draft:
    return draft(room, RulesChanged(room=f"r{room}", seq=0, time=0, author=author, speak="members"), rules=rules)


class Desk:
    """Hands drafts to a log and waits for them. `batches` is what came back, as it came."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.batches: list[list[Draft]] = []
        self.fatal: asyncio.Future[StoreFatal] = asyncio.get_running_loop().create_future()
        self.fatals = 0
        self._waiting: dict[int, asyncio.Future[None]] = {}
        store.log.listen(self._committed, self._on_fatal)

    def _committed(self, drafts: list[Draft]) -> None:
        self.batches.append(drafts)
        for each in drafts:
            assert each.done
            self._waiting.pop(id(each)).set_result(None)

    def _on_fatal(self, fault: StoreFatal) -> None:
        self.fatals += 1
        if not self.fatal.done():
            self.fatal.set_result(fault)

    def hand(self, *drafts: Draft) -> asyncio.Future[list[None]]:
        """Hand them over; what to wait for."""
        loop = asyncio.get_running_loop()
        waits = [self._waiting.setdefault(id(each), loop.create_future()) for each in drafts]
        self.store.log.append(drafts)
        return asyncio.gather(*waits)

    async def append(self, *drafts: Draft) -> list[Draft]:
        """Hand them over together; done when it returns."""
        await self.hand(*drafts)
        return list(drafts)


class Open:
    """An open store with rooms r1, r2, … and a desk."""

    def __init__(self, store: Store, rooms: list[Room], desk: Desk) -> None:
        self.store = store
        self.rooms = rooms
        self.desk = desk
        self.append = desk.append


@contextlib.asynccontextmanager
async def opened(store: Store, rooms: int = 2) -> AsyncIterator[Open]:
    """Open it, with at least so many rooms (named r1, r2 …, with these ids); close it at the end.

    What waits for ever fails after PATIENCE_S.
    """
    there = {room.name: room for room in await store.open()}
    try:
        desk = Desk(store)
        if rooms and not there:
            assert await store.lease_people(10) == 1  # ana, ben and the others
        for number in range(1, rooms + 1):
            name = f"r{number}"
            if name not in there:
                there[name] = await store.open_room(name, name, None)
            assert there[name].id == number
        async with asyncio.timeout(PATIENCE_S):
            yield Open(store, list(there.values()), desk)
    finally:
        await store.close()


async def indexed(house: Open, rooms: list[tuple[int, int]]) -> None:
    """Wait until the search index has these rooms up to these heads."""
    upto: dict[int, int] = cast(Any, house.store)._index._upto
    while any(upto.get(room, 0) < head for room, head in rooms):
        upto = cast(Any, house.store)._index._upto
        await asyncio.sleep(0.001)  # a loop that never rests would starve the writer's thread


def codes(drafts: list[Draft]) -> list[str | int]:
    """Of each draft its number, `again N`, or the code of its refusal."""
    return [
        each.refusal.code if each.refusal is not None else f"again {each.event.seq}" if each.again else each.event.seq
        for each in drafts
    ]
