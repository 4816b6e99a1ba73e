"""A house with more rooms than one page has."""

from __future__ import annotations

from pathlib import Path

import msgspec

from teahouse.client import connect
from teahouse.core.limits import LAN
from tests.server.house import HOST, open_house

FEW = msgspec.structs.replace(LAN, rooms_page=3)


async def test_all_rooms_are_listed_page_by_page(tmp_path: Path) -> None:
    async with open_house(tmp_path, FEW) as house, connect(f"{HOST}:{house.port}", name="ana") as ana:
        for number in range(8):
            await (await ana.join(f"r{number}")).leave()
        listed = [entry.room for entry in await ana.list_rooms()]
        assert listed == [*(f"r{number}" for number in range(7, -1, -1)), "lobby"]
        assert [entry.room for entry in await ana.list_rooms("R", most=4)] == ["r7", "r6", "r5", "r4"]
        assert [entry.room for entry in await ana.list_rooms("lob")] == ["lobby"]
        assert await ana.list_rooms("nothing like it") == []
