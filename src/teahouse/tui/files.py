"""Files that a user names, written as the user would: what is there already says what it is.

a file, or nothing yet     the new content is written beside it and takes its place when it is whole. Whoever reads
                           meanwhile has the old one. It keeps its mode and its owner; a new one has what umask leaves
a symbolic link            the file to which it leads, and the link stays
/dev/fd/3, /dev/stdout     that descriptor, from where it stands, as a shell's `>&3` does
a device, a pipe           is written to; a pipe is waited for until somebody reads it
"""

from __future__ import annotations

import asyncio
import errno
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

MOST_LINKS = 40  # as many as the kernel follows
READER_S = 0.05  # between two looks at a pipe that nobody reads yet
DESCRIPTORS = re.compile(r"/proc/(?:self|[0-9]+)(?:/task/[0-9]+)?/fd")


def is_a_file(path: Path) -> bool:
    """Whether it is a regular file, or nothing yet.

    raises  OSError   it cannot be looked at
    """
    if _descriptor(path) is not None:
        return False
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except FileNotFoundError:
        return True


async def opened(path: Path) -> int:
    """A descriptor to write to what is no regular file.

    raises  OSError   it cannot be written
    """
    if (number := _descriptor(path)) is not None:
        return os.dup(number)
    while True:
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
        except OSError as error:
            # A pipe without a reader. To wait in the kernel would make Ctrl-C wait too.
            if error.errno != errno.ENXIO or not stat.S_ISFIFO(os.stat(path).st_mode):
                raise
            await asyncio.sleep(READER_S)
        else:
            os.set_blocking(descriptor, True)
            return descriptor


@contextmanager
def replacing(path: Path, *, mode: int | None = None) -> Iterator[BinaryIO]:
    """The new content of a regular file; it is in its place when this ends well, and else nothing has happened.

    mode    that it shall have; None: the one that it has
    raises  OSError   it cannot be written
    """
    target = Path(os.path.realpath(path))
    try:
        before = os.stat(target)
    except FileNotFoundError:
        before = None
    if before is not None and not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(target))
    beside = target.parent / f".teahouse-{secrets.token_hex(8)}"
    made_with = mode if mode is not None else 0o666 if before is None else stat.S_IMODE(before.st_mode) & 0o700
    file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, made_with)
    try:
        with os.fdopen(file, "wb") as stream:
            yield stream
            stream.flush()
            if before is not None:
                with suppress(PermissionError):  # somebody else's, in a folder that is ours
                    os.fchown(file, before.st_uid, before.st_gid)
                os.fchmod(file, mode if mode is not None else stat.S_IMODE(before.st_mode))
            os.fsync(file)
        os.replace(beside, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(beside)
        raise


def _descriptor(path: Path) -> int | None:
    """The number, if this is a name of one of our own descriptors."""
    for _ in range(MOST_LINKS):
        folder = os.path.realpath(path.parent)
        if DESCRIPTORS.fullmatch(folder) and path.name.isdigit():
            return int(path.name) if folder.split("/")[2] in ("self", str(os.getpid())) else None
        if not path.is_symlink():
            return None
        path = Path(folder, os.readlink(path))
    return None
