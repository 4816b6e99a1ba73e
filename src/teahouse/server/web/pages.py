"""The few pages for people: how to join, and what is not here. No script, nothing from elsewhere."""

from __future__ import annotations

import html
from importlib import resources
from string import Template

from teahouse.server.web.origin import hostname


def _read(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


_JOIN = Template(_read("join.html"))
_MISSING = Template(_read("missing.html"))
STYLE = _read("join.css")


def join_page(name: str, version: str, host: str, secure: bool) -> str:
    """How to join, for somebody who reached us as `host` (a checked `Host` header)."""
    port = host[len(host.rstrip("0123456789")) :] if host.rpartition("]")[2].count(":") == 1 else ""
    return _JOIN.substitute(
        name=html.escape(name),
        version=html.escape(version),
        scheme="wss" if secure else "ws",
        authority=html.escape(host),
        host=html.escape(hostname(host)),
        port=html.escape(port or ("443" if secure else "80")),
    )


def missing_page(title: str, english: str, chinese: str) -> str:
    """What is not here, or not in this way."""
    return _MISSING.substitute(title=html.escape(title), english=html.escape(english), chinese=html.escape(chinese))
