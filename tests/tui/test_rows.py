"""How a conversation is broken into lines: no line is too wide, and nothing of what was said is missing."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.style import Style

from teahouse.core.events import Posted, TopicChanged
from teahouse.core.message import Form, Person, Reaction
from teahouse.tui.rows import Painter, Palette, fitted, rows_of
from teahouse.tui.talk import Talk

ANA, BOB = Person(1, "ana"), Person(2, "bob")
NONE = Style()
PLAIN = Palette(soft=NONE, line=NONE, new=NONE, us=NONE, chip=NONE, link=NONE, people=(NONE,))
MINUTE = 60_000
NOON = 1_795_521_600_000


def a_talk(*said: tuple[Person, str, int], form: Form = "say") -> Talk:
    """(who, what, minutes after noon) …"""
    talk = Talk("tea")
    for seq, (author, text, minutes) in enumerate(said, 1):
        talk.apply(
            Posted(room="tea", seq=seq, time=NOON + minutes * MINUTE, author=author, text=text, form=form), ANA.id
        )
    return talk


def lines(talk: Talk, width: int = 40) -> list[str]:
    painter = Painter(PLAIN, ANA)
    return [line.plain for row in rows_of(talk, []) for line in painter.lines(row, talk, width)]


def without_times(shown: list[str]) -> list[str]:
    return [re.sub(r" \d\d:\d\d$", "", line) for line in shown if "─" not in line]


def test_one_breath_has_one_name() -> None:
    talk = a_talk((ANA, "one", 0), (ANA, "two", 4), (ANA, "three", 10), (BOB, "four", 10), (ANA, "five", 10))
    assert without_times(lines(talk)) == ["ana", "  one", "  two", "ana", "  three", "bob", "  four", "ana", "  five"]


def test_a_day_has_its_line() -> None:
    talk = a_talk((ANA, "one", 0), (ANA, "two", 24 * 60))
    days = [line for line in lines(talk) if "─" in line]
    assert len(days) == 2
    assert all(cell_len(day) == 40 for day in days)
    assert days[0] != days[1]


def test_new_stands_above_what_was_not_read() -> None:
    talk = a_talk((BOB, "one", 0), (BOB, "two", 0))
    talk.new_after = 1
    assert [line.strip("─ ") for line in lines(talk)][-3:] == ["New · 新消息", lines(talk)[-2], "two"]


def test_what_became_of_a_message_stands_with_it() -> None:
    talk = a_talk((BOB, "who wants tea?", 0), (ANA, "me", 0))
    first, second = talk.messages()
    first.edited, first.reactions = 1, [Reaction("🍵", 2, True)]
    second.reply_to = 1
    assert without_times(lines(talk))[1:] == [
        *("  who wants tea? (edited)", "   🍵 2  ", "ana", "  ↪ bob: who wants tea?", "  me")
    ]
    first.text, first.edited, first.reactions, second.reply_to = None, None, [], 77
    assert without_times(lines(talk))[1:] == ["  taken away", "ana", "  ↪ an earlier message (77)", "  me"]


def test_deeds_and_the_topic_read_as_everywhere() -> None:
    talk = a_talk((BOB, "waves", 0), form="act")
    talk.apply(TopicChanged(room="tea", seq=2, time=NOON, author=BOB, topic="oolong"), ANA.id)
    assert without_times(lines(talk)) == ["* bob waves", "* bob sets the topic: oolong"]


def test_links_and_our_name_are_marked() -> None:
    talk = a_talk((BOB, "see https://tea.example/x?y=1. @ana, look（https://茶.example/）", 0))
    marked = PLAIN._replace(us=Style(bold=True), link=Style(underline=True))
    said = Painter(marked, ANA).lines(list(rows_of(talk, []))[-1], talk, 200)[-1]
    links = {span.style.link for span in said.spans if isinstance(span.style, Style) and span.style.link}
    assert links == {"https://tea.example/x?y=1", "https://茶.example/"}
    bold = [
        said.plain[span.start : span.end] for span in said.spans if isinstance(span.style, Style) and span.style.bold
    ]
    assert "@ana" in bold


TEXTS = st.text(
    st.one_of(st.sampled_from("ab 茶館🍵é\n\t-"), st.characters(blacklist_categories=["Cs", "Cc"])),
    min_size=1,
    max_size=80,
)


@given(st.lists(st.tuples(st.sampled_from([ANA, BOB]), TEXTS), min_size=1, max_size=4), st.integers(20, 100))
def test_no_line_is_wider_than_the_window(said: list[tuple[Person, str]], width: int) -> None:
    talk = a_talk(*((author, text, 0) for author, text in said))
    shown = lines(talk, width)
    assert max(map(cell_len, shown)) <= width


@given(st.text(st.sampled_from("abc 茶館上海"), min_size=1, max_size=200), st.integers(20, 60))
def test_nothing_that_was_said_is_missing(text: str, width: int) -> None:
    talk = a_talk((BOB, f"<{text}>", 0))
    shown = "".join(line.strip() for line in lines(talk, width)[2:])
    assert shown.replace(" ", "") == f"<{text}>".replace(" ", "")


@pytest.mark.parametrize("width", [1, 2, 3, 7])
@pytest.mark.parametrize("text", ["", "lobby", "上海茶馆", "a上b海"])
def test_what_is_fitted_has_exactly_the_width(text: str, width: int) -> None:
    assert cell_len(fitted(text, width)) == width
