"""Any requests, one after the other, at a real port: each answer is what the OpenAPI document says, and none is a 500.

The requests are made of the table: the right paths with values that are good, nearly good or wild. `make fuzz` tries many
more of them, and lets schemathesis read the document.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from teahouse.core.events import EventList, Refused
from teahouse.core.limits import LAN
from teahouse.server.web.openapi import document
from teahouse.wire.rest import STATUS, TABLE, Row
from tests.server.house import House, open_house
from tests.support.http_client import Answer, ask

PATIENT = msgspec.structs.replace(LAN, listener_ms=60_000)
DOCUMENT = document("0")


class Asked(NamedTuple):
    """One request."""

    row: Row
    target: str
    body: bytes
    headers: dict[str, str]


wild = st.text(max_size=20)
numbers = st.integers(-1, 8).map(str) | st.sampled_from(["9007199254740991", "9007199254740992", "1_0", "x", ""])
rooms = st.sampled_from(["lobby", "tea", "Lobby", "茶", "nowhere", "@1+2", "@0+0", "a,b", ".", "#tea"]) | wild
people = st.sampled_from(["ana", "bob", "1st", "guest-7", "аna", ""]) | wild
texts = st.sampled_from(["hello", "上海 ☕", "", "\n", "a\x00b", "x" * 70_000]) | wild
VALUES = {
    "room": rooms, "name": people, "text": texts, "topic": texts, "query": texts, "emoji": st.sampled_from(["👍", "x y"]) | wild,
    "key": st.sampled_from(["k1", "k2", ""]) | wild, "form": st.sampled_from(["say", "act", "notice", "shout"]),
    "token": st.sampled_from(["tea_x", "TOKEN"]), "agent": wild,
}  # fmt: skip
json_values = st.none() | st.booleans() | st.integers(-5, 5) | wild | st.lists(st.none(), max_size=2)
authorizations = st.sampled_from(["Bearer TOKEN", "Bearer TOKEN", "Bearer tea_unknown", "Basic eDp5"])
bad_bodies = st.binary(max_size=30) | st.sampled_from(
    [b"", b"{}", b"[]", b'{"text": "a", "text": "b"}', b'{"text": 1e999}']
)


@st.composite
def requests(draw: st.DrawFn) -> Asked:
    row = draw(st.sampled_from(TABLE))
    said = {field: draw(VALUES.get(field, numbers)) for field in row.parts}
    path = row.path.format_map({field: quote(value, safe="") or "-" for field, value in said.items()})
    optional = [field.name for field in row.fields if field.name != "ref"]
    chosen = draw(st.lists(st.sampled_from(optional), max_size=3, unique=True)) if optional else []
    query = {field: draw(VALUES.get(field, numbers)) for field in chosen if row.reads != "json"}
    if row.gives == "events":
        query["wait"] = "0"  # a stream has no end
    if draw(st.integers(0, 3)) == 0:
        query["name"] = draw(people)
    body = b""
    if row.reads == "text":
        body = draw(texts.map(str.encode) | st.binary(max_size=20))
    elif row.reads == "json":
        needed = [field.name for field in row.fields if field.required]
        good: dict[str, object] = {
            field: draw(VALUES[field]) for field in {*needed, *(chosen if draw(st.booleans()) else [])} & VALUES.keys()
        }
        if draw(st.integers(0, 4)) == 0:
            good |= {field: draw(json_values) for field in chosen}
        body = draw(bad_bodies) if draw(st.integers(0, 7)) == 0 else msgspec.json.encode(good)
    headers = {}
    if draw(st.booleans()):
        headers["authorization"] = draw(authorizations)
    if row.header is not None and draw(st.integers(0, 2)) == 0:
        headers[row.header[0]] = draw(st.sampled_from(["k1", "1", "0", "x", '"k2"', "-1"]))
    asked = "&".join(f"{name}={quote(value[:100], safe='')}" for name, value in query.items())
    return Asked(row, f"{path}?{asked}", body, headers)


def judge(asked: Asked, answer: Answer) -> str | None:
    """What is wrong with this answer."""
    operation: dict[str, Any] = DOCUMENT["paths"][asked.row.path][asked.row.method.lower()]
    if str(answer.status) not in operation["responses"]:
        return f"{answer.status} is not in the document: {answer.body[:300]!r}"
    if answer.status >= 400:
        refused = msgspec.json.decode(answer.body, type=Refused)
        return None if STATUS[refused.code] == answer.status else f"{refused} with {answer.status}"
    if asked.row.gives == "lines":
        return None if answer.body.decode() == "" or answer.body.endswith(b"\n") else "a line without an end"
    kind = EventList if asked.row.gives == "events" else asked.row.answer
    msgspec.json.decode(answer.body, type=kind)
    return None


async def converse(house: House, asked: list[Asked]) -> list[tuple[Asked, str]]:
    token = (await ask(house.port, "POST", "/api/guests", {"name": "tess"})).json["token"]
    wrong = []
    for each in asked:
        headers = {name: value.replace("TOKEN", token) for name, value in each.headers.items()}
        answer = await ask(
            house.port, each.row.method, each.target.replace("TOKEN", token), each.body.replace(b"TOKEN", token.encode()), **headers
        )  # fmt: skip
        if (fault := judge(each, answer)) is not None:
            wrong.append((each, fault))
    return wrong


@settings(max_examples=settings().max_examples // 2)
@given(asked=st.lists(requests(), min_size=20, max_size=40))
def test_any_requests_are_answered_as_the_document_says(asked: list[Asked]) -> None:
    async def play() -> None:
        with tempfile.TemporaryDirectory() as folder:
            async with open_house(Path(folder), PATIENT) as house:
                assert await converse(house, asked) == []
                state, feed = house.engine.state, house.engine.feed
                assert all(not room.present for room in state.rooms_by_id.values())
                assert feed.in_flight == 0
                assert state.sessions_by_person == {}

    asyncio.run(play())
