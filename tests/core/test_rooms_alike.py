"""A new room does not look like one that is there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teahouse.core import names
from teahouse.core.errors import BadRoom
from teahouse.core.handlers.rooms import claim_looks
from teahouse.core.limits import LAN
from teahouse.core.room import Room, RoomRecord
from teahouse.core.state import State


def a_state(*rooms: str) -> State:
    state = State(LAN, "Teahouse", "0")
    for id, name in enumerate(rooms, 1):
        state.add(Room(id, name, None, RoomRecord()), names.fold(name))
    return state


def makes(state: State, wish: str) -> str:
    name, fold = names.room_name(wish)
    return claim_looks(state, name, fold)


@pytest.mark.parametrize(
    ("there", "new"),
    [
        ("lobby", "lоbby"), ("lobby", "ӏobby"), ("lobby", "Iobby"), ("lobby", "l0bby"), ("lobby", "ｌobby"), ("garden-2", "garden‐2"),
        ("garden-2", "garden–2"), ("garden-2", "gardenー2"), ("茶-馆", "茶－馆"), ("team1", "teaml"), ("lоbby", "lobby"), ("a.b", "a．b"),
        ("a_b", "a＿b"), ("modern", "mоdern"), ("a+b", "a＋b"), ("x★", "x＊"),
    ],
)  # fmt: skip
def test_a_room_that_looks_like_another_is_not_made(there: str, new: str) -> None:
    with pytest.raises(BadRoom) as refused:
        makes(a_state("tea", there), new)
    assert there in refused.value.message
    assert refused.value.field == "room"


@pytest.mark.parametrize(
    ("there", "new"),
    [
        ("lobby", "lobbies"),
        ("modern", "modem"),
        ("か", "が"),
        ("jose", "josé"),
        ("café", "cafe"),
        ("tea", "teahouse"),
        ("茶", "荼"),
        ("a-b", "a_b"),
    ],
)
def test_a_room_that_looks_otherwise_is_made(there: str, new: str) -> None:
    makes(a_state(there), new)


def test_the_room_itself_written_otherwise_is_itself() -> None:
    makes(a_state("Lobby"), "LOBBY")


@pytest.mark.parametrize(
    "new",
    [
        "＠1+2",
        "﹠x",
        "＃lobby",
        "＋x",
        "a：b",
        "a꞉b",
        "a，b",
        "a／b",
        "a∕b",
        "a⁄b",
        "a\u2800b",
        "..".replace(".", "．"),
        "aːb",
        "﹟x",
    ],
)
def test_signs_in_disguise_are_refused_as_the_signs_are(new: str) -> None:
    with pytest.raises(BadRoom):
        makes(a_state(), new)


@pytest.mark.parametrize("new", ["茶馆", "दुःख", "a-b", "☕", "c++", "a@b", "x#1", "a.b", "नमः", "où", "(x)", "★tea"])
def test_other_signs_are_free(new: str) -> None:
    makes(a_state(), new)


def test_two_that_look_alike_are_not_made_at_once() -> None:
    state = a_state()
    looks = makes(state, "garden")
    with pytest.raises(BadRoom):
        makes(state, "gаrden")
    assert makes(state, "Garden") == looks
    del state.opening[looks]
    makes(state, "gаrden")


def test_a_room_that_goes_frees_its_look() -> None:
    state = a_state("garden", "gаrden")
    assert state.room_like("garden") is state.rooms_by_name["gаrden"]
    state.remove(state.rooms_by_name["garden"])
    with pytest.raises(BadRoom):
        makes(state, "garden")
    state.remove(state.rooms_by_name["gаrden"])
    makes(state, "garden")
    assert state.rooms_by_look == {}
    assert state.rooms_by_id == {}


def test_a_room_of_two_has_no_look() -> None:
    state = State(LAN, "Teahouse", "0")
    room = Room(1, "@1+2", (1, 2), RoomRecord())
    state.add(room, "@1+2")
    assert state.rooms_by_look == {}
    state.remove(room)


@given(st.lists(st.text(st.sampled_from("aоo0lI1-‐b"), min_size=1, max_size=4), max_size=12))
def test_no_two_rooms_that_were_let_in_look_alike(wishes: list[str]) -> None:
    state = a_state()
    for id, wish in enumerate(wishes, 1):
        name, fold = names.room_name(wish)
        if fold in state.rooms_by_name:
            continue
        try:
            looks = claim_looks(state, name, fold)
        except BadRoom:
            assert state.room_like(fold) is not None
            continue
        state.add(Room(id, name, None, RoomRecord()), fold)
        del state.opening[looks]
    assert all(len(folds) == 1 for folds in state.rooms_by_look.values())
