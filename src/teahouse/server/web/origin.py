"""Which `Host` and which `Origin` are ours. Pure.

A page of another site can make a browser send us requests, and by changing its own DNS entry to our address
(rebinding) it can even read the answers. The browser then says the page's name in `Host`: so a name must be one
that only we can have. An address cannot be rebound.

A WebSocket has no same-origin rule in browsers: the server itself compares `Origin` with `Host`. Programs send no
`Origin` and are let in.
"""

from __future__ import annotations

from collections.abc import Collection

from teahouse.server.addresses import address

Headers = list[tuple[bytes, bytes]]


def only(headers: Headers, name: bytes) -> str | None:
    """The one value of a header (its name in lower case); None if it is absent or stands twice."""
    values = [value for key, value in headers if key == name]
    return values[0].decode("latin-1").strip() if len(values) == 1 else None


def hostname(host: str) -> str:
    """The name or address in a `Host` header, without its port; "" where it is none."""
    if host.startswith("["):
        name, bracket, rest = host[1:].partition("]")
        colon, port = rest[:1], rest[1:]
        if not bracket or colon not in ("", ":") or ":" not in name or address(name) is None:
            return ""
    else:
        name, _, port = host.partition(":")
    return name if not port or (port.isascii() and port.isdigit()) else ""


def is_our_host(host: str | None, names: Collection[str]) -> bool:
    """Whether a request for this `Host` can be meant for us: an address, localhost, or one of our names."""
    if host is None:
        return False
    name = hostname(host).casefold().rstrip(".")
    return name == "localhost" or name in names or address(name) is not None


def is_our_origin(origin: str | None, host: str | None) -> bool:
    """Whether a page with this `Origin` came from the very `Host` it speaks to. No origin: not a page at all."""
    if origin is None:
        return True
    scheme, separator, rest = origin.partition("://")
    if host is None or not separator or scheme not in ("http", "https"):
        return False
    port = ":443" if scheme == "https" else ":80"
    return rest.casefold().removesuffix(port) == host.casefold().removesuffix(port)
