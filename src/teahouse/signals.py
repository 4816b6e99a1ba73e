"""What the system's signals mean to a server.

    TERM, INT, QUIT   end, with a farewell; a second one ends at once
    HUP               where there was a terminal at the start: it is gone, so end with a farewell. Else, as every daemon
                      does: open the log anew, where it is a file. Ignored since before the start (nohup): so it stays
    USR1, USR2 …      what would kill by default and means nothing here is noted, and that is all

PIPE and XFSZ are ignored by Python: the write that they stand for fails, and says so where it is made.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable

import structlog

from teahouse.logs import reopen_logs

log = structlog.get_logger("teahouse.signals")

ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)
MEANINGLESS = tuple(
    number
    for name in ("SIGUSR1", "SIGUSR2", "SIGALRM", "SIGVTALRM", "SIGPROF", "SIGIO", "SIGPWR", "SIGSTKFLT")
    if (number := getattr(signal, name, None)) is not None
)


def heed_signals(loop: asyncio.AbstractEventLoop, end: Callable[[signal.Signals], None]) -> None:
    """From here on. `end` is called on the loop, each time that one says so."""
    for number in ENDING:
        loop.add_signal_handler(number, end, number)
    for number in MEANINGLESS:
        loop.add_signal_handler(number, _note, number)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        if has_terminal():
            loop.add_signal_handler(signal.SIGHUP, end, signal.SIGHUP)
        else:
            loop.add_signal_handler(signal.SIGHUP, _reopen)


def has_terminal() -> bool:
    """Whether this process has a controlling terminal. Asked at the start: when it hangs up, it has none any more."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


def _note(number: signal.Signals) -> None:
    log.info("signal-ignored", signal=number.name)


def _reopen() -> None:
    log.info("log-reopened" if reopen_logs() else "log-is-no-file", signal="SIGHUP")
