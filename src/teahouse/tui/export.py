"""`teahouse export`: a whole room into one file, to read, to keep, or to feed to another program.

    txt     as `tail` prints it, with a line for each day
    jsonl   one object a line, as the server tells it: read back, they are the same messages
    html    one page that needs nothing else, no server and no network, with search (archive.py)

Pages of the log are asked for one after the other, so memory holds one of them.
"""

from __future__ import annotations

import errno
import os
from collections.abc import AsyncIterator, Callable
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO, Literal, TextIO

from teahouse.client import Client, Room
from teahouse.core.errors import TeahouseError
from teahouse.tui.archive import Archive
from teahouse.tui.files import is_a_file, opened, replacing
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
    """The same to where the user says (files.py): a file is there when it is whole.

    raises  CannotWrite;  BrokenPipeError: it is a pipe, and nobody reads on
    """
    try:
        if is_a_file(path):
            with replacing(path) as file:
                return await _export_into(client, room, format, file)
        with os.fdopen(await opened(path), "wb") as file:
            return await _export_into(client, room, format, file)
    except BrokenPipeError:
        raise
    except OSError as error:
        hint = "Is the disk full?" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "Name another place."
        raise CannotWrite(f"{path} cannot be written: {error.strerror}. {hint}") from error


async def _export_into(client: Client, room: str, format: Format, file: BinaryIO) -> int:
    stream = TextIOWrapper(file, encoding="utf-8", newline="\n")
    try:
        return await export(client, room, format, stream)
    finally:
        stream.detach()  # what it holds is in the file now, which is its opener's to close
