"""Each reason to say no has a code of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from teahouse.core import errors
from teahouse.core.errors import Overload, Refusal, TeahouseError, WireError


def _leaves(kind: type[TeahouseError]) -> Iterator[type[TeahouseError]]:
    for child in kind.__subclasses__():
        if child.__subclasses__():
            yield from _leaves(child)
        else:
            yield child


LEAVES = [
    leaf for branch in (Refusal, WireError, Overload) for leaf in _leaves(branch) if leaf.__module__ == errors.__name__
]


def test_each_leaf_has_its_own_code() -> None:
    codes = Counter(vars(leaf).get("code") for leaf in LEAVES)
    assert None not in codes
    assert {code for code, times in codes.items() if times > 1} == set()


def test_a_code_is_lower_case_words_with_hyphens() -> None:
    for leaf in LEAVES:
        code = vars(leaf)["code"]
        assert code == code.lower()
        assert all(word.isalpha() for word in code.split("-")), code


def test_each_leaf_says_what_it_means() -> None:
    assert [leaf.__name__ for leaf in LEAVES if not leaf.__doc__] == []
