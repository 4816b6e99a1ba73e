"""How long `teahouse export` takes, in each format: `scripts/with_python.sh scripts/measure_export.py`.

One room with a long log; the command as people start it, its own start included. Ends with 1 where one takes longer than
it may.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.support.big_log import fill
from tests.support.server_process import ServerProcess

WANTED_S = 10.0
POSTED = 0.75
"""At the least so much of a made log is messages; the rest is edits, reactions and topics."""


def export(address: str, folder: Path, format: str) -> tuple[int, float, int]:
    """Messages in the file, seconds, bytes."""
    target = folder / f"lobby.{format}"
    words = ["export", "lobby", "--server", address, "--format", format, "--output", str(target)]
    began = time.perf_counter()
    ended = subprocess.run(
        [sys.executable, "-m", "teahouse", *words],
        env=os.environ | {"HOME": str(folder), "XDG_CONFIG_HOME": ""}, cwd=folder, capture_output=True, text=True, check=True,
    )  # fmt: skip
    took = time.perf_counter() - began
    found = re.search(r": ([\d,]+) messages", ended.stderr)
    assert found is not None, ended.stderr
    return int(found[1].replace(",", "")), took, target.stat().st_size


async def measure(messages: int) -> bool:
    """Print a small table; whether each format was quick enough."""
    with tempfile.TemporaryDirectory(prefix="teahouse-export-") as name:
        folder = Path(name)
        fill(folder / "data", int(messages / POSTED), rooms=1)
        server = ServerProcess(folder / "data")
        await server.start()
        try:
            slowest = 0.0
            for format in ("txt", "jsonl", "html"):
                count, took, size = await asyncio.to_thread(export, f"{server.host}:{server.port}", folder, format)
                print(f"{format:<6}{count:>9,} messages{took:>8.1f} s{size / 1_000_000:>8.1f} MB", flush=True)
                slowest = max(slowest, took)
            return slowest <= WANTED_S
        finally:
            await server.end()


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=100_000, help="at the least so many (100000)")
    sys.exit(0 if asyncio.run(measure(parser.parse_args().messages)) else 1)


if __name__ == "__main__":
    main()
