"""A message with a key but no token is known again for a day, by its contents, and names nobody."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from teahouse.core.events import Draft, Posted
from teahouse.core.limits import LAN
from teahouse.core.message import nameless
from teahouse.core.retry import retry_mark
from teahouse.core.text import digest
from teahouse.store.connect import FILE, run, writing
from teahouse.store.migrate import migrate, migrations
from teahouse.store.retries import _FIND
from tests.store.kit import HandClock, Open, Opener, delete, opened, post

DAY = LAN.retry_ms
guests = iter(range(100, 10_000))


def said(text: str, key: str = "1", *, room: int = 1, name: str = "") -> Draft:
    """What a request without a token says; a new guest each time."""
    author = nameless(next(guests))
    event = Posted(room=f"r{room}", seq=0, time=0, author=author, text=text, form="say", key=key)
    return Draft(room, event, digest=digest(text, "say", None), retry=retry_mark(room, name, key))


def outcome(draft: Draft) -> tuple[int, bool]:
    assert draft.refusal is None
    return draft.event.seq, draft.again


async def says(house: Open, *drafts: Draft) -> list[tuple[int, bool]]:
    return [outcome(draft) for draft in await house.append(*drafts)]


async def test_the_same_contents_are_stored_once_in_a_batch_and_over_batches(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)) as house:
        assert await says(house, said("a"), said("b"), said("a")) == [(1, False), (2, False), (1, True)]
        assert await says(house, said("b"), said("c"), said("a")) == [(2, True), (3, False), (1, True)]


async def test_a_retry_is_known_after_the_store_was_closed(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)) as house:
        await says(house, said("x"), said("a"))
    async with opened(opener(tmp_path)) as house:
        assert await says(house, said("a")) == [(2, True)]


@pytest.mark.parametrize(
    ("other", "seq"),
    [(said("a", "2"), 2), (said("a", name="ci"), 2), (said("a", room=2), 1), (said("A"), 2), (said("a", "1 "), 2)],
    ids=["key", "name", "room", "contents", "a space in the key"],
)
async def test_another_room_name_key_or_contents_is_another_message(
    opener: Opener, tmp_path: Path, other: Draft, seq: int
) -> None:
    async with opened(opener(tmp_path), 2) as house:
        await says(house, said("a"))
        assert await says(house, other) == [(seq, False)]


def test_what_is_known_by_cannot_be_put_together_otherwise() -> None:
    marks = [
        retry_mark(1, "ci", "k"),
        retry_mark(1, "", "ci\0k"),
        retry_mark(1, "c", "i\0k"),
        retry_mark(11, "ci", "k"),
    ]
    assert len(set(marks)) == len(marks)
    assert retry_mark(1, "CI", "k") == retry_mark(1, "ci", "k")


async def test_a_day_later_it_is_another_message(opener: Opener, tmp_path: Path, clock: HandClock) -> None:
    async with opened(opener(tmp_path)) as house:
        await says(house, said("a"))
        clock.now += DAY - 1
        assert await says(house, said("a")) == [(1, True)]
        clock.now += 1
        assert await says(house, said("a")) == [(2, False)]
        assert await says(house, said("a")) == [(2, True)]


async def test_readers_are_told_the_same(opener: Opener, tmp_path: Path, clock: HandClock) -> None:
    async with opened(opener(tmp_path)) as house:
        (draft,) = await house.append(said("a"))
        assert draft.retry is not None
        assert draft.digest is not None
        asked = (draft.retry, draft.digest)
        assert await house.store.retried(*asked, clock.now) == (1, draft.event.time)
        assert await house.store.retried(draft.retry, 0, clock.now) is None
        assert await house.store.retried(*asked, clock.now + DAY) is None


async def test_a_deleted_message_does_not_come_back_and_its_digest_is_gone(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)) as house:
        (first,) = await house.append(
            said("a secret"),
        )
        await house.append(delete(1, own_only=False))
        assert await says(house, said("a secret"), said("a secret?")) == [(1, True), (1, True)]
        assert await says(house, said("a secret", "2")) == [(3, False)]
    connection = apsw.Connection(str(tmp_path / FILE))
    assert run(connection, "SELECT digest FROM retries ORDER BY event") == [(None,), (first.digest,)]
    connection.close()


async def test_a_message_that_goes_in_its_own_batch_leaves_no_digest(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)) as house:
        await house.append(said("a secret"), delete(1, own_only=False))
    connection = apsw.Connection(str(tmp_path / FILE))
    assert run(connection, "SELECT digest FROM retries") == [(None,)]
    connection.close()


async def test_what_has_ended_is_taken_away_with_the_next_ones(
    opener: Opener, tmp_path: Path, clock: HandClock
) -> None:
    async with opened(opener(tmp_path)) as house:
        for _ in range(4):
            await house.append(*(said(f"{n}") for n in range(100, 150)))
            clock.now += DAY
            await house.append(*(said(f"{n}") for n in range(50)))
    connection = apsw.Connection(str(tmp_path / FILE))
    (kept,) = run(connection, "SELECT count(*) FROM retries")[0]
    connection.close()
    assert kept <= 100


async def test_a_key_with_a_token_goes_by_its_author_as_before(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)) as house:
        assert await says(house, said("a"), post("a", key="1"), post("a", key="1"), said("a")) == [
            (1, False), (2, False), (2, True), (1, True),
        ]  # fmt: skip


def test_a_retry_is_found_by_an_index_however_popular_its_key_is(tmp_path: Path) -> None:
    connection = writing(tmp_path / FILE)
    migrate(connection, tmp_path, migrations())
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {_FIND}", (b"", None))]
    connection.close()
    assert plan == ["SEARCH retries USING COVERING INDEX retries_mark (mark=? AND digest=?)"]
