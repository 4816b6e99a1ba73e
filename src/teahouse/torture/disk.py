"""A disk of its own for one life of the server, small enough to be full: where this user may mount one.

with small_disk(folder) as disk:        None where it may not
    disk.fill()                         nothing more fits
    disk.heal()                         there is room again
"""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

BLOCK = bytes(256 * 1024)


class SmallDisk:
    """A file system in memory; what fills it is a file beside the data."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ballast = path / "ballast"

    def fill(self) -> None:
        """Take all that is left, to the last byte."""
        with self._ballast.open("wb", buffering=0) as file:
            for block in (BLOCK, bytes(512)):
                with contextlib.suppress(OSError):
                    while file.write(block):
                        pass

    def heal(self) -> None:
        """Give it back."""
        self._ballast.unlink(missing_ok=True)


@contextlib.contextmanager
def small_disk(path: Path, size_bytes: int) -> Iterator[SmallDisk | None]:
    """Mount one at `path`, a folder that is made for it; gone at the end, whoever still uses it."""
    path.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size_bytes},mode=0700", "tmpfs", str(path)]
    try:
        mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except OSError:  # there is no such program
        mounted = False
    try:
        yield SmallDisk(path) if mounted else None
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(path)], capture_output=True, check=False)
        path.rmdir()
