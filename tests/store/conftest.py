"""Every store that there is; the contract's tests run on each of them."""

from __future__ import annotations

import pytest

from teahouse.core.limits import LAN
from teahouse.store.sqlite import SqliteStore
from tests.store.kit import HandClock, Opener


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture(params=["sqlite"])
def opener(request: pytest.FixtureRequest, clock: HandClock) -> Opener:
    """How to make a store on a folder, by kind."""
    kinds: dict[str, Opener] = {"sqlite": lambda folder: SqliteStore(folder, LAN, clock.now_ms)}
    return kinds[request.param]
