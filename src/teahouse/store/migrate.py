"""The schema, brought up to date when the store opens.

`schema/NNNN_name.sql` are carried out in order, each in a transaction with its number (`user_version`) and what fill.py
adds to it, so that a power cut leaves the one before or the one after. Before an existing database is changed, a copy of
it is put beside it: `teahouse-before-0002.sqlite`, named by the first change. What is deleted later still stands in the
copy, so it does not stay (snapshots.py). A database of a newer version is refused: what it means is not known here.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

import apsw

from teahouse.core.errors import ConfigError
from teahouse.store.connect import APPLICATION, FILE, run, transaction
from teahouse.store.fill import FILLS
from teahouse.store.private import make_private
from teahouse.store.snapshots import path_of

NAME = re.compile(r"([0-9]{4})_[a-z_]+\.sql")


def migrations() -> dict[int, str]:
    """Number → SQL, of this version; in order."""
    found: dict[int, str] = {}
    for entry in resources.files("teahouse.store").joinpath("schema").iterdir():
        if match := NAME.fullmatch(entry.name):
            found[int(match[1])] = entry.read_text(encoding="utf-8")
    return dict(sorted(found.items()))


def migrate(connection: apsw.Connection, folder: Path, known: Mapping[int, str]) -> None:
    """Bring the database of `folder` to the newest of the `known` migrations.

    raises ConfigError  not a database of Teahouse, or of a newer version
    """
    version = version_of(connection, folder)
    newest = max(known)
    if version > newest:
        before = path_of(folder, newest + 1)
        copy = f", or put {before.name} (made before the change) in its place" if before.exists() else ""
        raise ConfigError(
            f"{folder / FILE}: written by a newer Teahouse (schema {version}; this one knows {newest}). "
            f"Install the newer version again{copy}."
        )
    pending = sorted(number for number in known if number > version)
    if version and pending:
        snapshot(connection, path_of(folder, pending[0]))
    for number in pending:
        with transaction(connection):
            run(connection, known[number])
            if number in FILLS:
                FILLS[number](connection)
            run(connection, f"PRAGMA application_id={APPLICATION}; PRAGMA user_version={number};")


def version_of(connection: apsw.Connection, folder: Path) -> int:
    """The schema's number; 0 for a new file.

    raises ConfigError  the file belongs to another program
    """
    version = int(connection.pragma("user_version"))
    application = connection.pragma("application_id")
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").get
    if application != APPLICATION and (version or application or tables):
        raise ConfigError(f"{folder / FILE}: a database of another program. Choose another data folder: --data FOLDER")
    return version


def snapshot(connection: apsw.Connection, path: Path) -> None:
    """A copy of the database at `path`: whole, or not there at all.

    raises ConfigError  there is no space for it
    """
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    make_private(part)
    target = apsw.Connection(str(part))
    try:
        with target.backup("main", connection, "main") as backup:
            backup.step()
        run(target, "PRAGMA journal_mode=DELETE")
    except (apsw.FullError, apsw.IOError) as error:
        target.close()
        for left in (part, path.with_suffix(".part-journal")):
            left.unlink(missing_ok=True)
        raise ConfigError(
            f"{path}: the copy of the database that an upgrade makes beside it can't be written. Nothing was changed. "
            "Make room for it on the disk, then start again."
        ) from error
    finally:
        target.close()
    os.replace(part, path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """A new name in a folder is on the disk only when the folder is."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
