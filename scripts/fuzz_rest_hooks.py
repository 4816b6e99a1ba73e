"""What schemathesis must not do, or it would wait for ever: follow a room. Loaded by it, not by us."""

from __future__ import annotations

from typing import Any

import schemathesis  # type: ignore[import-not-found]  # of an environment of its own


@schemathesis.hook  # type: ignore[untyped-decorator]
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """A stream becomes a poll that does not wait; a header wins over a query, so that is not said twice."""
    query = dict(case.query or {})
    if case.path.endswith("/events"):
        wait = query.get("wait")
        if wait is None or str(wait).isdecimal():
            query["wait"] = "0"
        if "Last-Event-ID" in (case.headers or {}):
            query.pop("after", None)
    query.pop("follow", None)
    case.query = query


@schemathesis.hook  # type: ignore[untyped-decorator]
def filter_case(context: Any, case: Any) -> bool:
    """A field that nobody knows is ignored (docs/protocol.md, «JSON»): a request with one is no wrong one."""
    known = {parameter.name for parameter in case.operation.query}
    return set(case.query or {}) <= known
