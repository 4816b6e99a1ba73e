"""The same for scripts that know no asyncio, and the house that their tests can have."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from teahouse.client import Posted, connect_sync
from teahouse.client.errors import Unreachable
from teahouse.core.errors import ConfigError, EmptyMessage
from teahouse.testing import House, house_in_thread


@pytest.fixture
def server() -> Iterator[House]:
    with house_in_thread() as opened:
        yield opened


def test_a_script_says_hears_and_looks_back(server: House) -> None:
    with connect_sync(server.address, name="ana") as ana, connect_sync(server.url, name="bob") as bob:
        here, there = ana.join("tea"), bob.join("tea")
        assert [here.say(word).seq for word in ("one", "two")] == [1, 2]
        heard = []
        for event in there:
            assert isinstance(event, Posted)
            heard.append(event.text)
            if len(heard) == 2:
                break
        assert heard == ["one", "two"]
        assert [message.text for message in there.history()] == ["two", "one"]
        there.do(there.room.react(1, "🍵"))
        assert [message.reactions[0].count for message in there.history(after=0, most=1)] == [1]


def test_what_is_declined_is_raised_and_the_script_goes_on(server: House) -> None:
    with connect_sync(server.address) as ana:
        tea = ana.join("tea")
        with pytest.raises(EmptyMessage):
            tea.say("")
        assert tea.say("text").seq == 1


def test_a_loop_over_a_room_ends_when_the_room_is_left(server: House) -> None:
    with connect_sync(server.address) as ana:
        tea = ana.join("tea")
        tea.do(tea.room.leave())
        assert list(tea) == []


def test_where_no_house_is_the_script_is_told() -> None:
    with house_in_thread() as server:
        gone = server.address
    with pytest.raises(Unreachable), connect_sync(gone):
        pass


def test_a_house_for_tests_that_cannot_open_says_why(server: House, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=str(server.port)), house_in_thread(port=server.port, data=tmp_path):
        pass


def test_a_house_for_tests_keeps_the_folder_that_it_was_given(tmp_path: Path) -> None:
    for expected in (0, 1):
        with house_in_thread(data=tmp_path / "data") as server, connect_sync(server.address) as ana:
            tea = ana.join("tea")
            assert tea.room.head == expected
            tea.say("hello")
