"""REST on a real port: each row of the table, who one is, and that every rule is the one of the other doors."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from teahouse.core.errors import Refusal, StorageFull, TooFast
from teahouse.core.events import Draft
from teahouse.core.limits import LAN
from teahouse.server.web.openapi import document
from tests.server.house import House, hears, open_house
from tests.support.http_client import Answer, ask
from tests.support.json_client import JsonClient

PATIENT = msgspec.structs.replace(LAN, listener_ms=60_000)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path / "data", PATIENT) as house:
        yield house


async def token_of(house: House, name: str | None = None) -> str:
    answer = await ask(house.port, "POST", "/api/guests", {"name": name} if name else {})
    assert answer.status == 201, answer.body
    token: str = answer.json["token"]
    return f"Bearer {token}"


async def says(house: House, text: str, room: str = "lobby", **headers: str) -> int:
    """Say it; the number that it got."""
    answer = await ask(house.port, "POST", f"/r/{room}", text, **headers)
    assert answer.status in (200, 201), answer.body
    seq: int = answer.json["seq"]
    return seq


def code(answer: Answer) -> tuple[int, str]:
    assert answer.json["type"] == "refused", answer.body
    return answer.status, answer.json["code"]


async def messages(house: House, room: str = "lobby", query: str = "") -> list[dict[str, Any]]:
    answer = await ask(house.port, "GET", f"/api/rooms/{room}/messages{query}")
    assert answer.status == 200, answer.body
    found: list[dict[str, Any]] = answer.json["messages"]
    return found


# ---- saying something


async def test_a_body_is_a_message_that_everybody_hears(house: House) -> None:
    ana = await house.program(name="ana")
    answer = await ask(house.port, "POST", "/r/lobby", "晚上好 ☕")
    assert answer.status == 201
    assert {key: answer.json[key] for key in ("type", "room", "seq")} == {"type": "stored", "room": "lobby", "seq": 1}
    assert await hears(ana) == "晚上好 ☕"


async def test_what_is_said_by_json_has_its_form_its_key_and_what_it_answers(house: House) -> None:
    first = await says(house, "tea?")
    body = {"text": "nods", "form": "act", "key": "k", "reply_to": first}
    answer = await ask(house.port, "POST", "/api/rooms/lobby/messages", body)
    assert (answer.status, answer.json["key"]) == (201, "k")
    (_, message) = await messages(house)
    assert {key: message[key] for key in ("text", "form", "key", "reply_to")} == body | {"form": "act"}


async def test_saying_something_in_a_room_that_is_not_there_makes_it(house: House) -> None:
    assert await says(house, "hello", "garden") == 1
    assert [message["text"] for message in await messages(house, "garden")] == ["hello"]


async def test_reading_a_room_that_is_not_there_does_not_make_it(house: House) -> None:
    for target in ("/r/nowhere", "/api/rooms/nowhere", "/api/rooms/nowhere/messages", "/api/rooms/nowhere/members",
                   "/api/rooms/nowhere/events", "/api/rooms/nowhere/events?wait=0", "/api/search?query=x&room=nowhere"):  # fmt: skip
        assert code(await ask(house.port, "GET", target)) == (404, "no-such-room"), target
    assert code(await ask(house.port, "PUT", "/api/rooms/nowhere/topic", {"topic": "x"})) == (404, "no-such-room")
    assert "nowhere" not in house.engine.state.rooms_by_name


async def test_the_same_key_is_the_same_message(house: House) -> None:
    token = await token_of(house)
    first = await ask(house.port, "POST", "/r/lobby", "once", idempotency_key="k", authorization=token)
    again = await ask(house.port, "POST", "/r/lobby", "once", idempotency_key="k", authorization=token)
    other = await ask(house.port, "POST", "/r/lobby", "twice", idempotency_key="k", authorization=token)
    assert (first.status, again.status) == (201, 200)
    assert again.json == first.json | {"again": True}
    assert code(other) == (409, "key-reused")


async def test_what_is_not_a_message_is_not_kept(house: House) -> None:
    for body, no in ((b"", "empty-message"), (b" \n", "empty-message"), (b"\xff", "bad-text")):
        assert code(await ask(house.port, "POST", "/r/lobby", body)) == (400, no)
    long = await ask(house.port, "POST", "/r/lobby", b"x" * (LAN.text_bytes + 1))
    assert code(long) == (413, "message-too-long")
    assert long.json["limit"] == LAN.text_bytes
    assert house.head == 0


async def test_a_body_beyond_its_bounds_is_refused_before_it_is_read(house: House) -> None:
    caller = await house.call()
    caller.send(b"POST /r/lobby HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999\r\n\r\n")
    assert (await caller.rest()).startswith(b"HTTP/1.1 413 ")


# ---- one's own message


async def test_one_corrects_and_takes_away_what_is_ones_own(house: House) -> None:
    mine, theirs = await token_of(house, "ana"), await token_of(house, "bob")
    seq = await says(house, "teh", authorization=mine)
    target = f"/api/rooms/lobby/messages/{seq}"
    edited = await ask(house.port, "PATCH", target, {"text": "tea"}, authorization=mine)
    assert (edited.status, edited.json["target"]) == (200, seq)
    assert code(await ask(house.port, "PATCH", target, {"text": "no"}, authorization=theirs)) == (403, "not-allowed")
    assert code(await ask(house.port, "DELETE", target, authorization=theirs)) == (403, "not-allowed")
    assert code(await ask(house.port, "DELETE", target)) == (403, "not-allowed")
    assert [message["text"] for message in await messages(house)] == ["tea"]
    assert (await ask(house.port, "DELETE", target, authorization=mine)).status == 200
    (message,) = await messages(house)
    assert (message["text"], message["deleted"]) == (None, True)
    assert code(await ask(house.port, "PATCH", target, {"text": "x"}, authorization=mine)) == (404, "no-such-message")


async def test_a_reaction_is_put_and_taken_away(house: House) -> None:
    mine = await token_of(house)
    seq = await says(house, "tea?")
    target = f"/api/rooms/lobby/messages/{seq}/reactions/%F0%9F%8D%B5"
    assert (await ask(house.port, "PUT", target, authorization=mine)).status == 200
    assert (await ask(house.port, "PUT", target, authorization=mine)).json["again"] is True
    (message,) = await messages(house)
    assert message["reactions"] == [{"emoji": "🍵", "count": 1, "mine": False}]
    assert (await ask(house.port, "DELETE", target, authorization=mine)).status == 200
    (message,) = await messages(house)
    assert "reactions" not in message
    missing = await ask(house.port, "PUT", "/api/rooms/lobby/messages/999/reactions/x", authorization=mine)
    assert code(missing) == (404, "no-such-message")


# ---- rooms


async def test_a_topic_is_seen_by_everybody(house: House) -> None:
    ana = await house.program(name="ana")
    assert (await ask(house.port, "PUT", "/api/rooms/lobby/topic?name=ci", {"topic": "oolong"})).status == 200
    word = await ana.heard.next()
    assert (word["type"], word["topic"], word["author"]["name"]) == ("topic_changed", "oolong", "ci")
    assert (await ask(house.port, "GET", "/api/rooms/lobby")).json["topic"] == "oolong"


async def test_rooms_and_who_is_there(house: House) -> None:
    await house.program(name="ana")
    await house.program(name="bob", room="garden")
    rooms = (await ask(house.port, "GET", "/api/rooms")).json["rooms"]
    assert [(entry["room"], entry["count"]) for entry in rooms] == [("garden", 1), ("lobby", 1)]
    room = (await ask(house.port, "GET", "/api/rooms/garden")).json
    assert (room["type"], room["count"], [person["name"] for person in room["members"]]) == ("room", 1, ["bob"])
    members = (await ask(house.port, "GET", "/api/rooms/lobby/members")).json
    assert ([person["name"] for person in members["members"]], members["more"]) == (["ana"], False)
    assert (await ask(house.port, "GET", f"/api/rooms/lobby/members?after={members['members'][0]['id']}")).json[
        "members"
    ] == []


async def test_what_one_has_read_is_ones_own(house: House) -> None:
    token = await token_of(house)
    for text in ("one", "two", "three"):
        await says(house, text)
    client = await JsonClient.by_frames("127.0.0.1", house.port)
    house.programs.append(client)
    await client.hello(token=token.removeprefix("Bearer "))
    assert (await client.ask("mark", room="lobby", seq=2))["type"] == "done"
    room = (await ask(house.port, "GET", "/api/rooms/lobby", authorization=token)).json
    assert (room["read"], room["unread"]) == (2, 1)
    (entry,) = (await ask(house.port, "GET", "/api/rooms", authorization=token)).json["rooms"]
    assert (entry["read"], entry["unread"]) == (2, 1)
    assert (await ask(house.port, "GET", "/api/rooms/lobby")).json["unread"] == 3


# ---- what was


async def test_history_is_read_from_either_side(house: House) -> None:
    for number in range(1, 8):
        await says(house, f"m{number}")

    async def texts(query: str) -> list[str]:
        return [message["text"] for message in await messages(house, "lobby", query)]

    assert await texts("?limit=2") == ["m6", "m7"]
    assert await texts("?before=3") == ["m1", "m2"]
    assert await texts("?after=5") == ["m6", "m7"]
    assert await texts("?around=4&limit=3") == ["m3", "m4", "m5"]
    both = await ask(house.port, "GET", "/api/rooms/lobby/messages?before=3&after=1")
    assert code(both) == (400, "bad-field")


async def test_search_finds_words_in_one_room_or_in_all(house: House) -> None:
    await says(house, "green tea")
    await says(house, "上海的茶", "garden")

    async def found(query: str) -> list[str]:
        while not (answer := await ask(house.port, "GET", f"/api/search?query={query}")).json["complete"]:
            pass
        return [message["text"] for message in answer.json["messages"]]

    assert await found("tea") == ["green tea"]
    assert await found("%E4%B8%8A%E6%B5%B7") == ["上海的茶"]
    assert await found("%E8%8C%B6&room=lobby") == []
    assert code(await ask(house.port, "GET", "/api/search?query=tea&before=1")) == (400, "bad-field")
    assert code(await ask(house.port, "GET", "/api/search?query=")) == (400, "bad-field")


# ---- who one is


async def test_a_request_without_a_name_is_a_nameless_guest_and_each_another_one(house: House) -> None:
    await says(house, "one")
    await says(house, "two")
    authors = [message["author"] for message in await messages(house)]
    assert [author["chosen"] for author in authors] == [False, False]
    assert authors[0]["id"] != authors[1]["id"]


async def test_a_name_is_ones_own_while_the_request_lasts(house: House) -> None:
    await says(house, "one", "lobby?name=ci")
    await says(house, "two", "lobby?name=ci")
    assert [message["author"]["name"] for message in await messages(house)] == ["ci", "ci"]


async def test_a_name_that_somebody_has_is_refused(house: House) -> None:
    await house.program(name="ana")
    assert code(await ask(house.port, "POST", "/r/lobby?name=Ana", "x")) == (409, "name-taken")
    assert code(await ask(house.port, "POST", "/api/guests", {"name": "ana"})) == (409, "name-taken")
    assert code(await ask(house.port, "POST", "/r/lobby?name=1st", "x")) == (400, "bad-name")
    assert house.head == 0


async def test_a_token_makes_many_requests_one_person(house: House) -> None:
    token = await token_of(house, "ana")
    await says(house, "one", authorization=token)
    await says(house, "two", authorization=token)
    one, two = [message["author"] for message in await messages(house)]
    assert one == two
    assert one["name"] == "ana"


async def test_a_token_is_good_at_the_other_doors_and_theirs_is_good_here(house: House) -> None:
    client = await JsonClient.by_frames("127.0.0.1", house.port)
    house.programs.append(client)
    welcome = await client.hello("bob")
    await client.join("lobby")
    answer = await ask(house.port, "POST", "/r/lobby", "also me", authorization=f"Bearer {welcome['token']}")
    assert answer.status == 201
    assert (await client.heard.next())["author"] == welcome["you"]


async def test_a_guest_who_asks_again_with_the_token_is_the_same_and_may_have_another_name(house: House) -> None:
    token = await token_of(house, "ana")
    answer = await ask(house.port, "POST", "/api/guests", {"name": "anna"}, authorization=token)
    assert answer.json["you"]["name"] == "anna"
    assert f"Bearer {answer.json['token']}" == token
    await says(house, "hi", authorization=token)
    assert (await messages(house))[0]["author"] == answer.json["you"]


async def test_a_token_that_is_none_is_401_and_says_how(house: House) -> None:
    for value in ("Bearer tea_unknown", "Basic dXNlcg==", "Bearer x"):
        answer = await ask(house.port, "GET", "/api/rooms", authorization=value)
        assert code(answer) == (401, "bad-token")
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_request_makes_nobody_present(house: House) -> None:
    ana = await house.program(name="ana")
    await says(house, "hi", "lobby?name=ci")
    word = await ana.heard.next()
    assert word["type"] == "posted"
    assert (await ask(house.port, "GET", "/api/rooms/lobby?name=ci")).json["count"] == 1
    assert not house.engine.state.rooms_by_name["lobby"].present.keys() - {1}


async def test_nothing_is_left_of_a_request(house: House) -> None:
    await says(house, "hi", "lobby?name=ci")
    await ask(house.port, "GET", "/api/rooms/nowhere/messages?name=ci")
    await ask(house.port, "GET", "/r/lobby")
    await house.empty()
    state = house.engine.state
    assert (state.sessions_by_person, state.claims, house.engine.dispatch.peers) == ({}, {}, {})
    assert house.engine.flusher.outboxes == set()


async def test_two_people_write_to_each_other(house: House) -> None:
    client = await JsonClient.by_frames("127.0.0.1", house.port)
    house.programs.append(client)
    bob = (await client.hello("bob"))["you"]["id"]
    welcome = (await ask(house.port, "POST", "/api/guests", {"name": "ana"})).json
    ana, token = welcome["you"]["id"], f"Bearer {welcome['token']}"
    room = f"@{min(ana, bob)}+{max(ana, bob)}"
    assert (await ask(house.port, "POST", f"/r/{room}", "psst", authorization=token)).status == 201
    assert (await client.heard.next())["type"] == "room"
    assert (await client.heard.next())["text"] == "psst"
    assert code(await ask(house.port, "POST", f"/r/{room}", "me too")) == (404, "no-such-room")
    assert code(await ask(house.port, "GET", f"/api/rooms/{room}/messages")) == (404, "no-such-room")


# ---- pages of others


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost:81"},
        {"origin": "http://localhost, http://evil.example"},
        {"sec_fetch_site": "cross-site"},
        {"origin": "http://localhost", "sec_fetch_site": "cross-site"},
    ],
)
async def test_a_page_of_another_origin_changes_nothing(house: House, headers: dict[str, str]) -> None:
    requests = [("POST", "/r/lobby"), ("POST", "/api/guests"), ("POST", "/api/rooms/lobby/messages"),
                ("PUT", "/api/rooms/lobby/topic"), ("PATCH", "/api/rooms/lobby/messages/1"),
                ("DELETE", "/api/rooms/lobby/messages/1"), ("PUT", "/api/rooms/lobby/messages/1/reactions/x"),
                ("DELETE", "/api/rooms/lobby/messages/1/reactions/x")]  # fmt: skip
    for method, target in requests:
        assert code(await ask(house.port, method, target, b"{}", **headers)) == (403, "foreign-origin")
    assert house.head == 0
    assert (await ask(house.port, "GET", "/api/rooms", **headers)).status == 200


@pytest.mark.parametrize(
    "headers",
    [{"origin": "http://localhost"}, {"origin": "http://localhost", "sec_fetch_site": "same-origin"}, {"sec_fetch_site": "none"}],
)  # fmt: skip
async def test_our_own_page_may(house: House, headers: dict[str, str]) -> None:
    assert (await ask(house.port, "POST", "/r/lobby", "hi", **headers)).status == 201


async def test_two_origins_are_foreign(house: House) -> None:
    head = b"POST /r/lobby HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 1\r\n"
    answer = await house.ask(head + b"Origin: http://localhost\r\nOrigin: http://localhost\r\n\r\nx")
    assert answer.startswith(b"HTTP/1.1 403 ")


# ---- what is not there, and what goes wrong


async def test_no_such_path_and_no_such_method_are_said_in_json(house: House) -> None:
    assert code(await ask(house.port, "GET", "/api/nothing")) == (404, "unknown-command")
    wrong = await ask(house.port, "PUT", "/r/lobby", "x")
    assert code(wrong) == (405, "unknown-command")
    assert wrong.headers["allow"] == "POST, GET, HEAD"
    assert code(await ask(house.port, "GET", "/r/%zz")) == (400, "bad-field")
    assert code(await ask(house.port, "GET", "/api/rooms/a%2Fb")) == (400, "bad-room")
    assert code(await ask(house.port, "GET", "/r/a%0Ab")) == (400, "bad-room")
    assert (await ask(house.port, "POST", "/r/lobby/", "lost?")).status == 404
    assert house.head == 0


async def test_an_answer_is_not_kept_by_anyone_on_the_way(house: House) -> None:
    for target in ("/api/rooms", "/api/nothing", "/r/lobby"):
        answer = await ask(house.port, "GET", target)
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"


def declining(house: House, monkeypatch: pytest.MonkeyPatch, why: Refusal) -> None:
    """From now on the log keeps nothing, for this reason."""

    def decline(drafts: list[Draft]) -> None:
        for draft in drafts:
            draft.refusal, draft.done = why, True
        asyncio.get_running_loop().call_soon(house.engine.feed.committed, drafts)

    monkeypatch.setattr(house.engine.feed, "_log", SimpleNamespace(append=decline))


async def test_a_disk_that_is_full_is_503_and_nothing_is_shown(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    declining(house, monkeypatch, StorageFull("The disk is full."))
    assert code(await ask(house.port, "POST", "/r/lobby", "hi")) == (503, "storage-full")
    assert await messages(house) == []


async def test_who_is_too_fast_is_told_when_to_come_back(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    declining(house, monkeypatch, TooFast("Slowly.", retry_after_ms=1_200))
    answer = await ask(house.port, "POST", "/r/lobby", "hi")
    assert code(answer) == (429, "too-fast")
    assert (answer.headers["retry-after"], answer.json["retry_after"]) == ("2", 1_200)


async def test_a_bug_of_ours_is_500_and_the_house_goes_on(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(house.engine.feed, "hand", None)
        answer = await ask(house.port, "POST", "/r/lobby", "hi")
        assert answer.status == 500
    assert (await ask(house.port, "POST", "/r/lobby", "hi")).status == 201
    assert len(house.engine.dispatch.peers) == 0


# ---- the table for programs, and for people


async def test_the_openapi_document_is_served_and_refers_to_nothing_that_is_not_in_it(house: House) -> None:
    answer = await ask(house.port, "GET", "/api/openapi.json")
    assert answer.status == 200
    assert answer.json == json.loads(json.dumps(document("0")))
    for reference in _references(answer.json):
        place: Any = answer.json
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]
        assert place


def _references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if "$ref" in value else []
        return own + [found for inner in value.values() for found in _references(inner)]
    if isinstance(value, list):
        return [found for inner in value for found in _references(inner)]
    return []


async def test_the_page_shows_each_row_and_loads_nothing_from_elsewhere(house: House) -> None:
    page = (await ask(house.port, "GET", "/api")).text
    for path, methods in document("0")["paths"].items():
        for method in methods:
            assert f"<code>{method.upper()} {path}</code>" in page
    assert "<script" not in page
    assert "http://" not in page
    assert "https://" not in page


async def test_a_browser_that_opens_a_room_gets_the_page(house: House) -> None:
    answer = await ask(house.port, "GET", "/r/lobby", accept="text/html,application/xhtml+xml,*/*;q=0.8")
    assert answer.headers["content-type"].startswith("text/html")
    assert (await ask(house.port, "GET", "/r/lobby", accept="*/*")).headers["content-type"].startswith("text/plain")
