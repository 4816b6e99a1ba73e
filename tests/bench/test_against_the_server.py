"""The benchmark runs against the real server: every door it measures, in rooms and in company."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bench import generator, subjects
from tests.support.lacks import needs_compiler

pytestmark = [
    needs_compiler,
    pytest.mark.skipif(sys.platform != "linux", reason="the generator needs epoll"),
]
SHORT: dict[str, object] = {"seconds": 0.2, "warmup": 0.1}


def test_each_door_is_measured_and_nothing_is_lost(tmp_path: Path) -> None:
    program = generator.compiled(tmp_path)
    for door in subjects.DOORS:
        with subjects.running(subjects.teahouse(door), tmp_path / door) as server:
            full = generator.measure(program, server, members=12, senders=6, rooms=3, **SHORT)
            assert full.deliveries == full.messages * 3, door
            paced = generator.measure(program, server, members=5, senders=5, phase="pace", rate=200, **SHORT)
            assert paced.messages == 60, door


def test_readers_who_do_not_read_are_no_fault_of_the_others(tmp_path: Path) -> None:
    program = generator.compiled(tmp_path)
    with subjects.running(subjects.teahouse("frames"), tmp_path / "server") as server:
        with (
            generator.beside(program, server, phase="hold", reads="nothing", members=3, senders=0),
            generator.beside(program, server, phase="hold", reads="drips", members=3, senders=0),
            generator.beside(program, server, phase="flood", members=2, senders=2, first_room=7),
        ):
            busy = generator.measure(program, server, members=4, senders=2, keys=True, **SHORT)
    assert busy.deliveries == busy.messages * 3
