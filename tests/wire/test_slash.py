"""Slash commands: one table."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teahouse.core.commands import (
    HERE,
    Command,
    Help,
    Join,
    Leave,
    ListMembers,
    ListRooms,
    Post,
    Quit,
    ReadHistory,
    ReadRoom,
    Rename,
    Search,
    SetTopic,
    Whisper,
)
from teahouse.core.errors import BadField, Refusal, UnknownCommand
from teahouse.wire.slash import TABLE, help_text, understand


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("/nick ana", Rename(name="ana")),
        ("/NICK  ana ", Rename(name="ana")),
        ("/join tea", Join(room="tea")),
        ("/join #tea", Join(room="#tea")),
        ("/leave", Leave(room=HERE)),
        ("/rooms", ListRooms()),
        ("/rooms Tea", ListRooms(query="Tea")),
        ("/rooms " + "x" * 500, ListRooms(query="x" * 100)),
        ("/who", ListMembers(room=HERE)),
        ("/history", ReadHistory(room=HERE, limit=20)),
        ("/history 3", ReadHistory(room=HERE, limit=3)),
        ("/search green tea", Search(query="green tea")),
        ("/search 茶", Search(query="茶")),
        ("/me waves\nand goes", Post(room=HERE, text="waves\nand goes", form="act")),
        ("/msg ana  hello  you", Whisper(to="ana", text="hello  you")),
        ("/topic", ReadRoom(room=HERE, ref="/topic")),
        ("/topic green tea", SetTopic(room=HERE, topic="green tea")),
        ('/topic ""', SetTopic(room=HERE, topic="")),
        ('/topic "" tea', SetTopic(room=HERE, topic='"" tea')),
        ("/help", Help()),
        ("/quit", Quit()),
        ("/quit now", Quit()),
    ],
)
def test_a_word_of_the_table_is_a_command(typed: str, asked: Command) -> None:
    assert understand(typed) == asked


@pytest.mark.parametrize("typed", ["/nikc ana", "/nikc", "/帮助", "/é", "/nicks", "/a\nb"])
def test_other_letters_alone_are_refused_with_the_hint(typed: str) -> None:
    refusal = understand(typed)
    assert isinstance(refusal, UnknownCommand)
    assert f"//{typed[1:].split()[0]}" in refusal.message


@pytest.mark.parametrize(
    "typed",
    [
        "hello",
        "/",
        "/ nick",
        "/1",
        "/etc/hosts",
        "/etc/hosts is a file",
        "/nick-names",
        "/a1",
        "//",
        "// nick",
        "//etc/hosts",
        " /nick ana",
        "",
    ],
)
def test_everything_else_is_text(typed: str) -> None:
    assert understand(typed) == Post(room=HERE, text=typed)


@pytest.mark.parametrize("text", ["/nick ana", "/nick", "/nikc", "/帮助 me", "//nick"])
def test_one_slash_more_says_it_as_text(text: str) -> None:
    assert understand(f"/{text}") == Post(room=HERE, text=text)


@pytest.mark.parametrize(
    "typed",
    [
        "/nick",
        "/join ",
        "/search",
        "/me",
        "/msg",
        "/msg ana",
        "/history x",
        "/history 0",
        "/history -1",
        "/history ２",
        "/history 1_0",
    ],
)
def test_a_command_that_lacks_words_is_refused_with_how_it_is_typed(typed: str) -> None:
    refusal = understand(typed)
    assert isinstance(refusal, BadField)
    assert f"/{refusal.field} " in refusal.message


def test_every_row_is_in_the_help() -> None:
    text = help_text()
    for row in TABLE:
        assert f"* {row.usage} " in text
        assert row.does in text


@given(st.text(alphabet=st.sampled_from("/ abcé茶1-\n"), max_size=12))
def test_any_text_can_be_said(text: str) -> None:
    asked = understand(text)
    if asked != Post(room=HERE, text=text):
        assert isinstance(asked, Command | Refusal)
        assert understand(f"/{text}") == Post(room=HERE, text=text)
