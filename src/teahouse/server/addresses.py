"""What an address is: private or not, which neighbours it counts with, where this machine is found on its network.

To look addresses up makes no traffic: a UDP socket that is «connected» only asks the kernel which of our addresses it
would use. Whether somebody is let in there is tried for real, by a connection from this process to itself.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Collection, Mapping, Sequence

# RFC 5737 and RFC 3849: documentation addresses. No packet is sent to them, the kernel only looks up a route.
_SOMEWHERE: Mapping[int, str] = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}
FAMILIES = tuple(_SOMEWHERE)

TRY_S = 1.0  # an address of our own that takes longer is behind something that eats packets

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def address(text: str) -> Address | None:
    """The address that `text` is; an IPv4 address written as IPv6 is the IPv4 address. None for a name."""
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def is_private(host: str) -> bool:
    """Whether only this machine or its own network can reach a server that listens on `host`.

    host     an address, or a name whose addresses must all be private
    returns  False for «every address» (`0.0.0.0`, `::`, empty), and for a name that is not known
    """
    host = bare_host(host)
    known = address(host)
    if known is not None:
        return known.is_private and not known.is_unspecified
    try:
        infos = socket.getaddrinfo(host or None, 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError:
        return False
    return all(is_private(str(info[4][0])) for info in infos)


def neighbourhood(host: str) -> str:
    """Whom a client's address counts with: itself in IPv4, its /64 in IPv6, where one household has them all."""
    if ":" not in host:
        return host
    known = address(host)
    if not isinstance(known, ipaddress.IPv6Address):
        return host if known is None else str(known)
    return str(ipaddress.IPv6Address(int(known) >> 64 << 64)) + "/64"


def bare_host(host: str) -> str:
    """The host without the brackets of an IPv6 address, nor a zone that says nothing: only a link's own addresses have one."""
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    try:
        known = ipaddress.ip_address(bare)
    except ValueError:
        return bare
    if isinstance(known, ipaddress.IPv6Address) and known.scope_id is not None and not known.is_link_local:
        return bare.partition("%")[0]
    return bare


def url_host(host: str) -> str:
    """The host as it stands in a URL."""
    return f"[{host}]" if ":" in host else host


def lan_address(families: Collection[int] = FAMILIES) -> str | None:
    """The address by which the neighbours on the local network reach this machine; None where there is none."""
    found = [ours for family in families if (ours := _source_for(family, _SOMEWHERE[family])) is not None]
    try:
        infos = socket.getaddrinfo(socket.gethostname(), None, type=socket.SOCK_STREAM)
    except OSError:
        infos = []
    found += [str(info[4][0]) for info in infos if info[0] in families]
    return next(filter(is_neighbourly, found), None)


def candidates(bound: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    """Where somebody may get to what is bound: «every address» stands for the network's and the machine's own."""
    found: list[tuple[str, int]] = []
    for host, port in bound:
        known = address(host)
        if known is None or not known.is_unspecified:
            found.append((host, port))
            continue
        family, itself = (socket.AF_INET6, "::1") if ":" in host else (socket.AF_INET, "127.0.0.1")
        found += [(ours, port) for ours in (lan_address((family,)), itself) if ours is not None]
    return sorted(dict.fromkeys(found), key=lambda one: not is_neighbourly(one[0]))


async def those_that_answer(places: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    """Those at which a connection from this process is accepted, in order; it says nothing and goes."""

    async def answers(host: str, port: int) -> bool:
        try:
            async with asyncio.timeout(TRY_S):
                _, writer = await asyncio.open_connection(host, port)
        except (OSError, TimeoutError):
            return False
        writer.transport.abort()
        return True

    answered = await asyncio.gather(*(answers(*place) for place in places))
    return [place for place, does in zip(places, answered, strict=True) if does]


def is_neighbourly(host: str) -> bool:
    """Whether this is an address of a local network: private, and neither the machine itself nor one link alone."""
    known = address(host)
    if known is None or known.is_loopback or known.is_link_local or known.is_unspecified:
        return False
    return known.is_private


def _source_for(family: int, host: str) -> str | None:
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((host, 9))
            return str(probe.getsockname()[0])
    except OSError:
        return None
