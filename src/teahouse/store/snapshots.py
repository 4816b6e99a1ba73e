"""The copies that migrations leave beside the file, in case the new version is not to be kept.

What is deleted afterwards still stands in them, so they do not stay: DAYS days after the migration the running server
takes them away, `teahouse forget-snapshots` at once. Both may happen while the server runs: nobody has them open.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

DAYS = 7
DAY_MS = 24 * 3_600 * 1_000


def path_of(folder: Path, number: int) -> Path:
    """Where the copy from before the migration with this number stands."""
    return folder / f"teahouse-before-{number:04}.sqlite"


def snapshots(folder: Path) -> list[Path]:
    """All that there are, also what a migration left that was cut short."""
    return sorted(path for end in ("sqlite", "part") for path in folder.glob(f"teahouse-before-[0-9]*.{end}"))


def days_left(path: Path, now_ms: int) -> int:
    """In how many days the copy goes, counted up; 0: it is due."""
    age = max(0, now_ms - _made_ms(path))
    return max(0, -((age - DAYS * DAY_MS) // DAY_MS))


def with_days_left(folder: Path, now_ms: int) -> list[tuple[str, int]]:
    """The name of each, and in how many days it goes. What is due goes while somebody looks: it is left out."""
    found: list[tuple[str, int]] = []
    for path in snapshots(folder):
        with contextlib.suppress(FileNotFoundError):
            found.append((path.name, days_left(path, now_ms)))
    return found


def forget_old(folder: Path, now_ms: int) -> None:
    """Take away what is due. A copy from the future was made while the clock was wrong: it counts as made now."""
    for path in snapshots(folder):
        with contextlib.suppress(OSError):  # a disk that can't be written: later, then
            if _made_ms(path) > now_ms:
                os.utime(path, (now_ms / 1_000, now_ms / 1_000))
            elif days_left(path, now_ms) == 0:
                path.unlink()


def forget_all(folder: Path) -> list[Path]:
    """Take all away; which they were."""
    there = snapshots(folder)
    for path in there:
        path.unlink(missing_ok=True)
    return there


def _made_ms(path: Path) -> int:
    return path.stat().st_mtime_ns // 1_000_000
