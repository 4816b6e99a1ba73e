"""Where a server's time goes: py-spy looks at its stacks some hundred times a second while one cell is driven.

py-spy is got from PyPI into the scratch folder when it is first asked for. It reads the other process's memory, so it
slows nothing but needs to be allowed to: root, or a kernel that lets one trace one's own processes.
"""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

from bench.cells import Cell
from bench.generator import measure
from bench.subjects import Failed, running, teahouse

RATE = 250
SECONDS = 6.0
LEAST = 0.005  # of all samples; what is rarer is not told


def _py_spy(scratch: Path) -> Path:
    target = scratch / "py-spy"
    program = target / "bin/py-spy"
    if not program.exists():
        pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--no-input"]
        install = [*pip, "install", "--no-deps", "--target", str(target), "py-spy"]
        if subprocess.run(install, check=False).returncode or not program.exists():
            raise Failed("py-spy cannot be had")
    return program


def profile(cell: Cell, door: str, generator: Path, scratch: Path, folder: Path) -> str:
    """Drive one cell and say where the time went, as text."""
    spy = _py_spy(scratch)
    with running(teahouse(door), folder) as server:
        stacks = folder / "stacks.txt"
        command = [
            *(str(spy), "record", "--pid", str(server.pid), "--duration", str(int(SECONDS)), "--rate", str(RATE)),
            *("--threads", "--format", "raw", "--output", str(stacks)),
        ]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as spying:
            outcome = measure(
                generator, server, members=cell.members, senders=cell.senders, rooms=cell.rooms, seconds=SECONDS + 1
            )
            _, complaint = spying.communicate()
        if spying.returncode:
            raise Failed(f"py-spy: {complaint.decode(errors='replace').strip()}")
        title = f"{cell.name}, {door}: {outcome.deliveries_per_s:,.0f} deliveries/s, {outcome.cpu_s_per_million:.3f} s of CPU a million"
        return f"{title}\n\n{told(stacks.read_text(encoding='utf-8'))}"


def told(stacks: str) -> str:
    """For each thread and function its own share of the samples, and its share with what it calls.

    stacks  one line a stack: frames from the outermost on, `;` between them, then how often it was seen
    """
    own: Counter[tuple[str, str]] = Counter()
    under: Counter[tuple[str, str]] = Counter()
    threads: Counter[str] = Counter()
    for line in stacks.splitlines():
        frames, _, count = line.rpartition(" ")
        thread, *calls = [frame.strip() for frame in frames.split(";")]
        names = [_short(call) for call in calls]
        threads[thread] += int(count)
        own[thread, names[-1] if names else "?"] += int(count)
        for name in set(names):
            under[thread, name] += int(count)
    whole = max(threads.total(), 1)
    rows = [f"{'own %':>7} {'with %':>7}  function"]
    for thread, seen in threads.most_common():
        rows.append(f"── {thread}: {100 * seen / whole:.1f} % of the samples")
        for key, share in under.most_common():
            if key[0] == thread and share / whole >= LEAST:
                rows.append(f"{100 * own[key] / whole:7.1f} {100 * share / whole:7.1f}  {key[1]}")
    return "\n".join(rows)


def _short(call: str) -> str:
    """`push (teahouse/server/outbox.py:92)` without the line and the way to the package."""
    name, _, place = call.partition(" (")
    path = place.rstrip(")").rpartition(":")[0] or place.rstrip(")")
    return f"{name}  {'/'.join(Path(path).parts[-3:])}"
