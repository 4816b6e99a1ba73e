"""The lock files pin everything by hash, name no host, and hold what the project asks for."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LOCKS = ("requirements.lock", "requirements-run.lock", "requirements-node.lock", "requirements-fuzz.lock")
HOST = re.compile(r"https?:|file:|--(index|extra|find|trusted)|@ |\b\w+\.(org|com|net|io)\b")


def pins(text: str) -> dict[str, str]:
    """Name → version, in their normal form."""
    return {name.lower().replace("_", "-"): version for name, version in re.findall(r"^([\w.-]+)==(\S+)", text, re.M)}


def faults_of(text: str) -> list[str]:
    """What a lock file must not have."""
    hosts = [line for line in text.splitlines() if HOST.search(line)]
    entries = re.split(r"\n(?=\S)", text.strip())
    return hosts + [f"no hash: {entry}" for entry in entries if "--hash=sha256:" not in entry]


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_file_has_a_hash_for_everything_and_no_host(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert faults_of(text) == []
    assert pins(text)


@pytest.mark.parametrize(
    "text",
    [
        "--index-url https://packages.example/simple\na==1 \\\n    --hash=sha256:0",
        "a @ https://packages.example/a.whl \\\n    --hash=sha256:0",
        "a==1 \\\n    --hash=sha256:0\nb==2",
    ],
)
def test_a_host_or_a_pin_without_hash_is_found(text: str) -> None:
    assert faults_of(text) != []


def test_what_the_server_needs_is_pinned_alike_in_both() -> None:
    full, run = (pins((ROOT / name).read_text(encoding="utf-8")) for name in LOCKS[:2])
    assert run.items() <= full.items()


def test_everything_that_the_project_asks_for_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = project["dependency-groups"]
    asked_to_run = [*project["project"]["dependencies"], *groups["build"]]
    asked = [*asked_to_run, *(entry for entry in groups["dev"] if isinstance(entry, str))]
    for wanted, name in zip((asked, asked_to_run, groups["node"], groups["fuzz"]), LOCKS, strict=True):
        pinned = pins((ROOT / name).read_text(encoding="utf-8"))
        assert {re.split(r"[<>=!~ ]", entry, maxsplit=1)[0].lower() for entry in wanted} <= pinned.keys()
