"""The web application: the chat page (page.py), the other ways in, the health of the node, its figures.

    GET /          the chat page          GET /healthz    {"status": "ok", "version": …}; 503 and why, else
    GET /join      the other ways in      GET /metrics    for Prometheus

Every answer, an error too, passes `Doorframe`: it turns away a `Host` that is not ours and puts on the headers that
keep a page harmless.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Literal

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from teahouse.server.web import pages
from teahouse.server.web.origin import is_our_host, only
from teahouse.server.web.page import Page
from teahouse.server.web.rest import ShowPage

SECURITY_HEADERS = [
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
        b"font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
]

METHODS = ["GET", "HEAD"]
GONE = ("the handler is closed", "after write_eof")
"""uvloop's words for a write into a connection that has just broken, or is being closed; asyncio says nothing."""


class Health(msgspec.Struct, frozen=True, omit_defaults=True):
    """What /healthz says. `reason` is a stable code; `message` is for people."""

    status: Literal["ok", "failing", "stopping"]
    reason: str = ""
    message: str = ""
    version: str = ""


def has_gone(error: RuntimeError) -> bool:
    """Whether an error is only that the peer is no more, or soon, and nobody was told yet."""
    return any(words in str(error) for words in GONE)


class Doorframe:
    """What every request and every answer passes."""

    def __init__(self, app: ASGIApp, names: Collection[str]) -> None:
        self._app = app
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_framed(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *SECURITY_HEADERS]
            try:
                await send(message)
            except RuntimeError as error:
                if not has_gone(error):
                    raise
                # That it has gone is told next; what is said meanwhile is in vain.

        async def receive_or_gone() -> Message:
            try:
                return await receive()  # which may write first: 100 Continue
            except RuntimeError as error:
                if not has_gone(error):
                    raise
                return {"type": "http.disconnect"}

        headers = scope["headers"]
        host = only(headers, b"host")
        said_nothing = scope["http_version"] == "1.0" and not any(name == b"host" for name, _ in headers)
        app: ASGIApp = self._app
        if not said_nothing and not is_our_host(host, self._names):
            no = "This server does not go by that name.\n"
            app = PlainTextResponse(no, status_code=421, headers={"connection": "close"})
        await app(scope, receive_or_gone, send_framed)


def application(
    name: str, version: str, names: Collection[str], health: Callable[[], Health], figures: Callable[[], bytes],
    figures_type: str, rooms: Callable[[ShowPage], list[BaseRoute]],
) -> Starlette:  # fmt: skip
    """The application of one node.

    health   whether it serves
    names    host names that are ours, in lower case, beside addresses and localhost
    figures  the text of /metrics, and its content type
    rooms    the routes of rooms over HTTP, given the page for a browser that opens one
    """

    async def join(request: Request) -> Response:
        host = request.headers.get("host", "localhost")
        secure = request.url.scheme == "https"
        return HTMLResponse(pages.join_page(name, version, host, secure), headers={"cache-control": "no-cache"})

    async def style(request: Request) -> Response:
        return Response(pages.STYLE, media_type="text/css", headers={"cache-control": "max-age=3600"})

    async def healthz(request: Request) -> Response:
        now = msgspec.structs.replace(health(), version=version)
        headers = {"cache-control": "no-store"}
        body = msgspec.json.encode(now)
        return Response(body, 200 if now.status == "ok" else 503, headers, media_type="application/json")

    async def metrics(request: Request) -> Response:
        return Response(figures(), headers={"content-type": figures_type, "cache-control": "no-store"})

    page = Page()
    app = Starlette(
        routes=[
            *rooms(page.shell),
            *page.routes(),
            Route("/join", join, methods=METHODS),
            Route("/join.css", style, methods=METHODS),
            Route("/healthz", healthz, methods=METHODS),
            Route("/metrics", metrics, methods=METHODS),
        ],
        middleware=[Middleware(Doorframe, names=names)],
        exception_handlers={404: not_here, 405: not_like_this},
    )
    app.router.redirect_slashes = False  # a message that is sent to /r/lobby/ must not be lost in a redirection
    return app


async def not_here(request: Request, error: Exception) -> Response:
    """404, for people."""
    page = pages.missing_page("Nothing here", "There is no page at this address.", "这个地址没有页面。")
    return HTMLResponse(page, status_code=404)


async def not_like_this(request: Request, error: Exception) -> Response:
    """405, for people: a page that can be read only."""
    headers = error.headers if isinstance(error, HTTPException) else None
    page = pages.missing_page("Read only", "This address can be read, not written to.", "这个地址只能读，不能写。")
    return HTMLResponse(page, status_code=405, headers=headers)
