"""The free space inside of pages, overwritten with zeros.

`secure_delete` overwrites what is deleted where it stands. But when a page is split or joined SQLite moves rows to
another page, and what it moved from is left as it was: free space that nobody reads, with a copy of a text in it. So
behind every checkpoint the free space of the pages that it wrote is overwritten.

    page   │ header │ cell pointers ─▶      free space      ◀─ cells │      source: sqlite.org/fileformat.html, §1.6

Free space means nothing, so it may be overwritten while others read the page. Nobody else may write to the file
meanwhile: only a checkpoint does that, and both are the writer's.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

import apsw

LEAF, INTERIOR = (10, 13), (2, 5)  # the first byte of pages of a tree: of an index, of a table. Others begin with a
# page number, which is as high only in a file of more than 100 GB
FILE_HEADER = 100
WAL_HEADER, FRAME_HEADER = 32, 24
RUN = 16  # pages that are read and written at once: SQLite takes less than 128 kB at a time

_cells_and_start = struct.Struct(">HH").unpack_from
_page_number = struct.Struct(">I").unpack_from


def fill(connection: apsw.Connection, pages: Iterable[int] | None) -> None:
    """Overwrite the free space in these pages of the connection's file (numbered from 1); None: in all of them.

    raises  apsw.Error  the file can't be read or written; what is done is done
    """
    if not connection.filename:  # in memory
        return
    file = _opened(connection, connection.filename, apsw.SQLITE_OPEN_MAIN_DB)
    try:
        size = int(connection.pragma("page_size"))
        count = file.xFileSize() // size
        wanted = range(1, count + 1) if pages is None else sorted(page for page in pages if page <= count)
        for first, last in _runs(wanted):
            data = bytearray(file.xRead((last - first + 1) * size, (first - 1) * size))
            if sum(_fill(data, start, size, first == 1 and not start) for start in range(0, len(data), size)):
                file.xWrite(bytes(data), (first - 1) * size)
        file.xSync(apsw.SQLITE_SYNC_NORMAL)
    finally:
        file.xClose()


def in_wal(connection: apsw.Connection) -> set[int]:
    """The pages that stand in the write-ahead log, also those that it had before it began anew."""
    if not connection.filename:
        return set()
    file = _opened(connection, connection.filename_wal, apsw.SQLITE_OPEN_WAL)
    try:
        frame = FRAME_HEADER + int(connection.pragma("page_size"))
        count = (file.xFileSize() - WAL_HEADER) // frame
        pages: set[int] = set()
        for first in range(0, count, RUN):
            data = file.xRead(min(RUN, count - first) * frame, WAL_HEADER + first * frame)
            pages.update(_page_number(data, start)[0] for start in range(0, len(data), frame))
        return pages
    finally:
        file.xClose()


def _opened(connection: apsw.Connection, name: str, kind: int) -> apsw.VFSFile:
    """Through SQLite's own file layer: closing a file of our own would end SQLite's locks on it."""
    return apsw.VFSFile(connection.open_vfs, name, [apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE | kind, 0])


def _runs(pages: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Neighbours together: first and last page, at most RUN of them."""
    first, last = 0, -1
    for page in pages:
        if page != last + 1 or page - first >= RUN:
            if first:
                yield first, last
            first = page
        last = page
    if first:
        yield first, last


def _fill(data: bytearray, start: int, size: int, is_first: bool) -> bool:
    """Overwrite the free space of the page at `start`; whether there was something in it."""
    header = start + (FILE_HEADER if is_first else 0)
    kind = data[header]
    if kind not in LEAF and kind not in INTERIOR:
        return False
    cells, content = _cells_and_start(data, header + 3)
    low, high = header + (8 if kind in LEAF else 12) + 2 * cells, start + (content or size)
    if not low < high <= start + size or data.count(0, low, high) == high - low:
        return False
    data[low:high] = bytes(high - low)
    return True
