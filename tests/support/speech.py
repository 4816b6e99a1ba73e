"""What is said and what happens, as a play speaks of it, before any door has shown it in its own way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["JSON frames", "WebSocket", "REST", "text frames", "lines", "raw"]
Manner = Literal["say", "act", "correction", "whisper"]
Said = tuple[str, str]
"""An author's name as it is shown, and the text."""


@dataclass
class Who:
    """An actor as others see them; `id` is known once they have spoken, `name` is None for a nameless guest."""

    name: str | None
    id: int | None = None

    @property
    def shown(self) -> str:
        return self.name or f"guest-{self.id}"


@dataclass(frozen=True)
class Speech:
    """Something that was said, as it should be heard."""

    author: Who
    text: str
    manner: Manner = "say"
    room: str | None = None


@dataclass(frozen=True)
class News:
    """Something that passes, or that only some doors show."""

    kind: Literal["came", "went", "renamed", "topic", "reacted", "unreacted", "deleted"]
    who: Who
    value: str = ""


class Mismatch(AssertionError):
    """Something else was heard than what the play says."""
