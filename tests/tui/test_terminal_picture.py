"""The picture of the terminal: every character stands in its own cells, and nobody else is asked for anything."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console
from rich.text import Text

from scripts.terminal_picture import CELL, PICTURE, redrawn


def exported(text: str) -> str:
    """A line of a terminal, as Rich draws it."""
    console = Console(record=True, width=40, file=io.StringIO())
    console.print(Text(text))
    return console.export_svg(title="")


def places(svg: str) -> dict[str, float]:
    """Each piece of text → the cell in which it begins, or in which its middle is."""
    found = re.findall(r'<text class="\S+-r\d+" x="([^"]+)"[^>]*>([^<]+)</text>', svg)
    return {text.replace("\xa0", " "): round(float(x) / CELL, 2) for x, text in found if text.strip()}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ab", {"ab": 0}),
        ("a茶b", {"a": 0, "茶": 2, "b": 3}),
        ("茶话 x", {"茶": 1, "话": 3, " x": 4}),
        ("🍵 2", {"🍵": 1, " 2": 2}),
        ("e\u0301茶", {"e\u0301": 0, "茶": 2}),
        ("<&>", {"&lt;&amp;&gt;": 0}),
    ],
)
def test_a_wide_character_has_its_middle_between_two_cells(text: str, expected: dict[str, float]) -> None:
    assert places(redrawn(exported(text))) == expected


@pytest.mark.parametrize("svg", [redrawn(exported("tea")), PICTURE.read_text(encoding="utf-8")], ids=["new", "kept"])
def test_the_picture_asks_no_other_host_for_anything(svg: str) -> None:
    assert "@font-face" not in svg
    assert re.findall(r"https?://[^\"') ]+", svg.replace('xmlns="http://www.w3.org/2000/svg"', "")) == []


def test_the_picture_that_is_kept_shows_chinese() -> None:
    assert 'text-anchor="middle"' in PICTURE.read_text(encoding="utf-8")
