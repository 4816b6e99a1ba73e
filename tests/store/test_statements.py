"""Every statement of the writer finds its rows by an index: what it costs does not grow with what is there."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import apsw
import pytest

from teahouse.core.events import Draft
from teahouse.core.limits import LAN
from teahouse.core.message import Person
from teahouse.store import append, records, sqlite
from teahouse.store.connect import FILE, reading, run, writing
from teahouse.store.migrate import migrate, migrations
from teahouse.store.sqlite import SqliteStore
from tests.store.kit import ANA, BEN, HandClock, delete, edit, indexed, opened, post, react, topic, unreact

GROWING = ("events", "people", "tokens", "marks", "rooms", "words")


class Traced:
    """Connections that write what they are asked into a set, once `on`."""

    def __init__(self) -> None:
        self.on = False
        self.asked: set[str] = set()

    def writing(self, path: Path, vfs: str | None = None) -> apsw.Connection:
        connection = writing(path, vfs)
        connection.exec_trace = self.hear
        return connection

    def hear(self, cursor: apsw.Cursor, sql: str, bindings: Any) -> bool:
        if self.on:
            self.asked.add(sql)
        return True


def scans(connection: apsw.Connection, sql: str) -> list[str]:
    """The steps of its plan that go through a table that grows."""
    if not re.match(r"\s*(SELECT|UPDATE|DELETE|INSERT|WITH)", sql):
        return []
    count = max([sql.count("?"), *(int(number) for number in re.findall(r"\?([0-9]+)", sql))])
    values = ("[]",) * len(set(re.findall(r"\?[0-9]+", sql))) if re.search(r"\?[0-9]", sql) else ("[]",) * count
    plan = [row[3] for row in run(connection, f"EXPLAIN QUERY PLAN {sql}", values)]
    tables = "|".join(GROWING)
    return [step for step in plan if re.match(rf"SCAN ({tables})\b", step) and "VIRTUAL TABLE INDEX 0:=" not in step]


async def test_no_statement_of_the_writer_goes_through_a_table(
    tmp_path: Path, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    traced = Traced()
    monkeypatch.setattr(sqlite, "writing", traced.writing)
    async with opened(SqliteStore(tmp_path, LAN, clock.now_ms)) as house:
        traced.on = True
        store = house.store
        await house.append(post("one tea", key="k"), post("two"), post("three", BEN, key="k"), topic("news"))
        await house.append(post("one tea", key="k"), post("other", key="k"))
        await house.append(edit(1, "water"), react(1, "👍"), unreact(1, "👍"), react(2, "👍"))
        await house.append(delete(1), edit(2, "more"))
        await store.open_room("new", "new", None)
        await store.open_room("@1+2", "@1+2", (1, 2))
        await store.lease_people(10)
        await store.keep_guest(Person(5, "eve"), b"h" * 32, 10)
        await store.rename_guest(Person(5, "eva"))
        await store.extend_tokens([b"h" * 32], 20)
        await store.mark(5, 1, 2)
        await store.forget_tokens(30)
        await indexed(house, [(1, 10)])
        while await store.guest_by_token(b"h" * 32, 0) is not None:
            clock.now += 1
            await store.mark(5, 1, 3)
        traced.on = False
    connection = reading(tmp_path / FILE)
    run(connection, "PRAGMA query_only=0")
    found = {sql: steps for sql in sorted(traced.asked) if (steps := scans(connection, sql))}
    assert len(traced.asked) > 20
    assert found == {}
    assert scans(connection, "SELECT 1 FROM events WHERE text = ?")  # it would be seen
    connection.close()


@pytest.fixture
def popular(tmp_path: Path) -> tuple[apsw.Connection, apsw.Connection]:
    """Two logs with a key that everybody uses, the second four times as long."""
    made: list[apsw.Connection] = []
    for place, count in enumerate((5_000, 20_000)):
        connection = writing(tmp_path / f"{place}.sqlite")
        migrate(connection, tmp_path, migrations())
        records.open_room(connection, "r1", "r1", None, 0)
        run(
            connection,
            "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?) "
            "INSERT INTO events (id, time, kind, author, text, key, digest) "
            "SELECT 1 << 32 | n, n, 1, n, 'x', CASE n % 3 WHEN 0 THEN 'retry' ELSE '1' END, 7 FROM n",
            (count,),
        )
        made.append(connection)
    return made[0], made[1]


def best_of(connection: apsw.Connection, drafts: list[Draft]) -> float:
    best = 1.0
    for _ in range(20):
        start = time.perf_counter()
        append.known_keys(connection, drafts)
        best = min(best, time.perf_counter() - start)
    return best


@pytest.mark.parametrize("key", ["1", "retry"])
@pytest.mark.parametrize("authors", [1, 40])
def test_a_retry_costs_the_same_however_popular_its_key_is(
    popular: tuple[apsw.Connection, apsw.Connection], key: str, authors: int
) -> None:
    drafts = [post("x", Person(3 * number + 3 - 2 * (key == "1"), "a"), key=key) for number in range(authors)]
    few, many = popular
    assert len(append.known_keys(many, drafts)) == authors
    assert best_of(many, drafts) <= 3 * best_of(few, drafts) + 0.000_1
    for connection in popular:
        connection.close()


async def test_keys_of_others_and_of_other_rooms_are_not_known(tmp_path: Path, clock: HandClock) -> None:
    async with opened(SqliteStore(tmp_path, LAN, clock.now_ms)) as house:
        await house.append(post("a", ANA, key="k"), post("b", BEN, key="k"), post("c", ANA, room=2, key="k"))
        again = await house.append(
            post("a", ANA, key="k"),
            post("b", BEN, key="k"),
            post("c", ANA, room=2, key="k"),
            post("d", BEN, room=2, key="k"),
        )
        assert [(draft.again, draft.event.seq) for draft in again] == [(True, 1), (True, 2), (True, 1), (False, 2)]
    assert run(reading(tmp_path / FILE), "SELECT count(*) FROM events") == [(4,)]
