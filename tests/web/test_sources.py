"""The page's sources: its own tests, its types, the protocol that is generated for it, and what it may depend on."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

from hatch_build import install, node_from_pypi, node_on_path
from scripts.protocol_ts import TARGET, protocol_ts

ROOT = Path(__file__).parents[2]
WEB = ROOT / "web"
LONGEST = 400  # lines


def npm(*arguments: str) -> None:
    """Run npm in `web`; what it says is the failure."""
    node = node_on_path() or node_from_pypi()
    assert node is not None, "no Node; `make setup` brings one"
    install(WEB, node)
    path = os.pathsep.join([str(Path(node[0]).parent), os.environ["PATH"]])
    ended = subprocess.run(
        [*node, *arguments], cwd=WEB, env=os.environ | {"PATH": path, "NO_COLOR": "1"}, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_the_contracts_of_the_page_hold() -> None:
    npm("test")


def test_its_types_are_right() -> None:
    npm("run", "check")


def test_the_protocol_of_the_page_is_the_one_of_the_core() -> None:
    assert TARGET.read_text(encoding="utf-8") == protocol_ts(), "run scripts/with_python.sh scripts/protocol_ts.py"


def test_what_it_depends_on_is_pinned_by_hash_and_names_no_host() -> None:
    text = (WEB / "package-lock.json").read_text(encoding="utf-8")
    assert re.findall(r"https?:.*", text) == []
    packages = json.loads(text)["packages"]
    assert [name for name, package in packages.items() if name and "integrity" not in package] == []


def test_its_direct_dependencies_are_exact() -> None:
    package = json.loads((WEB / "package.json").read_text(encoding="utf-8"))
    for version in (package["dependencies"] | package["devDependencies"]).values():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version)


def test_no_source_makes_html_of_a_string() -> None:
    forbidden = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|document\.write|\beval\(|new Function"
    )
    for path in (WEB / "src").rglob("*.ts*"):
        assert forbidden.search(path.read_text(encoding="utf-8")) is None, path


def test_each_file_has_one_subject_and_says_which() -> None:
    for path in (WEB / "src").rglob("*.ts*"):
        text = path.read_text(encoding="utf-8")
        assert text.startswith(("/**", "// Generated")), path
        assert path.name == "protocol.ts" or text.count("\n") <= LONGEST, path
