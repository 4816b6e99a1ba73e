"""What an address is: private or not, which neighbours it counts with, where this machine is found on its network.

No traffic: a UDP socket that is «connected» only asks the kernel which of our addresses it would use.
"""

from __future__ import annotations

import ipaddress
import socket

# RFC 5737 and RFC 3849: documentation addresses. No packet is sent to them, the kernel only looks up a route.
_SOMEWHERE = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))

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


def lan_address() -> str | None:
    """The address by which the neighbours on the local network reach this machine; None where there is none."""
    for family, somewhere in _SOMEWHERE:
        if (ours := _source_for(family, somewhere)) is not None and is_neighbourly(ours):
            return ours
    try:
        infos = socket.getaddrinfo(socket.gethostname(), None, type=socket.SOCK_STREAM)
    except OSError:
        return None
    return next((host for info in infos if is_neighbourly(host := str(info[4][0]))), None)


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
