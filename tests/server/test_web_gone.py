"""A peer that is gone before anybody was told is no error of the server: nothing is logged, nobody else is concerned."""

from __future__ import annotations

import pytest
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from teahouse.server.web.asgi import Doorframe

pytestmark = pytest.mark.asyncio(loop_factories=["uvloop"])

SCOPE: Scope = {
    "type": "http",
    "http_version": "1.1",
    "method": "POST",
    "path": "/",
    "query_string": b"",
    "headers": [(b"host", b"localhost")],
}
BROKEN = "unable to perform operation on <TCPTransport closed=True>; the handler is closed"
CLOSING = "Cannot call write() after write_eof()"
each_way_to_be_gone = pytest.mark.parametrize("words", [BROKEN, CLOSING])


def raising(words: str) -> Receive:
    async def receive() -> Message:
        raise RuntimeError(words)

    return receive


def refusing(words: str) -> Send:
    async def send(message: Message) -> None:
        raise RuntimeError(words)

    return send


async def nothing(_: Message) -> None:
    """Takes what is said."""


async def reads(scope: Scope, receive: Receive, send: Send) -> None:
    """As the routes do: the body, then an answer; who is gone gets none."""
    try:
        answer: Response = PlainTextResponse(await Request(scope, receive).body())
    except ClientDisconnect:
        return
    await answer(scope, receive, send)


@each_way_to_be_gone
async def test_an_answer_to_somebody_who_is_gone_is_in_vain(words: str) -> None:
    app: ASGIApp = PlainTextResponse("tea")
    await Doorframe(app, ())(SCOPE, raising("not asked"), refusing(words))


@each_way_to_be_gone
async def test_a_body_that_is_asked_for_and_cannot_be_is_that_of_somebody_who_is_gone(words: str) -> None:
    await Doorframe(reads, ())(SCOPE, raising(words), nothing)


async def test_any_other_error_stays_one() -> None:
    with pytest.raises(RuntimeError, match="a bug"):
        await Doorframe(PlainTextResponse("tea"), ())(SCOPE, raising("not asked"), refusing("a bug"))
    with pytest.raises(RuntimeError, match="a bug"):
        await Doorframe(reads, ())(SCOPE, raising("a bug"), nothing)
