"""What is a name, what is the same one, what looks the same."""

from __future__ import annotations

import unicodedata
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teahouse.core import names
from teahouse.core.errors import BadName, BadRoom

LETTERS = st.characters(categories=["L", "M", "Nd"]) | st.sampled_from("-_[]{}\\|^`aIlO0ßſİıΣςé")
WISHES = st.text(LETTERS, max_size=40) | st.text(max_size=12)


def person(text: str) -> str | None:
    """None where it is refused."""
    try:
        return names.person_name(text)
    except BadName:
        return None


def room(text: str) -> tuple[str, str] | None:
    """None where it is refused."""
    try:
        return names.room_name(text)
    except BadRoom:
        return None


@given(WISHES)
def test_a_name_is_its_own_normal_form(text: str) -> None:
    name = person(text)
    if name is not None:
        assert names.person_name(name) == name
        assert unicodedata.is_normalized("NFC", name)
        assert 1 <= len(name) <= names.NAME_MAX


@given(WISHES)
def test_a_room_s_name_is_its_own_normal_form(text: str) -> None:
    found = room(text)
    if found is not None:
        assert names.room_name(found[0]) == found
        assert 1 <= len(found[0]) <= names.ROOM_MAX
        assert not found[0].startswith("#")


@given(st.text(LETTERS | st.characters(codec="utf-8"), max_size=40))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert names.fold(names.fold(text)) == names.fold(text)


@given(st.text(LETTERS | st.characters(codec="utf-8"), max_size=40))
def test_a_name_written_otherwise_folds_alike(text: str) -> None:
    for form in ("NFC", "NFD"):
        assert names.fold(unicodedata.normalize(form, text)) == names.fold(text)
    assert names.fold(text.casefold()) == names.fold(text)


@pytest.mark.parametrize(
    "name",
    [
        "ana", "Ana_2", "[bot]", "{x}", "`", "a|b^c\\d", "安娜", "Ольга", "José", "ขวัญ", "अनु", "が", "עדן", "a" * 32, "_", "a-1",
    ],
)  # fmt: skip
def test_a_person_may_be_called(name: str) -> None:
    assert names.person_name(name) == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize(
    "name",
    [
        "", " ", "a b", "1ana", "١ana", "-ana", "a.b", "a@b", "a/b", "a,b", "#a", "@a", "a!", "a\n", "ana\x00", "a" * 33,
        "\u0301ana", "ana\u200d", "ana\u202e", "ana\ufe0f", "ana\u3164", "\u115f", "a\u034fb", "²a", "a²", "🙂", "a\ud800",
        "a\u0378", "guest-12", "Guest-x", "GUEST-", "bot-1", "server", "System", "teahouse", "House", "admin", "ROOT",
        "nobody", "everyone", "all", "here", "channel",
    ],
)  # fmt: skip
def test_a_person_may_not_be_called(name: str) -> None:
    with pytest.raises(BadName) as refused:
        names.person_name(name)
    assert refused.value.field == "name"


@pytest.mark.parametrize("name", ["аdmin", "ѕуѕtem", "gueѕt-7", "sеrver", "guestー7", "ａdmin", "ЅΥЅТЕМ"])
def test_a_reserved_name_is_reserved_in_look_alike_letters_too(name: str) -> None:
    with pytest.raises(BadName, match="reserved"):
        names.person_name(name)


def test_the_limit_applies_after_normalisation() -> None:
    assert len(names.person_name("e\u0301" * 32)) == 32
    with pytest.raises(BadName) as refused:
        names.person_name("e\u0301" * 33)
    assert refused.value.limit == 32
    assert names.room_name("\u1100\u1161\u11a8" * 50)[0] == "각" * 50
    with pytest.raises(BadRoom):
        names.room_name("\u1100\u1161\u11a8" * 51)


@pytest.mark.parametrize("make", [names.person_name, names.room_name])
def test_what_cannot_fit_is_refused_before_it_is_normalised(make: object, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(form: str, text: str) -> str:
        raise AssertionError(f"{len(text)} characters were normalised")

    # The module's own `unicodedata` alone: the test runner normalises what it prints.
    monkeypatch.setattr(names, "unicodedata", SimpleNamespace(normalize=never))
    with pytest.raises((BadName, BadRoom)):
        make("a" + "\u0301" * 300 + "\u0320" * 300)  # type: ignore[operator]  # one of two functions


LOOK_ALIKE = [("ana", "аna"), ("ivan", "İvan"), ("Hans", "Ηans"), ("nina", "ηina"), ("paypal", "раураl"), ("ivan", "іvan"),
              ("lena", "Іena"), ("bob", "b０b"), ("c00l", "сOOl"), ("mario", "mаriо"), ("mark", "rnаrk"), ("a-b", "аーb")]  # fmt: skip


@pytest.mark.parametrize(("latin", "other"), LOOK_ALIKE)
def test_names_that_look_the_same_have_one_skeleton(latin: str, other: str) -> None:
    assert names.skeleton(latin) == names.skeleton(other)
    assert names.alike(names.fold(latin), names.fold(other))


@pytest.mark.parametrize(
    ("one", "other"), [("José", "Jose"), ("か", "が"), ("Lân", "Lan"), ("安娜", "安那"), ("ana", "anna"), ("й", "и")]
)
def test_names_that_differ_to_the_eye_have_two_skeletons(one: str, other: str) -> None:
    assert names.skeleton(one) != names.skeleton(other)


def test_two_ascii_names_are_never_taken_for_each_other() -> None:
    assert names.skeleton("al") == names.skeleton("a1")
    assert not names.alike("al", "a1")


@given(st.text(LETTERS))
def test_the_case_of_an_ascii_name_does_not_change_how_it_looks(text: str) -> None:
    if text.isascii():
        assert names.skeleton(text.upper()) == names.skeleton(text.lower())


@pytest.mark.parametrize(
    ("typed", "name"),
    [("lobby", "lobby"), ("#lobby", "lobby"), ("Lobby", "Lobby"), ("茶馆", "茶馆"), ("☕", "☕"), ("☕\ufe0f", "☕"), ("a.b", "a.b"),
     ("e\u0301", "é"), ("a" * 50, "a" * 50), ("1", "1")],
)  # fmt: skip
def test_a_room_may_be_called(typed: str, name: str) -> None:
    assert names.room_name(typed) == (name, names.fold(name))


@pytest.mark.parametrize(
    "name",
    ["", "#", "##a", "@a", "&a", "!a", "+a", "a b", "a,b", "a:b", "a/b", "a\x07", "a\u200d", "a\u202e", "a\u3164", "\u0301a",
     "a\u3000", "a\u2028", "a" * 51, ".", "..", "a\ud800", "a\ue000", "a\u0378", "\ufe0f"],
)  # fmt: skip
def test_a_room_may_not_be_called(name: str) -> None:
    with pytest.raises(BadRoom) as refused:
        names.room_name(name)
    assert refused.value.field == "room"


def test_rooms_compare_by_casefold() -> None:
    assert names.room_name("LOBBY")[1] == names.room_name("lobby")[1]
    assert names.room_name("Straße")[1] == names.room_name("STRASSE")[1]


@pytest.mark.parametrize(("text", "pair"), [("@12+40", (12, 40)), ("@40+12", (12, 40)), ("lobby", None), ("12+40", None), ("", None)])  # fmt: skip
def test_a_direct_room_is_called_by_its_two_ids(text: str, pair: tuple[int, int] | None) -> None:
    assert names.direct_pair(text) == pair


@pytest.mark.parametrize(
    "text",
    ["@", "@12", "@12+", "@+12", "@12+12", "@012+40", "@0+1", "@1_0+40", "@１２+40", "@12+40+50", "@12 +40", "@-1+2", "@12+40\n",
     "@ana", "@²+3", "@" + "9" * 5_000 + "+1"],
)  # fmt: skip
def test_a_malformed_direct_room_is_refused(text: str) -> None:
    with pytest.raises(BadRoom):
        names.direct_pair(text)


@given(st.integers(1, 2**53 - 1), st.integers(1, 2**53 - 1))
def test_a_direct_room_has_one_name_for_both(one: int, other: int) -> None:
    assert names.direct_name(one, other) == names.direct_name(other, one)
    if one != other:
        assert names.direct_pair(names.direct_name(one, other)) == (min(one, other), max(one, other))


@pytest.mark.parametrize(
    "text", ["\u0f73" * 90_000, "a" + "\u0301\u0320" * 60_000, "\uff9e\u0301" * 60_000, "\ufdfa" * 80_000]
)
def test_what_is_too_long_for_a_name_is_not_normalised(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(form: str, text: str) -> str:
        raise AssertionError("it was normalised")

    monkeypatch.setattr(names, "unicodedata", SimpleNamespace(normalize=never))
    assert names.fold(text) == text
    names.skeleton(text)
