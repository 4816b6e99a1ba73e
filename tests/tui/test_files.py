"""Files that a user names are written as the user would: what is there already says what it is."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from teahouse.client import connect
from teahouse.client.errors import OutboxError
from teahouse.client.journal import Journal
from teahouse.testing import House
from teahouse.tui.export import CannotWrite, export_to
from teahouse.tui.files import is_a_file, replacing
from teahouse.tui.memory import Memory
from tests.support.lacks import NEEDS_ROOT
from tests.support.server_process import environment


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


@pytest.fixture
def umask() -> Iterator[None]:
    """027, as on a machine that several people share."""
    before = os.umask(0o027)
    yield
    os.umask(before)


@pytest.fixture
def device(tmp_path: Path) -> Path:
    """What takes all and keeps nothing. As root one of our own: whatever goes wrong here, the machine keeps its own."""
    if os.geteuid() != 0:
        return Path("/dev/null")
    (tmp_path / "devices").mkdir()
    device = tmp_path / "devices" / "null"
    try:
        os.mknod(device, stat.S_IFCHR, os.stat("/dev/null").st_rdev)
        device.chmod(0o666)
        device.write_bytes(b"")
    except OSError as error:
        pytest.skip(f"no device can be made here ({error.strerror}): a machine of one's own ends that, no package does")
    return device


async def exports(server: House, *paths: Path) -> None:
    """A room with one message, into each of them."""
    async with connect(server.address, name="ana") as ana:
        await (await ana.join("tea")).say("hello")
        for path in paths:
            await export_to(ana, "tea", "jsonl", path)


# ---- regular files


@pytest.mark.usefixtures("umask")
async def test_a_new_file_has_what_umask_leaves(server: House, tmp_path: Path) -> None:
    await exports(server, tmp_path / "new")
    assert mode_of(tmp_path / "new") == 0o640


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o640, 0o664, 0o755, 0o666, 0o4600, 0o1644])
@pytest.mark.usefixtures("umask")
async def test_a_file_keeps_its_mode(server: House, tmp_path: Path, mode: int) -> None:
    file = tmp_path / "kept"
    file.touch()
    file.chmod(mode)
    before = file.stat().st_ino
    await exports(server, file)
    assert mode_of(file) == mode
    assert file.stat().st_ino != before  # replaced, not rewritten: whoever reads meanwhile has the old one
    assert "hello" in file.read_text()
    assert os.listdir(tmp_path) == ["kept"]


@pytest.mark.skipif(os.geteuid() != 0, reason=f"only root gives files away: {NEEDS_ROOT}")
async def test_a_file_keeps_its_owner(server: House, tmp_path: Path) -> None:
    file = tmp_path / "kept"
    file.touch()
    os.chown(file, 1234, 5678)
    await exports(server, file)
    assert (file.stat().st_uid, file.stat().st_gid) == (1234, 5678)


async def test_a_file_that_is_write_protected_stays(
    server: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "kept"
    file.write_text("mine")
    file.chmod(0o444)
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # what root is told is otherwise
    with pytest.raises(CannotWrite, match="Permission denied"):
        await exports(server, file)
    assert file.read_text() == "mine"


def test_the_old_content_is_there_until_the_new_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("old")
    with replacing(file) as stream:
        stream.write(b"ne")
        stream.flush()
        assert file.read_text() == "old"
        [beside] = set(tmp_path.iterdir()) - {file}
        assert mode_of(beside) & 0o077 == 0
        stream.write(b"w")
    assert file.read_text() == "new"


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError, asyncio.CancelledError])
def test_what_fails_on_the_way_leaves_the_old_content_and_nothing_else(
    tmp_path: Path, error: type[BaseException]
) -> None:
    file = tmp_path / "file"
    file.write_text("old")

    def fail() -> None:
        with replacing(file) as stream:
            stream.write(b"new")
            raise error

    with pytest.raises(error):
        fail()
    assert file.read_text() == "old"
    assert os.listdir(tmp_path) == ["file"]


async def test_a_name_as_long_as_names_may_be_is_written(server: House, tmp_path: Path) -> None:
    await exports(server, tmp_path / ("x" * 255))
    assert os.listdir(tmp_path) == ["x" * 255]


# ---- links


@pytest.mark.parametrize("shape", ["absolute", "relative", "of a link", "to nothing yet", "of a folder"])
async def test_a_link_stays_and_what_it_leads_to_is_replaced(server: House, tmp_path: Path, shape: str) -> None:
    there = tmp_path / "there"
    there.mkdir()
    target = there / "target"
    if shape != "to nothing yet":
        target.write_text("old")
        target.chmod(0o600)
    link = tmp_path / "link"
    if shape == "of a link":
        (there / "second").symlink_to("target")
        link.symlink_to(there / "second")
    elif shape == "of a folder":
        (tmp_path / "folder").symlink_to("there")
        link = tmp_path / "folder" / "target"
    else:
        link.symlink_to("there/target" if shape == "relative" else target)
    await exports(server, link)
    assert link.is_symlink() or shape == "of a folder"
    assert "hello" in target.read_text()
    assert shape == "to nothing yet" or mode_of(target) == 0o600
    assert {path.name for path in there.iterdir()} <= {"target", "second"}


async def test_a_link_that_leads_to_itself_is_an_error_and_stays(server: House, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to("link")
    with pytest.raises(CannotWrite):
        await exports(server, link)
    assert link.is_symlink()


# ---- what is no file


async def test_a_device_is_written_to_and_stays(server: House, tmp_path: Path, device: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(device)
    await exports(server, device, link)
    assert stat.S_ISCHR(device.stat().st_mode)
    assert mode_of(device) == 0o666
    assert link.is_symlink()


async def test_a_pipe_is_waited_for_until_somebody_reads_it(server: House, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o600)
    writing = asyncio.ensure_future(exports(server, pipe))
    await asyncio.sleep(0)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    await writing
    await asyncio.to_thread(reader.join)
    assert "hello" in read[0]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


async def test_who_waits_for_a_reader_can_be_interrupted(server: House, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    async with connect(server.address, name="ana") as ana:
        await (await ana.join("tea")).say("hello")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await export_to(ana, "tea", "txt", pipe)


@pytest.mark.parametrize("name", ["/dev/fd/{}", "/proc/self/fd/{}", "link"])
async def test_a_descriptor_is_written_from_where_it_stands(server: House, tmp_path: Path, name: str) -> None:
    file = tmp_path / "file"
    file.write_text("before\n")
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND)
    path = Path(name.format(descriptor))
    if name == "link":
        path = tmp_path / "link"
        path.symlink_to(f"/dev/fd/{descriptor}")
    inode = file.stat().st_ino
    assert not is_a_file(path)
    await exports(server, path)
    os.write(descriptor, b"after\n")  # it is still open, and ours
    os.close(descriptor)
    first, *_, last = file.read_text().splitlines()
    assert (first, last) == ("before", "after")
    assert "hello" in file.read_text()
    assert file.stat().st_ino == inode


async def test_standard_output_by_name_is_the_standard_output(server: House, tmp_path: Path) -> None:
    await exports(server, tmp_path / "as a file")
    name = tmp_path / "stdout"
    name.symlink_to("/proc/self/fd/1")  # as /dev/stdout is, but ours
    words = ("export", "tea", "--format", "jsonl", "--server", server.address, "-o", str(name))
    with (tmp_path / "out").open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "teahouse", *words),
            stdout=out,
            stderr=asyncio.subprocess.PIPE,
            env=environment() | {"XDG_CONFIG_HOME": str(tmp_path)},
        )
        _, said = await process.communicate()
        assert b"stdout: 1 messages" in said
        out.write(b"after\n")
    assert name.is_symlink()
    assert (tmp_path / "out").read_text() == (tmp_path / "as a file").read_text() + "after\n"


async def test_a_folder_or_a_socket_is_said_to_be_none(server: House, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
        for name in (".", "socket", "/dev/fd/987"):
            with pytest.raises(CannotWrite, match="cannot be written"):
                await exports(server, tmp_path / name)
        assert stat.S_ISSOCK((tmp_path / "socket").stat().st_mode)


# ---- what we keep for ourselves


def test_what_is_remembered_follows_a_link_and_is_private(tmp_path: Path) -> None:
    (tmp_path / "dotfiles").mkdir()
    kept = tmp_path / "dotfiles" / "known.json"
    kept.write_text("{}")
    kept.chmod(0o644)
    folder = tmp_path / "teahouse"
    folder.mkdir()
    (folder / "known.json").symlink_to(kept)
    memory = Memory(folder)
    memory.remember("a:1", "ana", "tea_1")
    assert (folder / "known.json").is_symlink()
    assert mode_of(kept) == 0o600
    known = Memory(folder).recall("a:1", "ana")
    assert known is not None
    assert known.token == "tea_1"


def test_who_links_the_memory_to_nowhere_is_not_remembered_and_the_device_stays(tmp_path: Path, device: Path) -> None:
    (tmp_path / "known.json").symlink_to(device)
    memory = Memory(tmp_path)
    memory.remember("a:1", "ana", "tea_1")
    assert memory.recall("a:1", "ana") is None
    assert memory.trouble == ""
    assert (tmp_path / "known.json").is_symlink()
    assert stat.S_ISCHR(device.stat().st_mode)


@pytest.mark.parametrize("what", ["device", "pipe", "folder"])
def test_an_outbox_is_a_file_and_nothing_else_is_touched(tmp_path: Path, device: Path, what: str) -> None:
    path = device if what == "device" else tmp_path / what
    if what == "pipe":
        os.mkfifo(path, 0o644)
    elif what == "folder":
        path.mkdir(mode=0o755)
    before = mode_of(path)
    with pytest.raises(OutboxError):
        Journal(path)
    assert mode_of(path) == before


def test_a_file_that_is_no_outbox_keeps_its_mode(tmp_path: Path) -> None:
    file = tmp_path / "notes"
    file.write_text("milk, tea\n")
    file.chmod(0o644)
    with pytest.raises(OutboxError):
        Journal(file)
    assert mode_of(file) == 0o644
