"""What `make` does before it does anything: the environment is made once, and a machine that cannot is told why.

The scripts are the real ones, copied to a folder of their own; the Python that they call is a stand-in that notes what it
was asked.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NOTES = """#!/bin/sh
printf '%s\\n' "$*" >>"$NOTES"
case "$*" in
    -V) echo Python 3.9.2 ;;
    *version_info*) exit {too_old} ;;
    *ensurepip*) exit {no_venv} ;;
    '-m venv --clear .venv') mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
esac
"""


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A fresh copy of what the set-up needs, in a folder with a space in its name."""
    folder = tmp_path / "my house"
    shutil.copytree(ROOT / "scripts", folder / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("Makefile", "pyproject.toml", "requirements.lock", "requirements-run.lock"):
        shutil.copy(ROOT / name, folder)
    return folder


def a_python(folder: Path, *, too_old: bool = False, no_venv: bool = False) -> Path:
    """The stand-in."""
    path = folder / "a-python"
    path.write_text(NOTES.format(too_old=int(too_old), no_venv=int(no_venv)), encoding="utf-8")
    path.chmod(0o755)
    return path


def set_up(folder: Path, kind: str, python: Path | str) -> tuple[int, str, list[str]]:
    """Run it: (exit code, what it said, what was installed)."""
    notes = folder / "notes"
    notes.unlink(missing_ok=True)
    ended = subprocess.run(
        [folder / "scripts/setup.sh", kind],
        env=os.environ | {"PYTHON": str(python), "NOTES": str(notes)},
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    asked = notes.read_text(encoding="utf-8").splitlines() if notes.exists() else []
    return ended.returncode, ended.stderr, [line.partition(" install ")[2] for line in asked if " install " in line]


@pytest.mark.parametrize(("kind", "lock"), [("run", "requirements-run.lock"), ("dev", "requirements.lock")])
def test_what_is_pinned_is_installed_by_hash_and_then_the_project_alone(house: Path, kind: str, lock: str) -> None:
    code, _, installed = set_up(house, kind, a_python(house))
    assert code == 0
    assert installed == [f"--require-hashes -r {lock}", "--no-deps --no-build-isolation --editable ."]


def test_nothing_is_installed_twice(house: Path) -> None:
    python = a_python(house)
    set_up(house, "dev", python)
    assert set_up(house, "dev", python) == (0, "", [])
    assert set_up(house, "run", python) == (0, "", [])


def test_running_is_not_enough_for_the_tests(house: Path) -> None:
    python = a_python(house)
    set_up(house, "run", python)
    assert "--require-hashes -r requirements.lock" in set_up(house, "dev", python)[2]


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


def test_a_failed_installation_is_tried_again(house: Path) -> None:
    python = a_python(house)
    set_up(house, "dev", python)
    broken = house / ".venv/bin/python"
    whole = broken.read_text(encoding="utf-8")
    broken.write_text(whole + 'case "$*" in *install*) exit 1 ;; esac\n', encoding="utf-8")
    (house / "requirements.lock").write_text("changed", encoding="utf-8")
    assert set_up(house, "dev", python)[0] == 1
    broken.write_text(whole, encoding="utf-8")
    assert len(set_up(house, "dev", python)[2]) == 2


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


def test_node_comes_from_its_own_lock_where_the_machine_has_none(house: Path) -> None:
    python = a_python(house)
    whole = python.read_text(encoding="utf-8")
    python.write_text(whole + 'case "$*" in "hatch_build.py node") exit 1 ;; esac\n', encoding="utf-8")
    assert "--require-hashes -r requirements-node.lock" in set_up(house, "run", python)[2]


def test_the_page_is_looked_at_each_time(house: Path) -> None:
    python = a_python(house)
    set_up(house, "run", python)
    set_up(house, "run", python)
    assert (house / "notes").read_text(encoding="utf-8").splitlines()[-1] == "hatch_build.py"
