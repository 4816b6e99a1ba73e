"""The page /api: what can be asked over HTTP, for people. Made of the OpenAPI document, without a script."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from importlib import resources
from string import Template
from typing import Any, NamedTuple

Json = dict[str, Any]

_PAGE = Template(resources.files(__package__).joinpath("reference.html").read_text(encoding="utf-8"))


class Field(NamedTuple):
    """Something that a request says: where, what it may be."""

    name: str
    place: str
    kind: str
    required: bool
    note: str


class Operation(NamedTuple):
    """One row of the table, as people read it."""

    method: str
    path: str
    summary: str
    fields: Sequence[Field]
    answers: Sequence[str]


def operations(document: Json) -> Iterator[Operation]:
    """Each operation of the document, in its order."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            fields = [*map(_parameter, operation["parameters"]), *_body(operation)]
            answers = [
                f"{status} {_answer(content)}"
                for status, answer in operation["responses"].items()
                for content in [answer.get("content")]
                if content is not None
            ]
            yield Operation(method.upper(), path, operation["summary"], fields, answers)


def refusals(document: Json) -> Iterator[tuple[str, str]]:
    """Status and codes, of every no."""
    for status, response in document["components"]["responses"].items():
        yield status, response["description"]


def _parameter(parameter: Json) -> Field:
    required = parameter.get("required", False)
    return Field(
        parameter["name"], parameter["in"], kind(parameter["schema"]), required, parameter.get("description", "")
    )


def _body(operation: Json) -> Iterator[Field]:
    content = operation.get("requestBody", {}).get("content", {})
    if "text/plain" in content:
        yield Field("", "body", "text", True, "The message itself.")
    body = content.get("application/json", {}).get("schema", {})
    for name, schema in body.get("properties", {}).items():
        yield Field(name, "body", kind(schema), name in body.get("required", ()), "")


def _answer(content: Json) -> str:
    """The names of what is answered: `Stored`, or its media type where that is not JSON."""
    names = [
        kind["schema"]["$ref"].rpartition("/")[2] if "$ref" in kind["schema"] else media
        for media, kind in content.items()
    ]
    return " or ".join(names)


def kind(schema: Json) -> str:
    """What a value may be, in a few words."""
    if "anyOf" in schema:
        return " or ".join(kind(one) for one in schema["anyOf"] if one != {"type": "null"})
    if "enum" in schema:
        return " | ".join(schema["enum"])
    least, most = schema.get("minimum"), schema.get("maximum")
    if schema["type"] == "integer":
        return "integer" if not least or least < 0 else f"integer from {least}"
    least, most = schema.get("minLength"), schema.get("maxLength")
    return f"text of {least or 0} to {most} characters" if most is not None else "text"


def page(document: Json) -> str:
    """The whole page."""
    info = document["info"]
    return _PAGE.substitute(
        version=html.escape(info["version"]),
        description=html.escape(info["description"]),
        operations="\n".join(map(_as_html, operations(document))),
        refusals="\n".join(
            f"<tr><td>{status}</td><td>{_with_codes(codes)}</td></tr>" for status, codes in refusals(document)
        ),
    )


def _as_html(operation: Operation) -> str:
    rows = "\n".join(
        f"<tr><td><code>{html.escape(field.name) or '—'}</code></td><td>{field.place}</td>"
        f"<td>{html.escape(field.kind)}{'' if field.required else ', optional'}</td><td>{html.escape(field.note)}</td></tr>"
        for field in operation.fields
    )
    table = (
        f"<table><thead><tr><th>field</th><th>in</th><th>is</th><th></th></tr></thead>\n{rows}\n</table>"
        if rows
        else ""
    )
    return (
        f"<h3><code>{operation.method} {html.escape(operation.path)}</code></h3>\n"
        f"<p>{html.escape(operation.summary)}</p>\n{table}\n<p>→ {html.escape(', '.join(operation.answers))}</p>"
    )


def _with_codes(text: str) -> str:
    """Markdown's backticks as code."""
    pieces = html.escape(text).split("`")
    return "".join(f"<code>{piece}</code>" if place % 2 else piece for place, piece in enumerate(pieces))
