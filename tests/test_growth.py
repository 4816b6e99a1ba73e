"""Text costs no more than its length: nothing that strangers send takes time that grows with its square."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import teahouse
from tests.support import growing, growing_clients
from tests.support.growth import GROWTH, Entry, growth

ENTRIES = (*growing.ENTRIES, *growing_clients.CLIENT_ENTRIES)
CASES = [pytest.param(entry, name, id=f"{entry.of}: {name}") for entry in ENTRIES for name in entry.worst]


@pytest.mark.parametrize(("entry", "name"), CASES)
def test_four_times_the_input_takes_no_more_than_six_times_the_time(entry: Entry, name: str) -> None:
    assert growth(entry, entry.worst[name]) <= GROWTH


def test_every_public_function_that_takes_text_is_tried_or_has_a_reason() -> None:
    tables = "".join(Path(inspect.getfile(module)).read_text(encoding="utf-8") for module in (growing, growing_clients))
    for name in growing.MODULES:
        module = importlib.import_module(f"teahouse.{name}")
        for function in _taking_text(module):
            called = rf"\b(?:\w+\.)?{function}\b"
            assert f"{name}.{function}" in growing.FREE or re.search(called, tables), (
                f"{name}.{function} is in no table"
            )


def test_no_reason_is_for_something_that_is_not_there() -> None:
    for name in growing.FREE:
        module, _, function = name.rpartition(".")
        assert hasattr(importlib.import_module(f"teahouse.{module}"), function), name


def test_every_pattern_is_tried_or_has_a_reason() -> None:
    tried = {entry.of for entry in ENTRIES}
    for name in _with_patterns():
        assert name in growing.PATTERNS, f"who tries the patterns of {name}?"
        assert not growing.PATTERNS[name] or growing.PATTERNS[name] in tried, name


def _taking_text(module: ModuleType) -> Iterator[str]:
    """Its public functions of which a parameter is text, bytes or headers."""
    for name, found in vars(module).items():
        if inspect.isfunction(found) and found.__module__ == module.__name__ and not name.startswith("_"):
            kinds = " ".join(map(str, inspect.get_annotations(found).values()))
            if re.search(r"\b(?:str|bytes|Headers)\b", kinds.rpartition(" ")[0]):
                yield name


def _with_patterns() -> Iterator[str]:
    """The modules that have a compiled pattern of their own."""
    for found in pkgutil.walk_packages(teahouse.__path__, "teahouse."):
        if found.name.endswith("__main__"):
            continue
        module = importlib.import_module(found.name)
        source = inspect.getsource(module)
        if re.search(r"^_?[A-Z_]+ = re\.compile\(", source, re.MULTILINE):
            yield found.name.removeprefix("teahouse.")
