"""How long a start takes and how much memory an idle server has: `make measure`.

    empty          a new folder
    N events       a folder with a log that long (--events; 0 leaves it out)

Start: from the process to the moment when it listens, Python's own start included; the best of some, because the
others measure what else the machine did. Memory: resident, after one visitor came and left.
"""

from __future__ import annotations

import argparse
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from tests.support.big_log import fill


def measure(data: Path) -> tuple[float, float]:
    """Start a server on this folder, look at it, end it: (milliseconds to listening, megabytes resident)."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "teahouse", "serve", "--port", "0", "--data", str(data)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stderr is not None
        said = []
        for line in process.stderr:
            said.append(line)
            if listening := re.search(r"event=listening .*\bport=(\d+)", line):
                break
        else:
            raise SystemExit("".join(said))
        took = time.perf_counter() - began
        with urllib.request.urlopen(f"http://127.0.0.1:{listening[1]}/healthz") as answer:
            answer.read()
        status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
        resident = re.search(r"^VmRSS:\s+(\d+) kB", status, re.M)
        assert resident is not None
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        return took * 1_000, int(resident[1]) * 1_024 / 1_000_000
    finally:
        process.kill()
        process.wait()
        if process.stderr is not None:
            process.stderr.close()


def main() -> None:
    """Measure, and print a small table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=1_000_000, help="length of the long log (1000000)")
    parser.add_argument("--runs", type=int, default=5, help="starts of each (5)")
    options = parser.parse_args()
    print(f"{'':<20}{'start to listening':>20}{'memory when idle':>20}")
    with tempfile.TemporaryDirectory(prefix="teahouse-measure-") as name:
        folder = Path(name)
        for events in dict.fromkeys((0, options.events)):
            data = folder / f"{events}"
            if events:
                fill(data, events)
            runs = [measure(data) for _ in range(options.runs)]
            what = f"{events:,} events" if events else "empty"
            print(f"{what:<20}{min(ms for ms, _ in runs):>17,.0f} ms{min(mb for _, mb in runs):>17,.1f} MB", flush=True)
            shutil.rmtree(data)


if __name__ == "__main__":
    main()
