"""What a torture came to, as a table."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from teahouse.torture.canary import Gaps, Record, Span
from teahouse.torture.house import House
from teahouse.torture.ledger import Finding, Kind, Ledger

WORST_FIRST: tuple[Kind, ...] = ("lost", "doubled", "reordered", "broken", "slow", "grown")


class Cost(msgspec.Struct, frozen=True):
    """What a server holds."""

    resident_kib: int = 0
    descriptors: int = 0

    def __str__(self) -> str:
        return f"{self.resident_kib / 1024:.0f} MiB, {self.descriptors} descriptors"


class Report(msgspec.Struct):
    """All figures.

    worst    of the canary, over the whole time, but for what is excused
    attacks  the same, for each kind of attack: all of its turns together
    empty    what a server holds before anything happened; `after`: the last one, when everybody had left; `fresh`:
             another one on the data of that one
    """

    seed: int
    seconds: float = 0.0
    sent: int = 0
    acknowledged: int = 0
    stored: int = 0
    delivered: int = 0
    refused: int = 0
    lost: int = 0
    doubled: int = 0
    reordered: int = 0
    kills: int = 0
    stops: int = 0
    cuts: int = 0
    spells: int = 0
    jumps: int = 0
    worst: Gaps | None = None
    attacks: list[Gaps] = []
    empty: Cost = Cost()
    after: Cost = Cost()
    fresh: Cost = Cost()
    findings: list[Finding] = []

    def canary(self, record: Record, attacked: Sequence[tuple[str, float, float]], excused: Sequence[Span]) -> None:
        """Cut the windows out of what the canary noted."""
        self.attacks = []
        turns = [(record.gaps(name, begin, end, excused)) for name, begin, end in attacked]
        for name in sorted({gaps.what for gaps in turns}):
            mine = [gaps for gaps in turns if gaps.what == name and gaps.count]
            if mine:
                worst = max(mine, key=lambda gaps: gaps.worst_ms)
                worst.count = sum(gaps.count for gaps in mine)
                worst.p99_ms = max(gaps.p99_ms for gaps in mine)
                self.attacks.append(worst)
        whole = record.gaps("all the while", 0.0, float("inf"), excused)
        at = max(turns, key=lambda gaps: gaps.worst_ms, default=None)
        if at is not None and at.worst_ms >= whole.worst_ms > 0:
            whole.what = at.what
        self.worst = whole

    def take(self, ledger: Ledger, house: House, cuts: int) -> None:
        """The figures of those who counted."""
        self.sent, self.acknowledged = ledger.sent, len(ledger.acked)
        self.stored, self.delivered, self.refused = ledger.stored, ledger.delivered, ledger.refusals
        self.lost, self.doubled = ledger.count("lost"), ledger.count("doubled")
        self.reordered = ledger.count("reordered")
        self.kills, self.stops, self.spells, self.jumps = house.kills, house.stops, house.spells, house.jumps
        self.cuts = cuts
        self.findings = sorted(ledger.findings, key=lambda finding: WORST_FIRST.index(finding.kind))

    def table(self) -> str:
        """For people."""
        rows = [
            ("sent", f"{self.sent:,}"),
            ("acknowledged", f"{self.acknowledged:,}"),
            ("stored", f"{self.stored:,}"),
            ("delivered", f"{self.delivered:,}"),
            ("refused for a while", f"{self.refused:,}"),
            ("lost", f"{self.lost:,}"),
            ("doubled", f"{self.doubled:,}"),
            ("reordered", f"{self.reordered:,}"),
            ("worst gap", "not measured" if self.worst is None else str(self.worst)),
            ("kills", f"{self.kills:,}"),
            ("stops", f"{self.stops:,}"),
            ("cuts", f"{self.cuts:,}"),
            ("full disk", f"{self.spells:,} times"),
            ("clock jumps", f"{self.jumps:,}"),
            ("when empty", str(self.empty)),
            ("at the end, calm", str(self.after)),
            ("a fresh one then", str(self.fresh)),
            ("duration", f"{self.seconds:.0f} s"),
            ("seed", str(self.seed)),
        ]
        lines = [f"{name:<20} {value}" for name, value in rows]
        if self.attacks:
            lines += ["", f"{'the canary, during':<20} {'peeps':>6} {'p99 ms':>8} {'worst ms':>9} {'fsync ms':>9}"]
            lines += [
                f"{gaps.what:<20} {gaps.count:>6} {gaps.p99_ms:>8.1f} {gaps.worst_ms:>9.1f} {gaps.fsync_ms:>9.1f}"
                for gaps in self.attacks
            ]
        for finding in self.findings[:5]:
            lines += ["", f"{finding.kind.upper()}: {finding.what}", *(f"  {line}" for line in finding.story)]
        if len(self.findings) > 5:
            lines += ["", f"… and {len(self.findings) - 5} more"]
        return "\n".join(lines)
