"""What a room is about."""

from __future__ import annotations

from teahouse.core import text as texts
from teahouse.core.authorize import authorize
from teahouse.core.commands import SetTopic
from teahouse.core.events import Draft, TopicChanged, Word
from teahouse.core.handlers.rooms import room_of
from teahouse.core.session import Session
from teahouse.core.state import State


def set_topic(state: State, session: Session, command: SetTopic, now: int) -> list[Word]:
    """The topic is one line; an empty one takes it away."""
    room = room_of(state, session, command.room)
    authorize(session.person, "topic", room)
    topic = texts.clean_line(command.topic, state.limits.topic_bytes, "topic")
    event = TopicChanged(room=room.name, seq=0, time=0, author=session.person, topic=topic)
    return [Draft(room.id, event, session, command, room.record.rules)]
