"""What was said and is not stored yet. Each message is sent until it is stored, and is stored once.

    add ──▶ waits ──send──▶ on its way ──stored──▶ done
              ▲                  │
              └── line lost, or «not now» ──┘        again with the same key: the server knows what it has already

Order: messages go out in the order in which they were said, at most WINDOW of them ahead of their answers; after a
break all that have none go out again, in the same order. So they are stored in that order too. There is one way to
break it: the server may decline one «not now» and take the next; what was declined then comes later.

What is lost with the connection is not lost here. What is declined for good (too long, not in the room …) is told to
whoever said it, with the reason, and never silently dropped.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Generator
from functools import partial
from typing import Any

from teahouse.client.errors import OutboxError, error_of
from teahouse.client.journal import Journal
from teahouse.core.commands import Post
from teahouse.core.errors import BadField, TeahouseError
from teahouse.core.events import Refused, Reply, Stored

WINDOW = 64
"""Messages on their way at once: many enough for a busy line, few enough that a «not now» disorders little."""
MOST = 100_000
"""Messages that may wait, all together."""
NOT_NOW = {"too-fast": 1.0, "storage-unknown": 0.5}
"""Refusals after which the same message is sent again, and after how many seconds where the server does not say."""


class Sending:
    """One message on its way. Await it to have it stored; it is sent whether anybody awaits it or not.

    post     what was asked
    awaited  whether anybody ever did: then they hear how it ends
    error    why it was declined for good
    """

    __slots__ = ("_stored", "awaited", "error", "on_its_way", "post", "tried")

    def __init__(self, post: Post, tried: bool) -> None:
        self.post = post
        self.on_its_way = False
        self.tried = tried  # it was sent: nobody knows whether it is stored
        self.awaited = False
        self.error: TeahouseError | None = None
        self._stored: asyncio.Future[Stored] = asyncio.get_running_loop().create_future()

    @property
    def key(self) -> str:
        """Its own name: the `posted` event has it too."""
        assert self.post.key is not None
        return self.post.key

    @property
    def room(self) -> str:
        """Where it was said."""
        return self.post.room

    @property
    def text(self) -> str:
        """What was said."""
        return self.post.text

    @property
    def done(self) -> bool:
        """Whether it is stored, or declined for good."""
        return self._stored.done()

    def __await__(self) -> Generator[Any, None, Stored]:
        self.awaited = True
        return asyncio.shield(self._stored).__await__()

    def succeed(self, stored: Stored) -> None:
        """It is on the server's disk."""
        if not self._stored.done():
            self._stored.set_result(stored)

    def fail(self, error: TeahouseError) -> None:
        """It never will be."""
        self.error = error
        if not self._stored.done():
            self._stored.set_exception(error)
            self._stored.exception()  # whoever awaits still gets it; nobody is warned for those who do not


class Outbox:
    """All messages of one client that are not stored.

    put        sends a post on the line that is there (`Link.put`)
    declined   hears of each message that was declined for good
    """

    def __init__(
        self,
        put: Callable[[Post, Callable[[Reply], None]], None],
        declined: Callable[[Sending, TeahouseError], None],
        journal: Journal | None = None,
    ) -> None:
        self._put = put
        self._declined = declined
        self._journal = journal
        self._sendings: dict[str, Sending] = {}
        self._unsent: deque[Sending] = deque()
        self._out = 0
        self._pumping = False
        self._held: asyncio.TimerHandle | None = None
        self._empty = asyncio.Event()
        self._empty.set()
        self.online = False
        if journal is not None:
            for post in journal.waiting:
                self._keep(Sending(post, tried=True))
            self._decline_unfit(journal)

    @property
    def in_doubt(self) -> bool:
        """Whether something may be stored already."""
        return any(sending.tried for sending in self._sendings.values())

    @property
    def waiting(self) -> list[Sending]:
        """What is not stored, oldest first."""
        return list(self._sendings.values())

    def add(self, post: Post) -> Sending:
        """Send it, now or when there is a line.

        raises  OutboxError   it cannot be kept, or too many wait: it will not be sent
        """
        if len(self._sendings) >= MOST:
            raise OutboxError(f"{MOST} messages wait to be sent, the limit. Wait until the server has taken some.")
        if post.key in self._sendings:
            return self._sendings[post.key]
        if self._journal is not None:
            self._journal.add(post)
        sending = Sending(post, tried=False)
        self._keep(sending)
        self.pump()
        return sending

    def _decline_unfit(self, journal: Journal) -> None:
        """What an older version kept and no server can take is told to its author, and does not hold up the rest."""
        for post in journal.unfit:
            sending = Sending(post, tried=True)
            sending.fail(BadField("This was kept to be sent, and no server can take it: say it again in other words."))
            assert sending.error is not None
            journal.done(sending.key)
            self._declined(sending, sending.error)

    def _keep(self, sending: Sending) -> None:
        self._sendings[sending.key] = sending
        self._unsent.append(sending)
        self._empty.clear()

    def pump(self) -> None:
        """Send what may be sent."""
        if self._pumping:
            return  # an answer that came at once: the loop below goes on
        self._pumping = True
        try:
            while self._unsent and self.online and self._held is None and self._out < WINDOW:
                self._send(self._unsent.popleft())
        finally:
            self._pumping = False

    def _send(self, sending: Sending) -> None:
        """Let one go. Where that fails it waits as before."""
        was_tried, sending.on_its_way, sending.tried = sending.tried, True, True
        self._out += 1
        try:
            self._put(sending.post, partial(self._answered, sending))
        except BaseException:
            if sending.on_its_way:  # it did not go, and was not answered at once
                self._out -= 1
                sending.on_its_way, sending.tried = False, was_tried
                self._unsent.appendleft(sending)
            raise

    def lost(self) -> None:
        """The line is no more: nothing is on its way."""
        self.online = False
        self._release()
        self._out = 0
        for sending in self._sendings.values():
            sending.on_its_way = False
        self._unsent = deque(self._sendings.values())

    async def drained(self) -> None:
        """Wait until nothing waits."""
        await self._empty.wait()

    def close(self, error: TeahouseError) -> list[Sending]:
        """Send no more: what is not stored fails, but stays in the journal. Returned is what that was."""
        self.lost()
        left = self.waiting
        for sending in left:
            sending.fail(error)
        self._sendings.clear()
        self._unsent.clear()
        self._empty.set()
        if self._journal is not None:
            self._journal.close()
        return left

    def _answered(self, sending: Sending, reply: Reply) -> None:
        sending.on_its_way = False
        self._out -= 1
        if isinstance(reply, Refused) and reply.code in NOT_NOW:
            seconds = NOT_NOW[reply.code] if reply.retry_after is None else reply.retry_after / 1_000
            self._unsent = deque(other for other in self._sendings.values() if not other.on_its_way)
            self._hold(seconds)
            return
        if isinstance(reply, Stored):
            self._forget(sending)
            sending.succeed(reply)
        elif isinstance(reply, Refused):
            self._decline(sending, error_of(reply))
        self.pump()

    def _decline(self, sending: Sending, error: TeahouseError) -> None:
        """It never will be stored."""
        self._forget(sending)
        sending.fail(error)
        self._declined(sending, error)

    def _forget(self, sending: Sending) -> None:
        del self._sendings[sending.key]
        if self._journal is not None:
            self._journal.done(sending.key)
        if not self._sendings:
            self._empty.set()

    def _hold(self, seconds: float) -> None:
        """Send nothing for a while."""
        if self._held is None:
            self._held = asyncio.get_running_loop().call_later(seconds, self._go_on)

    def _go_on(self) -> None:
        self._held = None
        self.pump()

    def _release(self) -> None:
        if self._held is not None:
            self._held.cancel()
            self._held = None
