"""What the documents say is there, and what is there the documents say. The examples are read by the real structs."""

from __future__ import annotations

import json
import re
import struct
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from scripts.api_md import api_md
from teahouse.cli import app
from teahouse.config import SETTINGS, load
from teahouse.core.commands import COMMANDS
from teahouse.core.errors import Overload, Refusal, TeahouseError, WireError
from teahouse.core.events import EVENTS, HelpText, Reply, Signal
from teahouse.core.limits import LAN, Limits
from teahouse.core.message import Message
from teahouse.server.web.openapi import ELSEWHERE
from teahouse.wire.frames import FramesCodec
from teahouse.wire.rest import STATUS
from teahouse.wire.slash import TABLE

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
PROTOCOL = (ROOT / "docs/protocol.md").read_text(encoding="utf-8")
OPERATIONS = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
GROWS = (ROOT / "docs/limits.md").read_text(encoding="utf-8")
SIGNALS = Signal.__subclasses__()
REPLIES = [reply for reply in Reply.__subclasses__() if reply is not HelpText]
FENCE = re.compile(r"^```(\w+)(?: ([^\n]*))?\n(.*?)^```", re.M | re.S)

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def tag_of(kind: type[msgspec.Struct]) -> str:
    """The `type` of a struct in JSON."""
    return str(kind.__struct_config__.tag)


def section(text: str, title: str) -> str:
    """What stands under a heading, up to the next one of any level."""
    found = re.search(rf"^#+ {re.escape(title)}\n(.*?)(?=^#|\Z)", text, re.M | re.S)
    assert found, f"there is no section {title}"
    return found[1]


def rows(text: str) -> dict[str, str]:
    """The rows of a section's tables: the first code of a row → the whole row."""
    return {found[1]: found[0] for found in re.finditer(r"^\| `([^`]+)`.*$", text, re.M)}


def fences(text: str, language: str, kind: str | None = None) -> list[str]:
    """The contents of fenced blocks."""
    return [body for lang, info, body in FENCE.findall(text) if lang == language and (kind is None or info == kind)]


def leaves(root: type[TeahouseError]) -> list[Any]:
    """Every error below `root` that has a code of its own."""
    below = [leaf for child in root.__subclasses__() for leaf in leaves(child)]
    return [*([root] if "code" in vars(root) else []), *below]


# ---- the protocol


def test_each_command_has_its_row_with_each_field() -> None:
    table = rows(section(PROTOCOL, "Commands"))
    assert list(table) == [tag_of(command) for command in COMMANDS]
    for command in COMMANDS:
        row = table[tag_of(command)]
        fields = {field.encode_name for field in msgspec.structs.fields(command)} - {"ref"}
        assert {name for name in fields if f"`{name}`" not in row} == set(), tag_of(command)


@pytest.mark.parametrize(("title", "kinds"), [("Events", EVENTS), ("Signals", SIGNALS), ("Answers", REPLIES)])
def test_each_word_that_a_client_hears_has_its_row_with_each_field(
    title: str, kinds: list[type[msgspec.Struct]]
) -> None:
    table = rows(section(PROTOCOL, title))
    assert set(table) >= {tag_of(kind) for kind in kinds}
    shared = {"ref", "room", "seq", "time", "author"} if title == "Events" else {"ref"}
    for kind in kinds:
        fields = {field.encode_name for field in msgspec.structs.fields(kind)} - shared
        assert {name for name in fields if f"`{name}`" not in table[tag_of(kind)]} == set(), tag_of(kind)


@pytest.mark.parametrize(
    ("kind", "structs"),
    [("command", COMMANDS), ("answer", REPLIES), ("event", EVENTS), ("signal", SIGNALS)],
)
def test_each_example_is_what_it_says_and_each_kind_has_one(
    kind: str, structs: tuple[type[msgspec.Struct], ...]
) -> None:
    by_tag = {tag_of(struct): struct for struct in structs}
    shown = set()
    for line in (line for block in fences(PROTOCOL, "json", kind) for line in block.splitlines()):
        tag = msgspec.json.decode(line)["type"]
        word = msgspec.json.decode(line, type=by_tag[tag])
        unknown = set(msgspec.json.decode(line)) - {field.encode_name for field in msgspec.structs.fields(word)}
        assert unknown == {"type"}, line
        shown.add(tag)
    assert shown == set(by_tag)


def test_the_examples_of_the_readme_are_commands() -> None:
    for page in ("README.md", "README.zh-CN.md"):
        lines = fences((ROOT / page).read_text(encoding="utf-8"), "json")[0].splitlines()
        names = [msgspec.json.decode(line)["type"] for line in lines]
        assert names == ["hello", "join", "post"]
        for line, name in zip(lines, names, strict=True):
            msgspec.json.decode(line, type=next(command for command in COMMANDS if tag_of(command) == name))


@pytest.mark.parametrize("cmd", [100, 200])
def test_the_bytes_of_a_frame_are_a_frame(cmd: int) -> None:
    (block,) = fences(PROTOCOL, "hex", f"cmd {cmd}")
    data = bytes.fromhex(block)
    assert struct.unpack("!3I", data[:12]) == (1, len(data) - 12, cmd)
    assert not any(isinstance(word, Refusal | WireError) for word in FramesCodec(LAN).receive(data))


def test_every_field_of_a_message_is_named() -> None:
    text = section(PROTOCOL, "History and search")
    assert [field.name for field in msgspec.structs.fields(Message) if f"`{field.name}`" not in text] == []


def test_every_code_has_its_row_and_no_other_has_one() -> None:
    table = rows(section(PROTOCOL, "Refusals"))
    codes = {leaf.code for root in (Refusal, WireError, Overload) for leaf in leaves(root)}
    assert set(table) | {"stale"} == codes
    assert "`stale`" in section(PROTOCOL, "Refusals")


def test_every_slash_command_has_its_row() -> None:
    assert list(rows(section(PROTOCOL, "Text for people"))) == ["ana: hello", "hello", "guest-12: note: hello", "* ana waves", "ana: /me came", "* ana corrects: hello all", "*ana* hello", "* the house closes", *(row.usage for row in TABLE)]  # fmt: skip


def test_the_limits_that_are_named_are_the_limits() -> None:
    text = section(PROTOCOL, "Limits")
    for number in (LAN.rooms_per_session, LAN.connections_per_address, LAN.answers_waiting):
        assert f"{number:,}" in text
    for number in (LAN.history, LAN.search, LAN.emoji_per_message, LAN.members_page):
        assert f"| {number}" in text
    assert f"{LAN.frame_bytes // 1024} KiB" in text
    assert f"{LAN.text_bytes // 1024} KiB" in text


def test_the_client_of_the_protocol_page_is_a_program() -> None:
    (source,) = fences(PROTOCOL, "python", "client")
    compile(source, "client.py", "exec")


# ---- operations


def test_every_setting_has_its_row() -> None:
    table = rows(section(OPERATIONS, "Settings"))
    for setting in SETTINGS:
        row = table[setting.flag]
        default = f" `{setting.default}`" if setting.default != "" else ""
        assert f"`{setting.variable}` | `{setting.name}` |{default} | " in row
    assert len(table) == len(SETTINGS)


def test_the_example_of_a_file_of_settings_can_be_used(tmp_path: Path) -> None:
    (example,) = fences(OPERATIONS, "toml")
    path = tmp_path / "teahouse.toml"
    path.write_text(example, encoding="utf-8")
    loaded = load({"config": str(path)}, {})
    assert set(loaded.origins.values()) == {str(path)}


def test_every_command_of_the_command_line_has_its_row() -> None:
    table = section(OPERATIONS, "Commands")
    commands = {name for name in app if not name.startswith("-")}
    assert commands == {
        "serve",
        "config",
        "check",
        "forget-snapshots",
        "join",
        "say",
        "tail",
        "export",
        "demo",
        "torture",
    }
    for name in (*commands - {"config"}, "config check", "--version"):
        assert re.search(rf"^\| `teahouse {name}[ `]", table, re.M)
    assert {name for name in app["config"] if not name.startswith("-")} == {"check"}


def test_every_metric_has_its_row() -> None:
    source = (ROOT / "src/teahouse/server/metrics.py").read_text(encoding="utf-8")
    table = {name.removesuffix("_total") for name in rows(section(OPERATIONS, "Metrics"))}
    assert set(re.findall(r'"(teahouse_\w+)"', source)) == table - {"process_…"}


def test_every_make_target_is_explained() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"^([\w-]+):", makefile, re.M)
    assert sorted(targets) == sorted(re.findall(r"^\.PHONY: (.*)$", makefile, re.M)[0].split())
    explained = set(re.findall(r"^\| `make ([\w-]+)`", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.M))
    assert explained == set(targets)


def test_every_target_is_one_line_into_a_script_that_is_there() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    scripts = [
        word for words in re.findall(r"^[\w-]+: +; @(.*)$", makefile, re.M) for word in words.split() if "/" in word
    ]
    assert len(scripts) >= makefile.count("; @")
    assert [name for name in scripts if not (ROOT / name).is_file()] == []


# ---- limits


def test_every_limit_is_named_in_the_table_of_what_grows() -> None:
    names = {field.name for field in msgspec.structs.fields(Limits)} - {"profile"}
    assert {name for name in names if f"`{name}`" not in GROWS} == set()
    named = set(re.findall(r"`(?!test_)(\w+_(?:ms|bytes|per_\w+))`", GROWS))
    assert named - names == set()


def test_every_bound_of_what_grows_is_shown_by_tests_that_are_there() -> None:
    tests = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    there = set(re.findall(r"^(?:async )?def (test_\w+)", tests, re.M))
    table = [line for line in GROWS.splitlines() if line.startswith("| ") and not line.startswith("| what grows")]
    assert len(table) > 30
    for row in table:
        *_, shown_by, _ = re.split(r"(?<!\\)\|", row)
        named = re.findall(r"`(test_\w+)`", shown_by)
        assert named, f"no test shows it: {row}"
        assert set(named) <= there, row


def test_a_bound_that_stands_elsewhere_names_a_file_that_is_there() -> None:
    for path in re.findall(r"\(`(\w+/[\w/]+\.py)`\)", GROWS):
        assert (ROOT / "src/teahouse" / path).is_file(), path


# ---- the rest


def test_every_dependency_has_its_row() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = project["dependency-groups"]
    wanted = [*project["project"]["dependencies"], *groups["build"], *groups["dev"], *groups["node"], *groups["fuzz"]]
    page = json.loads((ROOT / "web/package.json").read_text(encoding="utf-8"))
    names = {re.split(r"[<>=]", entry)[0] for entry in wanted if isinstance(entry, str)}
    names |= page["dependencies"].keys() | page["devDependencies"].keys()
    assert set(rows((ROOT / "docs/dependencies.md").read_text(encoding="utf-8"))) == names


def anchors(page: Path) -> set[str]:
    """The links that headings of a page can have."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@each_page
def test_every_link_leads_somewhere(page: Path) -> None:
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        there = page.parent / path if path else page
        if not there.exists() or (anchor and anchor not in anchors(there)):
            broken.append(target)
    assert broken == []


@each_page
def test_no_page_knows_a_machine_or_a_registry(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert re.findall(r"/(?:work|tmp|home|root|Users)/\S*|\bpypi\.\w+|files\.pythonhosted\S*|\bnpmjs\.\w+", text) == []


@pytest.mark.parametrize("page", sorted(ROOT.glob("docs/decisions/[0-9]*.md")), ids=lambda page: page.stem)
def test_a_decision_has_its_four_headings_and_its_line_in_the_list(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert re.findall(r"^## (.*)$", text, re.M) == ["What", "Why", "What else", "What it costs"]
    title = re.findall(r"^# (.*)$", text, re.M)
    assert f"- [{title[0]}]({page.name})" in (page.parent / "README.md").read_text(encoding="utf-8")
    assert title[0].startswith(page.stem[:4])


def test_both_readmes_have_the_same_shape() -> None:
    english, chinese = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh-CN.md"))
    assert [len(mark) for mark in re.findall(r"^#+", english, re.M)] == [
        len(mark) for mark in re.findall(r"^#+", chinese, re.M)
    ]
    assert re.findall(r"^```(\w+)", english, re.M) == re.findall(r"^```(\w+)", chinese, re.M)
    links = r"\]\((?!README|docs/pictures)([^)]+)\)"
    assert sorted(re.findall(links, english)) == sorted(re.findall(links, chinese))
    assert english.count("![") == chinese.count("![") >= 1


def test_the_tour_has_seven_files() -> None:
    for name in ("README.md", "README.zh-CN.md"):
        tour = re.findall(r"^\d\. \[`([^`]+)`\]\(([^)]+)\)", (ROOT / name).read_text(encoding="utf-8"), re.M)
        assert len(tour) == 7
        assert all(path == f"src/teahouse/{shown}" and (ROOT / path).is_file() for shown, path in tour)


def test_every_page_that_the_sources_name_is_there() -> None:
    named = {
        page
        for folder in ("src", "tests", "scripts")
        for path in (ROOT / folder).rglob("*.py")
        for page in re.findall(r"\bdocs/[\w/-]+\.md\b", path.read_text(encoding="utf-8"))
    }
    assert {page for page in named if not (ROOT / page).is_file()} == set()
    assert named


def test_the_page_of_the_api_is_what_the_table_says() -> None:
    assert (ROOT / "docs/api.md").read_text(encoding="utf-8") == api_md()


def test_the_protocol_gives_each_code_the_status_that_it_has_over_http() -> None:
    table = re.findall(r"^\| (\d{3}) \| (.*) \|$", section(PROTOCOL, "HTTP"), re.M)
    said = {code: int(status) for status, codes in table for code in re.findall(r"`([a-z-]+)`", codes)}
    assert said == {code: status for code, status in STATUS.items() if code not in ELSEWHERE}
