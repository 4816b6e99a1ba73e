"""The chat page: what `web/` was built into, served from memory.

    /  /r/{room}  /r/{room}/{seq}      the shell, one small document for all three; asked for anew each time
    /assets/…                          hashed names: kept for a year, never asked for again
    /sw.js  /icon.svg  …               the few files whose names must stay; asked for anew, answered 304
    /qr/r/{room}.svg                   the room's address as a picture, for a phone

gzip and brotli were made by the build; a request only chooses. The files are read once, at the start, so a node that
runs is never half of an old page and half of a new one; and a node without its page does not start.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import segno
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from teahouse.core.errors import ConfigError

FOLDER = Path(__file__).parents[2] / "static"
SHELL = "index.html"
METHODS = ["GET", "HEAD"]
ENCODINGS = {"br": ".br", "gzip": ".gz"}  # the better one first
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
FOR_EVER = "public, max-age=31536000, immutable"
ASK = "no-cache"


class Asset(NamedTuple):
    """One file: its bytes by encoding ("" is as it is), and how it is served."""

    bodies: Mapping[str, bytes]
    media_type: str
    cache: str
    tag: str


class Page:
    """All files of the page.

    raises  ConfigError  the page was not built
    """

    def __init__(self, folder: Path = FOLDER) -> None:
        if not (folder / SHELL).is_file():
            raise ConfigError(f"the page is missing: there is no {folder / SHELL}. `make setup` builds it.")
        self._assets = {
            path.relative_to(folder).as_posix(): _read(path, folder)
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.suffix in TYPES
        }

    def routes(self) -> list[BaseRoute]:
        """Where the page answers."""
        named = [name for name in self._assets if name != SHELL]
        return [
            *(Route(f"/{name}", self._file, methods=METHODS) for name in named),
            Route("/", self.shell, methods=METHODS),
            Route("/r/{room}", self.shell, methods=METHODS),
            Route("/r/{room}/{seq:int}", self.shell, methods=METHODS),
            Route("/qr/r/{room}.svg", qr, methods=METHODS),
        ]

    async def shell(self, request: Request) -> Response:
        """The document. Which room it shows, it reads from its own address."""
        return _answer(request, self._assets[SHELL])

    async def _file(self, request: Request) -> Response:
        return _answer(request, self._assets[request.url.path.removeprefix("/")])


def _read(path: Path, folder: Path) -> Asset:
    bodies = {"": path.read_bytes()}
    for encoding, suffix in ENCODINGS.items():
        if (compressed := path.with_name(path.name + suffix)).is_file():
            bodies[encoding] = compressed.read_bytes()
    cache = FOR_EVER if path.parent == folder / "assets" else ASK
    tag = f'"{hashlib.sha256(bodies[""]).hexdigest()[:24]}"'
    return Asset(bodies, TYPES[path.suffix], cache, tag)


def _answer(request: Request, asset: Asset) -> Response:
    headers = {"cache-control": asset.cache, "etag": asset.tag, "vary": "accept-encoding"}
    if asset.tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    encoding = best_encoding(request.headers.get("accept-encoding", ""), asset.bodies)
    if encoding:
        headers["content-encoding"] = encoding
    return Response(asset.bodies[encoding], headers=headers, media_type=asset.media_type)


def best_encoding(accepted: str, bodies: Mapping[str, bytes]) -> str:
    """The first of ours that the header allows (RFC 9110 §12.5.3); "" for none."""
    wanted = {}
    for part in accepted.lower().split(","):
        name, _, weight = part.partition(";")
        wanted[name.strip()] = re.fullmatch(r"\s*q\s*=\s*0(\.0*)?\s*", weight) is None
    return next((encoding for encoding in ENCODINGS if wanted.get(encoding) and encoding in bodies), "")


ADDRESS_BYTES = 1_000  # of a room's name, percent-encoded: 50 characters need 600


async def qr(request: Request) -> Response:
    """The address of a room, at the name by which we were reached, as a QR code."""
    room = quote(request.path_params["room"], safe="@+")
    if len(room) > ADDRESS_BYTES:
        raise HTTPException(404)
    address = f"{request.url.scheme}://{request.headers.get('host', 'localhost')}/r/{room}"
    picture = io.BytesIO()
    segno.make_qr(address, error="m").save(picture, kind="svg", border=1, xmldecl=False, omitsize=True)
    return Response(picture.getvalue(), media_type="image/svg+xml", headers={"cache-control": ASK})
