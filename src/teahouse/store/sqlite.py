"""The store in one SQLite file. Thin: it wires the parts and gives each question to a thread.

    writer ── committer ── numbering, append, targets      one thread, one connection that writes
        └──── upkeep ───── index                           the same, when it has time
    readers ── history, questions                          two threads, connections that can't write
    searchers ─ search                                     one more: a search may take long, and nothing waits for it

The folder belongs to one process (lock.py). `teahouse.sqlite` with its -wal and -shm is all there is.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar, cast

import apsw

from teahouse.core.errors import ConfigError, StorageError, StoreFatal
from teahouse.core.events import Draft, Event, Found, History
from teahouse.core.limits import Limits
from teahouse.core.message import Person
from teahouse.core.room import Room, RoomRecord
from teahouse.store import history, questions, records, retries, search
from teahouse.store.base import GuestRecord, Standing, Trouble
from teahouse.store.commit import Committer, Request
from teahouse.store.connect import FILE, vfs_for, writing
from teahouse.store.faults import fault_of
from teahouse.store.ground import Ground
from teahouse.store.index import Index
from teahouse.store.lock import FolderLock
from teahouse.store.log import Log
from teahouse.store.migrate import migrate, migrations, sync_folder
from teahouse.store.numbering import Tip
from teahouse.store.private import keep_private
from teahouse.store.readers import Readers
from teahouse.store.scrub import Scrub
from teahouse.store.segment import Query
from teahouse.store.start import read_rooms
from teahouse.store.unread import Unread
from teahouse.store.upkeep import Upkeep
from teahouse.store.writer import Writer

T = TypeVar("T")

READERS = 2
SEARCHERS = 1
READ_S, WRITE_S = 0.5, 2.0  # how long the end waits for what is being read, and for what is being written
STILL_S = 0.02  # how long everybody may be kept from reading, to wait for those who read


class SqliteLog:
    """The log's two ends on the loop: what goes to the writer, and who is told."""

    def __init__(self) -> None:
        self.writer: Writer | None = None
        self._on_committed: Callable[[list[Draft]], None] | None = None
        self._on_fatal: Callable[[StoreFatal], None] | None = None
        self._fault: StoreFatal | None = None

    def listen(self, on_committed: Callable[[list[Draft]], None], on_fatal: Callable[[StoreFatal], None]) -> None:
        """See `Log.listen`."""
        self._on_committed = on_committed
        self._on_fatal = on_fatal
        if self._fault is not None:
            on_fatal(self._fault)

    def append(self, drafts: Sequence[Draft]) -> None:
        """See `Log.append`."""
        if self.writer is None:
            raise RuntimeError("the log is not open")
        self.writer.submit(tuple(drafts))

    def committed(self, drafts: list[Draft]) -> None:
        """These are done."""
        if self._on_committed is not None:
            self._on_committed(drafts)

    def fatal(self, fault: StoreFatal) -> None:
        """The store must not be used any more; told once."""
        if self._fault is None:
            self._fault = fault
            if self._on_fatal is not None:
                self._on_fatal(fault)


class SqliteStore:
    """See the module's docstring, and `Store` in base.py for what each method means.

    folder  made if there is none
    now_ms  wall time, ms since 1970 UTC; asked from the writer's thread too
    vfs     SQLite's own way to the files; tests put one that fails in its place
    """

    def __init__(self, folder: Path, limits: Limits, now_ms: Callable[[], int], *, vfs: str | None = None) -> None:
        self._folder = folder
        self._limits = limits
        self._now_ms = now_ms
        self._vfs = vfs
        self._log = SqliteLog()
        self.log: Log = self._log
        self._names: dict[int, str] = {}
        self._unread = Unread()
        self._tips: dict[int, Tip] = {}
        self._index: Index
        self._scrub: Scrub
        self._upkeep: Upkeep
        self._lock: FolderLock | None = None
        self._writer: Writer | None = None
        self._readers: Readers | None = None
        self._searchers: Readers | None = None

    # ---- opening and closing

    async def open(self) -> list[Room]:
        """See `Store.open`."""
        return await asyncio.to_thread(self._open, asyncio.get_running_loop())

    def _open(self, loop: asyncio.AbstractEventLoop) -> list[Room]:
        make_folder(self._folder)
        self._lock = FolderLock(self._folder)
        try:
            keep_private(self._folder)
            return self._open_file(loop)
        except BaseException as error:
            self._lock.release()
            if not isinstance(error, apsw.Error):
                raise
            fault = fault_of(error, committing=False)
            if isinstance(fault, StoreFatal):
                raise fault from error
            raise ConfigError(f"{self._folder / FILE}: can't be opened ({error}).") from error

    def _open_file(self, loop: asyncio.AbstractEventLoop) -> list[Room]:
        path = self._folder / FILE
        vfs = vfs_for(path, self._vfs)
        connection = writing(path, vfs)
        try:
            migrate(connection, self._folder, migrations())
            rooms = read_rooms(connection)
            self._names |= {room.id: room.name for room in rooms}
            self._tips |= {room.id: Tip(room.head, room.time, room.record) for room in rooms}
            upkeep = self._upkeep = Upkeep(connection, self._now_ms)
            self._index = upkeep.index
            upkeep.open((room.id, room.head) for room in rooms)
            committer = Committer(connection, self._tips, upkeep, self._limits, self._now_ms)
            committer.on_deleted = self._unread.forget
            readers = Readers(path, vfs, READERS, self._log.fatal)
            searchers = Readers(path, vfs, SEARCHERS, self._log.fatal)
            upkeep.scrub.still = partial(nobody_reads, (readers, searchers))
            self._scrub = upkeep.scrub
        except BaseException:
            connection.close()
            raise
        self._readers, self._searchers = readers, searchers
        self._writer = self._log.writer = Writer(
            connection, committer, upkeep, Ground(self._folder, time.monotonic()), self._limits.batch, loop,
            self._log.committed, self._log.fatal,
        )  # fmt: skip
        self._writer.start()
        return rooms

    async def close(self) -> None:
        """See `Store.close`."""
        writer, self._writer = self._writer, None
        reading = [readers for readers in (self._readers, self._searchers) if readers is not None]
        self._readers = self._searchers = None
        for readers in reading:
            await asyncio.to_thread(readers.close, READ_S)
        if writer is not None and not await asyncio.to_thread(writer.stop, WRITE_S):
            raise StoreFatal(  # the folder stays locked: the writer may still be writing
                "The disk did not answer within some seconds of the end, so what was said last may be stored or not. "
                "Look at the disk, then start again."
            )
        if self._lock is not None:
            self._lock.release()

    def erasing_s(self) -> float:
        """See `Store.erasing_s`."""
        return 0.0 if self._writer is None else self._scrub.waiting_s

    def trouble(self) -> Trouble | None:
        """See `Store.trouble`."""
        return None if self._writer is None else self._writer.trouble()

    async def _do(self, work: Callable[[apsw.Connection], T], then: Callable[[object], None] | None = None) -> T:
        """Have the writer carry this out; on disk when it returns."""
        if self._writer is None:
            raise StorageError("The store is closed.")
        future: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self._writer.submit(Request(work, future, then))
        return cast(T, await future)

    @property
    def _reading(self) -> Readers:
        return _open_still(self._readers)

    # ---- rooms, people, read positions

    async def open_room(self, name: str, fold: str, pair: tuple[int, int] | None) -> Room:
        """See `Store.open_room`."""

        def made(id: object) -> None:
            self._names.setdefault(cast(int, id), name)
            self._tips.setdefault(cast(int, id), Tip(0, 0, RoomRecord()))

        work = partial(records.open_room, name=name, fold=fold, pair=pair, now=self._now_ms())
        id = await self._do(work, made)
        return await self._reading.ask(records.room_of, id)

    async def forget_room(self, room: int) -> bool:
        """See `Store.forget_room`."""

        def gone(done: object) -> None:
            if done:
                self._tips.pop(room)
                self._index.forget_room(room)
                self._unread.forget_room(room)
                self._names.pop(room)

        return await self._do(partial(records.forget_room, room=room), gone)

    async def lease_people(self, count: int) -> int:
        """See `Store.lease_people`."""
        return await self._do(partial(records.lease_people, count=count))

    async def keep_guest(self, person: Person, token_hash: bytes, ends: int) -> None:
        """See `Store.keep_guest`."""
        await self._do(partial(records.keep_guest, person=person, token_hash=token_hash, ends=ends))

    async def rename_guest(self, person: Person) -> None:
        """See `Store.rename_guest`."""
        await self._do(partial(records.rename_guest, person=person))

    async def guest_by_token(self, token_hash: bytes, now: int) -> GuestRecord | None:
        """See `Store.guest_by_token`."""
        return await self._reading.ask(records.guest_by_token, token_hash, now)

    async def extend_tokens(self, hashes: Sequence[bytes], ends: int) -> None:
        """See `Store.extend_tokens`."""
        await self._do(partial(records.extend_tokens, hashes=hashes, ends=ends))

    async def forget_tokens(self, before: int) -> None:
        """See `Store.forget_tokens`."""
        await self._do(lambda connection: self._upkeep.forget_tokens(before))

    async def token_time(self) -> int | None:
        """See `Store.token_time`."""
        return await self._reading.ask(records.token_time)

    async def keep_token_time(self, now: int) -> None:
        """See `Store.keep_token_time`."""
        await self._do(partial(records.keep_token_time, now=now))

    async def recent_guests(self, now: int) -> list[Person]:
        """See `Store.recent_guests`."""
        return await self._reading.ask(questions.recent_guests, now)

    async def retried(self, mark: bytes, digest: int, now: int) -> tuple[int, int] | None:
        """See `Store.retried`."""
        return await self._reading.ask(retries.find, mark, digest, now)

    async def person(self, id: int) -> Person | None:
        """See `Store.person`."""
        return await self._reading.ask(records.person_of, id)

    async def people(self, ids: Sequence[int]) -> dict[int, Person]:
        """See `Store.people`."""
        return await self._reading.ask(questions.people, ids)

    async def mark(self, person: int, room: int, seq: int) -> int:
        """See `Store.mark`."""
        return await self._do(partial(records.mark, person=person, room=room, seq=seq))

    async def standing(self, person: Person, rooms: Sequence[tuple[int, int]]) -> list[Standing]:
        """See `Store.standing`."""
        return await self._reading.ask(self._unread.standing, person, rooms)

    async def rooms_read(self, person: int) -> list[int]:
        """See `Store.rooms_read`."""
        return await self._reading.ask(questions.rooms_read, person)

    # ---- the log, read

    async def events(self, room: int, after: int, upto: int, limit: int) -> list[Event]:
        """See `Store.events`."""
        return await self._reading.ask(questions.events, room, self._names.get(room, ""), after, upto, limit)

    async def time_of(self, room: int, seq: int) -> int | None:
        """See `Store.time_of`."""
        return await self._reading.ask(questions.time_of, room, seq)

    async def start_of_last(self, room: int, head: int, count: int) -> int:
        """See `Store.start_of_last`."""
        return await self._reading.ask(questions.start_of_last, room, head, count)

    async def history(
        self,
        room: int,
        head: int,
        asker: int,
        *,
        before: int | None = None,
        after: int | None = None,
        around: int | None = None,
        limit: int,
    ) -> History:
        """See `Store.history`."""
        return await self._reading.ask(
            history.page,
            room,
            self._names.get(room, ""),
            head,
            asker,
            before=before,
            after=after,
            around=around,
            limit=limit,
        )

    async def search(
        self, query: str, rooms: Sequence[tuple[int, int]], asker: int, *, before: int | None, limit: int
    ) -> Found:
        """See `Store.search`.

        raises BadField  the query has too many words
        """
        asked = Query(query)
        searchers = _open_still(self._searchers)
        try:
            return await searchers.ask(search.find, asked, rooms, self._names, asker, before=before, limit=limit)
        except apsw.CorruptError as damage:
            await self._do(partial(self._index.begin_anew, why=damage))
            return Found(messages=[], more=False, complete=False)


@contextmanager
def nobody_reads(pools: Sequence[Readers]) -> Iterator[bool]:
    """See `Readers.still`; of all of these."""
    with ExitStack() as stack:
        yield all(stack.enter_context(pool.still(STILL_S)) for pool in pools)


def _open_still(readers: Readers | None) -> Readers:
    if readers is None:
        raise StorageError("The store is closed.")
    return readers


def make_folder(folder: Path) -> None:
    """The data folder, for its owner alone; on disk with its name.

    raises ConfigError  it can't be made
    """
    if folder.is_dir():
        return
    try:
        folder.mkdir(parents=True, mode=0o700)
        sync_folder(folder.parent)
    except OSError as error:
        raise ConfigError(
            f"{folder}: can't be made ({error.strerror}). Choose another data folder: --data FOLDER"
        ) from error
