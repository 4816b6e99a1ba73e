"""Measure Teahouse beside its peers: `make bench`, or `scripts/with_python.sh scripts/bench.py --cells 10x10 --rounds 1`."""

from __future__ import annotations

import sys

from bench.run import main

if __name__ == "__main__":
    sys.exit(main())
