"""What store/base.py promises about rooms, people and read positions, on every store."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from teahouse.core.errors import ConfigError, StorageError
from teahouse.core.message import Person, nameless
from teahouse.store.base import GuestRecord, Standing
from teahouse.store.check import check_folder
from teahouse.store.records import SMALL_LOG
from tests.store.kit import ANA, BEN, CAI, Desk, HandClock, Opener, delete, edit, opened, post, topic


def token(number: int) -> bytes:
    return bytes([number]) * 32


# ---- rooms


async def test_a_new_store_has_no_rooms(opener: Opener, tmp_path: Path) -> None:
    store = opener(tmp_path / "a" / "b")
    assert await store.open() == []
    await store.close()


async def test_a_room_is_made_once(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path), rooms=0) as house:
        rooms = await asyncio.gather(*(house.store.open_room("Tea", "tea", None) for _ in range(5)))
        assert {room.id for room in rooms} == {1}
        other = await house.store.open_room("TEA", "tea", None)
        assert (other.id, other.name) == (1, "Tea")


async def test_rooms_come_back_as_they_were(opener: Opener, tmp_path: Path, clock: HandClock) -> None:
    async with opened(opener(tmp_path), rooms=0) as house:
        room = await house.store.open_room("r1", "r1", None)
        assert (room.id, room.name, room.pair, room.head, room.time) == (1, "r1", None, 0, 0)
        await house.store.open_room("@12+40", "@12+40", (12, 40))
        await house.append(post("a"), post("b"))
    async with opened(opener(tmp_path), rooms=0) as house:
        assert [(room.name, room.pair, room.head, room.time) for room in house.rooms] == [
            ("r1", None, 2, clock.now),
            ("@12+40", (12, 40), 0, 0),
        ]
        again = await house.store.open_room("r1", "r1", None)
        assert (again.head, again.time) == (2, clock.now)


async def test_an_empty_room_goes_and_its_id_is_never_given_again(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path), rooms=0) as house:
        await house.store.lease_people(10)
        old = await house.store.open_room("tea", "tea", None)
        await house.store.mark(7, old.id, 0)
        await house.append(topic("green", room=old.id))
        assert await house.store.rooms_read(7) == [old.id]
        assert await house.store.forget_room(old.id)
        assert await house.store.rooms_read(7) == []
        new = await house.store.open_room("tea", "tea", None)
        assert (new.id, new.head, new.record.topic) == (old.id + 1, 0, "")
        await house.append(post("x", room=new.id))
        assert await house.store.events(old.id, 0, 9, 9) == []
    assert check_folder(tmp_path) == []


async def test_a_room_in_which_something_was_said_stays_also_where_that_was_deleted(
    opener: Opener, tmp_path: Path
) -> None:
    async with opened(opener(tmp_path), rooms=2) as house:
        await house.append(topic("green"), post("x"), delete(2))
        await house.append(*[topic(str(number), room=2) for number in range(SMALL_LOG + 1)])
        assert not await house.store.forget_room(1)
        assert not await house.store.forget_room(2)
    async with opened(opener(tmp_path), rooms=0) as house:
        assert [room.made for room in house.rooms] == [None, None]
    assert check_folder(tmp_path) == []


async def test_when_an_empty_room_was_made_is_known_after_a_restart(
    opener: Opener, tmp_path: Path, clock: HandClock
) -> None:
    async with opened(opener(tmp_path), rooms=0) as house:
        made = clock.now
        room = await house.store.open_room("tea", "tea", None)
        assert room.made == made
        clock.now += 5
        assert (await house.store.open_room("tea", "tea", None)).made == made
    async with opened(opener(tmp_path), rooms=0) as house:
        assert [room.made for room in house.rooms] == [made]


# ---- people


async def test_ids_of_people_are_never_given_twice(opener: Opener, tmp_path: Path) -> None:
    taken: list[int] = []
    for _ in range(2):
        async with opened(opener(tmp_path), rooms=0) as house:
            firsts = await asyncio.gather(*(house.store.lease_people(10) for _ in range(3)))
            taken += [id for first in firsts for id in range(first, first + 10)]
    assert sorted(taken) == list(range(1, 61))


async def test_a_token_brings_the_guest_back_until_it_ends(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)) as house:
        await house.store.keep_guest(ANA, token(1), 100)
        await house.store.keep_guest(nameless(5), token(2), 100)
    async with opened(opener(tmp_path)) as house:
        back = house.store.guest_by_token
        assert await back(token(1), 99) == GuestRecord(ANA, 100)
        assert await back(token(1), 100) is None
        assert await back(token(2), 50) == GuestRecord(nameless(5), 100)
        assert await back(token(3), 50) is None


async def test_a_guest_may_have_several_tokens(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)) as house:
        await house.store.keep_guest(ANA, token(1), 100)
        await house.store.keep_guest(Person(1, "anna"), token(2), 200)
        for number in (1, 2):
            record = await house.store.guest_by_token(token(number), 50)
            assert record is not None
            assert record.person == Person(1, "anna")
        assert await house.store.recent_guests(0) == [Person(1, "anna")]


async def test_tokens_are_extended_where_they_are_named_and_never_shortened(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)) as house:
        for person, number, ends in ((ANA, 1, 100), (ANA, 2, 900), (BEN, 3, 100)):
            await house.store.keep_guest(person, token(number), ends)
        await house.store.extend_tokens([token(1), token(2), token(77)], 500)
        await house.store.extend_tokens([], 700)
    async with opened(opener(tmp_path)) as house:
        back = house.store.guest_by_token
        assert await back(token(1), 499) == GuestRecord(ANA, 500)
        assert await back(token(1), 500) is None
        assert await back(token(2), 899) == GuestRecord(ANA, 900)
        assert await back(token(3), 100) is None


async def test_the_time_of_tokens_is_the_one_that_was_kept_last(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)) as house:
        assert await house.store.token_time() is None
        await house.store.keep_token_time(700)
        await house.store.keep_token_time(500)
        assert await house.store.token_time() == 500
    async with opened(opener(tmp_path)) as house:
        assert await house.store.token_time() == 500


async def test_a_rename_is_remembered_where_there_is_a_record(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)) as house:
        await house.store.keep_guest(nameless(1), token(1), 100)
        await house.store.rename_guest(ANA)
        await house.store.rename_guest(BEN)
        assert await house.store.person(1) == ANA
        assert await house.store.person(2) is None


async def test_several_people_are_known_at_once(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)) as house:
        await house.store.keep_guest(ANA, token(1), 100)
        await house.append(post("x", CAI))
        assert await house.store.people([3, 2, 1, 1]) == {1: ANA, 3: CAI}
        assert await house.store.people([]) == {}


async def test_who_has_written_is_known(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)) as house:
        await house.append(post("x", CAI), post("y", nameless(8)))
        await house.append(post("z", Person(3, "renamed")))
        assert await house.store.person(3) == CAI
        assert await house.store.person(8) == nameless(8)
        await house.store.rename_guest(Person(3, "renamed"))
        assert await house.store.person(3) == Person(3, "renamed")


async def test_two_guests_may_have_had_one_name(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)) as house:
        await house.store.keep_guest(Person(1, "ana"), token(1), 100)
        await house.store.keep_guest(Person(2, "ana"), token(2), 100)
        assert await house.store.person(2) == Person(2, "ana")


async def test_recent_guests_are_those_with_a_name_and_a_valid_token(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)) as house:
        for person, ends in ((ANA, 300), (BEN, 100), (nameless(7), 400), (CAI, 400)):
            await house.store.keep_guest(person, token(person.id), ends)
        assert await house.store.recent_guests(100) == [CAI, ANA]


async def test_a_thousand_requests_at_once_are_all_answered(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)) as house:
        people = [Person(id, f"p{id}") for id in range(1, 1_001)]
        await asyncio.gather(
            *(house.store.keep_guest(person, person.id.to_bytes(32, "big"), 100) for person in people),
            *(house.append(post("x", person)) for person in people),
        )
        assert len(await house.store.recent_guests(0)) == 1_000
        assert len(await house.store.events(1, 0, 1_000, 2_000)) == 1_000


# ---- read positions


async def test_a_read_position_only_moves_forward(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)) as house:
        mark = house.store.mark
        assert [await mark(1, 1, 5), await mark(1, 1, 3), await mark(1, 1, 6), await mark(1, 2, 1)] == [5, 5, 6, 1]
        assert await mark(2, 1, 2) == 2
    async with opened(opener(tmp_path)) as house:
        assert await house.store.mark(1, 1, 0) == 6


async def test_unread_are_the_messages_of_others_after_the_read_position(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)) as house:
        await house.append(post("a", BEN), post("b"), post("c", BEN), edit(1, "d", BEN), post("e", CAI), delete(3, BEN))
        standing = house.store.standing
        assert await standing(ANA, [(1, 6), (2, 0)]) == [Standing(0, 2, 0), Standing(0, 0, 0)]
        await house.store.mark(1, 1, 3)
        assert await standing(ANA, [(2, 0), (1, 6)]) == [Standing(0, 0, 0), Standing(3, 1, 0)]
        assert await standing(ANA, [(1, 4)]) == [Standing(3, 0, 0)]


async def test_unread_is_counted_up_to_a_hundred(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)) as house:
        await house.append(*(post("x", BEN) for _ in range(120)))
        assert await house.store.standing(ANA, [(1, 120)]) == [Standing(0, 100, 0)]


@pytest.mark.parametrize(
    ("text", "mentions"),
    [
        ("@ana hi", 1), ("hi @Ana!", 1), ("(@ana)", 1), ("@ana", 1), ("@anabel", 0), ("me@ana.example", 0), ("ana", 0),
        ("@ana-1", 0), ("@ana, @ana", 1), ("茶@ana", 1), ("@ana。", 1), ("@an", 0),
    ],
)  # fmt: skip
async def test_a_mention_is_the_name_behind_an_at(opener: Opener, tmp_path: Path, text: str, mentions: int) -> None:
    async with opened(opener(tmp_path)) as house:
        await house.append(post(text, BEN))
        assert await house.store.standing(ANA, [(1, 1)]) == [Standing(0, 1, mentions)]


# ---- opening and closing


async def test_closing_writes_what_is_queued(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)) as house:
        waiting = house.desk.hand(*(post("x") for _ in range(2_000)))
        await house.store.close()
        await waiting
    async with opened(opener(tmp_path)) as house:
        assert house.rooms[0].head == 2_000


async def test_closing_twice_is_closing_once(opener: Opener, tmp_path: Path) -> None:
    store = opener(tmp_path)
    await store.open()
    await store.close()
    await store.close()


async def test_a_closed_store_says_so(opener: Opener, tmp_path: Path) -> None:
    store = opener(tmp_path)
    await store.open()
    Desk(store)
    await store.close()
    with pytest.raises(StorageError):
        await store.person(1)
    with pytest.raises(StorageError):
        await store.lease_people(1)


async def test_a_folder_is_open_in_one_store(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)):
        with pytest.raises(ConfigError, match=r"already open by another teahouse \(pid [0-9]+\)"):
            await opener(tmp_path).open()
    async with opened(opener(tmp_path)):
        pass
