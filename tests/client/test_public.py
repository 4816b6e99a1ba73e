"""What is public is a dozen names, each explained, with examples that run."""

from __future__ import annotations

import asyncio
import inspect
import re
import textwrap
from collections.abc import Iterator
from typing import Any

import pytest

from teahouse import client, testing
from teahouse.client import errors
from teahouse.core.errors import Overload, Refusal, TeahouseError
from teahouse.core.events import Refused
from teahouse.testing import house_in_thread

NAMES = [
    *("Client", "Message", "Patience", "Person", "Posted", "Room", "Sending", "SyncClient"),
    *("connect", "connect_sync", "errors", "events"),
]
EXAMPLE = re.compile(r"^( *)Example:\n((?:\1 +.*\n|\n)+)", re.M)


def documented(things: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Everything public with its docstring: the things, and their own public methods and properties."""
    for name, thing in things.items():
        yield name, inspect.getdoc(thing) or ""
        if inspect.isclass(thing) and thing.__module__.startswith("teahouse.client"):
            for member, value in vars(thing).items():
                is_public = not member.startswith("_") or member == "__aiter__"
                if is_public and (inspect.isfunction(value) or isinstance(value, property)):
                    yield f"{name}.{member}", inspect.getdoc(value) or ""


PUBLIC = dict(documented({name: getattr(client, name) for name in NAMES}))
EXAMPLES = {
    name: textwrap.dedent(found[2]) for name, doc in PUBLIC.items() if (found := EXAMPLE.search(doc + "\n")) is not None
}


def test_a_dozen_names_are_public() -> None:
    assert sorted(client.__all__) == sorted(NAMES)
    assert len(NAMES) == 12


def test_every_refusal_of_the_server_can_be_had_from_the_errors() -> None:
    refusals = {leaf for root in (Refusal, Overload) for leaf in _leaves(root)} - {errors.UnknownRefusal}
    assert refusals == {getattr(errors, leaf.__name__) for leaf in refusals}
    for leaf in refusals:
        reply = Refused(code=getattr(leaf, "code"), message="no", limit=7)  # noqa: B009
        assert type(errors.error_of(reply)) is leaf


def test_a_refusal_of_a_later_server_keeps_its_code() -> None:
    error = errors.error_of(Refused(code="too-early", message="Wait.", retry_after=5))
    assert (error.code, str(error)) == ("too-early", "Wait.")


def _leaves(root: type[TeahouseError]) -> set[type[TeahouseError]]:
    below = {leaf for child in root.__subclasses__() for leaf in _leaves(child)}
    return below | ({root} if "code" in vars(root) else set())


def test_everything_public_is_explained() -> None:
    assert [name for name, doc in PUBLIC.items() if not doc] == []
    assert testing.__doc__


def test_what_one_begins_with_has_an_example() -> None:
    assert {
        "Client",
        "Client.join",
        "Room",
        "Room.say",
        "Room.__aiter__",
        "SyncClient",
        "connect",
        "connect_sync",
    } <= set(EXAMPLES)


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_runs(name: str) -> None:
    source = EXAMPLES[name]
    with house_in_thread() as server:
        scope: dict[str, Any] = {**vars(client), "server": server.address, "print": lambda *words: None}
        if "await " in source or "async " in source:
            exec(f"async def example():\n{textwrap.indent(source, '    ')}", scope)
            asyncio.run(scope["example"]())
        else:
            exec(source, scope)
