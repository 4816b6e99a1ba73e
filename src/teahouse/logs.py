"""How the log reads: one line an event that an operator cares about, never one a message.

In a terminal it is for eyes, elsewhere `key=value` for machines. It goes to stderr; stdout has the screen alone.
What libraries log by the standard library's `logging` (warnings and worse) comes out in the same form.

To log never raises and never waits, in any thread (outlet.py): it is done where something has failed already. An event
is logged once a second at the most; the next line of its kind says how many were left out (`left_out=`).
"""

from __future__ import annotations

import atexit
import logging
import sys
import threading
import time
from typing import Any

import structlog
from structlog.typing import EventDict, Processor

from teahouse.outlet import Outlet, Printed

EVERY_S = 1.0
KINDS = 1_000  # remembered for that long
METHODS = ("log", "debug", "info", "msg", "warning", "warn", "error", "critical", "fatal", "exception")

_outlets: list[Outlet] = []


def set_up_logs(level: str) -> None:
    """Log what is at least this important: debug, info, warning or error. All that is printed goes that way too."""
    terminal = sys.stderr.isatty()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    screen, log = Outlet(1), Outlet(2)
    _outlets[:] = [screen, log]
    atexit.register(flush_logs)
    sys.stdout, sys.stderr = Printed(screen, 1), Printed(log, 2)
    structlog.configure(
        processors=[SeldomEnough(), structlog.contextvars.merge_contextvars, *_processors(terminal)],
        wrapper_class=never_raising(structlog.make_filtering_bound_logger(level), log),
        logger_factory=lambda *args: Lines(log),
        cache_logger_on_first_use=True,
    )
    logging.raiseExceptions = False
    lowest = max(logging.WARNING, logging.getLevelNamesMapping()[level.upper()])
    logging.basicConfig(handlers=[Foreign()], level=lowest)


def _processors(terminal: bool) -> list[Processor]:
    stamped: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="%H:%M:%S" if terminal else "iso", utc=not terminal),
    ]
    if terminal:
        return [
            *stamped,
            structlog.dev.ConsoleRenderer(pad_event_to=0, exception_formatter=structlog.dev.plain_traceback),
        ]
    return [
        *stamped,
        structlog.processors.format_exc_info,
        structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"]),
    ]


def flush_logs() -> None:
    """Before the end: wait a moment until what was said is written."""
    for outlet in _outlets:
        outlet.flush()


def reopen_logs() -> bool:
    """Open the files that stdout and stderr were opened as by their names again; whether the log was one."""
    return [outlet.reopen() for outlet in _outlets][-1:] == [True]


def lines_dropped() -> int:
    """How many lines were written nowhere, since the start."""
    return sum(outlet.dropped for outlet in _outlets)


class Lines:
    """Where structlog's lines go."""

    def __init__(self, outlet: Outlet) -> None:
        self._outlet = outlet

    def msg(self, line: str) -> None:
        """One line."""
        self._outlet.put(line + "\n")

    debug = info = warning = error = critical = msg


class SeldomEnough:
    """Lets an event pass once a second, with the number of those of its name that did not.

    _kind  in place of the name, where names are not ours
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()  # the collector may log from within
        self._passed: dict[object, tuple[float, int]] = {}

    def __call__(self, logger: object, method: str, event: EventDict) -> EventDict:
        """A processor of structlog."""
        kind = event.pop("_kind", None) or str(event.get("event"))
        now = time.monotonic()
        with self._lock:
            if len(self._passed) > KINDS:
                self._passed = {kind: each for kind, each in self._passed.items() if now - each[0] < EVERY_S}
            passed, left_out = self._passed.get(kind, (now - EVERY_S, 0))
            if now - passed < EVERY_S:
                self._passed[kind] = (passed, left_out + 1)
                raise structlog.DropEvent
            self._passed[kind] = (now, 0)
        if left_out:
            event["left_out"] = left_out
        return event


class Foreign(logging.Handler):
    """What libraries log, as an event of ours."""

    def emit(self, record: logging.LogRecord) -> None:
        """One record; its kind is the line of code that logs it."""
        try:
            text = record.getMessage()
        except Exception:  # its arguments don't fit
            text = str(record.msg)
        names = ((logging.CRITICAL, "critical"), (logging.ERROR, "error"), (logging.WARNING, "warning"))
        name = next((name for level, name in names if record.levelno >= level), "info")
        kind = (record.name, record.lineno)
        getattr(structlog.get_logger(), name)(text, exc_info=record.exc_info or None, _kind=kind)


def never_raising(logger: type[Any], outlet: Outlet) -> type[Any]:
    """This class of loggers, whose methods never raise: what can't be rendered is a shorter line."""

    def safe(name: str) -> Any:
        method = getattr(logger, name)

        def logged(self: Any, *args: Any, **fields: Any) -> None:
            try:
                method(self, *args, **fields)
            except Exception as error:
                event = args[0] if args and isinstance(args[0], str) else name
                outlet.put(f"level=error event=log-line-broken of={event!r} error={type(error).__name__}\n")

        return logged

    return type(logger.__name__, (logger,), {name: safe(name) for name in METHODS})
