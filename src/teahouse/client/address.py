"""Where a house is: what people write, and what a socket needs.

tea.lan            frames on tea.lan, port 7256
tea.lan:7300       … on another port;  [::1]:7300 for an IPv6 address
ws://tea.lan/ws    a WebSocket, on the port that the URL means (80; wss: 443)
http://tea.lan     the address of the page, copied from a browser: a WebSocket beside it
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import msgspec

from teahouse.client.errors import BadAddress

PORT = 7256
PORTS = {"ws": 80, "wss": 443, "http": 80, "https": 443}
PATH = "/ws"

_PORT = re.compile(r"[0-9]{1,5}", re.ASCII)
_HOST = re.compile(r"[^\s/@?#\[\]:]+|[0-9A-Fa-f:.%\w]+")


class Address(msgspec.Struct, frozen=True):
    """One place where a house may be.

    path   of the WebSocket; "" for frames
    tls    whether the connection is encrypted
    """

    host: str
    port: int = PORT
    path: str = ""
    tls: bool = False

    def __str__(self) -> str:
        where = f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"
        return f"{'wss' if self.tls else 'ws'}://{where}{self.path}" if self.path else where


def parse(text: str) -> Address:
    """The address that this text means.

    raises  BadAddress   says what would do
    """
    if not isinstance(text, str):
        raise _bad(repr(text))
    text = text.strip()
    if "://" in text:
        return _parse_url(text)
    if text.count(":") > 1 and not text.startswith("["):
        return Address(_host(text, text))  # an IPv6 address without a port
    host, port = text, str(PORT)
    if (found := re.fullmatch(r"\[(.*)\](?::(.*))?|([^:]*):(.*)", text)) is not None:
        host = found[1] or found[3] or ""
        port = found[2] or found[4] or (str(PORT) if found[1] else "")
    return Address(_host(host, text), _port(port, text))


def _parse_url(text: str) -> Address:
    scheme = text.partition("://")[0].lower()
    if scheme not in PORTS:
        raise BadAddress(f"{text}: there is no {scheme}:// here. HOST:PORT would do, or ws://HOST:PORT/ws.")
    try:
        url = urlsplit(text)
        host, port = url.hostname or "", url.port
    except ValueError as error:
        raise _bad(text) from error
    path = url.path if scheme in ("ws", "wss") and url.path.strip("/") else PATH
    return Address(
        _host(host, text),
        PORTS[scheme] if port is None else _port(str(port), text),
        path,
        scheme[-1] == "s" and scheme != "ws",
    )


def _host(host: str, text: str) -> str:
    if not host or _HOST.fullmatch(host) is None:
        raise _bad(text)
    return host


def _port(port: str, text: str) -> int:
    if _PORT.fullmatch(port) is None or not 0 < int(port) < 65_536:
        raise BadAddress(f"{text}: “{port}” is no port; a number from 1 to 65535 would do.")
    return int(port)


def _bad(text: str) -> BadAddress:
    return BadAddress(f"“{text}” is no address. HOST, HOST:PORT or ws://HOST:PORT/ws would do.")
