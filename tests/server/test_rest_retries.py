"""Keys of requests without a token: public, so they find a message again and never say who somebody is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from teahouse.core.limits import LAN
from tests.server.house import House, open_house
from tests.support.http_client import Answer, ask

PATIENT = msgspec.structs.replace(LAN, listener_ms=60_000)
KEY = "0193-key"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path / "data", PATIENT) as house:
        yield house


async def say(house: House, text: str, where: str = "lobby", key: str = KEY, **headers: str) -> Answer:
    answer = await ask(house.port, "POST", f"/r/{where}", text, idempotency_key=key, **headers)
    assert answer.status in (200, 201), answer.body
    return answer


async def authors(house: House, room: str = "lobby") -> list[int]:
    answer = await ask(house.port, "GET", f"/api/rooms/{room}/messages")
    return [message["author"]["id"] for message in answer.json["messages"]]


@pytest.mark.parametrize("name", ["", "?name=ci", "?name=%E8%94%A1"])
async def test_one_message_sent_several_times_at_once_and_later_is_stored_once(house: House, name: str) -> None:
    answers = await asyncio.gather(*(say(house, "once", f"lobby{name}") for _ in range(5)))
    later = await say(house, "once", f"lobby{name}")
    assert {answer.json["seq"] for answer in (*answers, later)} == {1}
    assert len({answer.json["time"] for answer in (*answers, later)}) == 1
    assert sorted(answer.status for answer in answers) == [200, 200, 200, 200, 201]
    assert later.json == answers[0].json | {"again": True}
    assert len(await authors(house)) == 1


async def test_a_retry_is_known_after_a_restart(tmp_path: Path) -> None:
    async with open_house(tmp_path / "data", PATIENT) as house:
        await say(house, "before")
        first = await say(house, "once", "lobby?name=ci", "2")
    async with open_house(tmp_path / "data", PATIENT) as house:
        again = await say(house, "once", "#LOBBY?name=CI".replace("#", "%23"), "2")
        assert again.json == first.json | {"again": True}


async def test_other_contents_under_the_key_are_a_new_guests_message(house: House) -> None:
    seqs = [(await say(house, text, "lobby?name=ci")).json["seq"] for text in ("one", "two", "one", "three", "two")]
    assert seqs == [1, 2, 1, 3, 2]
    assert len(set(await authors(house))) == 3


async def test_another_form_or_answer_is_other_contents(house: House) -> None:
    async def post(**fields: Any) -> int:
        body = {"text": "nods", "key": KEY, **fields}
        answer = await ask(house.port, "POST", "/api/rooms/lobby/messages", body)
        seq: int = answer.json["seq"]
        return seq

    assert [await post(), await post(form="act"), await post(reply_to=1), await post(form="act"), await post()] == [
        1, 2, 3, 2, 1,
    ]  # fmt: skip


async def test_a_key_is_nobody_in_another_room_by_another_name_or_in_a_direct_one(house: House) -> None:
    ana = await house.program(name="ana")
    await say(house, "built", "lobby?name=ci")
    await say(house, "built", "garden?name=ci")
    await say(house, "built", "lobby?name=bob")
    (ci, bob), (other,) = await authors(house), await authors(house, "garden")
    assert len({ci, bob, other}) == 3
    me = (await ana.ask("rooms"))["rooms"]
    assert me
    direct = f"@{min(ci, 1)}+{max(ci, 1)}"
    refused = await ask(house.port, "POST", f"/r/{direct}?name=ci", "it is me", idempotency_key=KEY)
    assert (refused.status, refused.json["code"]) == (404, "no-such-room")
    refused = await ask(house.port, "GET", f"/r/{direct}?name=ci", idempotency_key=KEY)
    assert refused.status == 404


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
@pytest.mark.parametrize("query", ["", "?name=ci", f"?name=ci&key={KEY}"])
async def test_a_key_does_not_change_what_was_said_with_it(house: House, method: str, query: str) -> None:
    first = (await say(house, "built", "lobby?name=ci")).json["seq"]
    target = f"/api/rooms/lobby/messages/{first}{query}"
    refused = await ask(house.port, method, target, {"text": "broken", "key": KEY}, idempotency_key=KEY)
    assert (refused.status, refused.json["code"]) == (403, "not-allowed")
    assert "token" in refused.json["message"]


async def test_a_retry_is_answered_though_somebody_has_the_name_now(house: House) -> None:
    first = await say(house, "built", "lobby?name=ci")
    await house.program(name="ci")
    assert (await say(house, "built", "lobby?name=ci")).json == first.json | {"again": True}
    taken = await ask(house.port, "POST", "/r/lobby?name=ci", "another", idempotency_key=KEY)
    assert (taken.status, taken.json["code"]) == (409, "name-taken")


async def test_who_has_a_token_keeps_what_the_same_key_is_to_strangers(house: House) -> None:
    await say(house, "built")
    guest = await ask(house.port, "POST", "/api/guests", {})
    mine = {"authorization": f"Bearer {guest.json['token']}"}
    assert (await say(house, "built", **mine)).json["seq"] == 2
    assert (await say(house, "built", **mine)).json["seq"] == 2
    reused = await ask(house.port, "POST", "/r/lobby", "broken", idempotency_key=KEY, **mine)
    assert (reused.status, reused.json["code"]) == (409, "key-reused")
    assert (await say(house, "built")).json["seq"] == 1


@pytest.mark.parametrize("text", ["", " ", "\u200b"])
async def test_what_is_not_a_message_is_no_retry(house: House, text: str) -> None:
    answer = await ask(house.port, "POST", "/r/lobby", text, idempotency_key=KEY)
    assert (answer.status, answer.json["code"]) == (400, "empty-message")
