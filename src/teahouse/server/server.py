"""One node on its port: binds it, lets people in, and when it stops tells everyone and waits for them to have read it.

Options are set on the listening sockets; Linux hands them on to every accepted one, so that no connection costs a
system call for them. The sockets are made here, not by the event loop, because it sets the options of its own kind
on each connection, or none.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections.abc import Collection

import structlog

from teahouse.core.errors import ConfigError, GoingAway
from teahouse.core.limits import Limits
from teahouse.server.addresses import address, bare_host
from teahouse.server.engine import Engine
from teahouse.server.gate import Gate, Shut
from teahouse.server.visits import Visits
from teahouse.server.web.door import HttpDoor

log = structlog.get_logger("teahouse.server")

BACKLOG = 4_096
KEEPALIVE_IDLE_S, KEEPALIVE_EVERY_S, KEEPALIVE_PROBES = 30, 10, 3
FAREWELL_S = 3.0  # to read that we stop; the rest of five seconds is the disk's
CLOSE_S = 0.5  # for what has nothing more to wait for


class Server:
    """A node and its port.

    addresses  the (host, port)s that are bound; empty before `start`
    names      host names that are ours, beside addresses, localhost and the machine's own name
    most       connections that there may be; None: as many as the profile says, whatever the process may have
    """

    def __init__(
        self, engine: Engine, *, host: str, port: int, names: Collection[str] = (), most: int | None = None
    ) -> None:
        self._engine = engine
        self._host = host
        self._port = port
        self._stopping: asyncio.Future[None] | None = None
        self._listening: list[asyncio.Server] = []
        self.visits = Visits(
            asyncio.get_running_loop(),
            engine.limits,
            engine.counters,
            engine.flusher,
            most or engine.limits.connections,
        )
        self._web = HttpDoor(engine, self.visits, our_names(names), lambda: self._stopping is not None)
        self.addresses: list[tuple[str, int]] = []

    async def start(self) -> None:
        """Open the store, then the port.

        raises  ConfigError   the port is taken, or the host is not this machine's; and what `Engine.start` raises
        """
        sockets = bind(self._host, self._port, self._engine.limits)
        try:
            await self._engine.start()
            loop = self.visits.loop
            for sock in sockets:
                self._listening.append(await loop.create_server(self._admit, sock=sock, backlog=BACKLOG))
        except BaseException:
            for sock in sockets:
                sock.close()
            raise
        self.addresses = [sock.getsockname()[:2] for sock in sockets]

    def _admit(self) -> asyncio.Protocol:
        try:
            return Gate(self._engine, self.visits, self._web)
        except Exception as error:  # the loop would leave the connection where it is, and accept no other after it
            log.error("gate-failed", exc_info=error)
            return Shut()

    async def stop(self) -> None:
        """Let nobody in any more, write what is on its way, tell everyone, close. A second call waits for the first.

        Every wait has a deadline; all together they are less than ten seconds.

        raises StoreFatal  see `Engine.stop`
        """
        if self._stopping is not None:
            await asyncio.shield(self._stopping)
            return
        self._stopping = self.visits.loop.create_future()
        try:
            for listening in self._listening:
                listening.close()
            going = GoingAway("The server stops. Come back in a moment and resume by number.")
            await self._engine.settle()
            self._web.leave(going)
            await self.visits.close_all(going, FAREWELL_S)
            await self._web.stop()
            await self._engine.stop()
            for listening in self._listening:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(listening.wait_closed(), CLOSE_S)
        finally:
            self._stopping.set_result(None)


def our_names(configured: Collection[str]) -> frozenset[str]:
    """Host names that are ours, in lower case: what was configured, and the machine's own."""
    machine = socket.gethostname()
    return frozenset(name.casefold() for name in (*configured, machine, f"{machine.partition('.')[0]}.local"))


def bind(host: str, port: int, limits: Limits) -> list[socket.socket]:
    """Listening sockets for every address of `host`, all on one port.

    host     an address (of IPv6 in brackets or not), a name of this machine; "" and `::` are every address of both families
    port     0: any that is free
    raises   ConfigError
    """
    infos = addresses_of(host)
    sockets: list[socket.socket] = []
    try:
        for family, address in infos:
            if (sock := _bind_one(family, address, port, host, limits, alone=len(infos) == 1)) is not None:
                sockets.append(sock)
                port = sock.getsockname()[1]
        if not sockets:
            raise ConfigError(f"{host}: no address of this name can be listened on. This would do: --host 127.0.0.1")
    except BaseException:
        for sock in sockets:
            sock.close()
        raise
    return sockets


def addresses_of(host: str) -> list[tuple[int, str]]:
    """(family, address) of all that `host` stands for, IPv4 first.

    raises   ConfigError
    """
    bare = bare_host(host)
    known = address(bare)
    everywhere = not host or (":" in bare and known is not None and known.is_unspecified)
    try:
        if not (bare or everywhere):
            raise OSError("brackets around nothing")
        found = socket.getaddrinfo(None if everywhere else bare, 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise ConfigError(
            f"{host} is no address and no name that this machine knows. This would do: --host 127.0.0.1"
        ) from error
    return sorted(dict.fromkeys((int(info[0]), str(info[4][0])) for info in found), key=lambda one: one[0])


def _bind_one(family: int, address: str, port: int, host: str, limits: Limits, *, alone: bool) -> socket.socket | None:
    """None where this machine lacks one of the several addresses that a name has."""
    try:
        sock = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        if alone:
            raise ConfigError(
                f"{host}: this machine has no such network ({error.strerror}). This would do: --host 127.0.0.1"
            ) from error
        return None
    try:
        _set_options(sock, limits)
        sock.bind((address, port))
    except OSError as error:
        sock.close()
        if error.errno == errno.EADDRNOTAVAIL and not alone:
            return None
        raise ConfigError(_why_not(error, address, port)) from error
    return sock


def _set_options(sock: socket.socket, limits: Limits) -> None:
    sock.setblocking(False)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if sock.family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    tcp = socket.IPPROTO_TCP
    sock.setsockopt(tcp, socket.TCP_NODELAY, 1)
    sock.setsockopt(tcp, socket.TCP_KEEPIDLE, KEEPALIVE_IDLE_S)
    sock.setsockopt(tcp, socket.TCP_KEEPINTVL, KEEPALIVE_EVERY_S)
    sock.setsockopt(tcp, socket.TCP_KEEPCNT, KEEPALIVE_PROBES)
    # Keepalive does not watch a connection with unanswered bytes; this does.
    sock.setsockopt(tcp, socket.TCP_USER_TIMEOUT, limits.stall_ms)


def _why_not(error: OSError, address: str, port: int) -> str:
    another = 7300 if port != 7300 else 7301
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} of {address} is taken: another server listens there. Stop it, or choose another port: --port {another}"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{address} is not an address of this machine. This would do: --host 127.0.0.1"
    if error.errno == errno.EACCES:
        return (
            f"Port {port} of {address} needs more rights than this process has. Choose one above 1023: --port {another}"
        )
    return f"Port {port} of {address} cannot be listened on: {error.strerror}. Choose another: --port {another}"
