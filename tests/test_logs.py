"""How the log reads where it is no terminal: one line an event, in one form, whoever logs it."""

from __future__ import annotations

import subprocess
import sys

import pytest


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


# ---- to log never raises


HARD = [
    "log.info('surrogate \\udc80', text='\\ud800')",
    "log.info('bad repr', value=type('Bad', (), {'__repr__': lambda self: 1 / 0})())",
    "log.info('a key with a space', **{'a key': 1})",
    "log.info('%d', 'no number')",
    "log.info(None)",
    "log.info(b'bytes', level='x')",
    "log.info('long ' * 100_000)",
    "logging.getLogger('x').error('%d', 'no number')",
    "logging.getLogger('x').log(99, 'a level of its own')",
    "import warnings; warnings.warn('a warning \\udc80')",
    "print('\\udc80', file=sys.stderr)",
    "print('half a line', end='', file=sys.stderr)",
    "import threading; t = threading.Thread(target=lambda: 1 / 0); t.start(); t.join()",
    "sys.stderr.write('x\\n' * 10); sys.stdout.flush(); sys.stderr.flush()",
]


@pytest.mark.parametrize("source", HARD)
def test_what_is_hard_to_write_keeps_nobody_from_going_on(source: str) -> None:
    last = f"import sys\nlog = structlog.get_logger('teahouse')\n{source}\nlog.warning('went on')"
    assert 'event="went on"' in logged("info", last)[-1]


def test_a_processor_that_fails_costs_its_line_alone() -> None:
    source = (
        "structlog.get_config()['processors'].insert(1, lambda *_: 1 / 0)\n"
        "log = structlog.get_logger('teahouse')\nlog.warning('one', a=1)\nlog.warning('two')"
    )
    lines = logged("info", source)
    assert [line for line in lines if "log-line-broken" in line and "ZeroDivisionError" in line] == lines
    assert len(lines) == 2


def test_every_event_is_logged_once_a_second_and_the_next_line_has_the_count() -> None:
    source = (
        "import time\nlog = structlog.get_logger('teahouse')\n"
        "for _ in range(500): log.warning('one'); log.error('two', n=_); logging.getLogger('x').error('three %d', _)\n"
        "time.sleep(1.1)\n"
        "log.warning('one'); log.error('two')"
    )
    lines = logged("info", source)
    assert [line.partition("event=")[2].split(" left")[0] for line in lines] == [
        "one",
        "two n=0",
        '"three 0"',
        "one",
        "two",
    ]
    assert [line.rpartition("left_out=")[2] for line in lines[3:]] == ["499", "499"]
