"""The path of a message, function by function, and what none of them may do.

Three lists, because the price differs: what is done once a member of the room is paid a thousand times, what is done
once a message some hundred thousand times a second, what is done once a batch hardly matters. A function that is on the
path and in no list is found by tests/bench/test_hot_path.py, which runs one message through the real engine; so is one
that is called more often than its list says.

The rules are functions from (name, function) pairs to what breaks them, as in house_rules.py. Pure: they read syntax trees.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence

from tests.support.house_rules import Module

ONCE_A_MEMBER: Mapping[str, tuple[str, ...]] = {
    "server.push": ("push_whole",),  # it goes through them all
    "server.outbox": ("Flusher._write", "Flusher.add", "Outbox._relieve", "Outbox.flush", "Outbox.push"),
}
ONCE_A_MESSAGE: Mapping[str, tuple[str, ...]] = {
    "core.authorize": ("authorize", "rank"),
    "core.chat": ("decide",),
    "core.handlers.posting": ("post", "say"),
    "core.handlers.rooms": ("here", "room_of"),
    "core.text": ("clean", "digest"),
    "server.answers": ("_outcome", "_push_together", "push_ready", "stored"),
    "server.dispatch": (
        "Dispatch._carry_out", "Dispatch._command", "Dispatch._go_on", "Dispatch._look_at_waiting", "Dispatch.handle",
    ),
    "server.fanout": ("Fanout.publish",),
    "server.feed": ("Feed.hand",),
    "server.pages": ("Pages.extend", "page_of"),
    "wire.forging": ("looks_like_a_line",),
    "wire.frames": ("FramesCodec._take", "FramesCodec.answer", "FramesCodec.receive", "JsonFrames.event"),
    "wire.json_form": ("decode",),
    "wire.lines": ("LinesFormat.event",),
    "wire.text": ("happening", "message", "said", "visible"),
    "wire.text_door": ("Conversation._meant", "Conversation.hear", "LineBuffer.feed", "TextDoor._hear", "TextDoor.receive", "shown"),
    "wire.websocket": ("JsonCodec.receive", "WebSocketFormat.event", "text_frame"),
}  # fmt: skip
ONCE_A_BATCH: Mapping[str, tuple[str, ...]] = {
    "core.chat": ("apply",),
    "server.clock": ("Clock.now_ms",),
    "server.connection": ("Connection._hear", "Connection._is_full", "Connection._take", "Connection._watch", "Connection.data_received"),
    "server.counters": ("Counters.committed",),
    "server.dispatch": ("Dispatch._answered", "Dispatch._go_on_safely", "Dispatch._has_asked_enough"),
    "server.feed": (
        "Feed._hand_over", "Feed._publish", "Feed._release", "Feed._show", "Feed.committed", "Feed.has_much_waiting",
        "Feed.in_flight", "Run.__init__",
    ),
    "server.fuse": ("Fuse.__call__",),
    "server.outbox": ("Flusher.flush",),
    "server.reading": ("Reading.feed",),
    "server.tasks": ("Nap._look", "Nap.back", "Nap.out"),
    "server.web.websocket": ("WebSocket._hear", "WebSocket._take", "WebSocket.data_received"),
    "store.sqlite": ("SqliteLog.append", "SqliteLog.committed"),
    "store.writer": ("Writer._answer", "Writer._safely", "Writer.submit"),
}  # fmt: skip

Function = ast.FunctionDef | ast.AsyncFunctionDef
Path = Sequence[tuple[str, Function]]

LOGGERS = {"log", "logger", "logging", "structlog", "warnings"}
METRICS = {"counters", "_counters", "metrics", "_metrics", "prometheus_client"}
METRIC_CALLS = {"inc", "dec", "observe", "labels"}


def functions(house: Sequence[Module], listed: Mapping[str, tuple[str, ...]]) -> list[tuple[str, Function]]:
    """The functions of a list, as (name, function).

    raises  KeyError with the name of one that is not there (any more)
    """
    modules = {module.name: dict(_named(module.tree, "")) for module in house}
    return [(f"{name}.{function}", modules[name][function]) for name, names in listed.items() for function in names]


def _named(node: ast.AST, prefix: str) -> Iterator[tuple[str, Function]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            yield from _named(child, f"{prefix}{child.name}.")
        elif isinstance(child, Function):
            yield f"{prefix}{child.name}", child


def _dotted(node: ast.expr) -> list[str]:
    """The names of `a.b[c].d`, from the outermost on; those that are no names are left out."""
    if isinstance(node, ast.Attribute):
        return [*_dotted(node.value), node.attr]
    if isinstance(node, ast.Subscript | ast.Call):
        return _dotted(node.value if isinstance(node, ast.Subscript) else node.func)
    return [node.id] if isinstance(node, ast.Name) else []


def _calls(function: Function) -> Iterator[ast.Call]:
    """What is called where all goes well: what an `except` does is no part of the path."""
    off_the_path = {
        id(inner) for node in ast.walk(function) if isinstance(node, ast.ExceptHandler) for inner in ast.walk(node)
    }
    return (node for node in ast.walk(function) if isinstance(node, ast.Call) and id(node) not in off_the_path)


# ---- the rules


def nothing_waits(path: Path) -> list[str]:
    """No `await`, and nothing that could have one: who waits lets others in between."""
    waiting = ast.AsyncFunctionDef | ast.Await | ast.AsyncFor | ast.AsyncWith
    return [f"{name} may wait" for name, function in path for node in ast.walk(function) if isinstance(node, waiting)]


def nothing_logs(path: Path) -> list[str]:
    """No log line a message: a log is for what an operator cares about."""
    return [
        f"{name}:{call.lineno} logs"
        for name, function in path
        for call in _calls(function)
        if _dotted(call.func)[:1] and (_dotted(call.func)[0] in LOGGERS or _dotted(call.func) == ["print"])
    ]


def nothing_calls_metrics(path: Path) -> list[str]:
    """No metric is called: integers are counted once a batch, and read when somebody asks (server/counters.py)."""
    return [
        f"{name}:{call.lineno} counts"
        for name, function in path
        for call in _calls(function)
        if METRICS & set(_dotted(call.func)) or (_dotted(call.func)[-1:] and _dotted(call.func)[-1] in METRIC_CALLS)
    ]


def nothing_is_made_for_a_member(path: Path) -> list[str]:
    """No exception, no closure, no task and no timer a member. For ONCE_A_MEMBER alone."""
    making = ast.Try | ast.Raise | ast.Lambda | ast.FunctionDef | ast.GeneratorExp
    found = [
        f"{name}:{node.lineno} makes something"
        for name, function in path
        for node in ast.walk(function)
        if isinstance(node, making) and node is not function
    ]
    timers = {"call_later", "call_at", "create_task", "spawn", "start"}
    return found + [
        f"{name}:{call.lineno} makes something"
        for name, function in path
        for call in _calls(function)
        if set(_dotted(call.func)[-1:]) & timers
    ]


def one_write(path: Path) -> list[str]:
    """In all of them together one `write`, and in no loop: once a connection and tick."""
    writing = [(name, call) for name, function in path for call in _calls(function) if _writes(call)]
    found = [f"{name}:{call.lineno} is a second write" for name, call in writing[1:]]
    for name, function in path:
        for loop in ast.walk(function):
            if isinstance(loop, ast.For | ast.While | ast.ListComp):
                found += [
                    f"{name}:{node.lineno} writes in a loop"
                    for node in ast.walk(loop)
                    if isinstance(node, ast.Call) and _writes(node)
                ]
    return found


def _writes(call: ast.Call) -> bool:
    return bool({"write", "writelines", "send", "sendall"} & set(_dotted(call.func)[-1:]))
