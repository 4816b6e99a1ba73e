"""What the screen of the start says, and when it has a QR code."""

from __future__ import annotations

import os

import msgspec
import pytest
import segno

from teahouse.screen import Facts, draw, qr_code, resident_bytes

AT_HOME = Facts(
    version="1.2.3",
    join=("127.0.0.1", 7256),
    lan=False,
    data="teahouse-data",
    rooms=0,
    events=0,
    limits="lan",
    connections=16_256,
    memory=46_400_000,
)
ON_THE_LAN = msgspec.structs.replace(AT_HOME, join=("192.168.1.20", 7256), lan=True, rooms=3, events=12_345)


def test_it_is_one_small_screen() -> None:
    for facts in (AT_HOME, ON_THE_LAN, msgspec.structs.replace(AT_HOME, limits="none")):
        lines = draw(facts, terminal=False).splitlines()
        assert len(lines) <= 24
        assert max(map(len, lines)) <= 80
        assert lines == [line.rstrip() for line in lines]


def test_it_is_plain_where_it_is_no_terminal() -> None:
    assert "\x1b" not in draw(ON_THE_LAN, terminal=False)
    assert "\x1b" in draw(ON_THE_LAN, terminal=True)


@pytest.mark.parametrize(
    ("facts", "terminal", "shown"),
    [(AT_HOME, True, False), (AT_HOME, False, False), (ON_THE_LAN, False, False), (ON_THE_LAN, True, True)],
)
def test_the_code_is_for_phones_that_can_get_here_and_people_who_look(
    facts: Facts, terminal: bool, shown: bool
) -> None:
    assert ("▀" in draw(facts, terminal=terminal)) is shown


def test_the_code_is_the_address_of_the_page() -> None:
    page = "http://192.168.1.20:7256/"
    assert "\n".join(f"  {line}" for line in qr_code(page)) in draw(ON_THE_LAN, terminal=True)


def test_the_half_blocks_are_the_code() -> None:
    text = "http://192.168.1.20:7256/"
    rows = list(segno.make(text, micro=False).matrix_iter(border=2))
    halves = {" ": (1, 1), "█": (0, 0), "▀": (0, 1), "▄": (1, 0)}
    drawn = []
    for line in qr_code(text):
        drawn += [[halves[char][0] for char in line], [halves[char][1] for char in line]]
    assert [list(row) for row in rows] == drawn[: len(rows)]


def test_an_address_of_ipv6_is_written_as_each_program_takes_it() -> None:
    screen = draw(msgspec.structs.replace(ON_THE_LAN, join=("fd00::1", 7256)), terminal=False)
    assert "http://[fd00::1]:7256/\n" in screen
    assert "ws://[fd00::1]:7256/ws\n" in screen
    assert "nc fd00::1 7256\n" in screen


def test_it_says_what_is_kept() -> None:
    assert "nothing was said yet" in draw(AT_HOME, terminal=False)
    assert "12,345 events in 3 rooms" in draw(ON_THE_LAN, terminal=False)
    assert "46 MB" in draw(AT_HOME, terminal=False)


def test_memory_is_some_of_what_the_machine_has() -> None:
    assert 1_000_000 < resident_bytes() < os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
