"""Each async test runs twice: on uvloop, which the server uses, and on asyncio, which says what uvloop should do.

A test that has nothing to do with the loop picks one: `@pytest.mark.asyncio(loop_factories=["asyncio"])`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import pytest
import uvloop
from hypothesis import HealthCheck, settings

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
