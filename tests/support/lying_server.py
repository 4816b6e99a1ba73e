"""Servers that break a promise on purpose, to see that a torture finds it.

python -m tests.support.lying_server early serve …

early      acknowledges a batch, then commits it
forgetful  takes no notice of keys: what is sent again is stored again
crooked    stores what waits together in the wrong order
frozen     does nothing for half a second, every few seconds
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import Sequence

from teahouse import cli
from teahouse.core.errors import StoreError
from teahouse.core.events import Draft, Posted
from teahouse.store.append import known_keys
from teahouse.store.commit import Request
from teahouse.store.writer import Writer
from teahouse.torture import program

FREEZE_S = 0.6
FREEZE_EVERY_S = 1.2


def early() -> None:
    """One line in the wrong place: the loop is told, and then the batch is written."""
    honest = Writer._carry_out

    def carry_out(self: Writer, drafts: list[Draft], requests: list[Request]) -> None:
        if requests or known_keys(self._connection, drafts):
            honest(self, drafts, requests)
            return
        self._committer._number(drafts, {})
        self._loop.call_soon_threadsafe(self._answer, drafts, [], None)
        with contextlib.suppress(StoreError):  # too late: it is said already
            self._committer.commit(drafts, [])

    Writer._carry_out = carry_out  # type: ignore[method-assign]


def forgetful() -> None:
    """A key is what makes a message one message."""
    honest = Writer.submit

    def submit(self: Writer, work: Sequence[Draft] | Request) -> None:
        if not isinstance(work, Request):
            for draft in work:
                if isinstance(draft.event, Posted):
                    draft.event.key = None
        honest(self, work)

    Writer.submit = submit  # type: ignore[method-assign]


def crooked() -> None:
    """The last comes first."""
    honest = Writer._gather

    def gather(self: Writer) -> tuple[list[Draft], list[Request]]:
        drafts, requests = honest(self)
        return drafts[::-1], requests

    Writer._gather = gather  # type: ignore[method-assign]


def frozen() -> None:
    """The loop sleeps."""
    honest = cli.spare_the_collector

    def freeze(loop: asyncio.AbstractEventLoop) -> None:
        time.sleep(FREEZE_S)
        loop.call_later(FREEZE_EVERY_S, freeze, loop)

    def started() -> None:
        honest()
        loop = asyncio.get_running_loop()
        loop.call_later(FREEZE_EVERY_S, freeze, loop)

    cli.spare_the_collector = started


LIES = {lie.__name__: lie for lie in (early, forgetful, crooked, frozen)}


def main() -> None:
    """Tell the lie that is named first; the rest is the command line of the server."""
    LIES[sys.argv.pop(1)]()
    program.main()


if __name__ == "__main__":
    main()
