"""Texts that are said once and deleted, and what a data folder still has of them.

secrets = Secrets(seed)
secrets.words(3)      «kqzvbxnmwtrpld …»: words that nobody else says
remains(folder, secrets.pieces)      where a piece of them still stands: file name → pieces
"""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections.abc import Collection, Iterable
from pathlib import Path

LETTERS = 14
PROMISED_S = 10.0

_WORDS = re.compile(rb"[a-z]{6,}")
_UNSPACED = re.compile("[\u4e00-\u9fff]{2,}")


class Secrets:
    """pieces: words of LETTERS letters, and runs of Chinese characters, as they were said."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self.pieces: set[str] = set()

    def word(self) -> str:
        """One word that nobody else says."""
        word = "".join(self._chance.choices("bcdfghjklmnpqrstvwxz", k=LETTERS))
        self.pieces.add(word)
        return word

    def words(self, count: int) -> str:
        """Several."""
        return " ".join(self.word() for _ in range(count))

    def chinese(self, count: int) -> str:
        """A run of characters that stand together nowhere else."""
        run = "".join(chr(self._chance.randrange(0x4E00, 0x9FA0)) for _ in range(count))
        self.pieces.add(run)
        return run


def remains(folder: Path, pieces: Collection[str]) -> dict[str, set[str]]:
    """What stands in the files of the folder: whole pieces, their ends (where an index shortens), pairs of characters."""
    ends = {piece[LETTERS // 2 :]: piece for piece in pieces if piece.isascii()}
    pairs = {piece[at : at + 2]: piece for piece in pieces if not piece.isascii() for at in range(len(piece) - 1)}
    found: dict[str, set[str]] = {}
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        data = path.read_bytes()
        said = set(_ends(data, ends)) | set(_pairs(data, pairs))
        if said:
            found[path.name] = said
    return found


def _ends(data: bytes, ends: dict[str, str]) -> Iterable[str]:
    size = LETTERS - LETTERS // 2
    for run in _WORDS.findall(data):
        text = run.decode()
        for at in range(len(text) - size + 1):
            if (piece := ends.get(text[at : at + size])) is not None:
                yield piece


def _pairs(data: bytes, pairs: dict[str, str]) -> Iterable[str]:
    for run in _UNSPACED.findall(data.decode("utf-8", "replace")) if pairs else ():
        for at in range(len(run) - 1):
            if (piece := pairs.get(run[at : at + 2])) is not None:
                yield piece


async def gone(folder: Path, pieces: Collection[str], within_s: float = PROMISED_S) -> float:
    """Wait until nothing is left; return how long that took, in seconds. AssertionError: it is still there."""
    start = time.monotonic()
    while True:
        began = time.monotonic()
        left = await asyncio.to_thread(remains, folder, pieces)
        if not left:
            return began - start
        assert began - start < within_s, {name: sorted(said)[:5] for name, said in left.items()}
        await asyncio.sleep(0.1)
