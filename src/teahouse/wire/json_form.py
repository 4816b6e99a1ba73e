"""JSON ⇄ words: one object is one command; one event, signal or reply is one object (docs/protocol.md, «JSON»).

    bytes ──decode──▶ Command | Refusal            Event | Signal | Reply ──encode──▶ bytes

msgspec does the work in one pass: it checks types and bounds against the structs of `core.commands`. Two things it
lets pass are looked at once more: a key that stands twice, and what is inside fields nobody knows. Looking costs ten
times the decoding, so it is done only when there are more colons than the fields that were read can account for: in
an ordinary command there are not, in a text with a colon there may be. How deep and how many is known before, from the
brackets and commas outside of strings, so that no body keeps the loop for long.

However wrong the bytes are, the answer is a Refusal, never an exception: `bad-json` for what is not one JSON object,
`unknown-command`, or `bad-field` with the field's name. Its `ref` is the command's wherever it can be read.
"""

from __future__ import annotations

import json
import re
from itertools import accumulate
from typing import Union

import msgspec

from teahouse.core.commands import COMMANDS, Command, RefField
from teahouse.core.errors import BadField, BadJson, Refusal, UnknownCommand

MAX_DEPTH = 16  # brackets within brackets; our own commands need one
MAX_VALUES = 4_096  # members and elements, all together; looking at one costs a third of a microsecond
SHOWN = 40  # characters of the peer's own words that a refusal repeats

_decoder: msgspec.json.Decoder[Command] = msgspec.json.Decoder(Union[COMMANDS])  # noqa: UP007

encode = msgspec.json.Encoder().encode


class _Type(msgspec.Struct):
    type: msgspec.Raw = msgspec.Raw(b"null")


class _Ref(msgspec.Struct):
    ref: RefField = None


_object: msgspec.json.Decoder[dict[str, object]] = msgspec.json.Decoder(dict[str, object])
_type = msgspec.json.Decoder(_Type)
_string = msgspec.json.Decoder(str)
_ref = msgspec.json.Decoder(_Ref)

# For each command: the keys that must be there (`type` is one), and the fields that may be.
_KEYS = {
    command: (
        1 + sum(field.required for field in msgspec.structs.fields(command)),
        tuple((field.name, field.default) for field in msgspec.structs.fields(command) if not field.required),
    )
    for command in COMMANDS
}

_FIELD = re.compile(r"(?: - at `\$\.|required field `)([^`.\[]+)")
_ALL_BUT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_STEP = bytes.maketrans(b"[{]}", b"\2\2\0\0")  # one more than the step that a bracket is: bytes are not negative


def decode(data: bytes) -> Command | Refusal:
    """The command that these bytes are, or why they are none."""
    try:
        command = _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return _refusal(data, error)
    expected, optional = _KEYS[type(command)]
    colons = data.count(b":")
    if colons != expected:
        for name, default in optional:
            if getattr(command, name) != default:
                expected += 1
        # Every field that was read has its colon. If there is no other, no key stands twice.
        if colons != expected and (flaw := _flaw(data)) is not None:
            return _with_ref(flaw, data)
    return command


def _refusal(data: bytes, error: Exception) -> Refusal:
    """Why these bytes are no command; what is wrong with the JSON itself comes first."""
    flaw = _flaw(data)
    if flaw is None and not isinstance(error, msgspec.ValidationError):
        flaw = BadJson("This is not JSON.")
    if flaw is not None:
        return _with_ref(flaw, data)
    refusal = bad_field(error)
    if refusal.field == "type":
        refusal = _bad_type(data) or refusal
    return _with_ref(refusal, data)


def _bad_type(data: bytes) -> Refusal | None:
    """What is said of a `type` that is a string, and no command's. As it stands: a number of any length costs nothing."""
    try:
        name = bytes(_type.decode(data).type)
        return UnknownCommand(f"There is no command “{_string.decode(name)[:SHOWN]}”.") if name[:1] == b'"' else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return BadJson("This is not JSON.")  # behind it, where nobody had looked yet


def bad_field(error: Exception) -> Refusal:
    """Which field is at fault, in our own words; `bad-json` where it is not even an object."""
    found = _FIELD.search(str(error))
    if found is None:
        return BadJson("A command is one JSON object: { … }.")
    field = found[1]
    if "required field" in found[0]:
        return BadField(f"The field “{field}” is missing.", field=field)
    what = str(error).partition(" - at ")[0]
    if what.startswith("Invalid"):  # the peer's own value follows, of any length
        what = "not one of the values it may have"
    return BadField(f"The field “{field}” is wrong: {what[0].lower()}{what[1:]}.", field=field)


def decode_object(data: bytes) -> dict[str, object] | Refusal:
    """The members of one JSON object, for a door where they are not the whole command."""
    flaw = _flaw(data)
    if flaw is not None:
        return flaw
    try:
        return _object.decode(data)
    except msgspec.DecodeError:
        return BadJson("This is not one JSON object, or a number in it is too large.")


def _flaw(data: bytes) -> BadJson | None:
    """What is wrong with the JSON itself, wherever in it."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return BadJson("This is not UTF-8.")
    brackets = data.count(b"[") + data.count(b"{")
    if brackets > MAX_DEPTH or brackets + data.count(b",") > MAX_VALUES:
        bare = _without_strings(data)
        if _depth(bare) > MAX_DEPTH:
            return BadJson(f"This JSON is nested deeper than {MAX_DEPTH}.", limit=MAX_DEPTH)
        if bare.count(b"[") + bare.count(b"{") + bare.count(b",") > MAX_VALUES:
            return BadJson(f"This JSON has more than {MAX_VALUES} values.", limit=MAX_VALUES)
    try:
        _pairs.decode(text)
    except _Twice as twice:
        return BadJson(f"The key “{twice.key[:SHOWN]}” stands twice.")
    except (ValueError, RecursionError):
        return BadJson("This is not JSON.")
    return None


def _without_strings(data: bytes) -> bytes:
    """What stands outside of strings; of what is not JSON, up to where it is not. An open string goes to the end."""
    # A regular expression would look for the end of an open string once more from each quote in it.
    return b"".join(data.replace(rb"\\", b"").replace(rb"\"", b"").split(b'"')[::2])


def _depth(bare: bytes) -> int:
    """How many brackets are open at most, at once."""
    return max(accumulate(step - 1 for step in bare.translate(_STEP, _ALL_BUT_BRACKETS)), default=0)


class _Twice(Exception):
    """A key of one object stands twice."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def _each_key_once(pairs: list[tuple[str, object]]) -> None:
    seen = set()
    for key, _ in pairs:
        if key in seen:
            raise _Twice(key)
        seen.add(key)


# Numbers stay text: a number of a million digits costs nothing.
_pairs = json.JSONDecoder(object_pairs_hook=_each_key_once, parse_int=str, parse_float=str)


def _with_ref(refusal: Refusal, data: bytes) -> Refusal:
    """The refusal with the command's `ref`, where one can be read."""
    try:
        refusal.ref = _ref.decode(data).ref
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        refusal.ref = None
    return refusal
