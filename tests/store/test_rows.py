"""Any event becomes a row and the same event again."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from teahouse.core.events import (
    EVENT_BY_KIND,
    EVENTS,
    Deleted,
    Draft,
    Edited,
    Event,
    Posted,
    Reacted,
    RulesChanged,
    TopicChanged,
    Unreacted,
)
from teahouse.core.message import Form, Kind, Person, nameless
from teahouse.store.append import insert, insert_rows
from teahouse.store.connect import run, writing
from teahouse.store.migrate import migrate, migrations
from teahouse.store.rows import COLUMNS, event_of, row_of

texts = st.text(st.characters(codec="utf-8"), max_size=40)
seqs = st.integers(1, 2**32 - 1)
ids = st.integers(1, 2**53 - 1)
people = st.one_of(
    st.builds(Person, ids, texts, st.sampled_from(get_args(Kind)), st.booleans()),
    ids.map(nameless),
    ids.map(lambda id: msgspec.structs.replace(nameless(id), chosen=True)),
)
common = {"room": st.just("r"), "seq": seqs, "time": st.integers(0, 2**53 - 1), "author": people}
said = st.one_of(texts, st.none())
events: st.SearchStrategy[Event] = st.one_of(
    st.builds(
        Posted, **common, text=texts, form=st.sampled_from(get_args(Form)), key=st.one_of(st.none(), texts),
        reply_to=st.one_of(st.none(), seqs), deleted=st.just(False),
    ),
    st.builds(Posted, **common, text=st.none(), form=st.sampled_from(get_args(Form)), deleted=st.just(True)),
    st.builds(Edited, **common, target=seqs, text=said),
    st.builds(Deleted, **common, target=seqs),
    st.builds(Reacted, **common, target=seqs, emoji=texts),
    st.builds(Unreacted, **common, target=seqs, emoji=texts),
    st.builds(TopicChanged, **common, topic=texts),
    st.builds(RulesChanged, **common, speak=st.sampled_from(["everyone", "members"])),
)  # fmt: skip
digests = st.integers(-(2**63), 2**63 - 1)


@given(events, st.integers(1, 2**31 - 1), digests)
def test_an_event_survives_its_row(event: Event, room: int, digest: int) -> None:
    assert event_of(row_of(room, event, digest), "r") == event


@given(st.lists(st.tuples(events, digests), min_size=1, max_size=5))
def test_a_row_survives_the_database(drawn: list[tuple[Event, int]]) -> None:
    connection = writing(Path(":memory:"))
    migrate(connection, Path(), migrations())
    rows = [row_of(number, event, digest) for number, (event, digest) in enumerate(drawn, 1)]
    insert_rows(connection, rows)
    assert run(connection, f"SELECT {COLUMNS} FROM events ORDER BY id") == rows
    connection.close()


posts = st.builds(
    Posted,
    room=st.just("lobby"), seq=st.just(0), time=st.just(0), author=people, text=texts, form=st.sampled_from(["say", "say", "say", "act"]),
    key=st.one_of(st.none(), st.none(), texts), reply_to=st.one_of(st.none(), st.none(), seqs),
)  # fmt: skip


@given(
    drawn=st.lists(st.tuples(st.integers(1, 2), posts, st.integers(-(2**63), 2**63 - 1)), min_size=1, max_size=6),
    times=st.sampled_from([(7, 7), (7, 8)]),
    first=st.integers(1, 2**32 - 10),
)
def test_a_batch_is_stored_alike_by_the_short_statements_and_by_the_long_one(
    drawn: list[tuple[int, Posted, int]], times: tuple[int, int], first: int
) -> None:
    connection = writing(Path(":memory:"))
    migrate(connection, Path(), migrations())
    connection.execute("DROP INDEX events_key")  # the same key may be drawn twice
    heads = {1: first, 2: 1}
    drafts = []
    for room, post, digest in drawn:
        post = msgspec.structs.replace(post, seq=heads[room], time=times[room - 1])
        drafts.append(Draft(room, post, digest=digest if post.key is not None else None))
        heads[room] += 1
    insert(connection, drafts)
    assert run(connection, f"SELECT {COLUMNS} FROM events ORDER BY id") == sorted(
        row_of(draft.room, draft.event, draft.digest) for draft in drafts
    )
    connection.close()


def test_every_kind_of_event_has_a_number_of_its_own() -> None:
    assert len(EVENT_BY_KIND) == len(EVENTS)


def test_kinds_that_shape_a_room_are_those_that_the_start_looks_for() -> None:
    # A deletion rewrites the event that it takes away, so that the start reads what is left.
    shaping = {event.kind for event in EVENTS if event.shapes} - {Deleted.kind}
    assert shaping == {event.kind for event in EVENTS if event.kind >= 6}
