"""What this machine lacks for some tests: they are skipped, and say which line ends that (see scripts/test_tools.sh)."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

import playwright
import pytest

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
NEEDS_ROOT = "it needs root, which no package gives: sudo make test"


def lack(what: str, packages: str) -> str:
    """The reason of a skip."""
    return f"there is no {what}; on Debian: apt install {packages}"


needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason=lack("curl", "curl"))
needs_tmux = pytest.mark.skipif(shutil.which("tmux") is None, reason=lack("tmux", "tmux"))
needs_compiler = pytest.mark.skipif(
    not any(map(shutil.which, ("cc", "gcc", "clang"))), reason=lack("C compiler", "gcc libc6-dev")
)


@cache
def browser_lacks() -> str | None:
    """Why no browser can be driven here; None where one can.

    Playwright is driven by a Node of its own, which wants a library that not every machine has.
    """
    if CHROMIUM is None:
        return lack("Chromium", "chromium fonts-noto-cjk libatomic1")
    node = os.environ.get("PLAYWRIGHT_NODEJS_PATH", Path(playwright.__file__).parent / "driver" / "node")
    tried = subprocess.run([node, "--version"], capture_output=True, check=False)
    return None if tried.returncode == 0 else lack("libatomic.so.1 for Playwright's Node", "libatomic1")
