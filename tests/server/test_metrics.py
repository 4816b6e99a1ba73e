"""The figures: each stands for what it says, and counting needs no metrics library."""

from __future__ import annotations

from pathlib import Path

import msgspec
from prometheus_client.parser import text_string_to_metric_families

from teahouse.core.limits import LAN
from teahouse.server.metrics import Metrics
from tests.server.house import House, open_house

PATIENT = msgspec.structs.replace(LAN, listener_ms=60_000)


def figures(house: House) -> dict[tuple[str, str], float]:
    """(name, label value) → value."""
    text = Metrics(house.engine, house.server.visits).text().decode()
    return {
        (sample.name, next(iter(sample.labels.values()), "")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_connections_are_counted_by_door_now_and_since_the_start(tmp_path: Path) -> None:
    async with open_house(tmp_path, PATIENT) as house:
        lines = await house.call()
        lines.send(b"hello\n")
        await lines.until(b"/help")
        gone = await house.call()
        gone.send(b"hello\n")
        await gone.until(b"/help")
        await gone.close()
        stranger = await house.call()
        stranger.send(b"SSH-2.0-x\r\n")
        await stranger.rest()
        await stranger.close()
        await house.program()
        await house.has(2)
        found = figures(house)
        assert found["teahouse_connections", "lines"] == 1
        assert found["teahouse_connections", "frames"] == 1
        assert found["teahouse_connections_entered_total", "lines"] == 2
        assert found["teahouse_connections_entered_total", "gate"] == 4
        assert found["teahouse_connections_closed_total", "foreign-protocol"] == 1


async def test_events_commits_and_refusals_are_counted(tmp_path: Path) -> None:
    async with open_house(tmp_path, PATIENT) as house:
        program = await house.program()
        for number in range(5):
            await program.ask("post", room="lobby", text=f"{number}")
        await program.ask("edit", room="lobby", target=999, text="nothing there")
        found = figures(house)
        assert found["teahouse_events_stored_total", ""] == 5
        assert found["teahouse_batches_total", ""] == 5
        assert found["teahouse_commit_seconds_bucket", "+Inf"] == 5
        assert found["teahouse_commit_seconds_count", ""] == 5
        assert found["teahouse_commit_seconds_sum", ""] > 0
        assert found["teahouse_refused_total", "no-such-message"] == 1


async def test_the_machine_and_the_readers_are_seen(tmp_path: Path) -> None:
    async with open_house(tmp_path, PATIENT) as house:
        await house.program()
        found = figures(house)
        assert found["process_resident_memory_bytes", ""] > 1_000_000
        assert found["teahouse_outbox_bytes", ""] == 0
        assert found["teahouse_cursors_behind", ""] == 0
        assert found["teahouse_outboxes_full", ""] == 0
        assert found["teahouse_typing_dropped_total", ""] == 0
