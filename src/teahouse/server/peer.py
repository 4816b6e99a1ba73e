"""What the shell serves of one connection: its session, its codec, its outbox, its answers, its cursors.

Answers leave in the order of the questions. `answers` holds one entry a question, oldest first: a reply that is
ready, a `Question` that somebody is asking the store, or the `Draft` itself, which is its own entry until it is done.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog

from teahouse.core.errors import Overload, ServerFault, WireError
from teahouse.core.events import Draft, Reply
from teahouse.core.session import Session
from teahouse.server.outbox import Outbox
from teahouse.wire.base import Codec, Heard

if TYPE_CHECKING:
    from teahouse.server.cursor import Cursor

log = structlog.get_logger("teahouse.peer")

WAITING = 64


class Question:
    """A command that waits for the store; `replies` is None until it is answered."""

    __slots__ = ("replies",)

    def __init__(self) -> None:
        self.replies: list[Reply] | None = None


def _nothing() -> None:
    """Nobody paused."""


class Peer:
    """One connection, from the shell's side.

    answers     unanswered questions, oldest first
    waiting     heard, but not yet looked at: behind a command that changes who or where the session is
    barred      such a command is being carried out
    cursors     by room id
    lost        the connection is no more
    congested   not to be read for now: it has asked as much as it may, or the disk is far behind
    neighbours  whom its address counts with
    close       says why in the peer's own terms, writes what waits, closes
    on_relief   called when a congested peer may be read again
    """

    __slots__ = (
        "answers", "barred", "close", "codec", "congested", "cursors", "lost", "neighbours", "on_relief", "outbox",
        "session", "waiting",
    )  # fmt: skip

    def __init__(
        self,
        session: Session,
        codec: Codec,
        outbox: Outbox,
        close: Callable[[WireError | Overload | None], None],
        neighbours: str,
    ) -> None:
        self.session = session
        self.codec = codec
        self.outbox = outbox
        self.close = close
        self.neighbours = neighbours
        self.answers: deque[Draft | Question | Reply] = deque()
        self.waiting: deque[Heard] = deque()
        self.cursors: dict[int, Cursor] = {}
        self.barred = False
        self.lost = False
        self.congested = False
        self.on_relief: Callable[[], None] = _nothing


def let_go(peer: Peer, error: BaseException) -> None:
    """A fault of ours met this connection: it ends with a reason, and whoever comes back resumes by number.

    Never raises. Not while somebody walks through those who hear: to let one go changes who they are.
    """
    try:
        peer.close(fault())
    except Exception:
        peer.outbox.abort()
    log.error("connection-failed", door=peer.codec.format.name, exc_info=error)


def fault() -> ServerFault:
    """What the one whom a fault of ours met is told."""
    return ServerFault("A fault of the server kept something from you. Come back and resume by number.")
