"""On what it was measured: figures of one machine mean little on another, so they never come without it."""

from __future__ import annotations

import datetime
import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

import apsw


def described(folder: Path) -> dict[str, str]:
    """The machine, in words; `folder` is where the servers keep their data."""
    return {
        "day": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "processor": f"{_processor()}, {os.cpu_count()} of them",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.1f} GiB",
        "kernel": f"{platform.system()} {platform.release()}",
        "disk": _filesystem(folder),
        "Python": f"{platform.python_version()}, uvloop {version('uvloop')}, SQLite {apsw.sqlite_lib_version()}",
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _filesystem(folder: Path) -> str:
    """The kind of file system. On one that is memory an fsync costs nothing, and the figures are worth as much."""
    done = subprocess.run(["df", "--output=fstype", folder], capture_output=True, text=True, check=False)
    kind = done.stdout.split()[-1] if done.stdout else "unknown"
    return f"{kind}: memory, an fsync costs nothing there" if kind in ("tmpfs", "ramfs") else kind
