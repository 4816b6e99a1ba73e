"""Where somebody is: join, leave, direct rooms, who is here, which rooms there are."""

from __future__ import annotations

import msgspec
import pytest

from teahouse.core.commands import HERE, Leave, ListMembers, Post, ReadRoom, SetTopic
from teahouse.core.errors import BadField, BadRoom, LogChanged, NoSuchRoom, NotInRoom, TooMany
from teahouse.core.events import Done, MemberList, Present, RoomJoined, Seat, Unseat
from teahouse.core.handlers import identity, membership, rooms
from teahouse.core.limits import LAN
from teahouse.core.message import Person, nameless
from teahouse.core.room import Member, Room, RoomRecord
from tests.core.a_chat import Chat, a_chat, replies, signals


def kinds(words: list[object]) -> list[str]:
    """Which words, in order."""
    return [type(word).__name__ for word in words]


def test_others_hear_who_comes_and_the_comer_does_not() -> None:
    chat = a_chat(alice="lobby")
    chat.comes("bob")
    words = chat.joins("bob", "lobby")
    assert kinds([*words]) == ["Present", "Seat", "RoomJoined"]
    assert chat.hearers_of(words) == {"alice"}


def test_a_join_begins_at_the_number_that_was_asked_for() -> None:
    chat = a_chat(alice="lobby")
    chat.does("alice", Post(room="lobby", text="one"))
    chat.comes("bob")
    live = [word for word in chat.joins("bob", "lobby") if isinstance(word, Seat)]
    past = [word for word in chat.joins("bob", "lobby", after=0) if isinstance(word, Seat)]
    assert [(seat.cursor, seat.announce) for seat in (*live, *past)] == [(1, False), (0, True)]


def test_joining_again_sits_anew_and_nobody_hears_it() -> None:
    chat = a_chat(alice="lobby", bob="lobby")
    assert kinds([*chat.joins("bob", "lobby", after=0)]) == ["Seat", "RoomJoined"]


def test_a_second_session_of_a_person_comes_and_goes_unheard() -> None:
    chat = a_chat(alice="lobby", bob="lobby")
    chat.comes("bob again", 2, "bob")
    assert signals(chat.joins("bob again", "lobby")) == []
    assert signals(chat.does("bob", Leave(room="lobby"))) == []
    assert signals(chat.does("bob again", Leave(room="lobby"))) == [
        Present(room="lobby", came=[], went=[Person(2, "bob")], count=1)
    ]


def test_someone_who_left_hears_nothing_said_after() -> None:
    chat = a_chat(alice="lobby", bob="lobby")
    chat.does("bob", Leave(room="lobby"))
    assert "bob" not in chat.hearers_of(chat.does("alice", Post(room="lobby", text="hello")))


def test_who_leaves_does_not_hear_himself_go() -> None:
    chat = a_chat(alice="lobby", bob="lobby")
    words = chat.does("bob", Leave(room="lobby", ref=5))
    assert kinds([*words]) == ["Unseat", "Present", "Done"]
    assert chat.hearers_of(words) == {"alice"}
    assert words[-1] == Done(ref=5)


def test_leaving_a_room_where_one_is_not_is_refused() -> None:
    chat = a_chat(alice="lobby", bob="garden")
    with pytest.raises(NotInRoom):
        chat.does("alice", Leave(room="garden"))
    with pytest.raises(NoSuchRoom):
        chat.does("alice", Leave(room="cellar"))
    with pytest.raises(BadRoom):
        chat.does("alice", Leave(room="a b"))


def test_a_text_connection_moves() -> None:
    chat = a_chat(alice="lobby")
    chat.comes("bob", one_room=True)
    chat.joins("bob", "lobby")
    words = chat.joins("bob", "garden")
    assert kinds([*words]) == ["Unseat", "Present", "Present", "Seat", "RoomJoined"]
    assert chat.hearers_of(words) == {"alice"}
    assert chat.who_sits_in("lobby") == {"alice"}
    assert chat.hearers_of(chat.does("bob", Post(room=HERE, text="hello"))) == {"bob"}


def test_a_text_connection_stays_where_it_joins_again() -> None:
    chat = Chat()
    chat.comes("bob", one_room=True)
    chat.joins("bob", "lobby")
    assert kinds([*chat.joins("bob", "lobby")]) == ["Seat", "RoomJoined"]


def test_what_a_text_connection_says_after_joining_a_direct_room_stays_between_the_two() -> None:
    chat = a_chat(alice="lobby")
    chat.comes("bob", one_room=True)
    chat.joins("bob", "lobby")
    chat.joins("bob", "@1+2")
    chat.comes("eve")
    chat.joins("eve", "lobby")
    assert chat.hearers_of(chat.does("bob", Post(room=HERE, text="psst"))) == {"alice", "bob"}
    assert 2 not in chat.present_in("lobby")


def test_a_text_connection_goes_on_hearing_its_direct_rooms() -> None:
    chat = a_chat(alice="lobby")
    chat.comes("bob", one_room=True)
    chat.joins("bob", "@1+2")
    chat.joins("bob", "lobby")
    chat.joins("bob", "garden")
    assert chat.who_sits_in("@1+2") == {"bob"}
    assert chat.who_sits_in("lobby") == {"alice"}


def test_here_is_where_a_text_connection_is_and_nowhere_else() -> None:
    chat = a_chat(alice="lobby")
    with pytest.raises(BadRoom):
        chat.does("alice", Post(room=HERE, text="hello"))
    chat.comes("bob", one_room=True)
    with pytest.raises(NotInRoom):
        chat.does("bob", Post(room=HERE, text="hello"))
    chat.joins("bob", "lobby")
    chat.does("bob", Leave(room=HERE))
    with pytest.raises(NotInRoom):
        chat.does("bob", Post(room=HERE, text="hello"))


def test_a_session_has_a_limit_of_rooms() -> None:
    chat = Chat(msgspec.structs.replace(LAN, rooms_per_session=2))
    chat.comes("alice")
    chat.joins("alice", "one")
    chat.joins("alice", "two")
    chat.joins("alice", "two")
    with pytest.raises(TooMany) as refused:
        chat.joins("alice", "three")
    assert refused.value.limit == 2
    assert 1 not in chat.present_in("three")


@pytest.mark.parametrize("text", ["lobby", "LOBBY", "#lobby", "#LOBBY"])
def test_a_room_is_found_however_its_name_is_written(text: str) -> None:
    chat = a_chat(alice="lobby")
    assert rooms.room_of(chat.state, chat.sessions["alice"], text).name == "lobby"


def test_a_room_that_is_not_there_yet_may_be_made() -> None:
    chat = a_chat(alice="lobby")
    session = chat.sessions["alice"]
    assert rooms.target_room(chat.state, session, "#Garden") == ("Garden", "garden", None)
    assert rooms.target_room(chat.state, session, "@9+1") == ("@1+9", "@1+9", (1, 9))


@pytest.mark.parametrize("made", [True, False])
def test_the_direct_room_of_others_reads_as_not_there_whether_it_is_or_not(made: bool) -> None:
    chat = a_chat(alice="lobby", bob="lobby", eve="lobby")
    if made:
        chat.makes("@1+2")
    eve = chat.sessions["eve"]
    for look in (rooms.target_room, rooms.room_of, rooms.visible_room):
        with pytest.raises(NoSuchRoom) as refused:
            look(chat.state, eve, "@1+2")
        assert refused.value.message == "There is no room “@1+2”."


def test_a_cursor_must_be_one_that_can_be() -> None:
    room = Room(1, "lobby", None, RoomRecord(), head=5)
    for after, at, last in [(None, None, None), (0, None, None), (5, 99, None), (None, None, 3), (0, 99, None)]:
        membership.check_cursor(room, after, at, last)
    with pytest.raises(LogChanged):
        membership.check_cursor(room, 6, None, None)
    for wrong, field in [((3, None, 3), "last"), ((None, 99, None), "at"), ((None, 99, 3), "at")]:
        with pytest.raises(BadField) as refused:
            membership.check_cursor(room, *wrong)
        assert refused.value.field == field


def test_the_room_answer_names_the_first_two_hundred_and_counts_all() -> None:
    chat = Chat(msgspec.structs.replace(LAN, members_page=3))
    for number in range(1, 6):
        chat.comes(f"p{number}")
        chat.joins(f"p{number}", "lobby")
    (answer,) = replies(chat.joins("p5", "lobby"))
    assert isinstance(answer, RoomJoined)
    assert [person.id for person in answer.members] == [1, 2, 3]
    assert answer.count == 5
    assert answer.you.role == "guest"


def test_members_come_in_pages_by_id() -> None:
    chat = Chat(msgspec.structs.replace(LAN, members_page=2))
    for number in range(1, 6):
        chat.comes(f"p{number}")
        chat.joins(f"p{number}", "lobby")
    seen, after, more = [], 0, True
    while more:
        (page,) = replies(chat.does("p3", ListMembers(room="lobby", after=after, ref="m")))
        assert isinstance(page, MemberList)
        assert (page.count, page.ref) == (5, "m")
        seen += [person.id for person in page.members]
        after, more = seen[-1], page.more
    assert seen == [1, 2, 3, 4, 5]


def test_who_belongs_to_a_room_is_among_its_people_and_counted_once() -> None:
    chat = a_chat(alice="lobby")
    room = chat.makes("lobby")
    absent = Person(50, "zoe", "member")
    room.record = RoomRecord(members={50: Member(absent, "owner", 1), 1: Member(Person(1, "old"), "member", 1)})
    assert room.people(0, 9) == [Person(1, "alice"), absent]
    assert room.people(1, 9) == [absent]
    assert room.people(0, 1) == [Person(1, "alice")]
    assert room.count() == 2


def test_a_room_can_be_read_without_joining_it() -> None:
    chat = a_chat(alice="lobby", bob="garden")
    chat.does("bob", SetTopic(room="garden", topic="tea"))
    words = chat.does("alice", ReadRoom(room="garden"))
    (answer,) = replies(words)
    assert isinstance(answer, RoomJoined)
    assert (answer.topic, answer.count, answer.head) == ("tea", 1, 1)
    assert chat.who_sits_in("garden") == {"bob"}


def test_a_person_is_found_by_id_or_name_while_here() -> None:
    chat = a_chat(alice="lobby")
    chat.comes("stranger", 12, "")
    identity.hold(chat.state, 99, "zoe", 5_000)
    find = membership.find_person
    assert find(chat.state, 1) == find(chat.state, "ALICE") == Person(1, "alice")
    assert find(chat.state, "guest-12") == find(chat.state, "Guest-12") == nameless(12)
    for nobody in (7, "nobody", "zoe", "guest-1", "guest-012", "guest-", "guest-١٢", "guest-" + "9" * 5_000):
        assert find(chat.state, nobody) is None


def test_opening_a_direct_room_again_keeps_the_place() -> None:
    chat = a_chat(alice="lobby", bob="lobby")
    room, alice = chat.makes("@1+2"), chat.sessions["alice"]

    def opens() -> list[str]:
        words = membership.answer_direct(
            chat.state, alice, room, standing_read=0, standing_unread=0, ref=None, now=chat.now
        )
        return kinds([*chat.carries_out(words)])

    assert opens() == ["Seat", "RoomJoined"]
    assert opens() == ["RoomJoined"]


def test_a_direct_room_says_nothing_of_who_comes_and_goes() -> None:
    chat = a_chat(alice="lobby", bob="lobby")
    assert signals(chat.joins("alice", "@1+2")) == []
    assert signals(chat.joins("bob", "@1+2")) == []
    words = chat.does("bob", Leave(room="@1+2"))
    assert signals(words) == []
    assert [word.room.name for word in words if isinstance(word, Unseat)] == ["@1+2"]
