"""The power is cut at random moments; what was acknowledged is there afterwards."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from teahouse.core.events import Draft, Posted
from teahouse.core.limits import LAN
from teahouse.store import records
from teahouse.store.check import check_folder
from teahouse.store.commit import Committer
from teahouse.store.connect import FILE, run, writing
from teahouse.store.migrate import migrate, migrations
from teahouse.store.numbering import Tip
from teahouse.store.questions import events
from teahouse.store.start import read_rooms
from teahouse.store.upkeep import Upkeep
from tests.store.kit import HandClock, delete, edit, post, topic
from tests.support.power_vfs import PowerDisk

CUTS = 60


@pytest.fixture
def disk() -> Iterator[PowerDisk]:
    disk = PowerDisk("power")
    yield disk
    disk.unregister()


class Life:
    """A store at work, until the power is cut. `acknowledged` is what it has said to be stored."""

    def __init__(self, folder: Path, disk: PowerDisk, synchronous: str, chance: random.Random) -> None:
        self.chance = chance
        clock = HandClock()
        self.connection = writing(folder / FILE, disk.name)
        migrate(self.connection, folder, migrations())
        records.open_room(self.connection, "r1", "r1", None, 0)
        records.lease_people(self.connection, 10)
        run(self.connection, f"PRAGMA synchronous={synchronous}")
        self.upkeep = Upkeep(self.connection, clock.now_ms)
        self.upkeep.open([])
        tips = {room.id: Tip(room.head, room.time, room.record) for room in read_rooms(self.connection)}
        self.committer = Committer(self.connection, tips, self.upkeep, LAN, clock.now_ms)
        self.acknowledged: list[Draft] = []

    def work(self) -> None:
        """A batch, and now and then some upkeep."""
        chance = self.chance
        target = chance.randrange(1, len(self.acknowledged) + 2)
        kinds = [
            lambda: post("tea " * chance.randrange(1, 600), key=str(chance.random())),
            lambda: edit(target, "coffee"),
            lambda: delete(target),
            lambda: topic(str(chance.random())),
        ]
        drafts = [chance.choices(kinds, [20, 2, 1, 1])[0]() for _ in range(chance.randrange(1, 12))]
        self.committer.commit(drafts)
        self.acknowledged += [each for each in drafts if each.refusal is None and not each.again]
        if chance.random() < 0.3:
            self.upkeep.idle()  # the index takes a step
        if chance.random() < 0.1:
            self.upkeep.checkpoint()


def lost_in_cuts(disk: PowerDisk, folder: Path, synchronous: str) -> int:
    """Work, with a cut about each twentieth step of the disk; how many acknowledged events were missing in all."""
    chance = random.Random(7)
    life = Life(folder, disk, synchronous, chance)
    images: list[tuple[Path, int]] = []

    def perhaps_cut() -> None:
        if chance.random() < 0.05 and len(images) < CUTS:
            image = folder / f"cut-{len(images)}"
            disk.cut(image, chance)
            images.append((image, len(life.acknowledged)))

    disk.before_each = perhaps_cut
    while len(images) < CUTS:
        life.work()
    disk.before_each = lambda: None
    life.connection.close()
    return sum(missing(image, life.acknowledged[:count]) for image, count in images)


def missing(image: Path, acknowledged: list[Draft]) -> int:
    """Start again on what the power cut left; how many of these events are not there. The rest must be in order."""
    connection = writing(image / FILE)
    try:
        there = {event.seq: event for event in events(connection, 1, "r1", 0, 2**31, 1_000_000)}
    finally:
        connection.close()
    assert check_folder(image) == []
    lost = 0
    for draft in acknowledged:
        event = there.get(draft.event.seq)
        same = type(event) is type(draft.event) and getattr(event, "key", None) == getattr(draft.event, "key", None)
        if not same:
            lost += 1
        elif isinstance(event, Posted) and not event.deleted:
            assert event.text == draft.event.text  # type: ignore[attr-defined]
    return lost


def test_nothing_acknowledged_is_lost(disk: PowerDisk, tmp_path: Path) -> None:
    assert lost_in_cuts(disk, tmp_path, "FULL") == 0


def test_a_store_that_does_not_sync_each_commit_loses(disk: PowerDisk, tmp_path: Path) -> None:
    """The control: so the harness sees loss where there is some."""
    assert lost_in_cuts(disk, tmp_path, "NORMAL") > 0
