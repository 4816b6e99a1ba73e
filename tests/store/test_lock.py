"""A folder belongs to one process, whatever becomes of the file that says so."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from teahouse.core.errors import ConfigError
from teahouse.store.lock import FILE, FolderLock


def removed(file: Path) -> None:
    file.unlink()


def renamed(file: Path) -> None:
    file.rename(file.with_name("old.lock"))


def replaced(file: Path) -> None:
    file.with_name("new").write_text("1\n")
    file.with_name("new").replace(file)


def emptied(file: Path) -> None:
    os.truncate(file, 0)


@pytest.mark.parametrize("change", [removed, renamed, replaced, emptied])
def test_a_folder_is_held_though_its_lock_file_is_not_there_any_more(
    tmp_path: Path, change: Callable[[Path], None]
) -> None:
    first = FolderLock(tmp_path)
    change(tmp_path / FILE)
    with pytest.raises(ConfigError, match="already open by another teahouse"):
        FolderLock(tmp_path)
    first.release()
    FolderLock(tmp_path).release()


def test_who_is_refused_is_told_by_whom(tmp_path: Path) -> None:
    first = FolderLock(tmp_path)
    with pytest.raises(ConfigError, match=str(os.getpid())):
        FolderLock(tmp_path)
    first.release()
    first.release()
