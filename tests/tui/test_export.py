"""A whole room in one file: to read, to keep, to feed to another program."""

from __future__ import annotations

import errno
import io
import os
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest

from teahouse.client import Client, Room, connect
from teahouse.core.errors import NoSuchRoom
from teahouse.core.events import RulesChanged, TopicChanged
from teahouse.core.message import Message
from teahouse.testing import House
from teahouse.tui.export import CannotWrite, Format, export, export_to

HARM = "</span><script>alert(1)</script><img src=x onerror=alert(2)> & \"quotes\" 'too' <!--"


async def a_room(client: Client) -> Room:
    tea = await client.join("tea")
    await tea.say("hello")
    await tea.say(HARM, reply_to=1)
    await tea.edit(1, "上海的天气很好")
    await tea.react(1, "🍵")
    await tea.set_topic("<b>tea</b>")
    await tea.say("two\nlines")
    await tea.say("gone")
    await tea.delete(7)
    return tea


async def exported(client: Client, format: Format) -> str:
    stream = io.StringIO()
    assert await export(client, "tea", format, stream) == 5
    return stream.getvalue()


class Page(HTMLParser):
    """What a browser makes of it: elements, and the text outside scripts and styles."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._inside = ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._inside = tag

    def handle_data(self, data: str) -> None:
        if self._inside not in ("script", "style"):
            self.texts.append(data)


async def test_jsonl_read_back_is_the_same(server: House) -> None:
    async with connect(server.address, name="ana") as ana:
        tea = await a_room(ana)
        lines = (await exported(ana, "jsonl")).splitlines()
        read = [msgspec.json.decode(line, type=Message | TopicChanged | RulesChanged) for line in lines]
        assert read == (await tea.page(after=0)).messages


async def test_txt_has_a_line_for_each_day_and_each_message(server: House) -> None:
    async with connect(server.address, name="ana") as ana:
        await a_room(ana)
        day, *lines = (await exported(ana, "txt")).splitlines()
        assert day.startswith("──── 2")
        assert [line.partition(" ")[2] for line in lines if not line.startswith(" ")] == [
            "ana: 上海的天气很好 (edited) 🍵1",
            f"ana: {HARM}",
            "* ana sets the topic: <b>tea</b>",
            "ana: two",
            "* ana: taken away",
        ]


async def test_html_shows_what_was_said_as_text_and_asks_for_nothing(server: House) -> None:
    async with connect(server.address, name="ana") as ana:
        await a_room(ana)
        page = Page(await exported(ana, "html"))
    tags = [tag for tag, _ in page.elements]
    assert tags.count("script") == tags.count("style") == 1
    assert "img" not in tags
    attributes = {name for _, attributes in page.elements for name in attributes}
    assert not {name for name in attributes if name.startswith("on") or name in ("src", "action", "srcset")}
    text = "".join(page.texts)
    for said in (HARM, "上海的天气很好", "<b>tea</b>", "two\nlines", "taken away"):
        assert said in text
    assert "gone" not in text
    links = [attributes["href"] for tag, attributes in page.elements if tag == "a"]
    assert links == ["#m1"]


async def test_a_room_in_which_nothing_was_said_is_a_page_too(server: House) -> None:
    async with connect(server.address, name="ana") as ana:
        await ana.join("tea")
        stream = io.StringIO()
        assert await export(ana, "tea", "html", stream) == 0
        assert "Nothing was said" in stream.getvalue()


async def test_a_room_that_is_not_there_makes_no_file(server: House, tmp_path: Path) -> None:
    async with connect(server.address) as ana:
        with pytest.raises(NoSuchRoom):
            await export_to(ana, "tea", "txt", tmp_path / "tea.txt")
    assert os.listdir(tmp_path) == []


async def test_a_file_that_cannot_be_written_is_said_and_the_old_one_stays(
    server: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "tea.txt"
    file.write_text("the old one")

    def full(source: str, target: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    async with connect(server.address, name="ana") as ana:
        await a_room(ana)
        with pytest.raises(CannotWrite, match="No such file"):
            await export_to(ana, "tea", "txt", tmp_path / "nowhere" / "tea.txt")
        monkeypatch.setattr(os, "replace", full)
        with pytest.raises(CannotWrite, match="No space"):
            await export_to(ana, "tea", "txt", file)
        monkeypatch.undo()
        assert os.listdir(tmp_path) == ["tea.txt"]
        assert file.read_text() == "the old one"
        await export_to(ana, "tea", "txt", file)
        assert "two" in file.read_text()
