"""The one log: drafts go in, numbered events come back. An interface; `sqlite.py` stands behind it.

    loop     log.append([draft, …])                      once a tick; returns at once
    writer   take all that is queued (≤ limits.batch; it never waits for more)
             drop what is Stale, what has a key that is known, what has no target
             number the rest, one INSERT, commit, fsync
    loop     on_committed([draft, …])                     once a batch, in the order of handing over

The promise: when `on_committed` is called for a draft without `refusal`, the event is on disk and a
power cut does not take it away. Numbers of a room have no holes, are given in the order of handing over,
and a number is used only after the commit that gave it.

What the log checks itself, because only it knows the moment:

rules     the draft's `rules` is not the seq of the last event that moved the room's rules → `Stale`
key       (key, author, room) is known: the same `digest` → `again` with the first event's seq and time,
          another → `KeyReused`. Within a batch the first wins. What was deleted has no digest: any is the same
retry     (`retry`, digest) is known, for `retry_ms`, in place of the key → `again`; else it is another message
target    of Edited, Deleted, Reacted, Unreacted is not a Posted of this room (of Deleted: nor a TopicChanged) →
          `NoSuchMessage`; not the author's own where `own_only` → `NotAllowed`; deleted: an edit and a reaction →
          `NoSuchMessage`, a deletion → `again` with the first deletion's seq and time
changes   of one message: more than `changes_per_minute` by one person → `TooFast`; an edit beyond
          `edits_per_message` → `TooMany`. What is `again` is none
reaction  already in the set, or not in it → `again` with the seq and time of the event that made it so (an
          Unreacted that never had a Reacted: those of the target); a 21st emoji of a message → `TooMany`
time      max(now, time of the last event of the room); now, where that is more than AHEAD_MS later: the clock was
          wrong once, and order is by number
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from teahouse.core.errors import StoreFatal
from teahouse.core.events import Draft


class Log(Protocol):
    """Where drafts become events."""

    def append(self, drafts: Sequence[Draft]) -> None:
        """Hand over, in order. Called on the loop; never blocks. The answer is a call of `on_committed`."""

    def listen(self, on_committed: Callable[[list[Draft]], None], on_fatal: Callable[[StoreFatal], None]) -> None:
        """Who is told, on the loop. Before the first `append`.

        on_committed  each draft given to `append`, once, in order, `done`, with its number or its `refusal`:
                      Stale, KeyReused, NoSuchMessage, NotAllowed, TooMany, StorageFull, StorageError, StorageUnknown
        on_fatal      a failed fsync or a corrupt file: the process must end at once, non-zero
        """
