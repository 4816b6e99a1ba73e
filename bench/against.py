"""Teahouse against an earlier Teahouse: `make bench AGAINST=COMMIT`.

    scripts/with_python.sh -m bench.against 4c71bb3 --cells 10x10 --rounds 3

Both take turns in one run, so that what else the machine does falls on both: now then, then now, now then … The other
one is a worktree of its commit in bench/.scratch; where both name the same packages it runs in this environment, else in
one of its own. Neither needs its page, but a server does not start without one: it is copied.

A miss is a median below 0.97 of the other's whose spreads do not overlap: every run now slower than every run then.
The exit code is 1 when there is one, or when a run had no figure.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from bench import cells, generator, machine, subjects
from bench.book import CPU, RATE, Book, Spread
from bench.cells import Cell
from bench.generator import Unsound
from bench.report import rows
from bench.run import SCRATCH, folder, say
from bench.subjects import HOST, Failed, Subject

ROOT = Path(__file__).parent.parent
CELLS = "10x10,100x10,chat100,100-rooms"
ROUNDS = 7
SECONDS = 3.0
AT_LEAST = 0.97
LOCK = "requirements-run.lock"
NOW = "now"


class Verdict(msgspec.Struct, frozen=True):
    """One cell: both spreads, the ratio of the medians (now ÷ then), and what that means."""

    cell: str
    now: Spread | None
    then: Spread | None
    ratio: float | None
    words: str

    @property
    def is_bad(self) -> bool:
        """Whether it is a miss, or nothing at all."""
        return self.words.startswith(("miss", "no figure"))


def judged(book: Book, cell: str, then: str) -> Verdict:
    """What the rounds came to in one cell."""
    new, old = book.spread(NOW, cell, RATE), book.spread(then, cell, RATE)
    if new is None or old is None or not old.median:
        return Verdict(cell, new, old, None, "no figure")
    ratio = new.median / old.median
    if ratio >= AT_LEAST:
        return Verdict(cell, new, old, ratio, f"≥ {AT_LEAST}")
    if new.high >= old.low:
        return Verdict(cell, new, old, ratio, f"below {AT_LEAST}, but the spreads overlap")
    return Verdict(cell, new, old, ratio, "miss: every run is slower than every run then")


def order(turn: int, both: Sequence[Subject]) -> list[Subject]:
    """Who is measured first in a round: by turns, so that neither always follows the other."""
    return list(both) if turn % 2 == 0 else list(both)[::-1]


def measure(program: Path, both: Sequence[Subject], asked: argparse.Namespace) -> Book:
    """All rounds of all cells."""
    book = Book()
    for turn in range(asked.rounds):
        say(f"── round {turn + 1} of {asked.rounds}")
        for cell in asked.cells:
            for subject in order(turn, both):
                once(program, subject, cell, asked.seconds, book)
    return book


def once(program: Path, subject: Subject, cell: Cell, seconds: float, book: Book) -> None:
    """One server in one cell, as fast as it goes."""
    shape: dict[str, object] = {"members": cell.members, "senders": cell.senders, "rooms": cell.rooms}
    try:
        with folder() as made, subjects.running(subject, made) as server:
            full = generator.measure(program, server, seconds=seconds, **shape)
    except Failed as error:
        kind = "no figure" if isinstance(error, Unsound) else "could not be measured"
        book.fail(subject.label, cell.name, f"{kind}: {error}")
        say(f"{subject.label:14} {cell.name:10} {kind}: {error}")
        return
    book.add(subject.label, cell.name, **{RATE: full.deliveries_per_s, CPU: full.cpu_s_per_million})
    say(
        f"{subject.label:14} {cell.name:10} {full.deliveries_per_s:12,.0f}/s  {full.cpu_s_per_million:7.3f} s a million"
    )


def markdown(book: Book, then: str, names: Sequence[str]) -> str:
    """The table, and the runs without a figure."""
    body = []
    for cell in names:
        verdict = judged(book, cell, then)
        cpu = book.ratio(NOW, then, cell, CPU)
        ratio = "–" if verdict.ratio is None else f"{verdict.ratio:.3f}"
        body.append([cell, shown(verdict.now), shown(verdict.then), ratio, "–" if cpu is None else f"{cpu:.3f}", verdict.words])  # fmt: skip
    head = ["deliveries a second", NOW, then, "now ÷ then", "CPU a delivery, now ÷ then", "verdict"]
    faults = [f"- {fault.server}, {fault.cell}: {fault.why}" for fault in book.faults]
    return "\n".join([rows(head, body), *(["", *faults] if faults else [])])


def shown(spread: Spread | None) -> str:
    """The median, with the least and the greatest."""
    return "–" if spread is None else f"{spread.median:,.0f} ({spread.low:,.0f} … {spread.high:,.0f})"


# ---- the two of them


def version(name: str, tree: Path, python: str, door: str) -> Subject:
    """The server of this tree.

    raises  Failed: another one would run
    """
    source = tree / "src"
    environ = {"PYTHONPATH": str(source)}
    found = subjects.said([python, "-c", "import teahouse; print(teahouse.__file__)"], environ)
    if not Path(found).is_relative_to(source):
        raise Failed(f"{python} would run {found}, not what is in {source}")

    def command(port: int, folder: Path) -> list[str]:
        serve = ["serve", "--host", HOST, "--port", str(port), "--data", str(folder / "data"), "--limits", "none"]
        return [python, "-m", "teahouse", *serve]

    return Subject(name, door, name, command, environ)


def git(*words: str) -> str:
    """What git says.

    raises  Failed
    """
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(f"git {words[0]}: {done.stderr.strip()}")
    return done.stdout.strip()


def worktree(commit: str) -> tuple[str, Path]:
    """The short name of a commit, and its files, with the page of this one.

    raises  Failed: there is no such commit
    """
    name = git("rev-parse", "--short=10", "--verify", f"{commit}^{{commit}}")
    tree = SCRATCH / f"against-{name}"
    if not (tree / "src").exists():
        SCRATCH.mkdir(exist_ok=True)
        git("worktree", "prune")
        git("worktree", "add", "--detach", "--force", str(tree), name)
    page = tree / "src" / "teahouse" / "static"
    if not page.exists():
        shutil.copytree(ROOT / "src" / "teahouse" / "static", page)
    return name, tree


def python_of(tree: Path) -> str:
    """What runs the server of this tree: this Python where both need the same packages, else one of its own.

    raises  Failed: the packages could not be had
    """
    if (tree / LOCK).read_bytes() == (ROOT / LOCK).read_bytes():
        return sys.executable
    python = tree / ".venv" / "bin" / "python"
    if not python.exists():
        say(f"its packages are others: an environment of its own in {python.parent.parent}")
        install = [str(python), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(tree / LOCK)]
        for words in ([sys.executable, "-m", "venv", str(python.parent.parent)], install):
            done = subprocess.run(words, capture_output=True, text=True, check=False)
            if done.returncode:
                shutil.rmtree(python.parent.parent, ignore_errors=True)
                raise Failed(f"{' '.join(words[1:4])}: {done.stderr.strip()[-500:]}")
    return str(python)


def options(words: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="make bench AGAINST=…", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("commit", help="the other one: anything that git knows as a commit")
    parser.add_argument("--cells", default=CELLS, help=f"({CELLS})")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"how often each is measured ({ROUNDS})")
    parser.add_argument("--door", default="frames", choices=subjects.DOORS, help="(frames)")
    parser.add_argument("--seconds", type=float, default=SECONDS, help=f"of one measurement ({SECONDS:g})")
    chosen = parser.parse_args(words)
    if chosen.rounds < 1:
        parser.error("--rounds: at least one")
    try:
        chosen.cells = cells.chosen(chosen.cells)
    except ValueError as error:
        parser.error(str(error))
    return chosen


def main(words: Sequence[str] | None = None) -> int:
    """Measure both, print the table; return the exit code."""
    asked = options(sys.argv[1:] if words is None else words)
    subjects.raise_descriptor_limit()
    try:
        program = generator.compiled(SCRATCH)
        name, tree = worktree(asked.commit)
        both = [version(NOW, ROOT, sys.executable, asked.door), version(name, tree, python_of(tree), asked.door)]
    except Failed as error:
        say(f"bench: {error}")
        return 2
    book = measure(program, both, asked)
    names = [cell.name for cell in asked.cells]
    print("\n".join(f"- {what}: {is_}" for what, is_ in machine.described(SCRATCH).items()))
    print(f"- rounds: {asked.rounds}, by turns; {asked.door}\n\n{markdown(book, name, names)}")
    return 1 if any(judged(book, cell, name).is_bad for cell in names) else 0


if __name__ == "__main__":
    sys.exit(main())
