"""How the log reads where it is no terminal: one line an event, in one form, whoever logs it."""

from __future__ import annotations

import subprocess
import sys


def logged(level: str, source: str) -> list[str]:
    """The lines that a process of its own logs."""
    program = f"import logging, structlog\nfrom teahouse.logs import set_up_logs\nset_up_logs({level!r})\n{source}"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert ran.stdout == ""
    return ran.stderr.splitlines()


def test_an_event_is_one_line_of_keys_and_values() -> None:
    (line,) = logged("info", "structlog.get_logger('teahouse').info('listening', host='::1', names='a b')")
    stamp, rest = line.split(" ", 1)
    assert stamp.startswith("timestamp=")
    assert stamp.endswith("Z")
    assert rest == 'level=info event=listening host=::1 names="a b"'


def test_what_is_less_important_is_left_out() -> None:
    source = "log = structlog.get_logger('teahouse')\nlog.info('one')\nlog.warning('two')"
    assert [line.partition("event=")[2] for line in logged("warning", source)] == ["two"]


def test_an_exception_is_one_line_too() -> None:
    source = "try: 1 / 0\nexcept ZeroDivisionError: structlog.get_logger('teahouse').exception('bug')"
    (line,) = logged("info", source)
    assert "event=bug" in line
    assert "ZeroDivisionError: division by zero" in line


def test_what_libraries_log_has_the_same_form_and_only_when_it_is_a_warning() -> None:
    source = "logging.getLogger('uvicorn.error').info('a')\nlogging.getLogger('asyncio').warning('slow %s', 'callback')"
    (line,) = logged("debug", source)
    assert line.endswith(' level=warning event="slow callback"')
