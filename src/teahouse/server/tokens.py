"""Whose token is whose. To look is to read; what must be written is written a moment later, together with the rest.

    keep(person, hash)   a new guest's token: on disk when it returns, or in memory until the disk has space again
    whose(hash)          who comes back with it
    begin()              what time it is; once, before anything else is asked
    run()                writes what is due
    run_hourly()         prolongs the tokens of those who are here

A token ends `life_ms` after its last use, or after its guest went. On disk it ends up to SLACK_MS later: so most uses have
nothing to write, and a token is prolonged once an hour at most. Ends are in the time of `Steady`, so that no clock that
is set ends one before its time; what that time is goes to the disk every NOTE_S and at the end, and a restart goes on from
there. A kill takes it back by NOTE_S at most.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Awaitable, Iterable, Sequence

import structlog

from teahouse.core.errors import StoreError
from teahouse.core.message import Person
from teahouse.core.state import State
from teahouse.server.clock import Clock
from teahouse.server.steady import Steady
from teahouse.store.base import GuestRecord, Store

log = structlog.get_logger("teahouse.tokens")

SLACK_MS = 3_600_000
SOON_S = 1.0  # until what is due is written
RETRY_S = 2.0  # … where the disk takes nothing
HOUR_S = 3_600
NOTE_S = 600  # between two notes of what time it is: one small write, also where nobody is
SLICE = 256  # tokens of one statement: some milliseconds, for which the others wait
MOST = 10_000  # guests whose token could not be kept; the oldest are forgotten
ENDED_MS = 24 * 3_600_000  # what ended so long ago is cleared away


class Tokens:
    """See the module's docstring."""

    def __init__(self, state: State, store: Store, clock: Clock) -> None:
        self._state = state
        self._store = store
        self._life_ms = state.limits.token_ms
        self._steady = Steady(clock)
        self._unkept: OrderedDict[bytes, GuestRecord] = OrderedDict()
        self._unnamed: OrderedDict[int, Person] = OrderedDict()
        self._due: set[bytes] = set()
        self._work = asyncio.Event()
        self._noting = False  # what time it is, is to be written
        self._trouble = False  # the disk took nothing the last time

    async def begin(self) -> None:
        """Go on from the time at which the house was left. What has none gets it before there is a token.

        raises StoreError  the disk can't be read
        """
        left_at = await self._store.token_time()
        self._steady.begin(left_at)
        if left_at is None:
            self.look_at_the_clock()
            await self.save()

    def now_ms(self) -> int:
        """The time in which tokens end; see `Steady`."""
        return self._steady.now_ms()

    def _ends(self) -> int:
        return self.now_ms() + self._life_ms + SLACK_MS

    async def keep(self, person: Person, hash: bytes) -> bool:
        """Remember a new guest; whether that is on disk. Where not, it is tried again, and the token works meanwhile."""
        record = GuestRecord(person, self._ends())
        try:
            await self._store.keep_guest(person, hash, record.ends)
        except StoreError:
            self._unkept[hash] = record
            while len(self._unkept) > MOST:
                self._unkept.popitem(last=False)
            self._work.set()
            return False
        return True

    async def rename(self, person: Person) -> bool:
        """Remember what a guest who comes back is called now; whether that is on disk."""
        try:
            await self._store.rename_guest(person)
        except StoreError:
            self._name_later(person)
            return False
        self.renamed(person)
        return True

    def renamed(self, person: Person) -> None:
        """The disk has this name. What it did not take before, and has still to come, may bear an older one."""
        if self._unkept or self._unnamed:
            self._name_later(person)

    def _name_later(self, person: Person) -> None:
        self._unnamed[person.id] = person
        while len(self._unnamed) > MOST:
            self._unnamed.popitem(last=False)
        self._work.set()

    async def whose(self, hash: bytes) -> Person | None:
        """Who has this token; None where it is unknown or has ended. To use it prolongs it.

        raises StoreError  the disk can't be read
        """
        now = self.now_ms()
        record = self._unkept.get(hash)
        if record is not None:
            self._unkept[hash] = GuestRecord(record.person, self._ends())
        else:
            record = await self._store.guest_by_token(hash, now)
            if record is None:
                return None
            if record.ends < now + self._life_ms:
                self.prolong([hash])
        return self._unnamed.get(record.person.id, record.person)

    def prolong(self, hashes: Iterable[bytes]) -> None:
        """These are used now."""
        self._due.update(hashes)
        if self._due:
            self._work.set()

    async def run(self) -> None:
        """Write what is due, until it is cancelled."""
        while True:
            await self._work.wait()
            await asyncio.sleep(RETRY_S if self._trouble else SOON_S)
            await self.save()

    async def run_hourly(self) -> None:
        """Prolong the tokens of those who are here, clear away those that ended, until it is cancelled."""
        while True:
            for _ in range(HOUR_S // NOTE_S):
                await asyncio.sleep(NOTE_S)
                self.look_at_the_clock()
            self.renew()
            try:
                await self._store.forget_tokens(self.now_ms() - ENDED_MS)
            except StoreError as error:
                log.warning("tokens-not-cleared", code=error.code, error=error.message)

    def look_at_the_clock(self) -> None:
        """What time it is goes to the disk, soon."""
        self._noting = True
        self._work.set()

    def renew(self) -> None:
        """Whoever is here uses their token."""
        sessions = (session for sessions in self._state.sessions_by_person.values() for session in sessions)
        self.prolong(session.token for session in sessions if session.token)

    async def save(self) -> None:
        """Write all that is due; what the disk does not take stays due."""
        self._work.clear()
        try:
            await self._write_time()
            await self._write_unkept()
            await self._write_due()
        except StoreError as error:
            if not self._trouble:
                log.warning("tokens-not-kept", code=error.code, error=error.message)
            self._trouble = True
            self._work.set()
        else:
            self._trouble = False

    async def save_at_the_end(self, patience_s: float) -> None:
        """Write what is due, and what time it is, for so long at the most."""
        self._noting = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                await self.save()

    async def _write_time(self) -> None:
        if self._noting:
            await self._store.keep_token_time(self.now_ms())
            self._noting = False

    async def _write_unkept(self) -> None:
        while self._unkept:
            some = list(self._unkept.items())[:SLICE]
            await _all([self._store.keep_guest(record.person, hash, record.ends) for hash, record in some])
            for hash, record in some:
                if self._unkept.get(hash) is record:
                    del self._unkept[hash]
        while self._unnamed:
            id, person = next(iter(self._unnamed.items()))
            await self._store.rename_guest(person)
            if self._unnamed.get(id) is person:
                del self._unnamed[id]

    async def _write_due(self) -> None:
        while self._due:
            some = [self._due.pop() for _ in range(min(SLICE, len(self._due)))]
            try:
                await self._store.extend_tokens(some, self._ends())
            except BaseException:
                self._due.update(some)
                raise


async def _all(questions: Sequence[Awaitable[None]]) -> None:
    """Ask all of them at once, so that the disk has them in one batch; raise the first failure when all are answered."""
    answers = await asyncio.gather(*questions, return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
