"""A room as one HTML page that opens anywhere: no server, no network, no other file.

What people wrote is escaped here and only ever handled as text by the page's script. A policy in the page itself
allows the one style and the one script that stand in it, by their digests, and nothing else: even if something got
through, it could load and send nothing.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from html import escape
from importlib.resources import files
from typing import TextIO

from teahouse.core.message import Message
from teahouse.tui.tail import Item, clock
from teahouse.wire import text


class Archive:
    """Writes the page as the items come, oldest first."""

    def __init__(self, room: str, stream: TextIO) -> None:
        self._stream = stream
        self._day = ""
        self._zone = ""
        self._script = _part("archive.js")
        style = _part("archive.css")
        page = _part("archive.html")
        for name, value in (
            ("style_hash", _digest(style)),
            ("script_hash", _digest(self._script)),
            ("style", style),
            ("room", escape(room)),
        ):
            page = page.replace("{{" + name + "}}", value)
        stream.write(page)

    def add(self, item: Item) -> None:
        """The next item."""
        day, _, time = clock(item.time).partition(" ")
        if day != self._day:
            self._stream.write("</section>\n" if self._day else "")
            self._stream.write(f'<section data-day="{day}"><h2>{day}</h2>\n')
            self._day = day
            self._zone = datetime.fromtimestamp(item.time / 1_000).astimezone().strftime(", times in %Z (UTC%z)")
        self._stream.write(f'<article id="m{item.seq}"><time>{time}</time> {_body(item)}</article>\n')

    def end(self, count: int) -> None:
        """The end of the page; how many there were."""
        self._stream.write("</section>\n" if self._day else "<p>Nothing was said here yet.</p>\n")
        self._stream.write(f'</main>\n<footer><p class="soft">{count:,} messages{self._zone}. Teahouse</p></footer>\n')
        self._stream.write(f"<script>{self._script}</script>\n</body>\n</html>\n")


def _body(item: Item) -> str:
    if not isinstance(item, Message):
        return f'<span class="soft">{escape(text.happening(item))}</span>'
    who = f"<b>{escape(item.author.name)}</b>"
    if item.text is None:
        return f'{who} <span class="soft">taken away</span>'
    reply = f'<a class="soft" href="#m{item.reply_to}">↪ {item.reply_to}</a> ' if item.reply_to is not None else ""
    form = "text act" if item.form == "act" else "text"
    edited = ' <span class="soft">(edited)</span>' if item.edited is not None else ""
    chips = "".join(f'<span class="chip">{escape(one.emoji)} {one.count}</span>' for one in item.reactions)
    return f'{who} {reply}<span class="{form}">{escape(item.text)}</span>{edited}{chips}'


def _part(name: str) -> str:
    return files("teahouse.tui").joinpath(name).read_text(encoding="utf-8")


def _digest(source: str) -> str:
    """What a policy calls this very text (CSP level 3, «Hash usage for <script> and <style>»)."""
    return "sha256-" + base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
