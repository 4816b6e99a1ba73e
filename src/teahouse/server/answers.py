"""The answers that are ready leave, in the order of the questions; never past one that is not.

An entry of `peer.answers` is a reply, a `Question` that the store is asked, or a `Draft` until the log is done with it.
"""

from __future__ import annotations

from teahouse.core.events import Deleted, Draft, Edited, Posted, Reacted, Reply, Stored, Unreacted
from teahouse.server.counters import Counters
from teahouse.server.peer import Peer, Question
from teahouse.wire.base import refused

TARGETED = (Edited, Deleted, Reacted, Unreacted)


def push_ready(peer: Peer, counters: Counters) -> None:
    """Push those that are ready, oldest first. Outcomes of drafts that stand together are one unit."""
    answers, codec, outbox = peer.answers, peer.codec, peer.outbox
    outcomes: list[bytes] = []
    while answers:
        first = answers[0]
        if isinstance(first, Draft):
            if not first.done:
                break
            answers.popleft()
            if unit := _outcome(peer, first, counters):
                outcomes.append(unit)
            continue
        if isinstance(first, Question):
            if first.replies is None:
                break
            replies: list[Reply] = first.replies
        else:
            replies = [first]
        answers.popleft()
        _push_together(peer, outcomes)
        for reply in replies:
            if unit := codec.answer(reply):
                outbox.push(unit)
    _push_together(peer, outcomes)


def _push_together(peer: Peer, units: list[bytes]) -> None:
    """Push them, and have none left. The outbox of an old door makes up its writes from single units."""
    if not units:
        return
    if peer.codec.format.paced:
        for unit in units:
            peer.outbox.push(unit)
    else:
        peer.outbox.push(b"".join(units))
    units.clear()


def _outcome(peer: Peer, draft: Draft, counters: Counters) -> bytes:
    """What its author is told of a draft that is done."""
    command = draft.command
    ref = command.ref if command is not None else None
    if draft.refusal is not None:
        counters.refused[draft.refusal.code] += 1
        return peer.codec.answer(refused(draft.refusal, ref))
    if peer.codec.acknowledges and not peer.session.one_room:
        return peer.codec.answer(stored(draft, ref))
    return b""


def stored(draft: Draft, ref: int | str | None) -> Stored:
    """The answer to a draft that is on disk."""
    event = draft.event
    if isinstance(event, Posted):
        return Stored(ref=ref, room=event.room, seq=event.seq, time=event.time, key=event.key, again=draft.again)
    target = event.target if isinstance(event, TARGETED) else None
    return Stored(ref=ref, room=event.room, seq=event.seq, time=event.time, target=target, again=draft.again)
