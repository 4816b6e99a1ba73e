"""The commands for people and scripts at a terminal. Each is a few lines here: its words, and what its end means.

    teahouse join      the room, on the whole screen; --plain: lines in, lines out
    teahouse say       say something and be gone
    teahouse tail      what was said last, and what is said next
    teahouse export    a whole room as one file
    teahouse demo      a house with a week of life in it, to look at
    teahouse torture   a server of its own is killed, cut off and attacked, and must lose nothing

They use the public client library, like any other program. Exit codes: 0 done; 1 the server declined, or the message
is not stored; 2 what was asked cannot be; 3 nobody is there, or somebody else; 130 interrupted, 143 ended by SIGTERM.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import sys
from collections.abc import Coroutine
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any

import uvloop
from cyclopts import App, Parameter
from cyclopts.validators import Number

from teahouse.client import Client, Patience
from teahouse.client.errors import BadAddress, ClientError, NotAHouse, OutboxError, Unreachable
from teahouse.core.errors import BadField, BadName, BadRoom, BadText, Overload, Refusal, TeahouseError
from teahouse.outlet import complain, silence, tell
from teahouse.tui.entry import enter, note, visit, whereto
from teahouse.tui.export import CannotWrite, Format, export, export_to
from teahouse.tui.lines import Lines
from teahouse.tui.memory import Memory
from teahouse.tui.plain import NotTaken, Plain
from teahouse.tui.say import LineNotTaken, say_lines
from teahouse.tui.say import say as say_once
from teahouse.tui.tail import tail as tail_room

EXIT_DECLINED = 1
EXIT_CANNOT = 2
EXIT_NOBODY = 3
EXIT_INTERRUPTED = 130
STDIN = 0
SERVER_VARIABLE = "TEAHOUSE_SERVER"
PATIENCE = Patience(give_up=30.0, goodbye=10.0)

app = App(name="teahouse")

Server = Annotated[
    str | None,
    Parameter(
        name="--server", help=f"HOST, HOST:PORT or ws://… [{SERVER_VARIABLE}; default: the last one, or this machine]"
    ),
]
Name = Annotated[str | None, Parameter(name="--name", help="Be called that. [default: as the last time there]")]


def memory() -> Memory:
    """What this user's programs remember."""
    home = os.environ.get("XDG_CONFIG_HOME", "")
    return Memory((Path(home) if Path(home).is_absolute() else Path.home() / ".config") / "teahouse")


def place(known: Memory, server: str | None) -> str:
    """The house that is meant."""
    return whereto(known, server or os.environ.get(SERVER_VARIABLE))


def ends(work: Coroutine[Any, Any, object], known: Memory) -> int:
    """Run a command to its end; what it means for whoever called it. One line says what is wrong and what would do."""
    ended_by: list[int] = []
    try:
        asyncio.run(_until_told(work, ended_by))
        sys.stdout.flush()
    except (BadAddress, BadRoom, BadName, BadField, BadText, OutboxError, CannotWrite) as error:
        return _failed(error, EXIT_CANNOT)
    except (Unreachable, NotAHouse) as error:
        return _failed(error, EXIT_NOBODY)
    except (Refusal, Overload, ClientError, NotTaken, LineNotTaken) as error:
        return _failed(error, EXIT_DECLINED)
    except BrokenPipeError:
        silence(sys.stdout)  # nobody reads on: say no more, not even at the end
    except OSError as error:
        silence(sys.stdout)
        return _failed(CannotWrite(f"what is to be shown cannot be written: {error.strerror or error}."), EXIT_CANNOT)
    except (KeyboardInterrupt, asyncio.CancelledError):
        return 128 + ended_by[0] if ended_by else EXIT_INTERRUPTED
    if ended_by:  # the screen has made a quiet end of it
        return 128 + ended_by[0]
    if known.trouble:
        complain(f"teahouse: {known.trouble}")
    return 0


async def _until_told(work: Coroutine[Any, Any, object], ended_by: list[int]) -> None:
    """Do the work; SIGTERM and SIGHUP end it as Ctrl-C does, with a goodbye, and with what was not sent told.

    A shell's script starts what is in the background with SIGINT ignored, and so it stays; then they are the only way.
    """
    task = asyncio.current_task()
    assert task is not None

    def end(number: int) -> None:
        ended_by.append(number)
        task.cancel()

    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
            asyncio.get_running_loop().add_signal_handler(number, end, number)
    await work


def _failed(error: TeahouseError, code: int) -> int:
    complain(f"teahouse: {error}")
    return code


@app.command
def join(
    server: Annotated[
        str | None,
        Parameter(
            name="--server",
            help=f"The house: HOST, HOST:PORT or ws://… [{SERVER_VARIABLE}; default: the last one, or this machine]",
        ),
    ] = None,
    *,
    room: Annotated[str | None, Parameter(help="Begin in this room. [default: lobby, and where you were]")] = None,
    name: Name = None,
    plain: Annotated[
        bool, Parameter(negative="", help="Lines in, lines out: for pipes, screen readers and small terminals.")
    ] = False,
) -> int:
    """Be in the room."""
    known = memory()
    if plain or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return ends(_join_plain(known, room, server, name), known)
    return ends(_join_screen(known, room, server, name), known)


async def _join_plain(known: Memory, room: str | None, server: str | None, name: str | None) -> None:
    house, a_person = place(known, server), os.isatty(STDIN)
    lines = Plain(lambda line: print(line, flush=True))
    patience = Patience() if a_person else PATIENCE  # people know when to give up
    client = await enter(known, house, name, heard=lines.heard, outbox=known.outbox(house, name), patience=patience)
    try:
        await lines.run(client, room or "lobby", Lines(STDIN).next)
    finally:
        note(known, house, client)
        await _close(client)
    if lines.declined and not a_person:
        raise NotTaken("Something that was said was not taken.")


async def _join_screen(known: Memory, room: str | None, server: str | None, name: str | None) -> None:
    from teahouse.tui.app import TeahouseApp  # here, because nothing else needs what it loads
    from teahouse.tui.guest import Guest

    _ask_the_terminal()
    house = place(known, server)
    guest = Guest()
    outbox = known.outbox(house, name)
    guest.client = await enter(known, house, name, heard=guest.heard, outbox=outbox)
    app = TeahouseApp(
        guest,
        [room or "lobby", *known.rooms(house)],
        lambda: enter(known, house, name, heard=guest.heard, outbox=outbox, fresh=True),
    )
    try:
        await app.run_async()
    finally:
        note(known, house, guest.client)
        known.keep_rooms(house, [talk.name for talk in guest.talks.values() if not talk.name.startswith("@")])
        await _close(guest.client)


def _tell_declined(error: TeahouseError) -> None:
    complain(f"teahouse: {error}")


async def _close(client: Client) -> None:
    """Nothing that was typed or piped in is lost without a word, also if somebody does not wait for the end of this."""
    what = "not stored" if client.outbox is None else "not sent yet, and kept for the next time"
    waiting = client.waiting or client.unsent
    try:
        await client.close()
        waiting = client.unsent
    finally:
        for sending in waiting:
            if not sending.done or sending.error is not None:
                complain(f"teahouse: {what}: {sending.text}")


def _ask_the_terminal() -> None:
    """Let the size of the screen be what the terminal says, now and when it changes.

    COLUMNS and LINES, where they were exported, are those of another terminal or of a while ago; Textual would believe
    them, draw beside the window, and never follow it. Where the terminal does not know (a serial line) they stand.
    """
    if all(os.get_terminal_size(sys.stdout.fileno())):
        for stale in ("COLUMNS", "LINES"):
            os.environ.pop(stale, None)


@app.command
def say(
    room: str,
    text: Annotated[tuple[str, ...], Parameter(show=True)] = (),
    /,
    *,
    server: Server = None,
    name: Name = None,
    lines: Annotated[
        bool, Parameter(negative="", help="Each line of the standard input is a message, as it comes.")
    ] = False,
    act: Annotated[bool, Parameter(negative="", help="It is something that you do: * ana waves.")] = False,
) -> int:
    """Say something; when this ends with 0, it is on the server's disk.

    Parameters
    ----------
    room
        Where.
    text
        What. Without it the standard input is the message.
    """
    known = memory()

    async def work() -> None:
        client = await enter(known, place(known, server), name, patience=PATIENCE)
        try:
            if lines:
                await say_lines(client, room, Lines(STDIN).next, _tell_declined)
            else:
                words = " ".join(text) or await Lines(STDIN).rest()
                await say_once(client, room, words.rstrip("\n"), "act" if act else "say")
        finally:
            await _close(client)

    return ends(work(), known)


@app.command
def tail(
    room: str,
    /,
    *,
    follow: Annotated[bool, Parameter(name=["--follow", "-f"], negative="", help="Go on with what happens.")] = False,
    json: Annotated[bool, Parameter(negative="", help="One JSON object a line: messages, then events.")] = False,
    last: Annotated[
        int, Parameter(name=["--last", "-n"], validator=Number(gte=0), help="How many to begin with.")
    ] = 20,
    server: Server = None,
    name: Name = None,
) -> int:
    """Print what was said last in a room.

    Parameters
    ----------
    room
        Which.
    """
    known = memory()

    async def work() -> None:
        async with visit(known, place(known, server), name, Patience(goodbye=1.0)) as client:
            await tail_room(
                client, room, last=last, follow=follow, json=json, out=lambda line: print(line, flush=follow)
            )

    return ends(work(), known)


@app.command(name="export")
def export_room(
    room: str,
    /,
    *,
    format: Annotated[Format, Parameter(help="txt to read, jsonl for programs, html to keep.")] = "txt",
    output: Annotated[
        Path | None, Parameter(name=["--output", "-o"], help="Into this file. [default: standard output]")
    ] = None,
    server: Server = None,
    name: Name = None,
) -> int:
    """Write a whole room into one file.

    Parameters
    ----------
    room
        Which.
    """
    known = memory()

    async def work() -> None:
        async with visit(known, place(known, server), name, PATIENCE) as client:
            if output is None:
                if isinstance(sys.stdout, TextIOWrapper):
                    sys.stdout.reconfigure(encoding="utf-8", newline="\n")  # a file, whatever the terminal speaks
                await export(client, room, format, sys.stdout)
            else:
                count = await export_to(client, room, format, output)
                complain(f"{output}: {count:,} messages")

    return ends(work(), known)


@app.command
def demo(
    *,
    data: Annotated[Path, Parameter(help="Keep it in this folder; what is there already is shown again.")] = Path(
        "teahouse-demo"
    ),
    port: Annotated[
        int, Parameter(validator=Number(gte=0, lte=65_535), help="Listen on this port of 127.0.0.1.")
    ] = 7256,
    only_fill: Annotated[bool, Parameter(negative="", help="Fill the folder and end.")] = False,
) -> int:
    """Open a house with a week of life in it, whose people go on talking."""
    from teahouse.demo.show import show  # here, because nothing else needs a server in a command

    try:
        asyncio.run(show(data, port, only_fill=only_fill))
    except KeyboardInterrupt:
        return 0
    return 0


@app.command
def torture(
    *,
    minutes: Annotated[float, Parameter(validator=Number(gt=0), help="How long.")] = 1.0,
    seed: Annotated[int | None, Parameter(help="Repeat what happened with this one. [default: by chance]")] = None,
    only: Annotated[
        tuple[str, ...], Parameter(negative="", help="This kind of attack alone; may be said again; none: without any.")
    ] = (),
    folder: Annotated[
        Path, Parameter(help="Where its scratch folder is made. In memory an fsync costs nothing, and proves less.")
    ] = Path(),
) -> int:
    """Kill, cut off and attack a server of its own, while people talk in it: nothing may be lost, doubled or reordered.

    It starts its server on this machine alone, in a folder that is gone afterwards; yours is not touched. The exit code
    is 1 when a promise was broken: the seed and the shortest story are printed.
    """
    from teahouse.torture.hostile import ATTACKS  # here, because nothing else needs a server in a command
    from teahouse.torture.run import torture as run

    if unknown := sorted(set(only) - {*ATTACKS, "none"}):
        complain(f"teahouse: there is no attack {', '.join(unknown)}. There are: {', '.join(ATTACKS)}")
        return EXIT_CANNOT
    seed = secrets.randbelow(1 << 32) if seed is None else seed
    tell(f"seed {seed}")
    try:
        report = uvloop.run(run(minutes=minutes, seed=seed, only=only, folder=folder.resolve(), say=tell))
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    tell(report.table())
    return EXIT_DECLINED if report.findings else 0
