"""The rules of the house (docs/architecture.md), each a function from modules to what breaks it.

Pure: the modules are parsed, never imported. tests/test_architecture.py runs the rules over `src`, and over planted
faults that each rule must find.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PACKAGE = "teahouse"
FLOORS = {"core": 0, "wire": 1, "store": 2, "bus": 2, "client": 2, "server": 3, "tui": 3}
ROOF = 4
PURE = ("core", "wire")
IMPURE = frozenset(
    {
        *("asyncio", "concurrent", "multiprocessing", "subprocess", "threading", "sched", "signal"),
        *("socket", "socketserver", "ssl", "select", "selectors", "urllib"),
        *("os", "sys", "io", "pathlib", "glob", "shutil", "tempfile", "fcntl", "ctypes", "builtins", "logging"),
        *("time", "random", "secrets", "uuid"),
    }
)
FILE_LINES = 400
FUNCTION_LINES = 60
CORE_ORDER = (
    {"errors"},
    {"escapes", "limits", "looks", "meter", "names", "retry", "text"},
    {"message"},
    {"commands", "events"},
    {"room"},
    {"session"},
    {"state"},
    {"authorize"},
    {"handlers"},
    {"chat"},
)


@dataclass(frozen=True)
class Module:
    """One source file.

    name     within the package, dotted: `core.events`; the package itself is ``
    folder   the floor's name; `` for the roof
    runtime  modules of the package that it imports when it runs
    typed    … and for the type checker alone
    outside  top-level names of other modules that it imports
    """

    name: str
    source: str
    tree: ast.Module
    runtime: frozenset[str] = field(default_factory=frozenset)
    typed: frozenset[str] = field(default_factory=frozenset)
    outside: frozenset[str] = field(default_factory=frozenset)

    @property
    def folder(self) -> str:
        head, dot, _ = self.name.partition(".")
        return head if dot or head in FLOORS else ""

    def calls(self) -> Iterator[ast.Call]:
        """Every call in it."""
        return (node for node in ast.walk(self.tree) if isinstance(node, ast.Call))


def read_house(root: Path) -> list[Module]:
    """Every module below `root`, the folder of the package."""
    sources = {path: path.read_text(encoding="utf-8") for path in sorted(root.rglob("*.py"))}
    return parse({_dotted(path.relative_to(root)): source for path, source in sources.items()})


def parse(sources: dict[str, str]) -> list[Module]:
    """Modules from their sources, by name."""
    return [_module(name, source, frozenset(sources)) for name, source in sources.items()]


def _dotted(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _module(name: str, source: str, known: frozenset[str]) -> Module:
    tree = ast.parse(source)
    for_types = {id(inner) for node in ast.walk(tree) if _is_type_checking(node) for inner in ast.walk(node)}
    runtime: set[str] = set()
    typed: set[str] = set()
    outside: set[str] = set()
    for node in ast.walk(tree):
        for imported in _imported(node):
            top, _, rest = imported.partition(".")
            if top != PACKAGE:
                outside.add(top)
            else:
                (typed if id(node) in for_types else runtime).add(_nearest(rest, known))
    return Module(name, source, tree, frozenset(runtime - {name}), frozenset(typed - {name}), frozenset(outside))


def _is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def _imported(node: ast.AST) -> Iterator[str]:
    """Dotted names that an import statement may load: `from a import b` may load a.b."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = f"{PACKAGE}.?" if node.level else node.module or ""
        yield from (f"{base}.{alias.name}" for alias in node.names)


def _nearest(dotted: str, known: frozenset[str]) -> str:
    """The module that a dotted name lives in: the longest beginning that is a module; else its first two parts."""
    parts = dotted.split(".")
    for length in range(len(parts), 0, -1):
        if (name := ".".join(parts[:length])) in known:
            return name
    return (
        ".".join(parts[:2]) if parts[0] in FLOORS else "" if len(parts) == 1 and parts[0].startswith("_") else parts[0]
    )


def _folder(name: str) -> str:
    head = name.partition(".")[0]
    return head if head in FLOORS else ""


def _floor(name: str) -> int:
    return FLOORS.get(_folder(name), ROOF)


def _dotted_name(node: ast.expr) -> str:
    """`a.b.c` of an expression that is one; `?` stands for what is not a name."""
    if isinstance(node, ast.Attribute):
        return f"{_dotted_name(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else "?"


# ---- the rules


def imports_go_down(house: Sequence[Module]) -> list[str]:
    """A module imports from floors below or from its own folder; never up, never sideways."""
    return [
        f"{module.name} imports {other}"
        for module in house
        for other in sorted(module.runtime | module.typed)
        if _folder(other) != _folder(module.name) and _floor(other) >= _floor(module.name)
    ]


def core_and_wire_are_pure(house: Sequence[Module]) -> list[str]:
    """They import no clock, no chance, no machine, and of other people's packages msgspec alone."""
    allowed = (sys.stdlib_module_names - IMPURE) | {"msgspec"}
    found = [f"{module.name} imports {name}" for module in _pure(house) for name in sorted(module.outside - allowed)]
    for module in _pure(house):
        called = {_dotted_name(call.func) for call in module.calls()}
        found += [f"{module.name} calls {name}" for name in sorted(called & {"open", "print", "input", "__import__"})]
    return found


def core_and_wire_never_wait(house: Sequence[Module]) -> list[str]:
    """No `await` and nothing that could have one: a decision is atomic on the event loop."""
    waiting = ast.Await | ast.AsyncFunctionDef | ast.AsyncFor | ast.AsyncWith
    return [
        f"{module.name}:{node.lineno} may wait"
        for module in _pure(house)
        for node in ast.walk(module.tree)
        if isinstance(node, waiting)
    ]


def the_server_names_interfaces_only(house: Sequence[Module]) -> list[str]:
    """Of adapters it sees `store.base`, `store.log` and `bus.base`; the roof alone names the rest."""
    interfaces = {"store.base", "store.log", "bus.base"}
    return [
        f"{module.name} imports {other}"
        for module in house
        if module.folder in ("server", "tui")
        for other in sorted(module.runtime | module.typed)
        if _floor(other) == FLOORS["store"] and _folder(other) != "client" and other not in interfaces
    ]


def only_the_outbox_writes(house: Sequence[Module]) -> list[str]:
    """In the server, `.write` and `.writelines` are called in one file."""
    return [
        f"{module.name}:{call.lineno} writes"
        for module in house
        if module.folder == "server" and module.name != "server.outbox"
        for call in module.calls()
        if isinstance(call.func, ast.Attribute) and call.func.attr in ("write", "writelines")
    ]


def only_tasks_makes_tasks(house: Sequence[Module]) -> list[str]:
    """`create_task` and its relatives are in one file, where each task has a name and an end.

    The client library has two of its own: it lives in other people's programs, where there is no server.
    """
    makers = {"create_task", "ensure_future", "TaskGroup", "run_coroutine_threadsafe"}
    return [
        f"{module.name}:{call.lineno} makes a task"
        for module in house
        if module.name not in ("server.tasks", "client.link", "client.within")
        for call in module.calls()
        if _dotted_name(call.func).rpartition(".")[2] in makers
    ]


def only_the_clock_knows_the_time(house: Sequence[Module]) -> list[str]:
    """Wall time is asked in one file; timers use the loop's clock. The client's keys have it in them (UUID, version 7)."""
    asking = {"time.time", "time.time_ns", "time.localtime", "time.gmtime", "time.ctime", "time.strftime"}
    asking |= {f"{base}.{word}" for base in ("datetime", "datetime.datetime") for word in ("now", "utcnow", "today")}
    asking |= {"date.today", "datetime.date.today"}
    found = [
        f"{module.name}:{call.lineno} asks the time"
        for module in house
        if module.name not in ("server.clock", "client.keys")
        for call in module.calls()
        if _dotted_name(call.func) in asking
    ]
    for module in house:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ImportFrom) and node.module == "time":
                found += [
                    f"{module.name}:{node.lineno} hides the time" for alias in node.names if "mono" not in alias.name
                ]
    return found


def imports_make_no_circle(house: Sequence[Module]) -> list[str]:
    """Nothing needs itself, however long the way."""
    edges = {module.name: module.runtime for module in house}
    found = []
    for start in edges:
        seen: set[str] = set()
        waiting = list(edges[start])
        while waiting:
            name = waiting.pop()
            if name not in seen:
                seen.add(name)
                waiting += edges.get(name, ())
        if start in seen:
            found.append(f"{start} needs itself")
    return found


def the_core_has_an_order(house: Sequence[Module]) -> list[str]:
    """errors first, chat last; each imports only what stands before it or beside it."""
    place = {name: rank for rank, names in enumerate(CORE_ORDER) for name in names}
    found = []
    for module in house:
        if module.folder != "core" or module.name == "core":
            continue
        here = module.name.split(".")[1]
        if here not in place:
            found.append(f"{module.name} has no place in the order")
            continue
        for other in sorted(module.runtime):
            there = other.partition(".")[2].partition(".")[0]
            if there and place.get(there, -1) > place[here]:
                found.append(f"{module.name} imports {other}, which stands after it")
    return found


def files_and_functions_fit(house: Sequence[Module]) -> list[str]:
    """A file longer than 400 lines, or a function longer than a screen, asks for a seam."""
    found = [
        f"{module.name} has {lines} lines" for module in house if (lines := module.source.count("\n")) > FILE_LINES
    ]
    for module in house:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
                lines = node.end_lineno - node.lineno + 1
                if lines > FUNCTION_LINES:
                    found.append(f"{module.name}.{node.name} has {lines} lines")
    return found


def only_the_roof_reads_settings(house: Sequence[Module]) -> list[str]:
    """Below it nobody knows that there is an environment, a command line or a file of settings."""
    below = [module for module in house if _floor(module.name) < ROOF]
    found = []
    for module in below:
        found += [f"{module.name} imports {name}" for name in sorted(module.outside & SETTINGS_MODULES)]
        for node in ast.walk(module.tree):
            name = _dotted_name(node) if isinstance(node, ast.expr) else ""
            if name in ("os.environ", "os.getenv", "os.environb", "sys.argv"):
                found.append(f"{module.name}:{node.lineno} reads {name}")  # type: ignore[attr-defined]  # an expression
            if isinstance(node, ast.ImportFrom) and node.module in ("os", "sys"):
                hidden = {"environ", "getenv", "environb", "argv"} & {alias.name for alias in node.names}
                found += [f"{module.name}:{node.lineno} reads {word}" for word in sorted(hidden)]
    return found


def nobody_imports_sqlite3(house: Sequence[Module]) -> list[str]:
    """Two SQLites on one file in one process break each other's locks; ours is apsw."""
    return [f"{module.name} imports sqlite3" for module in house if "sqlite3" in module.outside]


def _pure(house: Sequence[Module]) -> list[Module]:
    return [module for module in house if module.folder in PURE]


SETTINGS_MODULES = frozenset({"argparse", "configparser", "cyclopts", "getopt", "optparse", "tomllib"})
Rule = Callable[[Sequence[Module]], list[str]]
RULES: tuple[Rule, ...] = (
    imports_go_down,
    core_and_wire_are_pure,
    core_and_wire_never_wait,
    the_server_names_interfaces_only,
    only_the_outbox_writes,
    only_tasks_makes_tasks,
    only_the_clock_knows_the_time,
    imports_make_no_circle,
    the_core_has_an_order,
    files_and_functions_fit,
    only_the_roof_reads_settings,
    nobody_imports_sqlite3,
)
