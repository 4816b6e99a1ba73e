"""Long texts leave the search index in parts, so that nobody waits long for one; and leave it whole."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw
import pytest

from teahouse.core.limits import NONE
from teahouse.store import index, sqlite
from teahouse.store.check import check_folder
from teahouse.store.connect import FILE, run, writing
from teahouse.store.sqlite import SqliteStore
from tests.store.kit import HandClock, Open, delete, edit, indexed, opened, post
from tests.support.remains import Secrets, gone, remains

pytestmark = pytest.mark.asyncio(loop_factories=["uvloop"])

LONG = 1_000  # words
MOST = index.PART * 2  # words of one transaction


class Counted:
    """Connections that count what each transaction takes out of the index."""

    def __init__(self) -> None:
        self.taken_out: list[int] = [0]

    def writing(self, path: Path, vfs: str | None = None) -> apsw.Connection:
        connection = writing(path, vfs)
        connection.exec_trace = self.hear
        return connection

    def hear(self, cursor: apsw.Cursor, sql: str, bindings: Any) -> bool:
        if sql == "COMMIT":
            self.taken_out.append(0)
        elif "'delete'," in sql:
            self.taken_out[-1] += len(bindings[-1].split())
        return True


@contextmanager
def counted() -> Iterator[Counted]:
    with pytest.MonkeyPatch.context() as patch:
        counts = Counted()
        patch.setattr(sqlite, "writing", counts.writing)
        yield counts


async def found(house: Open, word: str, head: int) -> list[int]:
    return [hit.seq for hit in (await house.store.search(word, [(1, head)], 1, before=None, limit=5)).messages]


@pytest.mark.parametrize("long", ["words", "characters", "many short ones"])
async def test_a_deletion_takes_few_words_out_at_once(long: str, tmp_path: Path, clock: HandClock) -> None:
    secrets = Secrets(1)
    texts = {
        "words": [secrets.words(LONG)],
        "characters": [secrets.chinese(LONG)],
        "many short ones": [secrets.words(10) for _ in range(LONG // 10)],
    }[long]
    with counted() as counts:
        async with opened(SqliteStore(tmp_path, NONE, clock.now_ms)) as house:
            await house.append(*map(post, texts), post("tea"))
            head = len(texts) + 1
            await indexed(house, [(1, head)])
            await house.append(*(delete(seq) for seq in range(1, head)))
            assert await found(house, sorted(secrets.pieces)[0], 2 * head - 1) == []
            await gone(tmp_path, secrets.pieces)
            assert await found(house, "tea", 2 * head - 1) == [head]
    assert sum(counts.taken_out) > LONG / 2
    assert max(counts.taken_out) <= MOST
    assert check_folder(tmp_path) == []


async def test_an_edit_takes_few_words_out_at_once(tmp_path: Path, clock: HandClock) -> None:
    secrets = Secrets(2)
    first, second, third = (secrets.words(LONG) for _ in range(3))
    with counted() as counts:
        async with opened(SqliteStore(tmp_path, NONE, clock.now_ms)) as house:
            await house.append(post(first), post("tea"))
            await indexed(house, [(1, 2)])
            await house.append(edit(1, second), edit(1, f"{third} oolong"), post("sencha"))
            assert await found(house, "oolong", 5) == [1]
            await indexed(house, [(1, 5)])
            assert (await found(house, "oolong", 5), await found(house, "sencha", 5)) == ([1], [5])
            for old in (first, second):
                assert await found(house, old.split()[7], 5) == []
            await house.append(delete(1))
            await gone(tmp_path, secrets.pieces)
    assert sum(counts.taken_out) >= 3 * LONG
    assert max(counts.taken_out) <= MOST
    assert check_folder(tmp_path) == []


async def test_a_process_that_is_killed_in_the_middle_goes_on_where_it_was(tmp_path: Path, clock: HandClock) -> None:
    """Copies of the file from between two parts: of an edit, of a deletion, of a deletion during an edit."""
    secrets = Secrets(3)
    texts = [secrets.words(LONG) for _ in range(5)]
    async with opened(SqliteStore(tmp_path / "whole", NONE, clock.now_ms)) as house:
        await house.append(*map(post, texts[:3]))
        await indexed(house, [(1, 3)])
    folder = tmp_path / "cut"
    shutil.copytree(tmp_path / "whole", folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index.Index, "take_out", lambda self: False)  # it never comes to that
        async with opened(SqliteStore(folder, NONE, clock.now_ms)) as house:
            await house.append(edit(1, texts[3]), edit(2, texts[4]))
            connection = writing(folder / FILE)
            while not run(connection, "SELECT 1 FROM going"):
                pass
            await house.append(delete(1), delete(3))
    assert len(run(connection, "SELECT DISTINCT message FROM going")) == 2
    number = index.Index(connection)
    number.open()
    for _ in range(5):
        assert number.take_out()
    connection.close()
    assert check_folder(folder) == []
    async with opened(SqliteStore(folder, NONE, clock.now_ms)) as house:
        kept = set(texts[4].split())
        await gone(folder, secrets.pieces - kept - set(texts[1].split()))
        await indexed(house, [(1, 7)])
        assert await found(house, texts[4].split()[0], 7) == [2]
        assert await found(house, texts[1].split()[0], 7) == []
        await house.append(delete(2))
        await gone(folder, secrets.pieces)
    assert check_folder(folder) == []
    assert not remains(folder, secrets.pieces)


async def test_an_index_that_is_made_anew_has_nothing_to_take_out(tmp_path: Path, clock: HandClock) -> None:
    secrets = Secrets(4)
    async with opened(SqliteStore(tmp_path, NONE, clock.now_ms)) as house:
        await house.append(post(secrets.words(LONG)), post("tea"))
        await indexed(house, [(1, 2)])
    connection = writing(tmp_path / FILE)
    run(connection, "INSERT INTO going (message, words) VALUES (1 << 32 | 2, 'tea'), (1 << 32 | 2, '')")
    run(connection, "UPDATE meta SET value = 0 WHERE name = 'segments'")
    connection.close()
    async with opened(SqliteStore(tmp_path, NONE, clock.now_ms)) as house:
        await indexed(house, [(1, 2)])
        assert await found(house, "tea", 2) == [2]
    assert check_folder(tmp_path) == []
