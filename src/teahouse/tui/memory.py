"""What a user's programs remember from one time to the next: where they were, as whom, and what brings them back.

One small file in the user's configuration folder, readable by its owner alone, because tokens are secrets. It is a
convenience: where it cannot be read or written the programs work all the same, and `trouble` says why they forget.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from teahouse.tui.files import is_a_file, replacing

FILE = "known.json"
MODE = 0o600
MOST = 20
"""People remembered of one house, the latest first."""


class Known(msgspec.Struct, frozen=True):
    """Somebody we were; `name` is "" for a nameless guest."""

    name: str
    token: str


class _Contents(msgspec.Struct):
    last: str = ""
    houses: dict[str, list[Known]] = {}
    rooms: dict[str, list[str]] = {}


class Memory:
    """The file in `folder`; `trouble` is why it could not be used, or ""."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.trouble = ""

    @property
    def last(self) -> str:
        """The house where we were last; "" for none."""
        return self._read().last

    def recall(self, house: str, name: str | None) -> Known | None:
        """Who we were in this house, under this name, or the latest under any."""
        people = self._read().houses.get(house, [])
        return next((known for known in people if name is None or known.name.casefold() == name.casefold()), None)

    def remember(self, house: str, name: str, token: str) -> None:
        """We are there now, as this person."""
        contents = self._read()
        people = [known for known in contents.houses.get(house, []) if known.name.casefold() != name.casefold()]
        contents.last = house
        contents.houses[house] = [Known(name, token), *people][:MOST]
        self._write(contents)

    def rooms(self, house: str) -> list[str]:
        """The rooms where we were in this house."""
        return self._read().rooms.get(house, [])

    def keep_rooms(self, house: str, rooms: list[str]) -> None:
        """We were in these rooms."""
        contents = self._read()
        contents.rooms[house] = rooms
        self._write(contents)

    def outbox(self, house: str, name: str | None) -> Path:
        """The file for what is not stored when the screen closes; one for each person in each house."""
        known = self.recall(house, name)
        person = name if name is not None else "" if known is None else known.name
        digest = hashlib.sha256(f"{house}\0{person.casefold()}".encode(errors="surrogatepass")).hexdigest()[:16]
        return self.folder / f"{digest}.outbox"

    def _read(self) -> _Contents:
        try:
            if not is_a_file(self.folder / FILE):
                return _Contents()
            return msgspec.json.decode((self.folder / FILE).read_bytes(), type=_Contents)
        except FileNotFoundError:
            return _Contents()
        except OSError as error:
            self.trouble = f"{self.folder / FILE} cannot be read: {error.strerror}"
        except (msgspec.DecodeError, UnicodeDecodeError):
            self.trouble = f"{self.folder / FILE} is damaged; what it knew is forgotten"
        return _Contents()

    def _write(self, contents: _Contents) -> None:
        """Beside the old file, then in its place: it is never half written."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            self.trouble = f"{self.folder} cannot be written: {error.strerror}"
            return
        try:
            if not is_a_file(self.folder / FILE):
                return  # somebody wants nothing to be remembered: /dev/null
            with replacing(self.folder / FILE, mode=MODE) as stream:
                stream.write(msgspec.json.format(msgspec.json.encode(contents), indent=1) + b"\n")
        except OSError as error:
            self.trouble = f"{self.folder / FILE} cannot be written: {error.strerror}"
