"""The rules of the house hold for the sources, and each rule finds a fault that was planted for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import house_rules as rules
from tests.support.house_rules import RULES, Rule, parse, read_house

ROOT = Path(__file__).parent.parent
HOUSE = read_house(ROOT / "src" / "teahouse")

PLANTED: list[tuple[Rule, dict[str, str]]] = [
    (rules.imports_go_down, {"core.chat": "from teahouse.wire.base import Codec"}),
    (rules.imports_go_down, {"wire.raw": "from teahouse import config"}),
    (rules.imports_go_down, {"store.sqlite": "import teahouse.bus.local"}),
    (rules.imports_go_down, {"client.link": "from teahouse.store.base import Store"}),
    (rules.imports_go_down, {"server.gate": "from teahouse.cli import main"}),
    (rules.imports_go_down, {"server.gate": "from teahouse import __version__"}),
    (rules.imports_go_down, {"core.room": "if TYPE_CHECKING:\n    from teahouse.server.feed import Feed"}),
    (rules.core_and_wire_are_pure, {"core.state": "import time"}),
    (rules.core_and_wire_are_pure, {"wire.frames": "from asyncio import Queue"}),
    (rules.core_and_wire_are_pure, {"wire.lines": "import structlog"}),
    (rules.core_and_wire_are_pure, {"wire.lines": "words = open('/etc/words')"}),
    (rules.core_and_wire_never_wait, {"core.chat": "async def decide(): ..."}),
    (rules.core_and_wire_never_wait, {"wire.raw": "async def read(s):\n    return await s.read()"}),
    (rules.the_server_names_interfaces_only, {"server.engine": "from teahouse.store.sqlite import SqliteStore"}),
    (
        rules.the_server_names_interfaces_only,
        {"server.engine": "from teahouse.store import sqlite", "store.sqlite": ""},
    ),
    (rules.only_the_outbox_writes, {"server.web.asgi": "def f(transport):\n    transport.write(b'')"}),
    (rules.only_the_outbox_writes, {"server.gate": "def f(self):\n    self.transport.writelines([])"}),
    (rules.only_tasks_makes_tasks, {"server.gate": "asyncio.create_task(f())"}),
    (rules.only_tasks_makes_tasks, {"cli": "loop.create_task(f())"}),
    (rules.only_tasks_makes_tasks, {"store.sqlite": "asyncio.ensure_future(f())"}),
    (rules.only_the_clock_knows_the_time, {"store.writer": "import time\nnow = time.time()"}),
    (rules.only_the_clock_knows_the_time, {"server.feed": "from time import time_ns"}),
    (rules.only_the_clock_knows_the_time, {"cli": "datetime.now()"}),
    (
        rules.imports_make_no_circle,
        {"core.room": "import teahouse.core.state", "core.state": "import teahouse.core.room"},
    ),
    (
        rules.imports_make_no_circle,
        {
            "server.a": "from teahouse.server.b import x",
            "server.b": "from teahouse.server import c",
            "server.c": "from teahouse.server.a import y",
        },
    ),
    (rules.the_core_has_an_order, {"core.errors": "from teahouse.core.state import State", "core.state": ""}),
    (rules.the_core_has_an_order, {"core.misc": ""}),
    (rules.files_and_functions_fit, {"core.room": "x = 1\n" * 401}),
    (rules.files_and_functions_fit, {"core.room": "def f():\n" + "    x = 1\n" * 60}),
    (rules.only_the_roof_reads_settings, {"server.gate": "import os\nport = os.environ['PORT']"}),
    (rules.only_the_roof_reads_settings, {"store.sqlite": "from os import getenv"}),
    (rules.only_the_roof_reads_settings, {"wire.raw": "import tomllib"}),
    (rules.nobody_imports_sqlite3, {"store.check": "import sqlite3"}),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_keeps_the_rule(rule: Rule) -> None:
    assert rule(HOUSE) == []


@pytest.mark.parametrize(("rule", "sources"), PLANTED)
def test_the_rule_finds_what_was_planted(rule: Rule, sources: dict[str, str]) -> None:
    assert rule(parse(sources)) != []


def test_each_rule_has_a_planted_fault() -> None:
    assert {rule.__name__ for rule, _ in PLANTED} == {rule.__name__ for rule in RULES}


def test_the_house_was_read_at_all() -> None:
    assert {"core.events", "wire.base", "store.log", "cli"} <= {module.name for module in HOUSE}


def test_tests_and_scripts_use_one_sqlite_too() -> None:
    for folder in ("tests", "scripts"):
        assert rules.nobody_imports_sqlite3(read_house(ROOT / folder)) == []
