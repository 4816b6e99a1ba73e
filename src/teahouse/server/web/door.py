"""Where HTTP comes in: uvicorn's settings and shared state, and the hand-over of an accepted connection.

uvicorn's own `Server` is not used. It would bind sockets, catch signals and wake ten times a second to refresh a
date; its HTTP protocol asks for no more than a `Config` and a `ServerState` (pinned in pyproject.toml, because that is
stable but not documented).
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from uvicorn import Config
from uvicorn.server import ServerState

from teahouse.core.errors import Overload
from teahouse.server.engine import Engine
from teahouse.server.metrics import CONTENT_TYPE, Metrics
from teahouse.server.tasks import end_all
from teahouse.server.visits import Visit, Visits
from teahouse.server.web.asgi import Health, application
from teahouse.server.web.guard import GuardedHttp
from teahouse.server.web.rest import Rest
from teahouse.server.web.websocket import WebSocket

KEEP_ALIVE_S = 15


def health(engine: Engine, stopping: bool) -> Health:
    """Whether this node serves, and why not."""
    if stopping:
        return Health("stopping", "stopping", "The server stops.")
    trouble = engine.trouble()
    return Health("ok") if trouble is None else Health("failing", trouble.code, trouble.message)


class HttpDoor:
    """HTTP and WebSocket of one node; `names` are the host names that are ours, in lower case."""

    def __init__(self, engine: Engine, visits: Visits, names: Collection[str], is_stopping: Callable[[], bool]) -> None:
        self._engine = engine
        self._visits = visits
        self._names = names
        self._rest = Rest(engine)
        state = engine.state
        figures = Metrics(engine, visits).text
        app = application(
            state.server_name,
            state.version,
            names,
            lambda: health(engine, is_stopping()),
            figures,
            CONTENT_TYPE,
            self._rest.routes,
        )
        self._config = Config(
            app,
            http=GuardedHttp,
            ws=WebSocket,
            lifespan="off",
            log_config=None,
            log_level="error",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=KEEP_ALIVE_S,
        )
        self._config.load()
        self._state = ServerState()

    def enter(self, visit: Visit) -> GuardedHttp:
        """This visit speaks HTTP: its protocol object from now on. The bytes that say so are still to be fed to it."""
        self._visits.note_http(visit)
        visit.enter("http")
        http = GuardedHttp(self._config, self._state, visit, self._engine.limits, self._now_s, self._upgrade)
        visit.transport.set_protocol(http)
        http.connection_made(visit.transport)
        return http

    def _now_s(self) -> float:
        return self._engine.clock.now_ms() / 1_000

    def _upgrade(self, visit: Visit) -> WebSocket:
        return WebSocket(visit, self._engine, self._names)

    def leave(self, why: Overload) -> None:
        """The server stops: what would be answered for ever ends."""
        self._rest.leave(why)

    async def stop(self) -> None:
        """End what still answers a request whose connection is gone."""
        await end_all(self._state.tasks)
