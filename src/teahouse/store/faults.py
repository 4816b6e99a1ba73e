"""What an error of SQLite means: which are the sender's to try again, and which end the process.

    full      no space for what was to be written; nothing was stored, the next batch tries again
    failed    the write failed; nothing was stored
    unknown   the commit itself went wrong in a way that leaves open whether it will be there after a crash
    fatal     what is on the disk can no longer be trusted: end, and let the supervisor start again

Why a failed fsync is fatal: the kernel reports the error once and forgets the pages; SQLite goes on, the next fsync
succeeds, and what was acknowledged is not on the disk. No later answer can be believed.
"""

from __future__ import annotations

import errno

import apsw

from teahouse.core.errors import StorageError, StorageFull, StorageUnknown, StoreError, StoreFatal

NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

FAILED_SYNC = frozenset({apsw.SQLITE_IOERR_FSYNC, apsw.SQLITE_IOERR_DIR_FSYNC})

# Raised before the frame that would commit is written, so the outcome is known: nothing was stored.
BEFORE_COMMIT = (apsw.BusyError, apsw.LockedError, apsw.ReadOnlyError, apsw.CantOpenError, apsw.TooBigError)


def fault_of(error: BaseException, *, committing: bool, system_errno: int = 0) -> StoreError | StoreFatal:
    """What `error` means for those who asked.

    error         what apsw raised
    committing    whether the statement that raised it was the one that commits
    system_errno  of the connection, right after
    """
    extended = getattr(error, "extendedresult", None)
    if extended in FAILED_SYNC:
        return StoreFatal(
            "The disk did not confirm a write (fsync failed), so nothing more can be promised. Look at the disk and "
            "the system's log, then start again."
        )
    if isinstance(error, apsw.CorruptError | apsw.NotADBError):
        return StoreFatal(
            f"The database is damaged ({error}). Run `teahouse check` on a copy of the data folder; if it finds "
            "problems, restore a backup."
        )
    if isinstance(error, apsw.FullError):
        return full()
    if isinstance(error, apsw.IOError) and extended == apsw.SQLITE_IOERR_WRITE:
        return full() if system_errno in NO_SPACE else failed(error)
    if isinstance(error, BEFORE_COMMIT):
        return failed(error)
    if isinstance(error, apsw.IOError | apsw.NoMemError | MemoryError | apsw.InterruptError):
        # The index in shared memory grows after the frames are synced: recovery after a crash may find them.
        return unknown(error) if committing else failed(error)
    return StoreFatal(f"The store met an error that it does not know ({error!r}). The log says where; start again.")


def full() -> StorageFull:
    """The disk is full."""
    return StorageFull("The disk is full, so this was not stored. It works again as soon as there is space.")


def failed(error: BaseException) -> StorageError:
    """The write failed."""
    return StorageError(f"The disk refused the write ({error}), so this was not stored. Try again.")


def unknown(error: BaseException) -> StorageUnknown:
    """It may be stored or not."""
    return StorageUnknown(
        f"The write was cut short ({error}): it may be stored or not. Send it again with the same key."
    )
