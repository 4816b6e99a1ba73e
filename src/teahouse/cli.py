"""The roof: reads what was asked, chooses the parts, wires them, and says in one line why it cannot.

    teahouse [serve]            serve until a signal comes
    teahouse config check       say what the settings are and where each comes from
    teahouse check              verify a data folder
    teahouse forget-snapshots   take away the copies that upgrades left in one
    teahouse join, say …        see commands.py

Exit codes: 0 all is well; 1 `check` found damage; 2 something is to be set right before the start; 70 the disk failed, the
data is damaged, gone or replaced, or the server found a fault in itself: nothing was written after that.
"""

from __future__ import annotations

import asyncio
import gc
import ipaddress
import os
import signal
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from io import TextIOWrapper
from typing import Annotated, Any, NoReturn

import structlog
import uvloop
from cyclopts import App, Parameter

from teahouse import __version__, commands
from teahouse.config import FILE_NAME, PREFIX, SETTINGS, STARTED_BY, Settings, choose_limits, in_words_of, load
from teahouse.core.errors import ConfigError, StoreFatal
from teahouse.core.limits import Limits
from teahouse.logs import flush_logs, lines_dropped, set_up_logs
from teahouse.outlet import complain, hold_descriptors, tell
from teahouse.screen import Facts, draw, resident_bytes
from teahouse.server import descriptors
from teahouse.server.addresses import candidates, those_that_answer
from teahouse.server.clock import Clock
from teahouse.server.engine import Engine
from teahouse.server.server import Server, addresses_of
from teahouse.signals import heed_signals
from teahouse.store import snapshots
from teahouse.store.check import check_folder
from teahouse.store.sqlite import SqliteStore

EXIT_DAMAGED = 1
EXIT_CONFIG = 2
EXIT_FATAL = 70
END_S = 9.5  # how long the end may take, all its waits together
NAME = "Teahouse"
ALSO = 4  # places that the screen names

log = structlog.get_logger("teahouse")

app = App(
    name="teahouse",
    version=__version__,
    help="A chat room that everything can join, and that loses nothing. Without a command: serve.",
    help_format="plaintext",
)
config_app = App(name="config", help="What the settings are.")
app.command(config_app)
app.command(commands.app, name="*")


def _flag(name: str) -> Parameter:
    """A setting on the command line, with the help that the table has for it."""
    setting = next(setting for setting in SETTINGS if setting.name == name)
    return Parameter(help=f"{setting.about} [{setting.variable}; default: {setting.default or 'none'}]")


Text = str | None


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Flags:
    """What may be said on the command line: each setting as text, judged like the environment's in config.py."""

    host: Annotated[Text, _flag("host")] = None
    port: Annotated[Text, _flag("port")] = None
    names: Annotated[Text, _flag("names")] = None
    data: Annotated[Text, _flag("data")] = None
    limits: Annotated[Text, _flag("limits")] = None
    log: Annotated[Text, _flag("log")] = None
    config: Annotated[
        Text, Parameter(help=f"Read settings from this file. [{PREFIX}CONFIG; default: {FILE_NAME} where it exists]")
    ] = None


NO_FLAGS = Flags()


@app.command
@app.default
def serve(*, flags: Flags = NO_FLAGS) -> None:
    """Open the house, and serve until SIGTERM or Ctrl-C."""
    settings = load(asdict(flags), os.environ).settings
    limits = choose_limits(settings, resolve(settings.host))
    set_up_logs(settings.log)
    uvloop.run(run(settings, limits))


@config_app.command(name="check")
def config_check(*, flags: Flags = NO_FLAGS) -> None:
    """Say what each setting is and which place decided it; refuse what `serve` would refuse."""
    loaded = load(asdict(flags), os.environ)
    limits = choose_limits(loaded.settings, resolve(loaded.settings.host))
    for setting in SETTINGS:
        value = getattr(loaded.settings, setting.name)
        if setting.name == "names":
            value = ",".join(value)
        elif value == "auto":
            value = f"{limits.profile} (auto)"
        tell(f"{setting.name:<8}{value!s:<32}{loaded.origins[setting.name]}")


@app.command(name="check")
def check(
    data: Text = None, /, *, config: Annotated[Text, Parameter(help="Read settings from this file.")] = None
) -> int:
    """Verify everything in a data folder; the server must not be running on it.

    Parameters
    ----------
    data
        The folder; by default the one that `serve` would use.
    """
    folder = load({"data": data, "config": config}, os.environ).settings.data
    problems = check_folder(folder)
    for problem in problems:
        tell(problem)
    tell(f"{folder}: {len(problems)} problems found." if problems else f"{folder}: all is well.")
    return EXIT_DAMAGED if problems else 0


@app.command(name="forget-snapshots")
def forget_snapshots(
    data: Text = None, /, *, config: Annotated[Text, Parameter(help="Read settings from this file.")] = None
) -> None:
    """Take away the copies that an upgrade left in a data folder; a server may be running on it.

    What was deleted since the upgrade still stands in them. Without them there is no way back to the older version.

    Parameters
    ----------
    data
        The folder; by default the one that `serve` would use.
    """
    folder = load({"data": data, "config": config}, os.environ).settings.data
    try:
        forgotten = snapshots.forget_all(folder)
    except OSError as error:
        raise ConfigError(f"{folder}: the copies can't be taken away ({error.strerror}).") from error
    for path in forgotten:
        tell(f"{path}: taken away.")
    if not forgotten:
        tell(f"{folder}: there are no copies.")


def resolve(host: str) -> list[str]:
    """The addresses that a name of this machine stands for."""
    return [address for _, address in addresses_of(host)]


async def run(settings: Settings, limits: Limits) -> None:
    """Serve until a signal comes.

    raises  ConfigError   the port is taken, the folder cannot be used: what to do
            StoreFatal    what is in the folder is damaged
    """
    loop = asyncio.get_running_loop()
    asked_to_stop: asyncio.Future[str] = loop.create_future()

    def end(number: signal.Signals) -> None:
        if not asked_to_stop.done():
            asked_to_stop.set_result(number.name)
        elif number is not signal.SIGHUP:  # a terminal that hangs up says so twice
            os._exit(128 + number)  # asked twice: at once

    heed_signals(loop, end)
    if limits.profile == "none":
        log.warning("no limits: for benchmarks alone, whoever gets here may use up this machine")
    engine = Engine(SqliteStore(settings.data, limits, Clock().now_ms), limits, name=NAME, version=__version__)
    engine.counters.lines_dropped = lines_dropped
    most = descriptors.connections(descriptors.raise_limit(), limits)
    server = Server(engine, host=settings.host, port=settings.port, names=settings.names, most=most)
    starting = engine.tasks.start(server.start(), "start")
    await first_of(starting, asked_to_stop)
    if not starting.done():  # nothing was acknowledged yet, and whatever takes so long may take longer
        log.info("stopped", signal=asked_to_stop.result())
        exit_at_once(0)
    await starting
    spare_the_collector()
    places = await those_that_answer(candidates(server.addresses))
    hosts, ports = ([str(each[part]) for each in server.addresses] for part in (0, 1))
    log.info(
        "listening", host=",".join(hosts), port=ports[0], limits=limits.profile, connections=most,
        data=str(settings.data), pid=os.getpid(),
    )  # fmt: skip
    print(
        draw(facts(settings, engine, server, places or server.addresses), terminal=sys.stdout.isatty()),
        end="",
        flush=True,
    )
    await first_of(asked_to_stop, engine.fatal)
    if not engine.fatal.done():
        log.info("stopping", signal=asked_to_stop.result())
        bound_the_end()
        await server.stop()
    if engine.fatal.done():
        end_at_once(engine.fatal.result())
    log.info("stopped")
    flush_logs()


async def first_of(*ends: asyncio.Future[Any]) -> None:
    """Wait for one of them."""
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)


def bound_the_end() -> None:
    """From here on the process has END_S: every wait of the end has a bound of its own, this is for what is none."""

    def too_long() -> None:
        complain(f"teahouse: the end took longer than {END_S:.0f} s. What was not acknowledged may be stored or not.")
        exit_at_once(EXIT_FATAL)

    timer = threading.Timer(END_S, too_long)
    timer.daemon = True
    timer.start()


def spare_the_collector() -> None:
    """What is there at the start stays: the collector need not look at it again, nor so often at what passes.

    Messages live for a few milliseconds and have no circles; by default every 700 of them would start a collection.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def facts(settings: Settings, engine: Engine, server: Server, places: Sequence[tuple[str, int]]) -> Facts:
    """What the screen says about a server that is open at these places, (host, port)."""
    rooms = [room for room in engine.state.rooms_by_id.values() if room.head]
    return Facts(
        version=__version__,
        join=places[0],
        also=tuple(places[1:ALSO]),
        lan=not ipaddress.ip_address(places[0][0]).is_loopback,
        data=str(settings.data),
        rooms=len(rooms),
        events=sum(room.head for room in rooms),
        copies=snapshots.with_days_left(settings.data, engine.clock.now_ms()),
        limits=engine.limits.profile,
        connections=server.visits.most,
        memory=resident_bytes(),
    )


def main() -> None:
    """The command `teahouse`."""
    hold_descriptors()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that cannot show it all is no reason to fail
    try:
        app()
    except ConfigError as error:
        complain(f"teahouse: {in_words_of(os.environ.get(STARTED_BY), str(error))}")
        sys.exit(EXIT_CONFIG)
    except StoreFatal as error:
        end_at_once(error)


def end_at_once(error: StoreFatal) -> NoReturn:
    """Without a clean-up: nothing may touch the store any more, after a failed fsync SQLite goes on as if it were well."""
    complain(f"teahouse: {error.message}")
    exit_at_once(EXIT_FATAL)


def exit_at_once(code: int) -> NoReturn:
    """Now; what was said is written first, where it can be."""
    flush_logs()
    os._exit(code)
