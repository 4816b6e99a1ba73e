"""The one screen that `teahouse serve` prints: how to join, where things are kept, what it costs.

    draw(Facts) ──▶ text        pure: the roof gathers the facts

The QR code is shown where a phone may use it: when the server listens beyond this machine, and somebody looks.
"""

from __future__ import annotations

import io
import os
import resource
from pathlib import Path

import msgspec
import segno

from teahouse.server.addresses import url_host

MB = 1_000_000
FOLD = "\n" + " " * 14


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What the screen says.

    join    the address by which others get here: (host, port)
    also    other addresses that do as well
    lan     whether others can: it is no loopback address
    memory  resident, in bytes
    copies  those that upgrades left in the data folder, and in how many days each goes
    """

    version: str
    join: tuple[str, int]
    also: tuple[tuple[str, int], ...] = ()
    lan: bool
    data: str
    rooms: int
    events: int
    limits: str
    connections: int
    memory: int
    copies: list[tuple[str, int]] = []


def draw(facts: Facts, *, terminal: bool) -> str:
    """The screen; with a QR code and shades of grey where it is a terminal."""
    host, port = facts.join
    shown = url_host(host)
    page = f"http://{shown}:{port}/"
    others = "".join(f"{FOLD}http://{url_host(other)}:{other_port}/" for other, other_port in facts.also)
    rows = [
        ("browser", page + others),
        ("terminal", f"nc {host} {port}"),
        ("frames", f"{shown}:{port}{FOLD}header !3I: version 1, length, cmd (100 text, 200 JSON)"),
        ("WebSocket", f"ws://{shown}:{port}/ws{FOLD}the same JSON, one object a message"),
        ("", ""),
        ("data", FOLD.join([facts.data, _kept(facts), *_copies(facts)])),
        ("limits", f"{_explain(facts.limits)}{FOLD}{facts.connections:,} connections at the most"),
        ("memory", f"{round(facts.memory / MB)} MB"),
    ]
    lines = ["", f"  {_bold('Teahouse', terminal)} {facts.version} is open.", ""]
    for label, value in rows:
        lines += f"  {_grey(label.ljust(12), terminal)}{value}".split("\n") if label else [""]
    if facts.lan and terminal:
        lines += ["", *(f"  {line}" for line in qr_code(page))]
    lines += ["", f"  {_grey('Ctrl-C closes it; whatever was said stays.', terminal)}", ""]
    return "\n".join(lines) + "\n"


def qr_code(text: str) -> list[str]:
    """A QR code in half blocks, two rows of it in one line; its light parts are drawn, as on a dark terminal."""
    drawn = io.StringIO()
    segno.make(text, micro=False).terminal(drawn, compact=True, border=2)
    return drawn.getvalue().rstrip("\n").split("\n")


def resident_bytes() -> int:
    """How much memory this process has in use now; its peak, where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:  # no Linux
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return pages * os.sysconf("SC_PAGE_SIZE")


def _kept(facts: Facts) -> str:
    if not facts.events:
        return "nothing was said yet"
    rooms = "1 room" if facts.rooms == 1 else f"{facts.rooms:,} rooms"
    return f"{facts.events:,} events in {rooms}"


def _copies(facts: Facts) -> list[str]:
    """What was deleted still stands in these."""
    return [
        f"{name}: a copy from before the upgrade, with{FOLD}what was deleted since. It goes in {days} days, "
        "or by `teahouse forget-snapshots`"
        for name, days in facts.copies
    ]


def _explain(profile: str) -> str:
    if profile == "none":
        return f"NONE: for benchmarks alone!{FOLD}Anybody who gets here may use up this machine."
    return profile


def _bold(text: str, terminal: bool) -> str:
    return f"\x1b[1m{text}\x1b[0m" if terminal else text


def _grey(text: str, terminal: bool) -> str:
    return f"\x1b[2m{text}\x1b[0m" if terminal else text
