"""What a program hands us that nobody could read is refused when it is asked, and what follows goes out."""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from teahouse.client import Client, Room, connect
from teahouse.client.errors import BadAddress, BadField, OutboxError, TeahouseError
from teahouse.client.journal import Journal
from teahouse.client.outbox import Outbox, Sending
from teahouse.client.places import Declined, Heard
from teahouse.core.commands import Post
from teahouse.core.errors import BadText
from teahouse.core.events import Refused, Reply, Stored
from teahouse.testing import House

HALVES = ["\ud800", "tea \udfff tea", "caf\udce9", "\ud83d", "\udc00\ud800"]
NO_TEXTS: list[Any] = [None, b"tea", 7, 1.5, True, ["tea"], {"text": "tea"}, object()]
NO_NUMBERS: list[Any] = [0, -1, 2**53, 2**64, 2**200, 1.5, float("nan"), float("inf"), "1", None, b"1", True]

Asks = Callable[[Client, Room, Any], Awaitable[object]]

TEXTS: dict[str, Asks] = {
    "say": lambda me, tea, text: tea.say(text),
    "edit": lambda me, tea, text: tea.edit(1, text),
    "react": lambda me, tea, text: tea.react(1, text),
    "unreact": lambda me, tea, text: tea.unreact(1, text),
    "topic": lambda me, tea, text: tea.set_topic(text),
    "find": lambda me, tea, text: tea.find(text),
    "join": lambda me, tea, text: me.join(text),
    "rename": lambda me, tea, text: me.rename(text),
    "page": lambda me, tea, text: me.room(text).page(),
}
NUMBERS: dict[str, Asks] = {
    "edit": lambda me, tea, seq: tea.edit(seq, "x"),
    "delete": lambda me, tea, seq: tea.delete(seq),
    "react": lambda me, tea, seq: tea.react(seq, "🍵"),
}
HOLDS = TEXTS | {
    "key": lambda me, tea, text: tea.say("x", key=text),
    "direct": lambda me, tea, text: me.direct(text),
    "form": lambda me, tea, text: tea.say("x", form=text),
}


async def says_on(me: Client, tea: Room) -> None:
    """The line is the same, and what follows goes out."""
    assert me.online
    assert me.waiting == []
    assert (await tea.say("what follows")).seq > 0


@pytest.mark.parametrize("ask", HOLDS.values(), ids=HOLDS)
async def test_half_a_character_is_refused_at_the_call(server: House, ask: Asks, tmp_path: Path) -> None:
    async with connect(server.address, name="ana", outbox=tmp_path / "outbox") as me:
        tea = await me.join("tea")
        await tea.say("first")
        for half in HALVES:
            with pytest.raises(TeahouseError):
                await ask(me, tea, half)
            await says_on(me, tea)


@pytest.mark.parametrize("ask", TEXTS.values(), ids=TEXTS)
async def test_what_is_no_text_is_refused_at_the_call(server: House, ask: Asks) -> None:
    async with connect(server.address, name="ana") as me:
        tea = await me.join("tea")
        await tea.say("first")
        for wrong in NO_TEXTS:
            with pytest.raises(BadField):
                await ask(me, tea, wrong)
        await says_on(me, tea)


@pytest.mark.parametrize("ask", NUMBERS.values(), ids=NUMBERS)
async def test_what_is_no_number_of_a_message_is_refused_at_the_call(server: House, ask: Asks) -> None:
    async with connect(server.address, name="ana") as me:
        tea = await me.join("tea")
        await tea.say("first")
        for wrong in NO_NUMBERS:
            with pytest.raises(BadField):
                await ask(me, tea, wrong)
        await says_on(me, tea)


@pytest.mark.parametrize("field", ["name", "token", "agent"])
@pytest.mark.parametrize("wrong", ["\ud800", b"ana", 7])
async def test_who_we_are_must_be_text_too(server: House, field: str, wrong: Any) -> None:
    settings: dict[str, Any] = {field: wrong}
    with pytest.raises((BadText, BadField)):
        await connect(server.address, **settings).open()


@pytest.mark.parametrize("where", [None, b"127.0.0.1", 7256, "\ud800"])
async def test_an_address_that_is_none_is_an_error_of_ours(where: Any) -> None:
    with pytest.raises(TeahouseError) as raised:
        await connect(where).open()
    assert isinstance(where, str) or isinstance(raised.value, BadAddress)


async def test_it_is_refused_while_the_line_is_away_and_what_follows_goes_out_on_the_next(server: House) -> None:
    async with connect(server.address, name="ana") as me:
        tea = await me.join("tea")
        line = me._engine.link._line
        assert line is not None
        line.abort()
        while me.online:
            await asyncio.sleep(0)
        for wrong in ("\ud800", None, b"x"):
            with pytest.raises((BadText, BadField)):
                await tea.say(wrong)  # type: ignore[arg-type]
            with pytest.raises((BadText, BadField)):
                await tea.edit(2**70, "x")
        assert (await tea.say("what follows")).seq == 1


async def test_a_kind_of_text_is_text(server: House) -> None:
    class Words(enum.StrEnum):
        TEA = "tea"

    async with connect(server.address, name="ana") as me:
        tea = await me.join(Words.TEA)
        assert (await tea.say(Words.TEA)).seq == 1
        [message] = [message async for message in tea.history()]
        assert message.text == "tea"


# ---- files of an older version


@pytest.mark.parametrize(
    "post",
    [
        '"text":null',
        '"text":"x","reply_to":99007199254740993',
        '"text":"half \\ud800"',
        '"text":7',
        '"text":"x","form":"shout"',
    ],
)
async def test_what_an_older_version_kept_and_cannot_be_sent_is_told_and_the_rest_goes_out(
    server: House, tmp_path: Path, post: str
) -> None:
    file = tmp_path / "outbox"
    lines = ['{"post":{"room":"tea","key":"k1","text":"one"}}', f'{{"post":{{"room":"tea","key":"k2",{post}}}}}']
    lines.append('{"post":{"room":"tea","key":"k3","text":"three"}}')
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    heard: list[Heard] = []
    async with connect(server.address, name="ana", outbox=file, heard=heard.append) as me:
        for sending in me.waiting:
            await sending
        assert [message.text async for message in me.room("tea").history()] == ["three", "one"]
    declined = [word.sending.key for word in heard if isinstance(word, Declined)]
    assert declined == ["k2"]
    journal = Journal(file)
    assert (journal.waiting, journal.unfit) == ([], [])
    journal.close()


async def test_a_line_that_is_no_post_at_all_is_still_no_outbox(tmp_path: Path) -> None:
    file = tmp_path / "outbox"
    file.write_text('{"post": "tea"}\n', encoding="utf-8")
    with pytest.raises(OutboxError, match="Name another file"):
        Journal(file)


# ---- a pump keeps no flag


class Fault(Exception):
    """Planted."""


@pytest.mark.parametrize("error", [Fault(), KeyError("x"), UnicodeEncodeError("utf-8", "x", 0, 1, "planted")])
async def test_a_message_that_could_not_go_waits_as_before_and_the_pump_runs_again(error: Exception) -> None:
    out: list[tuple[Post, Callable[[Reply], None]]] = []
    faults = [error]

    def put(post: Post, then: Callable[[Reply], None]) -> None:
        if faults:
            raise faults.pop()
        out.append((post, then))

    outbox = Outbox(put, lambda sending, error: None)
    outbox.online = True
    with pytest.raises(type(error)):
        _ = outbox.add(Post(room="tea", text="one", key="one"))
    _ = outbox.add(Post(room="tea", text="two", key="two"))
    assert [post.text for post, _ in out] == ["one", "two"]
    for number, (post, then) in enumerate(out):
        then(Stored(room="tea", seq=number + 1, time=0, key=post.key))
    assert outbox.waiting == []


async def test_a_listener_that_fails_when_something_is_declined_stops_no_other_message() -> None:
    sent: list[str] = []

    def put(post: Post, then: Callable[[Reply], None]) -> None:
        sent.append(post.text)
        if post.text == "bad":
            then(Refused(code="message-too-long", message="no"))

    def declined(sending: Sending, error: TeahouseError) -> None:
        raise Fault

    outbox = Outbox(put, declined)
    outbox.online = True
    with pytest.raises(Fault):
        _ = outbox.add(Post(room="tea", text="bad", key="bad"))
    _ = outbox.add(Post(room="tea", text="good", key="good"))
    assert sent == ["bad", "good"]
    assert [sending.text for sending in outbox.waiting] == ["good"]


async def test_who_waits_for_an_answer_that_could_not_be_taken_is_told(
    server: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with connect(server.address, name="ana") as me:

        def fails(*_: object) -> Room:
            raise Fault

        monkeypatch.setattr(me._engine.places, "joined", fails)
        with pytest.raises(TeahouseError, match="This client failed"):
            async with asyncio.timeout(20):
                await me.join("tea")


async def test_a_way_back_that_could_not_be_asked_is_asked_again(
    server: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with connect(server.address, name="ana") as me:
        tea = await me.join("tea")
        engine = me._engine

        def fails(*_: object) -> None:
            raise Fault

        with monkeypatch.context() as patch:
            patch.setattr(engine.link, "put", fails)
            with pytest.raises(Fault):
                engine._come_back(tea)
        assert tea not in engine._returning
        engine._come_back(tea)
        assert (await tea.say("still here")).seq == 1
