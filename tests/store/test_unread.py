"""What is unread is what one would count by reading, wherever one has read up to and whoever wrote."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from teahouse.core.limits import LAN
from teahouse.core.message import Message, Person
from teahouse.store import unread
from teahouse.store.base import Standing
from teahouse.store.sqlite import SqliteStore
from teahouse.store.unread import ADDRESSES, UNREAD, WINDOW, addresses_in, mentions
from tests.store.kit import ANA, BEN, CAI, HandClock, Open, delete, opened, post, react

READER = Person(9, "reader")
TEXTS = ("tea", "@ana tea?", "@ben and @ana", "to @anna", "@蔡")


async def counted(house: Open, person: Person, read: int, head: int) -> Standing:
    """By reading every message after it."""
    page = await house.store.history(1, head, person.id, after=read, limit=1_000)
    others = [one.text for one in page.messages if isinstance(one, Message) and one.text and one.author != person]
    newest = others[-UNREAD:]
    named = [text for text in newest if f"@{person.name}" in text.replace("@anna", "")]
    return Standing(read, len(newest), len(named))


@pytest.mark.parametrize("authors", [(ANA, BEN, CAI), (BEN,), (ANA, ANA, ANA, BEN)], ids=["all", "others", "mostly me"])
async def test_unread_is_what_one_would_count(authors: tuple[Person, ...], tmp_path: Path, clock: HandClock) -> None:
    chance = random.Random(5)
    async with opened(SqliteStore(tmp_path, LAN, clock.now_ms)) as house:
        head = 0
        for _ in range(3 * WINDOW):
            target, author = chance.randrange(1, head + 2), chance.choice(authors)
            draft = chance.choice((
                post(chance.choice(TEXTS), author), post("tea", author), delete(target, author), react(target, "🍵", author)
            ))  # fmt: skip
            [done] = await house.append(draft)
            if done.refusal is None and not done.again:
                head = done.event.seq
        for read in (0, 1, head // 3, head - WINDOW, head - UNREAD, head - 7, head - 1, head):
            for person in (ANA, BEN, CAI, READER):
                assert await house.store.mark(person.id, 1, read) == read
                expected = await counted(house, person, read, head)
                assert await house.store.standing(person, [(1, head)]) == [expected]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("x" * 60_000 + " @Ana", 1),
        ("@" * 60_000, 0),
        ("mail@ana @anabel @ana-b", 0),
        ("@bo@ana", 0),
        ("@ana@bo", 1),
        ("(@ANA)", 1),
        ("@" + "x" * 95 + " @anabel", 0),
        ("@bo " * (ADDRESSES - 1) + "@ana", 1),
        ("@bo " * ADDRESSES + "@ana", 0),
        ("@" + "ß" * 32, 0),
    ],
)
def test_whom_a_text_addresses(text: str, count: int) -> None:
    assert mentions("ana", [addresses_in(text)]) == count
    assert mentions("ß" * 32, [addresses_in("@" + "ss" * 32), addresses_in("@" + "ss" * 32 + "x")]) == 1


async def test_looks_are_bounded_by_bytes_whatever_is_in_them(
    tmp_path: Path, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unread, "LOOKS_BYTES", 4 * unread.LOOK_BYTES)
    store = SqliteStore(tmp_path, LAN, clock.now_ms)
    async with opened(store, rooms=8) as house:
        loud = "@蔡" * 20_000
        await house.append(*[post(loud, room=room) for room in range(1, 9) for _ in range(3)])
        [quiet] = await house.store.standing(READER, [(1, 3)])
        assert store._unread.bytes < 2 * unread.LOOK_BYTES, (
            "of a text that addresses somebody all the time little is kept"
        )
        await house.store.standing(READER, [(room, 3) for room in range(1, 9)])
        assert len(store._unread._looks) == 3
        assert store._unread.bytes == sum(look.bytes for look in store._unread._looks.values()) <= unread.LOOKS_BYTES
        assert [quiet] == await house.store.standing(READER, [(1, 3)])
