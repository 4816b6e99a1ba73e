"""What store/base.py promises about reading the log, on every store."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from teahouse.core.errors import BadField
from teahouse.core.events import Posted, RulesChanged, TopicChanged
from teahouse.core.message import Message, Person, Reaction, nameless
from tests.store.kit import (
    ANA,
    BEN,
    CAI,
    HandClock,
    Open,
    Opener,
    delete,
    edit,
    indexed,
    new_rules,
    opened,
    post,
    react,
    topic,
    unreact,
)


async def texts(house: Open, head: int, **where: int) -> list[str | None]:
    """What a page of room 1 reads, oldest first."""
    page = await house.store.history(1, head, 1, **{"limit": 3, **where})
    assert page.as_of == head
    return [message.text if isinstance(message, Message) else f"*{message.seq}" for message in page.messages]


async def say(house: Open, count: int, room: int = 1) -> None:
    await house.append(*(post(str(number), room=room) for number in range(1, count + 1)))


# ---- events


async def test_events_are_a_run_behind_a_number_up_to_a_head(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)) as house:
        await say(house, 9)
        await say(house, 3, room=2)
        events = house.store.events
        assert [event.seq for event in await events(1, 0, 9, 100)] == list(range(1, 10))
        assert [event.seq for event in await events(1, 3, 7, 100)] == [4, 5, 6, 7]
        assert [event.seq for event in await events(1, 3, 7, 2)] == [4, 5]
        assert await events(1, 9, 9, 100) == []
        assert await events(1, 2**53, 2**53, 100) == []
        assert [event.seq for event in await events(2, 0, 2**53, 100)] == [1, 2, 3]


async def test_after_a_deletion_neither_the_message_nor_its_edits_have_a_text(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)) as house:
        await house.append(post("a", form="act", key="k"), edit(1, "b"), post("c"), delete(1))
        posted, edited, other, deleted = await house.store.events(1, 0, 4, 10)
        assert isinstance(posted, Posted)
        assert (posted.text, posted.deleted, posted.form, posted.key) == (None, True, "act", "k")
        assert edited.text is None  # type: ignore[attr-defined]
        assert other.text == "c"  # type: ignore[attr-defined]
        assert deleted.target == 1  # type: ignore[attr-defined]


async def test_authors_read_as_they_were_called_then(opener: Opener, tmp_path: Path) -> None:
    people = [
        nameless(7),
        Person(7, "seven"),
        Person(8, "bot", "bot"),
        Person(9, "lin", "member"),
        Person(7, "guest-7"),
    ]
    async with opened(opener(tmp_path)) as house:
        await house.append(*(post("x", person) for person in people))
        assert [event.author for event in await house.store.events(1, 0, 9, 9)] == people


async def test_the_time_of_an_event_is_known(opener: Opener, tmp_path: Path, clock: HandClock) -> None:
    async with opened(opener(tmp_path)) as house:
        await say(house, 1)
        assert await house.store.time_of(1, 1) == clock.now
        for number in (0, 2, 2**32, 2**53):
            assert await house.store.time_of(1, number) is None


async def test_the_last_messages_start_behind_a_number(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)) as house:
        await house.append(post("a"), react(1, "👍"), post("b"), topic("t"), post("c"), edit(5, "d"))
        start = house.store.start_of_last
        assert [await start(1, 6, count) for count in range(6)] == [6, 4, 2, 0, 0, 0]
        assert await start(1, 4, 1) == 2
        assert await start(2, 0, 10) == 0


# ---- history


async def test_history_pages_in_each_direction(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)) as house:
        await say(house, 9)
        assert await texts(house, 9) == ["7", "8", "9"]
        assert await texts(house, 9, before=5) == ["2", "3", "4"]
        assert await texts(house, 9, before=1) == []
        assert await texts(house, 9, before=2**53) == ["7", "8", "9"]
        assert await texts(house, 9, after=0) == ["1", "2", "3"]
        assert await texts(house, 9, after=8) == ["9"]
        assert await texts(house, 9, after=2**53) == []
        assert await texts(house, 9, around=5) == ["4", "5", "6"]
        assert await texts(house, 9, around=5, limit=4) == ["3", "4", "5", "6"]
        assert await texts(house, 9, around=1) == ["1", "2", "3"]
        assert await texts(house, 9, around=9) == ["8", "9"]
        assert await texts(house, 9, around=5, limit=1) == ["5"]
        assert await texts(house, 9, limit=100) == [str(number) for number in range(1, 10)]


async def test_history_says_whether_there_is_more_in_that_direction(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)) as house:
        await say(house, 6)

        async def more(limit: int, **where: int) -> bool:
            return (await house.store.history(1, 6, 1, limit=limit, **where)).more

        assert await more(5)
        assert not await more(6)
        assert await more(2, before=4)
        assert not await more(3, before=4)
        assert await more(2, after=3)
        assert not await more(3, after=3)
        assert await more(3, around=2)
        assert not await more(12, around=3)


async def test_history_sees_nothing_beyond_the_head_it_is_given(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)) as house:
        await house.append(post("a"), edit(1, "b"), react(1, "👍"), post("c"), edit(1, "d"), unreact(1, "👍"))
        assert await texts(house, 1) == ["a"]
        page = await house.store.history(1, 4, 1, limit=9)
        first, second = page.messages
        assert isinstance(first, Message)
        assert (first.text, first.reactions, second.seq) == ("b", [Reaction("👍", 1, True)], 4)
        assert await texts(house, 3, after=3) == []
        assert await texts(house, 1, around=4) == ["a"]
        assert await texts(house, 1, around=6) == ["a"]
        assert await texts(house, 1, before=6) == ["a"]


async def test_the_last_edit_counts(opener: Opener, tmp_path: Path, clock: HandClock) -> None:
    async with opened(opener(tmp_path)) as house:
        await house.append(post("a"), edit(1, "b"))
        clock.now += 5
        await house.append(edit(1, "c"))
        [message] = (await house.store.history(1, 3, 1, limit=9)).messages
        assert isinstance(message, Message)
        assert (message.text, message.edited, message.time) == ("c", clock.now, clock.now - 5)


async def test_a_deleted_message_keeps_its_place_and_nothing_else(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)) as house:
        await house.append(post("a", key="k"), edit(1, "b"), react(1, "👍"), delete(1), post("c"))
        message, _ = (await house.store.history(1, 5, 1, limit=9)).messages
        assert isinstance(message, Message)
        assert (message.text, message.deleted, message.edited, message.reactions) == (None, True, None, [])
        assert (message.seq, message.key, message.author) == (1, "k", ANA)


async def test_a_deletion_hides_the_text_even_where_the_head_is_before_it(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)) as house:
        await house.append(post("a"), post("b"), delete(1))
        assert await texts(house, 2) == [None, "b"]


async def test_reactions_are_counted_and_mine_is_marked(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)) as house:
        await house.append(
            post("a"), react(1, "🍵", BEN), react(1, "👍"), react(1, "👍", BEN), react(1, "🫖", CAI), unreact(1, "🫖", CAI),
            post("b"), react(7, "🍵", CAI),
        )  # fmt: skip
        first, second = (await house.store.history(1, 8, ANA.id, limit=9)).messages
        assert isinstance(first, Message)
        assert isinstance(second, Message)
        assert first.reactions == [Reaction("🍵", 1, False), Reaction("👍", 2, True)]
        assert second.reactions == [Reaction("🍵", 1, False)]


async def test_topics_and_rules_stand_among_the_messages(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)) as house:
        await house.append(post("a"), topic("t"), new_rules(), post("b", rules=3))
        kinds = [type(message) for message in (await house.store.history(1, 4, 1, limit=9)).messages]
        assert kinds == [Message, TopicChanged, RulesChanged, Message]


async def test_an_empty_room_has_an_empty_history(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)) as house:
        page = await house.store.history(2, 0, 1, limit=9)
        assert (page.messages, page.more, page.as_of, page.room) == ([], False, 0, "r2")


async def test_readers_beside_a_writer_see_whole_runs(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)) as house:
        head = 0
        writing = True

        async def write() -> None:
            nonlocal head, writing
            for number in range(60):
                drafts = await house.append(post(str(number)), post("x"), react(3 * number + 1, "👍"))
                head = drafts[-1].event.seq
            writing = False

        async def read() -> None:
            while writing:
                upto = head
                events = await house.store.events(1, max(0, upto - 50), upto, 50)
                assert [event.seq for event in events] == list(range(max(1, upto - 49), upto + 1))
                page = await house.store.history(1, upto, 1, limit=20)
                seqs = [message.seq for message in page.messages]
                assert seqs == [seq for seq in range(1, upto + 1) if seq % 3][-20:]

        await asyncio.gather(write(), *(read() for _ in range(4)))
        assert head == 180


# ---- search


async def found(house: Open, query: str, head: int, **more: int | None) -> list[int]:
    answer = await house.store.search(query, [(1, head)], 1, **{"before": None, "limit": 20, **more})  # type: ignore[arg-type]
    return [message.seq for message in answer.messages]


async def test_search_follows_the_rules_of_words(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)) as house:
        await house.append(
            post("The Teahouse is open"), post("上海人喝茶"), post("Straße in Köln, 10:30"), post("海上"), post("天气真好 tea"),
            post("tea_house под ёлкой"), post("ｆｕｌｌ　ｗｉｄｔｈ"), post("한국어 배우기"), post("日本語のカフェ"),
        )  # fmt: skip
        await indexed(house, [(1, 9)])
        cases = {
            "tea": [6, 5, 1], "TEAHOUSE": [1], "house": [6], "teahouse open": [1], "open the": [1], "ouse": [],
            "上海": [2], "海": [4, 2], "茶": [2], "上海人": [2], "海人喝": [2], "上人": [], "人": [2], "天气": [5], "天气 te": [5],
            "strasse": [3], "STRAẞE": [3], "koln": [3], "Köln": [3], "10": [3], "30 10": [3], "елкой": [6], "full": [7],
            "국": [8], "배우": [8], "カフェ": [9], "ふぇ": [], "の": [9], "語のカ": [9],
            "": [], "!?": [], "🫖": [], '"': [], "tea AND": [], 'tea" OR "上海': [], "t*": [6, 5, 1],
        }  # fmt: skip
        assert {query: await found(house, query, 9) for query in cases} == cases


async def test_what_was_edited_away_or_deleted_is_not_found(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)) as house:
        await house.append(post("green tea"), post("black tea"), post("white tea"))
        await indexed(house, [(1, 3)])
        await house.append(edit(1, "green coffee"), delete(2))
        assert await found(house, "tea", 5) == [3]  # at once, whether or not the index has followed
        await indexed(house, [(1, 5)])
        assert await found(house, "tea", 5) == [3]
        assert await found(house, "coffee", 5) == [1]
        await house.append(edit(1, "red"), edit(1, "tea again"), edit(3, "white"))
        await indexed(house, [(1, 8)])
        assert await found(house, "tea", 8) == [1]
        assert await found(house, "white", 8) == [3]
        assert await found(house, "black", 8) == []


async def test_search_sees_nothing_beyond_the_head_it_is_given(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)) as house:
        await house.append(post("tea one"), post("tea two"), edit(1, "water"))
        await indexed(house, [(1, 3)])
        assert await found(house, "tea", 2) == [2]  # the first as it reads at 2 is no longer in the index
        assert await found(house, "tea", 3) == [2]
        assert await found(house, "water", 2) == []
        assert await found(house, "tea", 1) == []


async def test_search_pages_backwards(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)) as house:
        await house.append(*(post(f"tea {number}") for number in range(7)))
        await indexed(house, [(1, 7)])
        page = await house.store.search("tea", [(1, 7)], 1, before=None, limit=3)
        assert ([message.seq for message in page.messages], page.more) == ([7, 6, 5], True)
        page = await house.store.search("tea", [(1, 7)], 1, before=4, limit=3)
        assert ([message.seq for message in page.messages], page.more) == ([3, 2, 1], False)
        page = await house.store.search("tea", [(1, 7)], 1, before=1, limit=3)
        assert (page.messages, page.more) == ([], False)


async def test_search_over_rooms_is_newest_first_by_time(opener: Opener, tmp_path: Path, clock: HandClock) -> None:
    async with opened(opener(tmp_path), rooms=3) as house:
        for room in (1, 2, 1, 3, 2):
            clock.now += 10
            await house.append(post("tea", room=room))
        await indexed(house, [(1, 2), (2, 2), (3, 1)])
        page = await house.store.search("tea", [(1, 2), (2, 2), (3, 1)], 1, before=None, limit=4)
        assert [(hit.room, hit.seq) for hit in page.messages] == [("r2", 2), ("r3", 1), ("r1", 2), ("r2", 1)]
        assert page.more
        page = await house.store.search("tea", [(1, 2), (3, 1)], 1, before=None, limit=4)
        assert {hit.room for hit in page.messages} == {"r1", "r3"}


async def test_hits_read_as_they_are_now(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)) as house:
        await house.append(post("tea"), edit(1, "more tea"), react(1, "👍"))
        await indexed(house, [(1, 3)])
        [hit] = (await house.store.search("tea", [(1, 3)], ANA.id, before=None, limit=9)).messages
        assert (hit.text, hit.reactions) == ("more tea", [Reaction("👍", 1, True)])


async def test_a_query_with_too_many_words_is_refused(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)) as house:
        for query in (" ".join(map(str, range(65))), "茶上" * 40):
            with pytest.raises(BadField):
                await house.store.search(query, [(1, 0)], 1, before=None, limit=9)


async def test_the_index_follows_across_a_restart(opener: Opener, tmp_path: Path) -> None:
    async with opened(opener(tmp_path)) as house:
        await house.append(*(post(f"tea {number}") for number in range(450)))
    async with opened(opener(tmp_path)) as house:
        await indexed(house, [(1, 450)])
        assert len(await found(house, "tea", 450, limit=500)) == 450


async def test_under_load_the_index_still_follows(opener: Opener, tmp_path: Path, clock: HandClock) -> None:
    async with opened(opener(tmp_path)) as house:
        busy = True

        async def load() -> None:
            while busy:
                clock.now += 200
                await house.append(post("x"), post("x"))

        loads = [asyncio.create_task(load()) for _ in range(4)]
        await house.append(post("needle", room=2))
        while not (await house.store.search("needle", [(2, 1)], 1, before=None, limit=1)).messages:
            await asyncio.sleep(0)
        busy = False
        await asyncio.gather(*loads)
