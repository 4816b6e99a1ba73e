"""`teahouse export`: a whole room into one file, to read, to keep, or to feed to another program.

    txt     as `tail` prints it, with a line for each day
    jsonl   one object a line, as the server tells it: read back, they are the same messages
    html    one page that needs nothing else, no server and no network, with search (archive.py)

Pages of the log are asked for one after the other, so memory holds one of them. The file appears under its name when
it is whole.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import Literal, TextIO

from teahouse.client import Client, Room
from teahouse.core.errors import TeahouseError
from teahouse.tui.archive import Archive
from teahouse.tui.tail import Item, as_json, clock, item_line

Format = Literal["txt", "jsonl", "html"]
PAGE = 500


class CannotWrite(TeahouseError):
    """The file cannot be written; says why."""


async def items_of(place: Room) -> AsyncIterator[Item]:
    """Everything in a room, oldest first."""
    after = 0
    while True:
        page = await place.page(after=after, limit=PAGE)
        for item in page.messages:
            yield item
        if not page.more or not page.messages:
            return
        after = page.messages[-1].seq


async def export(client: Client, room: str, format: Format, stream: TextIO) -> int:
    """Write all of a room; how many messages and changes there were.

    raises  Refusal: no such room;  ClientError;  OSError: the stream
    """
    place = client.room(room)
    writers: dict[Format, Callable[[Room, TextIO], Writer]] = {"txt": _txt, "jsonl": _jsonl, "html": _html}
    write, end = writers[format](place, stream)
    count = 0
    async for item in items_of(place):
        write(item)
        count += 1
    end(count)
    return count


Writer = tuple[Callable[[Item], None], Callable[[int], None]]


def _jsonl(place: Room, stream: TextIO) -> Writer:
    return lambda item: _put(stream, as_json(item)), lambda count: None


def _txt(place: Room, stream: TextIO) -> Writer:
    day = ""

    def write(item: Item) -> None:
        nonlocal day
        if (today := clock(item.time)[:10]) != day:
            day = today
            _put(stream, f"──── {day}")
        _put(stream, item_line(item).removeprefix(f"{day} "))

    return write, lambda count: None


def _html(place: Room, stream: TextIO) -> Writer:
    archive = Archive(place.name, stream)
    return archive.add, archive.end


def _put(stream: TextIO, line: str) -> None:
    stream.write(line)
    stream.write("\n")


async def export_to(client: Client, room: str, format: Format, path: Path) -> int:
    """The same into a file, which appears when it is whole.

    raises  CannotWrite
    """
    try:
        file, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    except OSError as error:
        raise CannotWrite(f"{path} cannot be written: {error.strerror}. Name another place.") from error
    try:
        with os.fdopen(file, "w", encoding="utf-8", newline="\n") as stream:
            count = await export(client, room, format, stream)
        os.chmod(beside, 0o644)
        os.replace(beside, path)
    except OSError as error:
        with suppress(OSError):
            os.unlink(beside)
        raise CannotWrite(f"{path} cannot be written: {error.strerror}. Is the disk full?") from error
    except BaseException:
        with suppress(OSError):
            os.unlink(beside)
        raise
    return count
