"""Text costs no more than its length: nothing that strangers send takes time that grows with its square."""

from __future__ import annotations

import pytest

from tests.support.growing import ENTRIES
from tests.support.growth import GROWTH, Entry, growth

CASES = [pytest.param(entry, name, id=f"{entry.of}: {name}") for entry in ENTRIES for name in entry.worst]


@pytest.mark.parametrize(("entry", "name"), CASES)
def test_four_times_the_input_takes_no_more_than_six_times_the_time(entry: Entry, name: str) -> None:
    assert growth(entry, entry.worst[name]) <= GROWTH
