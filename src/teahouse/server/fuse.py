"""What ends the process where the house could no longer be believed.

A fault of one format or one connection is its own affair. A fault in what moves everybody (a head, the state, the tick)
leaves readers with holes and askers without an answer, and nobody knows whom: what is stored is safe, so the process
ends, and whoever comes back to the next one resumes by number.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog

from teahouse.core.errors import StoreFatal

log = structlog.get_logger("teahouse.fuse")

CarryOut = Callable[..., None]
"""Carries out a function with its arguments, and knows what to do where it fails."""


class Fuse:
    """Carries out work of the whole house; `end` is told once, when it fails."""

    def __init__(self, end: Callable[[StoreFatal], None]) -> None:
        self._end = end
        self.blown = False

    def __call__(self, work: Callable[..., object], *args: object) -> None:
        """Carry it out."""
        try:
            work(*args)
        except Exception as error:
            self.blow(error)

    def blow(self, error: Exception) -> None:
        """This has gone wrong."""
        if self.blown:
            return
        self.blown = True
        self._end(
            StoreFatal(
                f"A fault of the server itself ({error!r}): it ends before it shows anybody something wrong. All that "
                "was acknowledged is stored. Start again; the log says where it was."
            )
        )
        log.critical("fault", exc_info=error)


def straight(work: Callable[..., object], *args: object) -> None:
    """No fuse: what fails is raised."""
    work(*args)
