"""REST over HTTP: each request is a session for as long as it takes; the table is `wire/rest.py`.

    request ─▶ which row, who asks, what ─▶ Asker ─▶ dispatch ─▶ reply ─▶ response
                                              └▶ streams.py, where a room is followed

A web page of another origin may make a browser send us anything, so whatever changes something is refused where the
browser says that it comes from elsewhere, cookie or not.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any

import msgspec
from starlette.datastructures import URLPath
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Match, NoMatchFound, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from teahouse.core.commands import Command, Hello, Join, Open, Post, Visit
from teahouse.core.errors import ForeignOrigin, Overload, Refusal, WireError
from teahouse.core.events import Refused, Reply, Stored
from teahouse.server.engine import Engine
from teahouse.server.visits import Visit as Connection
from teahouse.server.web import reference
from teahouse.server.web.asker import Asker
from teahouse.server.web.guard import VISIT
from teahouse.server.web.openapi import document
from teahouse.server.web.origin import is_our_origin, only
from teahouse.server.web.streams import Stream, Streams
from teahouse.wire import json_form, rest
from teahouse.wire.base import refused
from teahouse.wire.rest import Row

ShowPage = Callable[[Request], Awaitable[Response]]


class Rest:
    """The application behind /api/ and /r/{room}."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._streams = Streams(engine)
        self._page: ShowPage = _no_page
        self._turns: weakref.WeakValueDictionary[tuple[object, ...], asyncio.Lock] = weakref.WeakValueDictionary()

    def routes(self, page: ShowPage) -> list[BaseRoute]:
        """Where it answers. `page` is what a browser gets that opens a room."""
        self._page = page
        described = document(self._engine.state.version)
        machine = Response(msgspec.json.encode(described), media_type="application/json")
        human = HTMLResponse(reference.page(described))

        async def openapi(request: Request) -> Response:
            return machine

        async def api(request: Request) -> Response:
            return human

        return [
            Route("/api", api, methods=["GET", "HEAD"]),
            Route("/api/openapi.json", openapi, methods=["GET", "HEAD"]),
            Rows(self),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            respond = await self._respond(Request(scope, receive))
        except ClientDisconnect:
            return  # in the middle of its body: there is nobody to answer
        await respond(scope, receive, send)

    def leave(self, why: Overload) -> None:
        """The server stops."""
        self._streams.close_all(why)

    async def _respond(self, request: Request) -> ASGIApp:
        found = rest.find(request.method, request.scope["raw_path"])
        if isinstance(found, Refusal):
            return self._not_here(found, request)
        row, path = found
        if row.gives == "lines" and "text/html" in request.headers.get("accept", ""):
            return await self._page(request)
        if row.method != "GET" and _is_foreign(request):
            return self._refuse(ForeignOrigin("A page of another origin may change nothing here."))
        query = rest.read_query(request.scope["query_string"])
        if isinstance(query, Refusal):
            return self._refuse(query)
        body = await request.body() if row.reads != "nothing" else b""
        command = rest.decode(row, path, query, request.scope["headers"], body)
        if not isinstance(command, Command):
            return self._refuse(command)
        visit = rest.visitor(query, request.scope["headers"], command)
        if isinstance(visit, Refusal):
            return self._refuse(visit)
        if visit.name is not None and (_is_foreign(request) or _may_be_foreign(request)):
            return self._refuse(
                ForeignOrigin("A page of another origin may take no name here; to read, none is needed.")
            )
        if isinstance(command, Join):
            return await self._stream(row, visit, command, query, request)
        return answer(row, await self._ask(request, visit, command))

    async def _ask(self, request: Request, visit: Visit, command: Command) -> Reply | None:
        """One question after the other, up to the first no, or until a retry has its first answer."""
        async with self._turn(visit):
            return await self._ask_now(request, visit, command)

    def _turn(self, visit: Visit) -> AbstractAsyncContextManager[object]:
        """The same message twice at once: the second waits for what becomes of the first."""
        said = visit.said
        if said is None:
            return nullcontext()
        return self._turns.setdefault((said.room, visit.name, said.key, said.text), asyncio.Lock())

    async def _ask_now(self, request: Request, visit: Visit, command: Command) -> Reply | None:
        questions: list[Command] = [command]
        if isinstance(command, Post):
            questions.insert(0, Open(room=command.room))
        if not isinstance(command, Hello):  # who says hello is nobody's visitor
            questions.insert(0, visit)
        connection: Connection = request.scope["extensions"][VISIT]
        asker = Asker(self._engine, connection.neighbours)
        try:
            reply: Reply | None = None
            for question in questions:
                reply = await asker.ask(question)
                if reply is None or isinstance(reply, Refused | Stored):
                    break
            return reply
        finally:
            asker.leave()

    async def _stream(
        self, row: Row, visit: Visit, command: Join, query: dict[str, str], request: Request
    ) -> ASGIApp:  # fmt: skip
        if row.gives == "lines":
            stream = await self._streams.lines(visit, command, request, follow=rest.follows(query))
        else:
            wait_ms = rest.wait_ms(query, self._engine.limits.poll_ms)
            if isinstance(wait_ms, Refusal):
                return self._refuse(wait_ms)
            if wait_ms is None:
                stream = await self._streams.events(visit, command, request)
            else:
                stream = await self._streams.poll(visit, command, wait_ms, request)
        return stream if isinstance(stream, Stream) else answer(row, stream)

    def _not_here(self, refusal: Refusal, request: Request) -> Response:
        """No such path, or not with this method."""
        response = self._refuse(refusal)
        methods = rest.methods(request.scope["raw_path"])
        if methods and response.status_code == 404:
            response.status_code = 405
            response.headers["allow"] = ", ".join(methods)
        return response

    def _refuse(self, why: Refusal | WireError) -> Response:
        self._engine.counters.refused[why.code] += 1
        return _json(refused(why), rest.STATUS[why.code])


class Rows(BaseRoute):
    """All paths of the table, and all others below /api/, as they stand in the request line.

    A `Route` looks at the decoded path: there `%2F` is a slash, and what has a line end in it is nowhere.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        path = scope.get("raw_path", b"")
        is_room = path.startswith(b"/r/") and path.count(b"/") == 2
        return (Match.FULL if is_room or path.startswith(b"/api/") else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        raise NoMatchFound(name, path_params)


async def _no_page(request: Request) -> Response:
    return PlainTextResponse("This server has no page.\n", 404)


def answer(row: Row, reply: Reply | None) -> Response:
    """A reply as HTTP says it; None is a bug of ours, which was logged."""
    if reply is None:
        return PlainTextResponse("Something is broken here; it was noted.\n", 500)
    return _json(reply, rest.status(row, reply))


def _json(reply: Reply, status: int) -> Response:
    body = json_form.encode(reply) + b"\n"  # for the prompt of whoever asks by hand
    response = Response(body, status, media_type="application/json")
    response.headers["cache-control"] = "no-store"
    if isinstance(reply, Refused) and reply.retry_after is not None:
        response.headers["retry-after"] = str(-(-reply.retry_after // 1_000))  # in whole seconds, rounded up
    if status == 401:
        response.headers["www-authenticate"] = "Bearer"  # RFC 9110 §11.6.1: a 401 says how
    return response


_ELSEWHERE = (b"cross-site", b"same-site")  # the same site is another port, or another machine of the domain


def _is_foreign(request: Request) -> bool:
    """Whether a browser says that a page of somebody else's sends this; an image of that page says so without `Origin`."""
    headers = request.scope["headers"]
    if any(value.strip() in _ELSEWHERE for name, value in headers if name == b"sec-fetch-site"):
        return True
    origins = [value for name, value in headers if name == b"origin"]
    if len(origins) > 1:
        return True
    return not is_our_origin(only(headers, b"origin"), only(headers, b"host"))


def _may_be_foreign(request: Request) -> bool:
    """Whether this may be somebody else's page though the browser does not say so.

    To an address without TLS, as in most houses, an image is asked for with neither `Origin` nor `Sec-Fetch-Site`. What
    is left is `Referer`, which a page may have left out: then it counts as another's, for every browser is «Mozilla».
    """
    headers = request.scope["headers"]
    if request.method not in ("GET", "HEAD") or any(name in (b"sec-fetch-site", b"origin") for name, _ in headers):
        return False  # with any other method every browser says its page's `Origin`
    referer = only(headers, b"referer")
    if referer is None:
        return any(name == b"user-agent" and value.startswith(b"Mozilla/") for name, value in headers)
    return not is_our_origin("/".join(referer.split("/", 3)[:3]), only(headers, b"host"))
