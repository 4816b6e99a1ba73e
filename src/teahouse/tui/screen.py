"""What a guest needs of a screen. An interface; frame.py stands behind it, and tests stand in its place."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, Protocol

from teahouse.client import Posted, Sending
from teahouse.core.commands import Command
from teahouse.core.errors import TeahouseError
from teahouse.tui.talk import Talk


class Screen(Protocol):
    """Whom a guest tells."""

    def soon(self, work: Coroutine[Any, Any, None]) -> None:
        """Do this beside the rest; what it raises is shown."""

    def changed(self, talk: Talk) -> None:
        """What is shown of a room is not what it is any more."""

    def line_changed(self) -> None:
        """The line came, went, or will not come back."""

    def people_changed(self) -> None:
        """Somebody came, went, writes, or has another name."""

    def rooms_changed(self) -> None:
        """There are other rooms, another one is looked at, or what is unread has changed."""

    def called(self, talk: Talk, event: Posted) -> None:
        """Somebody wrote to us, or named us, where nobody looked."""

    def declined(self, sending: Sending, error: TeahouseError) -> None:
        """Something that was said is not stored, and will not be."""

    def show(self, text: str) -> None:
        """An answer in words."""

    def ask_for(self, what: Command) -> None:
        """Something that the screen alone can do: search, help, the end."""
