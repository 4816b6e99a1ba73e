"""Questions about what stands outside a room's log."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from teahouse.core.commands import Direct, ListRooms
from tests.server.world import Reader, World


def rooms_of(reader: Reader) -> dict[str, Any]:
    """The list of rooms: the other person of each, None where there is none."""
    reader.asks(ListRooms())
    reader.world.settle()
    [answer] = [word for word in reader.hears() if word["type"] == "rooms"]
    return {entry["room"]: entry.get("with") for entry in answer["rooms"]}


def test_the_list_of_rooms_names_the_other_person_of_each_direct_room_here_or_away(tmp_path: Path) -> None:
    world = World(tmp_path)
    ana, ben, cai = (world.a_json_reader() for _ in range(3))
    [me, here, away] = [reader.peer.session.person.id for reader in (ana, ben, cai)]
    ana.asks(Direct(to=here), Direct(to=away))
    world.settle()
    cai.lose()
    assert away not in world.engine.state.sessions_by_person
    others = rooms_of(ana)
    assert others["lobby"] is None
    assert others[f"@{me}+{here}"]["id"] == here
    assert others[f"@{me}+{away}"]["id"] == away
    assert list(rooms_of(ben)) == [f"@{me}+{here}", "lobby"]
    world.close()
