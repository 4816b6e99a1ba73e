"""How the log reads: one line an event that an operator cares about, never one a message.

In a terminal it is for eyes, elsewhere `key=value` for machines. It goes to stderr; stdout has the screen alone.
What libraries log by the standard library's `logging` (warnings and worse) comes out in the same form.
"""

from __future__ import annotations

import logging
import sys

import structlog
from structlog.typing import Processor


def set_up_logs(level: str) -> None:
    """Log what is at least this important: debug, info, warning or error."""
    terminal = sys.stderr.isatty()
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="%H:%M:%S" if terminal else "iso", utc=not terminal),
    ]
    last: list[Processor] = (
        [structlog.dev.ConsoleRenderer(pad_event_to=0)]
        if terminal
        else [
            structlog.processors.format_exc_info,
            structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"]),
        ]
    )
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    logging.basicConfig(handlers=[handler], level=max(logging.WARNING, logging.getLevelNamesMapping()[level.upper()]))
