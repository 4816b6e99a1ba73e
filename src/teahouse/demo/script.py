"""The week of the demo, from its text.

== lobby, 6 days ago, 09:02      a scene: where and when; «55 minutes ago»; «live»: said while somebody looks
ana: good morning                somebody says something
bob ^: morning                   … in answer to the line before; ^^ to the one before that
* 小美 在电梯里                   somebody does something
ana # Tea and talk               … sets the topic
  + bob 👍 cem 🎉                 reactions to the line above
  = good morning!                it reads otherwise now
  x                              it is taken away
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files
from typing import Literal

import msgspec

_SCENE = re.compile(r"== (\S+), (?:(\d+) days ago, (\d\d):(\d\d)|(\d+) minutes ago|live)")
_SAID = re.compile(r"(\S+?)(?: (\^+))?: (.+)")
_DONE = re.compile(r"\* (\S+) (.+)")
_TOPIC = re.compile(r"(\S+) # (.+)")


class Line(msgspec.Struct):
    """Something that somebody does, and what becomes of it.

    back   which line before it is answered; 0 for none
    """

    who: str
    text: str
    form: Literal["say", "act", "topic"] = "say"
    back: int = 0
    reactions: list[tuple[str, str]] = []
    edit: str | None = None
    deleted: bool = False


class Scene(msgspec.Struct):
    """What happened in a room, and when: days and minutes of the day, or minutes before now, or live."""

    room: str
    lines: list[Line]
    days_ago: int | None = None
    minute_of_day: int = 0
    minutes_ago: int | None = None

    @property
    def live(self) -> bool:
        """Whether it is said while somebody looks."""
        return self.days_ago is None and self.minutes_ago is None

    def begins(self, now: int, midnight: int) -> int:
        """When, in ms: now and the last midnight being these."""
        if self.days_ago is not None:
            return midnight + ((self.minute_of_day - self.days_ago * 24 * 60) * 60_000)
        return now - (self.minutes_ago or 0) * 60_000


def the_week() -> list[Scene]:
    """The scenes, as they follow each other."""
    return list(scenes(files("teahouse.demo").joinpath("week.txt").read_text(encoding="utf-8")))


def people(week: list[Scene]) -> list[str]:
    """Everybody who appears, in the order in which they do."""
    names = [name for scene in week for line in scene.lines for name in (line.who, *(who for who, _ in line.reactions))]
    return list(dict.fromkeys(names))


def scenes(text: str) -> Iterator[Scene]:
    """Read a script.

    raises  ValueError: a line that is none
    """
    scene: Scene | None = None
    for line in text.splitlines():
        if not line.strip() or line.startswith("# "):
            continue
        if (found := _SCENE.fullmatch(line)) is not None:
            if scene is not None:
                yield scene
            scene = _scene(found)
        elif scene is None:
            raise ValueError(f"before the first scene: {line}")
        elif line.startswith("  "):
            _become(scene.lines[-1], line.strip())
        else:
            scene.lines.append(_line(line))
    if scene is not None:
        yield scene


def _scene(found: re.Match[str]) -> Scene:
    room, days, hour, minute, ago = found.groups()
    if days is not None:
        return Scene(room, [], days_ago=int(days), minute_of_day=int(hour) * 60 + int(minute))
    return Scene(room, [], minutes_ago=None if ago is None else int(ago))


def _line(text: str) -> Line:
    if (done := _DONE.fullmatch(text)) is not None:
        return Line(done[1], done[2], form="act")
    if (topic := _TOPIC.fullmatch(text)) is not None:
        return Line(topic[1], topic[2], form="topic")
    if (said := _SAID.fullmatch(text)) is not None:
        return Line(said[1], said[3], back=len(said[2] or ""))
    raise ValueError(f"not a line of a script: {text}")


def _become(line: Line, text: str) -> None:
    mark, _, rest = text.partition(" ")
    if mark == "+":
        words = rest.split()
        line.reactions = list(zip(words[::2], words[1::2], strict=True))
    elif mark == "=":
        line.edit = rest
    elif mark == "x":
        line.deleted = True
    else:
        raise ValueError(f"nothing becomes of a line by: {text}")
