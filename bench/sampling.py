"""Where a server's time goes: py-spy looks at its stacks some hundred times a second while one cell is driven.

py-spy is got from PyPI into the scratch folder when it is first asked for. It reads the other process's memory, so it
slows nothing but needs to be allowed to: root, or a kernel that lets one trace one's own processes.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
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
            before = seconds_by_thread(server.pid)
            outcome = measure(
                generator, server, members=cell.members, senders=cell.senders, rooms=cell.rooms, seconds=SECONDS + 1
            )
            after = seconds_by_thread(server.pid)
            _, complaint = spying.communicate()
        if spying.returncode:
            raise Failed(f"py-spy: {complaint.decode(errors='replace').strip()}")
        spent = {thread: seconds - before.get(thread, 0) for thread, seconds in after.items()}
        title = f"{cell.name}, {door}: {outcome.deliveries_per_s:,.0f} deliveries/s, {outcome.cpu_s_per_million:.3f} s of CPU a million"
        return f"{title}\n\n{told(stacks.read_text(encoding='utf-8'), spent)}"


def seconds_by_thread(pid: int) -> dict[int, float]:
    """The CPU time of each thread of a process. Fields 14 and 15, counted from the parenthesis that ends the name."""
    hertz = os.sysconf("SC_CLK_TCK")
    seconds: dict[int, float] = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        user, system = (task / "stat").read_text().rpartition(")")[2].split()[11:13]
        seconds[int(task.name)] = (int(user) + int(system)) / hertz
    return seconds


def told(stacks: str, spent: Mapping[int, float]) -> str:
    """For each thread and function its own share of the samples, and its share with what it calls.

    A sample is a moment in which a thread was not waiting; whether it had the processor then, only `spent` tells.

    stacks  one line a stack: frames from the outermost on, `;` between them, then how often it was seen
    spent   CPU time by the number of the thread; seconds
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
        number = int("".join(filter(str.isdigit, thread.partition(")")[0])) or 0)
        rows.append(f"── {thread}: {100 * seen / whole:.1f} % of the samples, {spent.get(number, 0):.2f} s of CPU")
        for key, share in under.most_common():
            if key[0] == thread and share / whole >= LEAST:
                rows.append(f"{100 * own[key] / whole:7.1f} {100 * share / whole:7.1f}  {key[1]}")
    return "\n".join(rows)


def _short(call: str) -> str:
    """`push (teahouse/server/outbox.py:92)` without the line and the way to the package."""
    name, _, place = call.partition(" (")
    path = place.rstrip(")").rpartition(":")[0] or place.rstrip(")")
    return f"{name}  {'/'.join(Path(path).parts[-3:])}"
