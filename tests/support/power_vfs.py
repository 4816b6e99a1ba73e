"""A disk whose power can be cut: what was synced is there afterwards, of the rest some, in no order.

    write, truncate ──▶ pending        sync ──▶ pending becomes `synced`, in order
    cut ──▶ for each file: synced + a random choice of what is pending, the last piece perhaps torn

The real files behind it are complete all the time, so that the store under test works on. A new name in the folder is
taken to be there at once: SQLite syncs the folder itself.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import apsw

SECTOR = 512

Change = tuple[int, bytes | None]  # (offset, data); None: the file ends here


class PowerDisk(apsw.VFS):
    """Registered under `name` while it lives.

    before_each  called before each write, truncation and sync: the moment to cut
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.synced: dict[str, bytearray] = {}
        self.pending: dict[str, list[Change]] = {}
        self.before_each: Callable[[], None] = lambda: None
        super().__init__(name, base="unix")

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:
        """Every file of the database goes through here."""
        return PowerFile(self, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:
        """Gone at once."""
        self.before_each()
        super().xDelete(filename, syncdir)
        self.synced.pop(Path(filename).name, None)
        self.pending.pop(Path(filename).name, None)

    def cut(self, folder: Path, chance: random.Random) -> None:
        """Lay out in `folder` what the disk would have, were the power cut now."""
        folder.mkdir()
        for name, synced in self.synced.items():
            data = bytearray(synced)
            for change in self.pending[name]:
                if chance.random() < 0.5:
                    apply(data, torn(change, chance))
            (folder / name).write_bytes(data)


def torn(change: Change, chance: random.Random) -> Change:
    """The change, or now and then only its first sectors."""
    offset, data = change
    if data is None or len(data) <= SECTOR or chance.random() < 0.8:
        return change
    return offset, data[: SECTOR * chance.randrange(len(data) // SECTOR)]


def apply(data: bytearray, change: Change) -> None:
    """One change to the bytes of a file."""
    offset, new = change
    if new is None:
        del data[offset:]
        return
    if len(data) < offset:
        data += bytes(offset - len(data))
    data[offset : offset + len(new)] = new


class PowerFile(apsw.VFSFile):
    """One file of the disk."""

    def __init__(self, disk: PowerDisk, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
        self._disk = disk
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        self._name = Path(path or "").name
        super().__init__("unix", name, flags)
        disk.synced.setdefault(self._name, bytearray())
        disk.pending.setdefault(self._name, [])

    def xWrite(self, data: bytes, offset: int) -> None:
        """Pending until the next sync."""
        self._disk.before_each()
        super().xWrite(data, offset)
        self._disk.pending[self._name].append((offset, bytes(data)))

    def xTruncate(self, newsize: int) -> None:
        """Pending until the next sync."""
        self._disk.before_each()
        super().xTruncate(newsize)
        self._disk.pending[self._name].append((newsize, None))

    def xSync(self, flags: int) -> None:
        """What is pending is on the disk."""
        self._disk.before_each()
        super().xSync(flags)
        for change in self._disk.pending[self._name]:
            apply(self._disk.synced[self._name], change)
        self._disk.pending[self._name].clear()
