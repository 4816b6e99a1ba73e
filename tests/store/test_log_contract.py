"""What store/log.py promises, on every store."""

from __future__ import annotations

import asyncio
from pathlib import Path

from teahouse.core.events import Draft, Posted
from teahouse.core.limits import LAN
from tests.store.kit import (
    BEN,
    CAI,
    HandClock,
    Opener,
    codes,
    delete,
    edit,
    new_rules,
    opened,
    post,
    react,
    topic,
    unreact,
)


async def test_numbers_of_a_room_count_from_one_without_holes(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)) as house:
        assert codes(await house.append(post("a"), post("b", room=2), post("c"))) == [1, 1, 2]
        assert codes(await house.append(post("d", room=2), post("e"))) == [2, 3]


async def test_drafts_come_back_once_in_the_order_of_handing_over(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)) as house:
        drafts = [post(str(number), room=1 + number % 2) for number in range(40)]
        await asyncio.gather(*(house.desk.hand(*drafts[start : start + 4]) for start in range(0, 40, 4)))
        back = [each for batch in house.desk.batches for each in batch]
        assert [id(each) for each in back] == [id(each) for each in drafts]


async def test_a_batch_has_no_more_events_than_the_limit(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)) as house:
        await house.append(*(post("x") for _ in range(LAN.batch * 2 + 1)))
        assert max(len(batch) for batch in house.desk.batches) <= LAN.batch
        assert house.desk.batches[-1][-1].event.seq == LAN.batch * 2 + 1


async def test_what_was_stored_is_there_after_opening_again(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)) as house:
        await house.append(post("a"), topic("tea"), post("b", BEN))
    async with opened(opener(tmp_path)) as house:
        room = house.rooms[0]
        assert (room.head, room.record.topic) == (3, "tea")
        assert codes(await house.append(post("c"))) == [4]


async def test_time_is_now_but_never_before_the_last_event_of_the_room(
    opener: Opener, tmp_path: Path, clock: HandClock
) -> None:
    async with opened(opener(tmp_path)) as house:
        start = clock.now
        await house.append(post("a"))
        clock.now = start - 5_000
        [late, other] = await house.append(post("b"), post("c", room=2))
        assert late.event.time == start
        assert other.event.time == start - 5_000
        clock.now = start + 7
        [after] = await house.append(post("d"))
        assert after.event.time == start + 7
    clock.now = start
    async with opened(opener(tmp_path)) as house:
        assert house.rooms[0].time == start + 7
        [again] = await house.append(post("e"))
        assert again.event.time == start + 7


# ---- rules


async def test_a_draft_decided_before_the_rules_moved_is_stale(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)) as house:
        drafts = await house.append(post("a"), new_rules(), post("b"), post("c", rules=2), post("d", room=2))
        assert codes(drafts) == [1, 2, "stale", 3, 1]
        assert codes(await house.append(post("e"), post("f", rules=2))) == ["stale", 4]


async def test_the_rules_are_known_after_opening_again(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)) as house:
        await house.append(new_rules())
    async with opened(opener(tmp_path)) as house:
        assert house.rooms[0].record.rules == 1
        assert house.rooms[0].record.speak == "members"
        assert codes(await house.append(post("e"), post("f", rules=1))) == ["stale", 2]


async def test_a_topic_does_not_move_the_rules(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)) as house:
        assert codes(await house.append(topic("x"), post("a"))) == [1, 2]


async def test_a_stale_draft_does_not_take_its_key(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)) as house:
        assert codes(await house.append(post("a", key="k", rules=9), post("b", key="k"))) == ["stale", 1]


# ---- keys


async def test_the_same_key_again_names_the_first_event_and_stores_nothing(
    opener: Opener, tmp_path: Path, clock: HandClock
) -> None:
    async with opened(opener(tmp_path)) as house:
        [first] = await house.append(post("a", key="k"))
        clock.now += 1_000
        drafts = await house.append(post("x"), post("a", key="k"), post("y"))
        assert codes(drafts) == [2, "again 1", 3]
        assert drafts[1].event.time == first.event.time


async def test_the_same_key_twice_in_a_batch_is_stored_once(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)) as house:
        drafts = await house.append(post("a", key="k"), post("a", key="k"), post("b", key="k"), post("c"))
        assert codes(drafts) == [1, "again 1", "key-reused", 2]


async def test_two_in_a_batch_with_a_key_that_is_on_disk_are_both_answered(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)) as house:
        await house.append(post("a", key="k"))
        drafts = await house.append(
            post("b", key="k"), post("a", key="k"), post("new", key="l"), post("new", key="l"), post("z")
        )
        assert codes(drafts) == ["key-reused", "again 1", 2, "again 2", 3]


async def test_a_key_is_its_authors_in_its_room(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)) as house:
        await house.append(post("a", key="k"))
        assert codes(await house.append(post("b", BEN, key="k"), post("c", room=2, key="k"))) == [2, 1]


async def test_a_key_outlives_the_deletion_of_its_message_and_a_restart(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)) as house:
        await house.append(post("a", key="k"), delete(1))
    async with opened(opener(tmp_path)) as house:
        assert codes(await house.append(post("a", key="k"), post("b", key="k"))) == ["again 1"] * 2


async def test_strange_keys_are_keys(opener: Opener, tmp_path: Path) -> None:
    strange = ["\0", "a\0b", "'", '"', "\\", "🫖" * 64, " ", "null"]
    async with opened(opener(tmp_path)) as house:
        await house.append(*(post("a", key=key) for key in strange))
        drafts = await house.append(*(post("a", key=key) for key in strange))
        assert codes(drafts) == [f"again {number}" for number in range(1, len(strange) + 1)]


# ---- targets


async def test_what_is_no_message_of_the_room_cannot_be_changed(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)) as house:
        await house.append(new_rules(), post("a", room=2), post("b", room=2), topic("t", rules=1))
        for number in (1, 99):  # of another kind, and of another room; not there
            changes = (edit(number, "x", rules=1), delete(number, rules=1), react(number, "👍", rules=1))
            drafts = await house.append(*changes, unreact(number, "👍", rules=1))
            assert codes(drafts) == ["no-such-message"] * 4
        drafts = await house.append(edit(2, "x", rules=1), react(2, "👍", rules=1), unreact(2, "👍", rules=1))
        assert codes(drafts) == ["no-such-message"] * 3  # a topic is deleted, and nothing else


async def test_what_changes_a_message_is_no_message(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)) as house:
        await house.append(post("a"), edit(1, "b"), react(1, "👍"))
        assert codes(await house.append(edit(2, "x"), delete(3), react(2, "👍"))) == ["no-such-message"] * 3


async def test_anothers_message_is_not_allowed_where_only_ones_own_is(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)) as house:
        await house.append(post("a"))
        assert codes(await house.append(edit(1, "x", BEN), delete(1, BEN))) == ["not-allowed"] * 2
        assert codes(await house.append(edit(1, "x", BEN, own_only=False), delete(1, BEN, own_only=False))) == [2, 3]


async def test_a_deleted_message_is_neither_edited_nor_reacted_to(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)) as house:
        drafts = await house.append(
            post("a"), react(1, "🍵"), delete(1), edit(1, "x"), react(1, "👍"), unreact(1, "🍵")
        )
        assert codes(drafts) == [1, 2, 3, *["no-such-message"] * 3]
        assert codes(await house.append(edit(1, "x"), react(1, "👍"))) == ["no-such-message"] * 2


async def test_a_second_deletion_names_the_first(opener: Opener, tmp_path: Path, clock: HandClock) -> None:
    async with opened(opener(tmp_path)) as house:
        await house.append(post("a"))
        [first, again] = await house.append(delete(1), delete(1))
        assert (first.event.seq, codes([again])) == (2, ["again 2"])
        clock.now += 9
        [later, others] = await house.append(delete(1), delete(1, BEN))
        assert codes([later, others]) == ["again 2", "not-allowed"]
        assert later.event.time == first.event.time


async def test_a_message_can_be_changed_in_the_batch_that_posts_it(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)) as house:
        drafts = await house.append(post("a"), react(1, "👍", BEN), edit(1, "b"), delete(1), post("c"))
        assert codes(drafts) == [1, 2, 3, 4, 5]
        page = await house.store.history(1, 5, 1, limit=10)
        assert [getattr(message, "text", "") for message in page.messages] == [None, "c"]


# ---- reactions


async def test_a_reaction_is_a_set(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)) as house:
        await house.append(post("a"))
        drafts = await house.append(
            react(1, "👍"), react(1, "👍"), react(1, "👍", BEN), unreact(1, "👍"), unreact(1, "👍"), react(1, "👍")
        )
        assert codes(drafts) == [2, "again 2", 3, 4, "again 4", 5]
        assert codes(await house.append(react(1, "👍"), unreact(1, "🍵"))) == ["again 5", "again 1"]


async def test_one_emoji_too_many_is_refused_but_those_there_may_be_used(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)) as house:
        await house.append(post("a"))
        many = [chr(0x1F600 + number) for number in range(LAN.emoji_per_message + 1)]
        await house.append(*(react(1, emoji) for emoji in many[:10]), *(react(1, emoji, CAI) for emoji in many[10:-1]))
        drafts = await house.append(react(1, many[-1], BEN), react(1, many[0], BEN))
        assert codes(drafts)[0] == "too-many"
        assert drafts[0].refusal is not None
        assert drafts[0].refusal.limit == LAN.emoji_per_message
        assert drafts[1].refusal is None
        drafts = await house.append(unreact(1, many[1]), react(1, many[-1], BEN))
        assert [each.refusal for each in drafts] == [None, None]


async def test_reactions_are_known_after_opening_again(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)) as house:
        await house.append(post("a"), react(1, "👍"), unreact(1, "👍"), react(1, "🍵"))
    async with opened(opener(tmp_path)) as house:
        assert codes(await house.append(react(1, "🍵"), unreact(1, "👍"))) == ["again 4", "again 3"]


# ---- one refused draft


async def test_one_refused_draft_does_not_touch_the_others(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)) as house:
        await house.append(post("a", key="k"))
        drafts = await house.append(
            post("b"), post("other", key="k"), edit(77, "x"), post("c", CAI), post("d", rules=5), topic("t"), post("e")
        )
        assert codes(drafts) == [2, "key-reused", "no-such-message", 3, "stale", 4, 5]
        events = await house.store.events(1, 0, 5, 10)
        assert [event.seq for event in events] == [1, 2, 3, 4, 5]


async def test_an_event_handed_back_is_the_one_that_is_read(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)) as house:
        drafts = await house.append(
            post("a\n\tb", key="k", form="act", reply_to=3),
            edit(1, "c"),
            react(1, "👍", BEN),
            topic("t", CAI),
            new_rules(),
        )
        assert await house.store.events(1, 0, 5, 10) == [each.event for each in drafts]


async def test_many_senders_at_once_leave_no_hole(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)) as house:

        async def send(sender: int) -> list[Draft]:
            sent: list[Draft] = []
            for number in range(25):
                sent += await house.append(post(f"{sender} {number}", key=f"{sender} {number}"))
            return sent

        everything = await asyncio.gather(*(send(sender) for sender in range(12)))
        assert sorted(each.event.seq for sent in everything for each in sent) == list(range(1, 301))
        for sent in everything:
            assert [each.event.seq for each in sent] == sorted(each.event.seq for each in sent)
        texts = {e.seq: e.text for e in await house.store.events(1, 0, 300, 300) if isinstance(e, Posted)}
        assert texts == {e.event.seq: e.event.text for sent in everything for e in sent if isinstance(e.event, Posted)}
