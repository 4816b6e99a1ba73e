"""What Tab makes of a word."""

from __future__ import annotations

import pytest

from teahouse.tui.complete import COMMANDS, Completion, complete, shared

PEOPLE = ["ana", "anna", "Bob", "小美"]
ROOMS = ["lobby", "tea", "teahouse"]


@pytest.mark.parametrize(
    ("before", "found"),
    [
        ("/jo", Completion(0, ["/join "])),
        ("/JO", Completion(0, ["/join "])),
        ("/join te", Completion(6, ["tea", "teahouse"])),
        ("/msg b", Completion(5, ["Bob "])),
        ("an", Completion(0, ["ana: ", "anna: "])),
        ("hello an", Completion(6, ["ana ", "anna "])),
        ("hello\nbo", Completion(6, ["Bob "])),
        ("@AN", Completion(0, ["@ana ", "@anna "])),
        ("hi @小", Completion(3, ["@小美 "])),
        ("", None),
        ("hello ", None),
        ("xyz", None),
        ("say /jo", None),
    ],
)
def test_the_last_word_becomes_what_begins_like_it(before: str, found: Completion | None) -> None:
    assert complete(before, PEOPLE, ROOMS) == found


def test_a_slash_alone_may_become_any_command() -> None:
    found = complete("/", PEOPLE, ROOMS)
    assert found is not None
    assert [choice.strip() for choice in found.choices] == list(COMMANDS)


@pytest.mark.parametrize(
    ("choices", "beginning"),
    [(["ana: ", "anna: "], "an"), (["tea", "teahouse"], "tea"), (["one "], "one "), (["a", "b"], "")],
)
def test_the_shared_beginning_is_what_all_have(choices: list[str], beginning: str) -> None:
    assert shared(choices) == beginning
