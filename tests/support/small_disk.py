"""A file system of its own, so small that it is full soon, and that can be taken away."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.lacks import NEEDS_ROOT


@contextmanager
def a_disk(folder: Path, size: str) -> Iterator[Path]:
    """Mounted in this folder, in memory, of this size (`4m`); the test is skipped where none can be mounted."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip(f"no small disk can be mounted here: {NEEDS_ROOT}")
    try:
        yield folder
    finally:  # the test may have taken it away itself
        subprocess.run(["umount", "--lazy", str(folder)], capture_output=True, check=False)
