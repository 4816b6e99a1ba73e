"""The copies that upgrades leave: one an upgrade, and not for ever."""

from __future__ import annotations

import asyncio
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from teahouse.core.limits import LAN
from teahouse.store import upkeep
from teahouse.store.connect import APPLICATION, FILE, run, writing
from teahouse.store.migrate import migrations
from teahouse.store.snapshots import DAY_MS, days_left, forget_old, path_of, snapshots, with_days_left
from teahouse.store.sqlite import SqliteStore
from tests.store.kit import HandClock, opened, post
from tests.support.server_process import ServerProcess, environment

NOW = 1_700_000_000_000


def a_copy(folder: Path, made_ms: int, number: int = 3) -> Path:
    path = path_of(folder, number)
    path.write_bytes(b"a copy")
    os.utime(path, (made_ms / 1_000, made_ms / 1_000))
    return path


def an_old_store(folder: Path) -> None:
    """With the schema before the last ones, and something deleted after the upgrade in mind."""
    connection = writing(folder / FILE)
    for number in (1, 2):
        run(connection, migrations()[number])
    run(connection, f"PRAGMA application_id={APPLICATION}; PRAGMA user_version=2")
    connection.close()


def test_a_copy_goes_after_seven_days(tmp_path: Path) -> None:
    path = a_copy(tmp_path, NOW)
    for days, left in ((0, 7), (0.5, 7), (1, 6), (6.9, 1)):
        now = NOW + int(days * DAY_MS)
        assert days_left(path, now) == left
        forget_old(tmp_path, now)
        assert path.exists()
    forget_old(tmp_path, NOW + 7 * DAY_MS)
    assert not path.exists()


@pytest.mark.parametrize("ahead_days", [1, 400, 3_650])
def test_a_copy_that_was_made_while_the_clock_was_ahead_goes_seven_days_after_it_was_seen(
    ahead_days: int, tmp_path: Path
) -> None:
    path = a_copy(tmp_path, NOW + ahead_days * DAY_MS)
    forget_old(tmp_path, NOW)
    forget_old(tmp_path, NOW + 7 * DAY_MS - 2_000)
    assert path.exists()
    forget_old(tmp_path, NOW + 7 * DAY_MS)
    assert not path.exists()


def test_what_is_no_copy_of_ours_stays(tmp_path: Path) -> None:
    for name in (FILE, "teahouse-before-lunch.sqlite", "teahouse-before-0003.txt", "notes"):
        (tmp_path / name).write_bytes(b"")
        os.utime(tmp_path / name, (1, 1))
    part = tmp_path / "teahouse-before-0003.part"
    part.write_bytes(b"half a copy")
    os.utime(part, (1, 1))
    assert snapshots(tmp_path) == [part]
    forget_old(tmp_path, NOW)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        ["notes", FILE, "teahouse-before-0003.txt", "teahouse-before-lunch.sqlite"]
    )


def test_a_copy_that_goes_while_they_are_counted_is_left_out(tmp_path: Path) -> None:
    path = a_copy(tmp_path, NOW)
    path_of(tmp_path, 5).symlink_to(tmp_path / "gone")  # listed, and not there when it is looked at
    assert with_days_left(tmp_path, NOW) == [(path.name, 7)]


async def test_a_running_store_looks_for_them_itself(
    tmp_path: Path, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "COPIES_S", 0.0)
    async with opened(SqliteStore(tmp_path, LAN, clock.now_ms)) as house:
        path = a_copy(tmp_path, clock.now)
        await house.append(post("a"))
        clock.now += 7 * DAY_MS
        while path.exists():
            await house.append(post("b"))
            await asyncio.sleep(0.02)  # a pause: they are looked for when nothing else is to be done


@pytest.mark.asyncio(loop_factories=["uvloop"])
async def test_the_start_screen_names_a_copy_and_the_command_takes_it_away(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    an_old_store(data)
    server = ServerProcess(data)
    await server.start()
    try:
        async with asyncio.timeout(10):
            while "Ctrl-C" not in (said := server.said()):  # the screen's last line
                await asyncio.sleep(0.01)
        assert "teahouse-before-0003.sqlite: a copy from before the upgrade" in said
        assert "It goes in 7 days, or by `teahouse forget-snapshots`" in said
        done = await asyncio.to_thread(forget_snapshots, data)
        assert done == f"{path_of(data, 3)}: taken away.\n"
        assert not snapshots(data)
        assert await asyncio.to_thread(forget_snapshots, data) == f"{data}: there are no copies.\n"
    finally:
        assert await server.stop() == 0


def forget_snapshots(data: Path) -> str:
    command = [sys.executable, "-m", "teahouse", "forget-snapshots", str(data)]
    done = subprocess.run(command, env=environment(), check=True, capture_output=True, text=True, timeout=60)
    return done.stdout


def test_no_space_for_the_copy_is_said_and_nothing_is_left_or_changed(tmp_path: Path) -> None:
    an_old_store(tmp_path)
    before = (tmp_path / FILE).read_bytes()
    most = len(before) // 2
    done = subprocess.run(
        [sys.executable, "-m", "teahouse", "serve", "--host", "127.0.0.1", "--port", "0", "--data", str(tmp_path)],
        env=environment(),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most)),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "Make room for it on the disk" in done.stdout + done.stderr
    assert (tmp_path / FILE).read_bytes() == before
    assert not list(tmp_path.glob("teahouse-before-*"))
