"""The file that outlives the program: what it remembers, what it survives, what it refuses."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teahouse.client.errors import OutboxError
from teahouse.client.journal import Journal
from teahouse.core.commands import Post


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "bot.outbox"


def a_post(key: str, text: str = "hi") -> Post:
    return Post(room="tea", text=text, key=key)


def keys(journal: Journal) -> list[str | None]:
    return [post.key for post in journal.waiting]


def test_what_waits_and_who_we_are_outlive_the_program(path: Path) -> None:
    journal = Journal(path)
    journal.remember("tea_1")
    journal.add(Post(room="tea", text="“one”\n茶", key="1", form="act", reply_to=4))
    journal.add(a_post("2"))
    journal.add(a_post("3"))
    journal.done("2")
    journal.close()
    again = Journal(path)
    assert again.token == "tea_1"
    assert again.waiting == [Post(room="tea", text="“one”\n茶", key="1", form="act", reply_to=4), a_post("3")]
    again.close()


def test_it_shrinks_when_nothing_waits(path: Path) -> None:
    journal = Journal(path)
    journal.remember("tea_1")
    empty = path.stat().st_size
    for key in "123":
        journal.add(a_post(key, "x" * 1_000))
    for key in "321":
        journal.done(key)
    assert path.stat().st_size == empty
    journal.close()
    again = Journal(path)
    assert (again.token, again.waiting) == ("tea_1", [])
    again.close()


def test_who_we_became_is_remembered_also_after_it_shrank(path: Path) -> None:
    journal = Journal(path)
    journal.remember("tea_1")
    journal.add(a_post("1"))
    journal.remember("tea_2")
    journal.done("1")
    journal.close()
    again = Journal(path)
    assert again.token == "tea_2"
    again.close()


def test_it_is_for_its_owner_alone(path: Path) -> None:
    path.parent.mkdir()
    path.touch(0o644)
    Journal(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_two_programs_cannot_have_one(path: Path) -> None:
    journal = Journal(path)
    with pytest.raises(OutboxError, match="another program"):
        Journal(path)
    journal.close()
    Journal(path).close()


@given(st.integers(0, 200))
def test_wherever_a_dying_program_stopped_writing_the_rest_is_read(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    path = tmp_path_factory.mktemp("cut") / "outbox"
    journal = Journal(path)
    journal.remember("tea_1")
    sizes = [path.stat().st_size]
    for key in "123":
        journal.add(a_post(key))
        sizes.append(path.stat().st_size)
    journal.close()
    os.truncate(path, min(cut, sizes[-1]))
    again = Journal(path)
    whole = sum(size <= cut for size in sizes[1:])
    assert keys(again) == list("123")[:whole]
    again.add(a_post("4"))
    again.close()
    last = Journal(path)
    assert keys(last) == [*list("123")[:whole], "4"]
    last.close()


@pytest.mark.parametrize("content", [b"hello\n", b"\xff\n", b"{}x\n", b'{"post":{"room":7}}\n'])
def test_a_file_that_is_something_else_is_left_alone(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(OutboxError, match="not an outbox"):
        Journal(path)
    assert path.read_bytes() == content


def test_a_place_that_cannot_be_used_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutboxError, match="cannot be opened"):
        Journal(tmp_path)


def test_on_a_full_disk_nothing_is_accepted_and_nothing_is_broken(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(path)
    journal.add(a_post("1"))
    real = os.pwrite

    def half(file: int, data: bytes, offset: int) -> int:
        return real(file, data[: len(data) // 2], offset)

    def full(file: int, data: bytes, offset: int) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    for write in (half, full):
        monkeypatch.setattr(os, "pwrite", write)
        with pytest.raises(OutboxError, match="Nothing was sent"):
            journal.add(a_post("2", "lost?"))
    monkeypatch.undo()
    journal.add(a_post("3"))
    journal.close()
    again = Journal(path)
    assert keys(again) == ["1", "3"]
    again.close()


def test_what_is_done_on_a_full_disk_is_sent_once_more(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(path)
    journal.add(a_post("1"))
    journal.add(a_post("2"))

    def full(file: int, data: bytes, offset: int) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    journal.done("1")
    assert keys(journal) == ["2"]
    journal.close()
    monkeypatch.undo()
    again = Journal(path)
    assert keys(again) == ["1", "2"]
    again.close()
