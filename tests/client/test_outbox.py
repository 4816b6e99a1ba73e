"""What waits to be stored, against a line that a test holds in its hand."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from teahouse.client.errors import Closed, OutboxError
from teahouse.client.journal import Journal
from teahouse.client.outbox import WINDOW, Outbox, Sending
from teahouse.core.commands import Post
from teahouse.core.errors import MessageTooLong, TeahouseError
from teahouse.core.events import Refused, Reply, Stored
from tests.support.inbox import until


class Line:
    """Keeps what was put; answers when it is told to."""

    def __init__(self, journal: Journal | None = None) -> None:
        self.out: list[tuple[Post, Callable[[Reply], None]]] = []
        self.declined: list[tuple[str, TeahouseError]] = []
        self._seqs = itertools.count(1)
        self.outbox = Outbox(self.put, self.decline, journal)
        self.outbox.online = True

    def put(self, post: Post, then: Callable[[Reply], None]) -> None:
        self.out.append((post, then))

    def decline(self, sending: Sending, error: TeahouseError) -> None:
        self.declined.append((sending.text, error))

    def says(self, *texts: str) -> list[Sending]:
        return [self.outbox.add(Post(room="tea", text=text, key=text)) for text in texts]

    @property
    def texts(self) -> list[str]:
        return [post.text for post, _ in self.out]

    def stores(self, count: int = 1) -> None:
        for _ in range(count):
            post, then = self.out.pop(0)
            then(Stored(room="tea", seq=next(self._seqs), time=0, key=post.key))

    def refuses(self, code: str, retry_after: int | None = None) -> None:
        _, then = self.out.pop(0)
        then(Refused(code=code, message="no", retry_after=retry_after))

    def breaks(self) -> None:
        self.out.clear()
        self.outbox.lost()

    def is_back(self) -> None:
        self.outbox.online = True
        self.outbox.pump()


async def test_what_is_said_goes_out_at_once_and_is_awaited_until_it_is_stored() -> None:
    line = Line()
    (sending,) = line.says("one")
    assert not sending.done
    line.stores()
    assert (await sending).seq == 1
    assert line.outbox.waiting == []


async def test_after_a_break_all_that_was_not_stored_goes_out_again_in_order() -> None:
    line = Line()
    line.says("one", "two", "three")
    line.stores()
    line.breaks()
    line.says("four")
    assert line.texts == []
    line.is_back()
    assert line.texts == ["two", "three", "four"]


async def test_only_so_many_are_on_their_way_at_once() -> None:
    line = Line()
    line.says(*(str(number) for number in range(WINDOW + 5)))
    assert len(line.out) == WINDOW
    line.stores(2)
    assert line.texts[-1] == str(WINDOW + 1)


async def test_what_is_declined_for_good_is_told_and_the_next_goes_on() -> None:
    line = Line()
    one, two = line.says("one", "two")
    line.refuses("message-too-long")
    with pytest.raises(MessageTooLong):
        await one
    assert [(text, type(error)) for text, error in line.declined] == [("one", MessageTooLong)]
    line.stores()
    await two


@pytest.mark.parametrize("code", ["too-fast", "storage-unknown"])
async def test_not_now_means_later_with_the_same_key(code: str) -> None:
    line = Line()
    line.says("one", "two")
    line.refuses(code, retry_after=1)
    line.says("three")
    assert line.texts == ["two"], "nothing new goes out before its time"
    line.stores()
    await until(lambda: line.texts == ["one", "three"])
    assert line.out[0][0].key == "one"
    assert line.declined == []


async def test_a_break_while_waiting_for_later_sends_all_again() -> None:
    line = Line()
    line.says("one", "two")
    line.refuses("too-fast", retry_after=60_000)
    line.breaks()
    line.is_back()
    assert line.texts == ["one", "two"]


async def test_the_same_key_twice_is_one_message() -> None:
    line = Line()
    one, again = line.says("one", "one")
    assert one is again
    assert line.texts == ["one"]


async def test_whoever_stops_waiting_does_not_take_it_back() -> None:
    line = Line()
    (sending,) = line.says("one")
    waiter = asyncio.get_running_loop().create_task(asyncio.wait_for(_wait(sending), 10))
    await asyncio.sleep(0)
    waiter.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiter
    line.stores()
    assert (await sending).seq == 1


async def _wait(sending: Sending) -> Stored:
    return await sending


async def test_an_answer_that_comes_at_once_does_not_hold_up_the_rest() -> None:
    answered: list[str] = []

    def put(post: Post, then: Callable[[Reply], None]) -> None:
        answered.append(post.text)
        then(Refused(code="message-too-long", message="no"))

    outbox = Outbox(put, lambda sending, error: None)
    for number in range(3_000):
        sending = outbox.add(Post(room="tea", text=str(number), key=str(number)))
        assert not sending.done
    outbox.online = True
    outbox.pump()
    assert len(answered) == 3_000
    assert outbox.waiting == []


async def test_when_the_client_ends_what_waits_fails_and_stays_in_the_file(tmp_path: Path) -> None:
    line = Line(Journal(tmp_path / "outbox"))
    one, two = line.says("one", "two")
    line.stores()
    await one
    assert line.outbox.close(Closed("over")) == [two]
    with pytest.raises(Closed):
        await two
    again = Line(Journal(tmp_path / "outbox"))
    assert [sending.tried for sending in again.outbox.waiting] == [True], "it may be stored"
    again.is_back()
    assert again.texts == ["two"]
    again.stores()
    assert again.outbox.close(Closed("over")) == []


async def test_too_many_are_refused_with_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("teahouse.client.outbox.MOST", 3)
    line = Line()
    line.says("one", "two", "three")
    with pytest.raises(OutboxError, match="the limit"):
        line.says("four")


async def test_all_can_be_waited_for() -> None:
    line = Line()
    line.says("one", "two")
    waiter = asyncio.get_running_loop().create_task(line.outbox.drained())
    line.stores()
    await asyncio.sleep(0)
    assert not waiter.done()
    line.stores()
    async with asyncio.timeout(5):
        await waiter
