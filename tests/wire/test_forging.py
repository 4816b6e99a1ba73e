"""No text of a guest reads, at any door, as a line of somebody else or of the house."""

from __future__ import annotations

import re
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teahouse.core.errors import BadName, Refusal
from teahouse.core.events import Edited, Event, Found, History, Posted, TopicChanged
from teahouse.core.message import Form, Message, Person, nameless
from teahouse.core.names import person_name, skeleton
from teahouse.core.text import clean
from teahouse.tui import tail
from teahouse.wire import frames, lines, listener, raw, text
from teahouse.wire.forging import FROM_THE_LEFT, HEAD, acts_as_the_house, looks_like_a_line, steer

GUEST = nameless(12)
NOON = 1_763_985_600_000


def posted(said: str, author: Person = GUEST, form: Form = "say", room: str = "lobby") -> Posted:
    return Posted(room=room, seq=1, time=NOON, author=author, text=said, form=form)


@pytest.mark.parametrize("colon", "：︰﹕︓꞉ː˸∶∷׃։᠃᠄፡܃܄᛬⁚⦂⁝ꓽᱺⵂ⠆𐄁ःঃઃഃးះ༔〯⠃⠅⠘⠨⠰⡄⢠")
@pytest.mark.parametrize(
    "name", ["ana", "аna", "安娜", "a\u200bna", "\u2060ana", "an\u00ada", "ana\ufe0f", "ana\u3164"]
)
def test_a_colon_of_any_script_makes_nobody_speak(colon: str, name: str) -> None:
    for said in (f"{name}{colon} hello", f"{name} {colon} hello", f"{name}{colon}", f"{name}{colon}\u200bhello"):
        assert text.message(posted(said)).startswith("guest-12: "), ascii(said)


@pytest.mark.parametrize(
    "said",
    [
        "ana：hello",
        "安娜：你好",
        "ana︰hello",
        "ana:\u0301 hello",
        "ana : hello",
        "ana\u2800: hello",
        "ana:\u1dc0 hello",
        "ana:\u3099 hello",
        "ana:\ufe20\u0485 hello",
        "ana:\u0651",
        "安娜：\u302a 你好",
        "ana:🏽 hello",
    ],
)
def test_what_reads_as_a_colon_and_a_space_does_so_too(said: str) -> None:
    assert text.message(posted(said)).startswith("guest-12: ")


@pytest.mark.parametrize("star", "＊﹡∗⁎٭✱✲✳⁕⁑꙳🞶❋★⋆𐌟")
@pytest.mark.parametrize("rest", [" ana waves", " the house closes", "ana* hello", "", "\u200b ana went"])
def test_a_star_of_any_script_makes_nobody_act(star: str, rest: str) -> None:
    for before in ("", "\u200b", "\u2800", " ", "\u202d"):
        assert text.message(posted(before + star + rest)).startswith("guest-12: ")


@pytest.mark.parametrize(
    "said",
    [
        "\u202eolleh :ana", "x\u202eolleh :ana", "\u2067ana: x", "\u200fana: x", "שלום :ana", "!שלום :ana", "مرحبا :ana", "ana\u2066: x\u2069",
        "2025-11-24 12:00 ana: hello", "２０２５-１１-２４ 12:00 * ana waves", "2025‐11‐24", "20\u200b25-11-24 12:00 ana: x",
        "a" + "\u200b" * 600 + "na: hello", "\ufff9ana: x", "\U000e0061ana: x", "\u061cana: x",
    ],
)  # fmt: skip
def test_what_is_read_in_another_order_or_as_the_past_gets_its_name(said: str) -> None:
    assert text.message(posted(said)).startswith("guest-12: ")


@pytest.mark.parametrize(
    "said",
    [
        "hello", "Grüße", "你好，世界", "你好 世界", "10:30", "10∶30 h", "a b： c", "see http://a.example/b", "שלום", "مرحبا", "नमस्ते दुनिया", "☕️ tea",
        "👩‍👩‍👧 us", "a – b", "–", "2 ∗ 3", "tea ★", "f(x)=y", "iːt", "e.g. x", "...", "¿qué?", "«да»",
    ],
)  # fmt: skip
def test_what_reads_as_nothing_else_is_shown_as_typed(said: str) -> None:
    assert text.message(posted(said)) == said


# ---- what somebody does


@pytest.mark.parametrize(
    "said",
    ["came", "went.", "is now bob", "sets the topic: tea", "takes the topic away", "corrects: no", "lets only members speak", "саme", "ＣＡＭＥ",
     "\u200bcame", " came", "i\u200bs now bob", "corrects： no", "came\nbob: hi"],
)  # fmt: skip
@pytest.mark.parametrize("author", [Person(1, "ana"), GUEST])
def test_nobody_says_by_me_what_the_house_says(said: str, author: Person) -> None:
    shown = said.replace("\n", "\n  ")
    assert text.message(posted(said, author, "act")) == f"{author.name}: /me {shown}"
    assert text.message(posted(said, author, "act", "@1+12")) == f"*{author.name}* /me {shown}"
    assert text.message(posted("waves", author, "act")) == f"* {author.name} waves"


@pytest.mark.parametrize(
    "said", ["waves", "is tired", "comes in", "came home", "lets go", "sets the table", "corrects ana"]
)
def test_other_deeds_read_as_deeds(said: str) -> None:
    assert not acts_as_the_house(said)


@pytest.mark.parametrize("name", ["the", "The", "тhe", "in", "nothing", "found", "rooms", "here"])
def test_nobody_is_called_as_a_line_of_the_house_begins(name: str) -> None:
    with pytest.raises(BadName):
        person_name(name)


# ---- letters from the right


def test_a_name_from_the_right_stands_first() -> None:
    sara = Person(1, "سارة")
    assert text.message(posted("مرحبا", sara)) == "سارة: مرحبا"
    assert text.message(posted("bob: hi", sara)) == f"{FROM_THE_LEFT}سارة: bob: hi"
    assert text.message(posted("hi :bob", sara, "act")) == f"{FROM_THE_LEFT}* سارة hi :bob"
    assert text.message(posted("hi :bob", sara, room="@1+2")) == f"{FROM_THE_LEFT}*سارة* hi :bob"
    assert steer("ana", "bob: hi") == steer("安娜", "bob: hi") == ""


# ---- every door, read by somebody who knows only what it looks like

OTHERS = ["ana", "bob", "安娜", "Ольга"]
SIGNS = "：꞉ː∶ः:＊∗*٭✱ \t\n\u2028\u200b\u2060\u202e\u2067\u200f\u2800\u3164\u0301\ufe0f-‐2025/()[]"
PIECES = st.sampled_from(
    [
        *OTHERS,
        "аna",
        "guest-13",
        "the house closes",
        "is now",
        "came",
        "hello",
        "你好",
        "שלום",
        "2025-11-24 12:00",
        *SIGNS,
    ]
)
TEXTS = st.lists(PIECES, min_size=1, max_size=12).map("".join)
COLON = re.compile(r"COLON(?! SIGN| EQUAL)|VISARGA|^RATIO$|SOF PASUQ")


def read(line: str) -> str:
    """A line as the eye has it: nothing unseen, each sign as the one of ASCII that it looks like."""
    seen = []
    for char in unicodedata.normalize("NFKC", line):
        name = unicodedata.name(char, "")
        if unicodedata.category(char) in ("Cf", "Mn") and "COLON" not in name:
            continue
        if COLON.search(name) and "SEMI" not in name:
            seen.append(":")
        elif "ASTERISK" in name or "FIVE POINTED STAR" in name:
            seen.append("*")
        elif name in ("BRAILLE PATTERN BLANK", "HANGUL FILLER", "HANGUL JUNGSEONG FILLER", "HALFWIDTH HANGUL FILLER"):
            seen.append(" ")
        elif "HYPHEN" in name or "DASH" in name:
            seen.append("-")
        else:
            seen.append(char)
    return "".join(seen)


def speaker(line: str) -> str | None:
    """Whose line this is to the eye: a name, `*` for a notice, `-` for a line of the past, None for a nameless one."""
    seen = read(line)
    if seen.lstrip().startswith("*"):
        named = re.match(r"\*(\S+)\* |\* (\S+) ", seen)
        return (named[1] or named[2]) if named else "*"
    if re.match(r"\s*\d{4}-\d\d-\d\d", seen):
        return "-"
    spoken = re.match(r"\s*([^\s:]+)\s*:(\s|$)", seen)
    return spoken[1] if spoken else None


def doors(event: Event) -> list[str]:
    """What each door shows of it, without frames."""
    shown = [
        lines.FORMAT.event(event).decode(),
        raw.FORMAT.event(event).decode(),
        frames.TEXT.event(event)[frames.HEADER_BYTES :].decode().rstrip(" "),
        listener.FORMAT.event(event).decode(),
    ]
    return [each.removesuffix("\n") for each in shown if each]


@given(
    TEXTS,
    st.sampled_from(["say", "act", "notice"]),
    st.sampled_from(["lobby", "@1+12"]),
    st.sampled_from([GUEST, Person(1, "bob"), Person(2, "سارة")]),
)
def test_no_text_reads_as_anybody_elses_line(said: str, form: Form, room: str, author: Person) -> None:
    try:
        said = clean(said, 1_000)
    except Refusal:
        return
    for shown in doors(posted(said, author, form, room)):
        first, *following = re.split("[\n\u2028\u2029\x85]", shown)
        assert all(line.startswith("  ") for line in following)
        own = {author.name, None} if not author.chosen else {author.name}
        assert speaker(first) in own, (first, speaker(first))


@given(TEXTS, st.sampled_from(["say", "act"]))
def test_no_text_reads_otherwise_in_the_past(said: str, form: Form) -> None:
    try:
        said = clean(said, 1_000)
    except Refusal:
        return
    message = Message(room="lobby", seq=1, time=NOON, author=GUEST, form=form, text=said)
    for reply in (
        History(room="lobby", messages=[message], as_of=1, more=False),
        Found(messages=[message], more=False, complete=True),
    ):
        title, first, *following = text.answer(reply).split("\n")
        assert title.startswith("* ")
        assert first.startswith("* 2025-11-24 12:00 guest-12")
        assert all(line.startswith("  ") for line in following)
    for line in (tail.item_line(message), tail.event_line(posted(said, GUEST, form))):
        first, *following = line.split("\n")
        assert re.match(r"2025-11-24 \d\d:\d\d (\* )?guest-12", first)
        assert all(line.startswith("  ") for line in following)


@given(TEXTS, st.sampled_from([Edited, TopicChanged]))
def test_no_correction_or_topic_reads_as_anybody_elses_line(said: str, kind: type[Event]) -> None:
    try:
        said = clean(said, 1_000)
    except Refusal:
        return
    fields = {"target": 1, "text": said} if kind is Edited else {"topic": said}
    event = kind(room="lobby", seq=2, time=NOON, author=GUEST, **fields)
    for shown in doors(event):
        first, *following = re.split("[\n\u2028\u2029\x85]", shown)
        assert first.startswith("* guest-12 ")
        assert all(line.startswith("  ") for line in following)


@given(st.text(st.sampled_from("anaбאс：꞉ːˑꓽः⁎𐌟ـ-[]{}|^`\u0301\u05b0း"), min_size=1, max_size=6))
def test_a_name_makes_its_lines_read_as_its_own(wish: str) -> None:
    try:
        name = person_name(wish)
    except BadName:
        return
    seen = read(name)
    assert "*" not in seen
    assert ":" not in seen.rstrip(":") or not name.isascii()
    assert speaker(f"{name}: hello") in (seen, seen.rstrip(":"))


@pytest.mark.parametrize(
    "name",
    ["anaː", "ana꞉", "anaः", "anaး", "anaꓽ", "anaᱺ", "anaˑ", "ana𐌟", "anaⵂ", "aːna", "ana\u05b0", "anaះ", "aꓹb", "anǃ"],
)
def test_a_name_with_a_colon_or_a_star_in_disguise_may_not_be_taken(name: str) -> None:
    with pytest.raises(BadName):
        person_name(name)


@pytest.mark.parametrize(
    "name", ["दुःख", "အောင်ဇေး", "ស្រីពេះ", "が", "José", "ขวัญ", "עִבְרִית", "ابتِسام", "Нью-Йорк", "ʻokina"]
)
def test_the_marks_of_a_script_are_free_in_it(name: str) -> None:
    assert person_name(name) == unicodedata.normalize("NFC", name)


WORST = [
    "a" * 60_000, " " * 60_000, "\u200b" * 20_000, "a\u200b" * 15_000, "：" * 20_000, "a:" * 30_000, "ש" * 30_000, "\u0344" * 20_000,
    "\u0f73" * 20_000, "a :" * 20_000, "2025-" * 10_000,
]  # fmt: skip


@pytest.mark.parametrize("said", WORST, ids=lambda said: ascii(said[:3]))
def test_only_the_beginning_is_looked_at(said: str) -> None:
    def fastest(text: str) -> float:
        def once() -> float:
            begun = time.thread_time()
            looks_like_a_line(text)
            acts_as_the_house(text)
            steer("سارة", text)
            return time.thread_time() - begun

        return min(once() for _ in range(7))

    assert any(fastest(said) <= 6 * max(fastest(said[: 4 * HEAD]), 0.0001) for _ in range(5))


def test_what_the_house_says_is_compared_by_its_look() -> None:
    assert skeleton("саme") == skeleton("came")
