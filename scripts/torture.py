"""Kill a server under load for some minutes: `make torture`, or `scripts/with_python.sh scripts/torture.py --minutes 10`."""

from __future__ import annotations

import argparse
import secrets
import tempfile
from pathlib import Path

import uvloop

from tests.support.torture import torture


def main() -> None:
    """Torture, and say what it came to; what goes wrong is shown and the exit code is 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0, help="how long (1)")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1 << 32), help="repeat a torture (random)")
    options = parser.parse_args()
    print(f"seed {options.seed}")
    with tempfile.TemporaryDirectory(prefix="teahouse-torture-") as folder:
        report = uvloop.run(torture(Path(folder) / "data", minutes=options.minutes, seed=options.seed))
    print(
        f"{report.kills} kills: {report.stored} messages are there, every one of the {report.acknowledged} "
        f"that were acknowledged among them, each once, in order, without a hole"
    )


if __name__ == "__main__":
    main()
