"""Keeps a client in touch with its house: dials, says hello, listens, and does it all again when the line breaks.

    open ──▶ dial ─▶ hello ─▶ welcome ─▶ owner.welcomed ─▶ questions that wait ─▶ owner.hear, owner.hear …
                ▲                                                                        │
                └── a pause: 0.5 s, twice as long each time, 30 s at the most ◀── lost ──┘

Two ways to ask: `put` sends on the line that is there, and is forgotten with it; `ask` asks again on the next line
until it is answered. So what `ask` carries must bear being done twice. Messages do not go that way: they have a key,
and wait in the outbox.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
from collections.abc import Callable
from typing import Protocol

import msgspec

from teahouse.client.address import Address
from teahouse.client.errors import ClientError, Closed, NotAHouse, Unreachable, error_of
from teahouse.client.line import Line, dial
from teahouse.client.wires import Torn
from teahouse.client.words import Unknown, Word, encode, fit
from teahouse.core.commands import Command, Hello, Ping
from teahouse.core.errors import BadToken, Overload, Refusal, Removed, TeahouseError
from teahouse.core.events import Done, Refused, Reply, Welcome

ROOM_FOR_HEADER = 1_024
TEMPORARY = frozenset({"too-fast", "storage-full", "storage-error", "storage-unknown", "too-many"})
"""Refusals of a hello that may pass."""

Then = Callable[[Reply], None]


class Patience(msgspec.Struct, frozen=True, kw_only=True):
    """How long a client waits for what; seconds.

    answer      for a connection and for its welcome
    silence     with nothing heard, before it asks whether the server is still there; then `answer` more
    pause       before the first attempt to come back; doubles
    longest     pause between two attempts
    give_up     without a connection after having had one; None: never
    backlog     how long a slow reader may hold up the line; then it is a cursor (see inbox.py)
    goodbye     for messages that are still on their way when the client is closed
    """

    answer: float = 10.0
    silence: float = 25.0
    pause: float = 0.5
    longest: float = 30.0
    give_up: float | None = None
    backlog: float = 5.0
    goodbye: float = 5.0


class Owner(Protocol):
    """Whom a link serves."""

    def hello(self) -> Hello:
        """Who we are."""

    def may_be_another(self) -> bool:
        """The token has ended: whether to say hello without it."""

    def welcomed(self, welcome: Welcome) -> None:
        """A line stands: what must be said first on it is said now, by `put`."""

    def hear(self, word: Word) -> None:
        """Something that nobody asked for.

        raises  Torn   it cannot be: this line is not to be trusted
        """

    def lost(self, why: str, pause: float) -> None:
        """The line broke; the next attempt is after `pause` seconds."""

    def ended(self, error: TeahouseError) -> None:
        """There will be no more attempts."""

    async def may_hear(self) -> None:
        """Wait until there is room for more words."""


class _Question:
    """Something asked with `ask`: until it is answered."""

    __slots__ = ("answer", "command", "then")

    def __init__(self, command: Command, answer: asyncio.Future[Reply], then: Then | None) -> None:
        self.command = command
        self.answer = answer
        self.then = then

    def take(self, reply: Reply) -> None:
        """It is answered."""
        if self.then is not None and not isinstance(reply, Refused):
            self.then(reply)
        if self.answer.done():
            return
        if isinstance(reply, Refused):
            self.answer.set_exception(error_of(reply))
        else:
            self.answer.set_result(reply)


class Link:
    """The connection, as its owner sees it: there is one, or there will be.

    frame_bytes   of the longest object that the server takes
    """

    def __init__(self, address: Address, patience: Patience, owner: Owner) -> None:
        self._address = address
        self._patience = patience
        self._owner = owner
        self._line: Line | None = None
        self._refs = itertools.count(1)
        self._open: dict[int, Then] = {}  # asked on this line, not answered
        self._questions: dict[int, _Question] = {}
        self._numbers = itertools.count()
        self._task: asyncio.Task[None] | None = None
        self._error: TeahouseError | None = None
        self._early: list[Word] = []  # what came together with the welcome
        self.frame_bytes = 0

    @property
    def online(self) -> bool:
        """Whether there is a line now, and it is welcome."""
        return self._line is not None

    @property
    def asking(self) -> bool:
        """Whether an answer is awaited."""
        return bool(self._open)

    # ---- asking

    def put(self, command: Command, then: Then) -> None:
        """Send it on the line that is there; `then` hears the answer, or nothing if the line breaks before."""
        assert self._line is not None
        command.ref = ref = next(self._refs)
        body = encode(command)
        if len(body) > self.frame_bytes:
            then(_too_long(len(body), self.frame_bytes))
            return
        self._open[ref] = then
        self._line.write(body)

    async def ask(self, command: Command, then: Then | None = None) -> Reply:
        """Ask until it is answered, over as many lines as that takes.

        then    hears the answer at the very place in the stream where it came; not for a refusal
        raises  Refusal     the server said no
                BadText, BadField   nobody could read it: nothing was asked
                Closed, Unreachable, BadToken, Removed: there will be no answer
        """
        if self._error is not None:
            raise self._error
        question = _Question(fit(command), asyncio.get_running_loop().create_future(), then)
        number = next(self._numbers)
        self._questions[number] = question
        try:
            if self._line is not None:
                self._put_question(number)
            return await question.answer
        finally:
            self._questions.pop(number, None)

    def _put_question(self, number: int) -> None:
        question = self._questions[number]

        def then(reply: Reply) -> None:
            question.take(reply)  # if that fails it is still open, and is told how this client ends
            self._questions.pop(number, None)

        self.put(question.command, then)

    # ---- the line

    async def open(self) -> None:
        """Connect for the first time, then stay in touch until `close`.

        raises  Unreachable, NotAHouse; Refusal, Overload: the hello was declined
        """
        line = await self._connect()
        self._task = asyncio.create_task(self._keep(line), name="teahouse client")

    async def close(self, error: TeahouseError | None = None) -> None:
        """Hang up; whoever waits for an answer gets `error`. Idempotent."""
        task, self._task = self._task, None
        line, self._line = self._line, None
        try:
            if task is not None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
            if line is not None:
                await line.close()
        finally:
            self._end(error or Closed("This client was closed."))

    async def _keep(self, line: Line) -> None:
        """Stay in touch, until there is a reason not to."""
        try:
            while True:
                why = await self._follow(line)
                line = await self._come_back(why)
        except (ClientError, Refusal, Overload) as error:
            self._end(error)
        except Exception as error:  # a bug, ours or of whoever listens: nobody may wait for ever because of it
            failure = Closed(f"This client failed: {error!r}")
            failure.__cause__ = error
            self._end(failure)

    async def _follow(self, line: Line) -> str:
        """Listen until the line breaks; why it did."""
        words, self._early = self._early, []
        try:
            while True:
                for word in words:
                    self._take(word)
                await self._owner.may_hear()
                words = await self._hear(line)
        except Torn as torn:
            return str(torn)
        except NotAHouse as error:
            return error.message
        finally:
            self._line = None
            self._open.clear()
            line.abort()

    async def _hear(self, line: Line) -> list[Word]:
        """The next words; a line that is silent for too long is asked, then given up."""
        try:
            async with asyncio.timeout(self._patience.silence):
                return await line.hear()
        except TimeoutError:
            self.put(Ping(), lambda _: None)
        try:
            async with asyncio.timeout(self._patience.answer):
                return await line.hear()
        except TimeoutError as error:
            raise Torn("the server has fallen silent") from error

    def _take(self, word: Word) -> None:
        """An answer goes to whoever asked, everything else to the owner."""
        ref = word.ref if isinstance(word, Reply | Unknown) else None
        if ref is None:
            if isinstance(word, Refused):
                raise _goodbye(word)
            self._owner.hear(word)
            return
        then = self._open.pop(ref, None) if isinstance(ref, int) else None
        if then is None:
            raise Torn(f"an answer to {ref}, which was not asked")
        then(word if isinstance(word, Reply) else Done(ref=ref))

    async def _come_back(self, why: str) -> Line:
        """Try again, and again.

        raises  Unreachable   it took too long;  BadToken, Removed …: it is no use
        """
        patience = self._patience
        pause = patience.pause
        try:
            async with asyncio.timeout(patience.give_up):
                while True:
                    wait = pause * random.uniform(0.5, 1.0)  # so that a thousand clients do not come at once
                    self._owner.lost(why, wait)
                    await asyncio.sleep(wait)
                    pause = min(pause * 2, patience.longest)
                    try:
                        return await self._connect()
                    except (Unreachable, NotAHouse) as error:
                        why = error.message
                    except (Refusal, Overload) as error:
                        if not _may_pass(error):
                            raise
                        why = error.message
        except TimeoutError as error:
            raise Unreachable(f"{self._address} did not come back within {patience.give_up:g} s: {why}") from error

    async def _connect(self) -> Line:
        """Dial, say hello, and say what must be said first."""
        line = await dial(self._address, self._patience.answer)
        try:
            welcome = await self._greet(line)
            self._line = line
            self.frame_bytes = welcome.limits.get("frame_bytes", 1 << 16)
            self._owner.welcomed(welcome)
        except BaseException:
            self._line = None
            self._open.clear()
            line.abort()
            raise
        for number in list(self._questions):
            self._put_question(number)
        return line

    async def _greet(self, line: Line) -> Welcome:
        """Say hello; the welcome, which is the first thing that is said on a line."""
        word = await self._say_hello(line)
        if isinstance(word, Refused) and word.code == BadToken.code and self._owner.may_be_another():
            word = await self._say_hello(line)
        if isinstance(word, Welcome):
            return word
        if isinstance(word, Refused):
            raise error_of(word)
        raise NotAHouse(f"{self._address} answers a hello with something else.")

    async def _say_hello(self, line: Line) -> Word:
        hello = fit(self._owner.hello())
        hello.ref = next(self._refs)
        line.write(encode(hello))
        words: list[Word] = []
        try:
            async with asyncio.timeout(self._patience.answer):
                while not words:
                    words = await line.hear()
        except TimeoutError as error:
            raise NotAHouse(f"{self._address} takes connections and says nothing. Is that a Teahouse?") from error
        except Torn as torn:
            raise Unreachable(f"{self._address} closed the connection: {torn}") from torn
        word, *self._early = words
        return word

    def _end(self, error: TeahouseError) -> None:
        """No more attempts."""
        if self._error is not None:
            return
        self._error = error
        for question in self._questions.values():
            if not question.answer.done():
                question.answer.set_exception(error)
        self._questions.clear()
        self._owner.ended(error)


def _may_pass(error: Refusal | Overload) -> bool:
    """Whether it is of use to say hello again, just so."""
    return error.code in TEMPORARY if isinstance(error, Refusal) else not isinstance(error, Removed)


def _goodbye(word: Refused) -> Exception:
    """What follows from a refusal that answers nothing: the server closes the connection."""
    error = error_of(word)
    return error if isinstance(error, Removed) else Torn(word.message)


def _too_long(size: int, limit: int) -> Refused:
    return Refused(
        code="message-too-long", message=f"This has {size} bytes on its way; {limit} are allowed.", limit=limit
    )
