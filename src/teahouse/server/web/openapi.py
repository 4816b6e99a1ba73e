"""The table of REST as an OpenAPI 3.1 document: from the rows and from the very structs that requests are read into.

Nothing is described twice: a field's type and bounds are the struct's, its place is the row's, its status the
table's. What a struct cannot say (who asks, how a stream is asked for) stands here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from teahouse.core.commands import Delete, Edit
from teahouse.core.events import Refused
from teahouse.wire.rest import STATUS, TABLE, Row

Json = dict[str, Any]

REF = "#/components/schemas/{name}"
REFUSAL = "#/components/responses/{status}"
SECURITY: Sequence[Json] = ({}, {"token": []})

_NAME: Json = {
    "name": "name", "in": "query", "schema": {"type": "string"},
    "description": "A name for this request, where there is no token.",
}  # fmt: skip
_EXTRA: Mapping[str, Sequence[Json]] = {
    "lines": [
        {"name": "follow", "in": "query", "allowEmptyValue": True, "schema": {"type": "string"},
         "description": "Go on with what is said from now on, until the reader leaves."},
    ],
    "events": [
        {"name": "wait", "in": "query", "schema": {"type": "integer", "minimum": 0, "maximum": 10**16 - 1},
         "description": "A long poll: answer with JSON as soon as something has happened, or after so many seconds."},
    ],
}  # fmt: skip
_INFO = """\
Every way in leads to the same rooms: what is said here is heard by browsers, terminals and old programs alike.
A request needs no `join`, and makes nobody present. Without a token you are a guest for the time of one request."""


def document(version: str) -> Json:
    """The whole document."""
    replies = list(dict.fromkeys([row.answer for row in TABLE]))
    commands = list(dict.fromkeys(row.command for row in TABLE))
    _, components = msgspec.json.schema_components([*commands, *replies, Refused], ref_template=REF)
    paths: dict[str, Json] = {}
    for row in TABLE:
        paths.setdefault(row.path, {})[row.method.lower()] = _operation(row, components[row.command.__name__])
    for command in commands:
        del components[command.__name__]
    return {
        "openapi": "3.1.0",
        "info": {"title": "Teahouse", "version": version, "description": _INFO},
        "paths": paths,
        "components": {
            "schemas": components,
            "responses": _refusals(),
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "A guest's token: POST /api/guests."}
            },
        },
    }


def _operation(row: Row, schema: Json) -> Json:
    fields = [field for field in schema["properties"] if field not in ("type", "ref")]
    said_in_path = [field for field in fields if field in row.parts]
    rest = [field for field in fields if field not in row.parts]
    in_body = rest if row.reads == "json" else ["text"] if row.reads == "text" else []
    parameters = [_parameter(schema, field, "path") for field in said_in_path]
    parameters += [_parameter(schema, field, "query") for field in rest if field not in in_body]
    if row.header is not None:
        name, field = row.header
        parameters.append({**_parameter(schema, field, "header"), "name": name})
    needs_token = row.command in (Edit, Delete)
    if row.path != "/api/guests" and not needs_token:
        parameters.append(_NAME)
    operation: Json = {
        "operationId": _id(row),
        "summary": row.summary,
        "parameters": [*parameters, *_EXTRA.get(row.gives, ())],
        "responses": _responses(row),
        "security": list(SECURITY[1:] if needs_token else SECURITY),
    }
    if row.reads == "text":
        operation["requestBody"] = {"required": True, "content": {"text/plain": {"schema": {"type": "string"}}}}
    elif row.reads == "json":
        operation["requestBody"] = _body(schema, in_body)
    return operation


def _id(row: Row) -> str:
    """`postText` and `joinLines` are the short ways at /r/."""
    tag = str(row.command.__struct_config__.tag)
    short = {"/r/{room}": {"post": "Text", "join": "Lines"}}.get(row.path, {})
    return tag + short.get(tag, "")


def _parameter(schema: Json, field: str, place: str) -> Json:
    """A field that is text on the wire; there is no null there, leaving it out says the same."""
    kind = {key: value for key, value in schema["properties"][field].items() if key != "default"}
    alternatives = [one for one in kind.get("anyOf", ()) if one != {"type": "null"}]
    if len(alternatives) == 1:
        kind = alternatives[0]
    if place == "path" and kind == {"type": "string"}:
        kind = {"type": "string", "minLength": 1}
    return {"name": field, "in": place, "required": place == "path" or field in schema["required"], "schema": kind}


def _body(schema: Json, fields: Sequence[str]) -> Json:
    required = [field for field in schema["required"] if field in fields]
    body: Json = {"type": "object", "properties": {field: schema["properties"][field] for field in fields}}
    if required:
        body["required"] = required
    return {"required": bool(required), "content": {"application/json": {"schema": body}}}


def _responses(row: Row) -> Json:
    answer = {"$ref": REF.format(name=row.answer.__name__)}
    content: Json = {"application/json": {"schema": answer}}
    if row.gives == "lines":
        content = {"text/plain": {"schema": {"type": "string"}}}
    elif row.gives == "events":
        content["text/event-stream"] = {"schema": {"type": "string"}}
    responses: Json = {}
    if row.makes:
        responses["201"] = {"description": "It is made, and on disk.", "content": content}
    if not row.makes or row.header is not None:
        again = "It was there already: the same key again." if row.makes else "Done."
        responses["200"] = {"description": again, "content": content}
    return responses | {status: {"$ref": REFUSAL.format(status=status)} for status in _refusals()}


def _refusals() -> Json:
    """By status: which codes it may be."""
    content = {"application/json": {"schema": {"$ref": REF.format(name=Refused.__name__)}}}
    by_status: dict[str, list[str]] = {}
    for code, status in STATUS.items():
        if code not in ELSEWHERE:
            by_status.setdefault(str(status), []).append(code)
    return {
        status: {"description": ", ".join(f"`{code}`" for code in sorted(codes)), "content": content}
        for status, codes in sorted(by_status.items())
    }


ELSEWHERE = frozenset(
    ("foreign-protocol", "hello-first", "not-in-room", "stale", "timed-out", "too-many-connections", "too-slow",
     "unknown-frame", "unknown-version")
)  # fmt: skip
"""Codes that are said at other doors alone."""
