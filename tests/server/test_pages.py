"""Pages: what is kept for those who are behind."""

from __future__ import annotations

from teahouse.server.pages import OVERHEAD, PAGE, PAGE_OVERHEAD, Pages
from tests.server.test_outbox import Parity

FORMAT = Parity()


def test_a_page_serves_the_numbers_it_holds_and_no_other() -> None:
    pages = Pages(1_000_000)
    pages.put(1, FORMAT, 0, [b"a", b"b"])
    page = pages.get(1, FORMAT, 2)
    assert page is not None
    assert page.units[2 - page.first] == b"b"
    assert pages.get(1, FORMAT, 3) is None
    assert pages.get(2, FORMAT, 1) is None


def test_the_newest_page_grows_only_by_the_next_number() -> None:
    pages = Pages(1_000_000)
    pages.put(1, FORMAT, 1, [b"x"])
    pages.extend(1, FORMAT, PAGE + 3, [b"hole"])
    assert pages.get(1, FORMAT, PAGE + 3) is None
    pages.extend(1, FORMAT, PAGE + 2, [b"next"])
    assert pages.get(1, FORMAT, PAGE + 2) is not None


def test_a_page_that_grows_ends_where_the_next_one_begins() -> None:
    pages = Pages(1_000_000)
    pages.put(1, FORMAT, 0, [b"x"] * (PAGE - 1))
    pages.extend(1, FORMAT, PAGE, [b"last", b"first of the next"])
    page = pages.get(1, FORMAT, PAGE)
    assert page is not None
    assert (page.last, page.units[-1]) == (PAGE, b"last")
    assert pages.get(1, FORMAT, PAGE + 1) is None


def test_the_cache_is_bounded_by_bytes_and_the_page_used_longest_ago_goes_first() -> None:
    cost = 1_000 + OVERHEAD + PAGE_OVERHEAD
    pages = Pages(3 * cost)
    for room in (1, 2, 3):
        pages.put(room, FORMAT, 0, [b"x" * 1_000])
    pages.get(1, FORMAT, 1)
    pages.put(4, FORMAT, 0, [b"x" * 1_000])
    assert [room for room in (1, 2, 3, 4) if pages.get(room, FORMAT, 1)] == [1, 3, 4]
    assert pages.bytes == 3 * cost


def test_a_deletion_drops_the_page_of_its_target_and_all_later_ones_of_the_room() -> None:
    pages = Pages(1_000_000)
    for number in (0, 1, 2):
        pages.put(1, FORMAT, number, [b"x"])
    pages.put(2, FORMAT, 1, [b"x"])
    before = pages.drops(1)
    pages.drop(1, PAGE + 1)
    assert [bool(pages.get(1, FORMAT, number * PAGE + 1)) for number in (0, 1, 2)] == [True, False, False]
    assert pages.get(2, FORMAT, PAGE + 1)
    assert (pages.drops(1) - before, pages.drops(2)) == (1, 0)
