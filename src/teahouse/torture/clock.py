"""How the torture sets the clock of its server: a file that both map (program.py)."""

from __future__ import annotations

import struct

VARIABLE = "TORTURE_CLOCK"
OFFSET = struct.Struct("<q")  # milliseconds, added to the wall time
