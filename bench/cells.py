"""The shapes of rooms that are measured: members × senders."""

from __future__ import annotations

from dataclasses import dataclass

PACED_DELIVERIES = 5_000


@dataclass(frozen=True)
class Cell:
    """So many members in rooms of one size; the first `senders` of them send."""

    name: str
    members: int
    senders: int
    rooms: int = 1

    @property
    def room(self) -> int:
        """Members of one room."""
        return self.members // self.rooms

    @property
    def paced_rate(self) -> float:
        """Messages a second that make PACED_DELIVERIES: each is delivered to everybody in the room but its author."""
        return PACED_DELIVERIES / (self.room - 1)


CELLS = (
    Cell("10x1", 10, 1),
    Cell("10x10", 10, 10),
    Cell("100x1", 100, 1),
    Cell("100x10", 100, 10),
    Cell("chat100", 100, 100),
    Cell("1000x1", 1_000, 1),
    Cell("1000x10", 1_000, 10),
    Cell("100 rooms", 1_000, 100, rooms=100),
)
BY_NAME = {cell.name.replace(" ", "-"): cell for cell in CELLS}


def chosen(names: str) -> list[Cell]:
    """The cells of a comma list; all of them for `all`.

    raises  ValueError naming what there is
    """
    if names == "all":
        return list(CELLS)
    unknown = [name for name in names.split(",") if name not in BY_NAME]
    if unknown:
        raise ValueError(f"there is no cell {', '.join(unknown)}: {', '.join(BY_NAME)}")
    return [BY_NAME[name] for name in names.split(",")]
