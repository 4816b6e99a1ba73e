"""How long the longest inputs keep a thread, function by function: the worst of each, and what it was.

    scripts/with_python.sh scripts/measure_inputs.py [PART OF A NAME]

The functions and their worst inputs are the ones of tests/test_growth.py. The figures are in docs/promises.md.
"""

from __future__ import annotations

import sys

from tests.support.growing import ENTRIES
from tests.support.growing_clients import CLIENT_ENTRIES
from tests.support.growth import calibration, seconds


def main() -> None:
    """One row for each function."""
    part = sys.argv[1] if len(sys.argv) > 1 else ""
    print(f"{'function':<48} {'at most':>9} {'takes':>9}   of what")
    for entry in (*ENTRIES, *CLIENT_ENTRIES):
        if part in entry.of:
            took, name = max((seconds(entry.do, make(entry.limit)), name) for name, make in entry.worst.items())
            print(f"{entry.of:<48} {entry.limit:>9,} {took * 1_000:>6.2f} ms   {name}", flush=True)
    print(f"\nA known computation takes {calibration() * 1_000:.2f} ms on this machine.")


if __name__ == "__main__":
    main()
