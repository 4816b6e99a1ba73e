"""Each async test runs twice: on uvloop, which the server uses, and on asyncio, which says what uvloop should do.

A test that has nothing to do with the loop picks one: `@pytest.mark.asyncio(loop_factories=["asyncio"])`.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Generator, Mapping

import pytest
import uvloop
from hypothesis import HealthCheck, settings

from tests.support.canary import HEARD

CANARY = "canary"

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A script that runs `make test &` has it ignored, and a program that is started with it ignored leaves it so: those
    # that the tests start and interrupt would never end.
    signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile(
    "teahouse",
    deadline=None,  # no asserted timings: the machine may be busy
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    print_blob=True,
)
settings.register_profile("fuzz", parent=settings.get_profile("teahouse"), max_examples=4_000)
settings.load_profile("teahouse")


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Name → how to make the loop."""
    return {"uvloop": uvloop.new_event_loop, "asyncio": asyncio.new_event_loop}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What a test's canaries came to goes with its report: from a worker of xdist, too."""
    report = yield
    report.user_properties += [(CANARY, heard) for heard in HEARD]
    HEARD.clear()
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say it at the end, whether the tests passed or not."""
    lines = [
        f"{report.nodeid.rpartition('::')[2]}: {what}"
        for outcome in ("passed", "failed")
        for report in terminalreporter.getreports(outcome)
        for name, what in report.user_properties
        if name == CANARY
    ]
    if lines:
        terminalreporter.section("canaries")
        for line in lines:
            terminalreporter.line(line)
