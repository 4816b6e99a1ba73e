"""Building the page into a wheel and an sdist leaves the folder of the sources as it was. The builder is the real one.

npm is a stand-in that makes what the real one makes, so that this needs no network and no minute.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.support.inbox import PATIENCE_S

ROOT = Path(__file__).parent.parent
NPM = """#!/bin/sh
case "$*" in
    ci) {ci} ;;
    'run build') mkdir -p ../src/teahouse/static/assets
        echo '<p>the page</p>' >../src/teahouse/static/index.html
        echo 1 >../src/teahouse/static/assets/app.js ;;
esac
"""
CI = "mkdir -p node_modules/vite && touch node_modules/vite/index.js"


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """The project as it was got, and beside it a machine with a Node."""
    folder = tmp_path / "house"
    for name in ("src", "web"):
        ignored = shutil.ignore_patterns("__pycache__", "static", "node_modules")
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    for name in (".gitignore", "pyproject.toml", "hatch_build.py", "README.md", "LICENSE", "CHANGELOG.md"):
        shutil.copy(ROOT / name, folder)
    a_node(tmp_path)
    return folder


def a_node(tmp_path: Path, ci: str = CI) -> None:
    """node and npm, as far as they are called."""
    (tmp_path / "bin").mkdir(exist_ok=True)
    for name, script in (("node", "#!/bin/sh\necho v22.12.0\n"), ("npm", NPM.format(ci=ci))):
        path = tmp_path / "bin" / name
        path.write_text(script, encoding="utf-8")
        path.chmod(0o755)


def runs(house: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """This Python, in the folder of the sources; it may keep bytecode, as pip's does."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    path = f"{house.parent / 'bin'}:{os.environ['PATH']}"
    return subprocess.run(
        [sys.executable, *words],
        cwd=house,
        env=environment | {"PATH": path, "TMPDIR": str(house.parent)},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def contents(folder: Path) -> dict[str, str]:
    """Every file and folder, with what is in it."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
        for path in folder.rglob("*")
    }


def names_in(archive: Path) -> list[str]:
    """The files in a wheel or an sdist."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            return wheel.namelist()
    with tarfile.open(archive) as sdist:
        return [name.partition("/")[2] for name in sdist.getnames()]


@pytest.mark.parametrize(("target", "static"), [("wheel", "teahouse/static"), ("sdist", "src/teahouse/static")])
@pytest.mark.parametrize("built_before", ["not", "stale", "fresh", "with-modules"])
def test_a_build_leaves_the_folder_as_it_was_and_has_the_page(
    house: Path, target: str, static: str, built_before: str
) -> None:
    if built_before != "not":
        assert runs(house, "hatch_build.py", *(["dev"] if built_before == "with-modules" else [])).returncode == 0
    if built_before == "stale":
        (house / "src/teahouse/static/old.js").touch()
        (house / "web/src/app.ts").write_text("changed", encoding="utf-8")
    before = contents(house)
    ended = runs(house, "-m", "hatchling", "build", "-t", target, "-d", str(house.parent / "dist"))
    assert ended.returncode == 0, ended.stderr
    assert contents(house) == before
    assert [path.name for path in house.parent.glob("teahouse-page-*")] == []
    [archive] = (house.parent / "dist").iterdir()
    names = names_in(archive)
    assert len(names) == len(set(names))
    assert {f"{static}/index.html", f"{static}/assets/app.js"} <= set(names)
    assert f"{static}/old.js" not in names
    assert not [name for name in names if "node_modules" in name or name.startswith("web/")]


def test_the_page_is_built_once_and_nothing_but_it_is_left(house: Path) -> None:
    before = set(contents(house))
    for _ in range(2):
        assert runs(house, "hatch_build.py").returncode == 0
    left = {name for name in set(contents(house)) - before if not name.startswith("src/teahouse/static")}
    assert left == set()
    assert runs(house, "hatch_build.py", "fresh").returncode == 0


def test_who_works_on_the_page_keeps_what_npm_needs_there(house: Path) -> None:
    assert runs(house, "hatch_build.py").returncode == 0
    assert runs(house, "hatch_build.py", "fresh", "dev").returncode == 1
    assert runs(house, "hatch_build.py", "dev").returncode == 0
    assert (house / "web/node_modules/vite/index.js").exists()
    assert runs(house, "hatch_build.py", "fresh", "dev").returncode == 0


def test_a_build_that_fails_leaves_the_page_that_was_there(house: Path) -> None:
    assert runs(house, "hatch_build.py").returncode == 0
    page = contents(house / "src/teahouse/static")
    (house / "web/src/app.ts").write_text("changed", encoding="utf-8")
    a_node(house.parent, "echo does not compile; exit 1")
    ended = runs(house, "hatch_build.py")
    assert ended.returncode == 1
    assert "does not compile" in ended.stderr
    assert contents(house / "src/teahouse/static") == page
    assert not (house / ".setup").exists()


@pytest.mark.parametrize("code", ["ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ETIMEDOUT", "ECONNRESET"])
def test_no_network_is_one_line_with_what_would_do(house: Path, code: str) -> None:
    a_node(house.parent, f"echo npm error code {code}; echo npm error network; exit 1")
    ended = runs(house, "hatch_build.py")
    assert ended.returncode == 1
    *_, last = ended.stderr.splitlines()
    assert "nothing can be downloaded from npm's registry" in last
    assert "npm_config_registry" in last
    assert "npm error" not in ended.stderr
