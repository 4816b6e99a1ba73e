"""Is what is in a data folder what it must be? For `teahouse check`, and after every torture in the tests.

SQLite checks its own pages and indexes; the rest are the promises of the log: numbers without holes, times that don't
go back, records and tables that are what the log says, text that is gone where it was deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import apsw
import msgspec

from teahouse.core.errors import ConfigError
from teahouse.core.events import EVENT_BY_KIND, Deleted, Edited, Posted, Reacted, TopicChanged, Unreacted
from teahouse.core.limits import AHEAD_MS
from teahouse.core.room import RoomRecord
from teahouse.store.base import UNLEASED
from teahouse.store.connect import FILE, reading, run, transaction
from teahouse.store.migrate import migrations, version_of
from teahouse.store.records import decode_record, last_event
from teahouse.store.rows import SEQ
from teahouse.store.start import newest_record

SHOWN = 20  # of one kind of problem


def check_folder(path: Path) -> list[str]:
    """What is wrong with the data in this folder, a sentence each; [] when all is well. Changes nothing.

    A server may be running on it: the check sees one moment.
    """
    file = path / FILE
    if not file.is_file():
        return [f"{path}: there is no {FILE} here"]
    try:
        connection = reading(file)
    except apsw.Error as error:
        return [f"{file}: can't be read ({error})"]
    problems: list[str] = []
    try:
        with transaction(connection, "BEGIN"):
            version = version_of(connection, path)
            if version != max(migrations()):
                return [f"{file}: has schema {version}, this version of Teahouse checks schema {max(migrations())}"]
            for check in CHECKS:
                problems += _first(check(connection))
    except ConfigError as error:
        problems.append(str(error))
    except apsw.Error as error:
        problems.append(f"{file}: the check had to stop ({error})")
    finally:
        connection.close()
    return problems


def _first(found: Iterator[str]) -> list[str]:
    some = [problem for problem, _ in zip(found, range(SHOWN), strict=False)]
    return [*some, "… and more of this kind"] if len(some) == SHOWN else some


def pages(connection: apsw.Connection) -> Iterator[str]:
    """SQLite's own check: pages, trees, indexes, constraints, and the search index."""
    for (line,) in run(connection, "PRAGMA integrity_check"):
        if line.startswith("fts5:"):
            yield f"the search index: {line}. The server makes it again by itself when it meets this"
        elif line != "ok":
            yield f"the file: {line}"


def references(connection: apsw.Connection) -> Iterator[str]:
    """Rows that point to something that is not there."""
    for table, row, other, _ in run(connection, "PRAGMA foreign_key_check"):
        yield f"{table}: row {row} points to a row of {other} that does not exist"
    for (room,) in run(connection, "SELECT DISTINCT id >> 32 FROM events EXCEPT SELECT id FROM rooms"):
        yield f"events of room {room}, which does not exist"


def numbers(connection: apsw.Connection) -> Iterator[str]:
    """1, 2, 3 … without holes, and times that don't go back, but where the clock had been wrong by more than AHEAD_MS."""
    for room, seq, before in connection.execute(
        "SELECT id >> 32, id & 4294967295, before & 4294967295 FROM "
        "(SELECT id, lag(id, 1, (id >> 32) << 32) OVER (PARTITION BY id >> 32 ORDER BY id) AS before FROM events) "
        "WHERE id <> before + 1"
    ):
        yield f"room {room}: event {before} is followed by event {seq}"
    for room, seq in connection.execute(
        "SELECT id >> 32, id & 4294967295 FROM "
        "(SELECT id, time, lag(time) OVER (PARTITION BY id >> 32 ORDER BY id) AS before FROM events) "
        "WHERE before - time BETWEEN 1 AND ?",
        (AHEAD_MS,),
    ):
        yield f"room {room}: event {seq} is older than the one before it"


def keys(connection: apsw.Connection) -> Iterator[str]:
    """A key is one message of its author in its room. Read from the table, not from the index that must ensure it."""
    for room, author, key, count in connection.execute(
        "SELECT id >> 32, author, key, count(*) FROM events NOT INDEXED WHERE key IS NOT NULL "
        "GROUP BY key, author, id >> 32 HAVING count(*) > 1"
    ):
        yield f"room {room}: the key {key!r} of person {author} names {count} messages"


def kinds(connection: apsw.Connection) -> Iterator[str]:
    """Events that this version knows, with a target that is a message where they need one."""
    known = ", ".join(str(kind) for kind in EVENT_BY_KIND)
    for room, seq, kind in connection.execute(
        f"SELECT id >> 32, id & 4294967295, kind FROM events WHERE kind NOT IN ({known})"  # noqa: S608
    ):
        yield f"room {room}: event {seq} is of the unknown kind {kind}"
    for room, seq in connection.execute(
        "SELECT change.id >> 32, change.id & 4294967295 FROM events AS change LEFT JOIN events AS message "
        "ON message.id = change.target WHERE change.target IS NOT NULL AND "
        "(message.kind IS NULL OR message.kind <> ?1 AND NOT (message.kind = ?2 AND change.kind = ?3) "
        "OR change.target >= change.id OR change.target >> 32 <> change.id >> 32)",
        (Posted.kind, TopicChanged.kind, Deleted.kind),
    ):
        yield f"room {room}: event {seq} changes something that is no message before it"


def deletions(connection: apsw.Connection) -> Iterator[str]:
    """What was deleted has no text and no digest, nor have its edits and reactions; what was not has a text."""
    for room, seq in connection.execute(
        "SELECT said.id >> 32, said.id & 4294967295 FROM events AS said WHERE said.kind IN "  # noqa: S608
        f"({Posted.kind}, {Edited.kind}, {Reacted.kind}, {Unreacted.kind}, {TopicChanged.kind}) "
        "AND (said.text IS NULL) <> EXISTS "
        f"(SELECT 1 FROM events WHERE target = coalesce(said.target, said.id) AND kind = {Deleted.kind}) "
        "AND NOT EXISTS (SELECT 1 FROM erasing WHERE message = said.target AND upto < said.id)"
    ):
        yield f"room {room}: event {seq} has a text and was deleted, or has none and was not"
    for room, seq in connection.execute(
        "SELECT id >> 32, id & 4294967295 FROM events WHERE text IS NULL AND digest IS NOT NULL"
    ):
        yield f"room {room}: event {seq} was deleted and has a digest"


def became(connection: apsw.Connection) -> Iterator[str]:
    """The tables of what became of messages say what the log says."""
    gone = "EXISTS (SELECT 1 FROM events AS said WHERE said.id = message AND said.text IS NULL)"
    for message, emoji in connection.execute(
        "SELECT message, emoji FROM ("  # noqa: S608
        "  SELECT target AS message, text AS emoji, author AS person, kind = 4 AS there, max(id) AS event FROM events"
        "  WHERE kind IN (4, 5) AND text IS NOT NULL GROUP BY target, text, author"
        f"  EXCEPT SELECT message, emoji, person, there, event FROM reactions) WHERE NOT {gone} "
        "UNION ALL SELECT message, emoji FROM reactions LEFT JOIN events ON id = event WHERE target IS NOT message "
        "OR text IS NOT emoji OR author IS NOT person OR (kind = 4) IS NOT there"
    ):
        yield f"{_message(message)}: who put {emoji} at it is not what the log says"
    for message, emoji in connection.execute(
        "SELECT message, emoji FROM ("  # noqa: S608
        "  SELECT message, emoji, count(*) AS count FROM reactions WHERE there GROUP BY message, emoji"
        f"  EXCEPT SELECT message, emoji, count FROM tallies) WHERE NOT {gone} "
        "UNION ALL SELECT message, emoji FROM tallies WHERE count <> (SELECT count(*) FROM reactions WHERE there "
        "AND message = tallies.message AND emoji = tallies.emoji) OR first NOT IN (SELECT id FROM events "
        "WHERE target = message AND text = emoji AND kind = 4)"
    ):
        yield f"{_message(message)}: how many have {emoji} there is not what the log says"
    for (id,) in connection.execute(
        "SELECT id FROM events LEFT JOIN skips ON first = (SELECT max(first) FROM skips WHERE first <= id) "
        "WHERE (target IS NOT NULL) <> coalesce(id <= last, 0)"
    ):
        yield f"{_message(id)}: whether it changes a message is not what the log says"


def _message(id: int) -> str:
    return f"room {id >> 32}: message {id & SEQ}"


def records(connection: apsw.Connection) -> Iterator[str]:
    """A room's record is what its log makes of it, and the search index is not ahead of the log."""
    for id, name, state, as_of, indexed in run(connection, "SELECT id, name, state, as_of, indexed FROM rooms"):
        head, _ = last_event(connection, id)
        if as_of > head:
            yield f"room {name}: its record is of event {as_of}, its log ends at {head}"
        if indexed > head:
            yield f"room {name}: the search index is at event {indexed}, the log ends at {head}"
        try:
            if decode_record(state) != newest_record(connection, id, name, RoomRecord(), 0, as_of):
                yield f"room {name}: its record is not what its log says"
        except (msgspec.MsgspecError, ValueError) as error:
            yield f"room {name}: its record can't be read ({error})"


def people(connection: apsw.Connection) -> Iterator[str]:
    """No id was given that could be given once more."""
    following = connection.execute("SELECT value FROM meta WHERE name = 'next_person'").get
    for (person,) in run(connection, "SELECT id FROM people WHERE id >= ? AND id < ?", (following, UNLEASED)):
        yield f"person {person} has an id that was never leased"


def ids_of_rooms(connection: apsw.Connection) -> Iterator[str]:
    """No id of a room will be given once more."""
    following = connection.execute("SELECT value FROM meta WHERE name = 'next_room'").get
    for (room,) in run(connection, "SELECT id FROM rooms WHERE id >= ?", (following,)):
        yield f"room {room} has an id that was never given"


CHECKS: tuple[Callable[[apsw.Connection], Iterator[str]], ...] = (
    pages, references, numbers, keys, kinds, deletions, became, records, people, ids_of_rooms,
)  # fmt: skip
