"""A data folder with as many events as one likes, in seconds: for measuring how long a start takes."""

from __future__ import annotations

import random
from pathlib import Path

import msgspec

from teahouse.core.events import Edited, Event, Posted, Reacted, TopicChanged
from teahouse.core.message import Person
from teahouse.core.room import RoomRecord, fold
from teahouse.store import records
from teahouse.store.append import insert_rows
from teahouse.store.connect import FILE, run, transaction, writing
from teahouse.store.fill import what_became_of_messages
from teahouse.store.migrate import migrate, migrations
from teahouse.store.rows import Row, row_of

WORDS = [
    "the",
    "teahouse",
    "opens",
    "at",
    "ten",
    "and",
    "closes",
    "when",
    "the",
    "last",
    "guest",
    "goes",
    "上海",
    "今天",
    "天气",
    "真好",
    "喝茶",
    "大家",
    "早上好",
]
BATCH = 10_000
START_MS = 1_700_000_000_000


def fill(folder: Path, events: int, rooms: int = 20, people: int = 200, seed: int = 1, lobby: float = 0.0) -> None:
    """Make a store in `folder` (new or empty) with this many events, spread over the rooms. Not yet indexed.

    lobby  the share of all events that are the lobby's before the rest is spread
    """
    folder.mkdir(parents=True, exist_ok=True)
    chance = random.Random(seed)
    connection = writing(folder / FILE)
    try:
        migrate(connection, folder, migrations())
        run(connection, "PRAGMA synchronous=OFF; PRAGMA wal_autocheckpoint=1000")
        guests = [Person(id, f"guest{id}x") for id in range(1, people + 1)]
        heads = dict.fromkeys(range(1, rooms + 1), 0)
        said = dict.fromkeys(heads, 0)
        states = dict.fromkeys(heads, RoomRecord())
        names = {room: "lobby" if room == 1 else f"room{room}" for room in heads}
        with transaction(connection):
            first = records.lease_people(connection, people)
            assert first == 1
            for room, name in names.items():
                assert records.open_room(connection, name, name, None, START_MS) == room
        for start in range(0, events, BATCH):
            rows: list[Row] = []
            for number in range(start, min(start + BATCH, events)):
                room = 1 if lobby and chance.random() < lobby else chance.randrange(1, rooms + 1)
                heads[room] += 1
                event = an_event(chance, names[room], heads[room], said[room], START_MS + number, chance.choice(guests))
                if isinstance(event, Posted):
                    said[room] = event.seq
                states[room] = fold(states[room], event)
                rows.append(row_of(room, event, number if isinstance(event, Posted) else None))
            insert_rows(connection, rows)
        with transaction(connection):
            for table in ("reactions", "tallies", "skips"):
                connection.execute(f"DELETE FROM {table}")  # noqa: RUF100, S608
            what_became_of_messages(connection)
            for room, record in states.items():
                connection.execute(
                    "UPDATE rooms SET state = ?, as_of = ? WHERE id = ?",
                    (msgspec.json.encode(record).decode(), heads[room], room),
                )
        connection.wal_checkpoint()
    finally:
        connection.close()


def an_event(chance: random.Random, room: str, seq: int, said: int, time: int, author: Person) -> Event:
    """Mostly something said, now and then a change of what was `said` last, or a topic."""
    text = " ".join(chance.choices(WORDS, k=chance.randrange(2, 16)))
    what = chance.random()
    if not said or what < 0.9:
        return Posted(room=room, seq=seq, time=time, author=author, text=text, form="say", key=f"{time:016x}")
    if what < 0.95:
        return Edited(room=room, seq=seq, time=time, author=author, target=said, text=text)
    if what < 0.99:
        return Reacted(room=room, seq=seq, time=time, author=author, target=said, emoji=chr(0x1F300 + seq % 99))
    return TopicChanged(room=room, seq=seq, time=time, author=author, topic=text)
