"""What the server prints goes nowhere, or its reader stops: nobody notices but the counter."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pty
import resource
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.http_client import ask
from tests.support.inbox import PATIENCE_S
from tests.support.json_client import JsonClient, granted
from tests.support.server_process import HOST, ROOT, environment, free_port

pytestmark = pytest.mark.asyncio(loop_factories=["uvloop"])

ROOM = "tea"


class Server:
    """One whose standard input, output and error the test chooses. No log says when it listens: it is called at."""

    def __init__(self, data: Path, port: int, process: asyncio.subprocess.Process) -> None:
        self.data = data
        self.port = port
        self.process = process

    async def client(self) -> JsonClient:
        client = await JsonClient.by_frames(HOST, self.port)
        await client.hello()
        await client.join(ROOM)
        return client

    async def works(self) -> None:
        """Stores what it is told, and says that it is well."""
        client = await self.client()
        for number in range(3):
            granted(await client.ask("post", room=ROOM, text=f"{number}"))
        await client.close()
        assert (await ask(self.port, "GET", "/healthz")).status == 200

    async def figure(self, name: str) -> float:
        text = (await ask(self.port, "GET", "/metrics")).body.decode()
        return next(float(line.split()[1]) for line in text.splitlines() if line.startswith(name + " "))

    async def ended(self) -> int:
        async with asyncio.timeout(PATIENCE_S):
            return await self.process.wait()


async def hears_the_farewell(client: JsonClient) -> None:
    while (word := await client.heard.next())["type"] != "refused":
        pass
    assert word["code"] == "going-away"


@contextlib.asynccontextmanager
async def a_server(
    tmp_path: Path, *shell: str, before: Callable[[], object] | None = None, **streams: Any
) -> AsyncIterator[Server]:
    """A server with these streams, or (`shell`) as a line of the shell that ends with "$@" starts it."""
    port = free_port()
    line = [sys.executable, "-m", "teahouse", "serve", "--port", str(port), "--data", str(tmp_path / "data")]
    process = await asyncio.create_subprocess_exec(
        *(("sh", "-c", shell[0], "sh", *line) if shell else line),
        **{"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **streams},
        cwd=tmp_path,
        env={**environment(), "PYTHONPATH": str(ROOT)},
        preexec_fn=before,
    )
    try:
        async with asyncio.timeout(PATIENCE_S):
            while process.returncode is None:
                with contextlib.suppress(OSError):
                    (await asyncio.open_connection(HOST, port))[1].close()
                    break
                await asyncio.sleep(0.02)
        assert process.returncode is None
        yield Server(tmp_path / "data", port, process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


# ---- streams that are none


@pytest.mark.parametrize(
    "shell",
    [
        'exec "$@" >&-',
        'exec "$@" 2>&-',
        'exec "$@" <&-',
        'exec "$@" >&- 2>&-',
        'exec "$@" <&- >&- 2>&-',
        'exec "$@" >/dev/full 2>&1',
        'exec "$@" </dev/null >/dev/full 2>/dev/full',
    ],
)
async def test_a_server_serves_whatever_its_streams_are(tmp_path: Path, shell: str) -> None:
    async with a_server(tmp_path, shell) as server:
        await server.works()
        opened = {
            int(each.name): os.readlink(each)
            for each in Path(f"/proc/{server.process.pid}/fd").iterdir()
            if each.is_symlink()
        }
        assert not [name for number, name in opened.items() if number < 3 and "teahouse" in name]
        listener = await server.client()
        server.process.terminate()
        await hears_the_farewell(listener)
        assert await server.ended() == 0
        await listener.vanish()


async def test_who_cannot_start_says_so_by_the_exit_code_where_nobody_can_hear_it(tmp_path: Path) -> None:
    line = [sys.executable, "-m", "teahouse", "serve", "--port", "99999999"]
    for shell in ('"$@" 2>&-', '"$@" 2>/dev/full', '"$@" >&- 2>&- <&-'):
        ran = subprocess.run(["sh", "-c", shell, "sh", *line], cwd=tmp_path, env=environment(), check=False, timeout=60)
        assert ran.returncode == 2, shell


# ---- a reader that is gone, or stops


def chatter(server: Server) -> None:
    """Something that the server logs: signals that mean nothing, each a line."""
    os.kill(server.process.pid, signal.SIGUSR1)


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    yield reading, writing
    for descriptor in (reading, writing):
        with contextlib.suppress(OSError):
            os.close(descriptor)


async def test_a_log_whose_reader_is_gone_ends_nothing_and_the_farewell_is_heard(
    tmp_path: Path, pipe: tuple[int, int]
) -> None:
    async with a_server(tmp_path, stdout=pipe[1], stderr=pipe[1]) as server:
        os.close(pipe[0])
        os.close(pipe[1])
        listener = await server.client()
        for _ in range(3):
            chatter(server)
            await server.works()
            await asyncio.sleep(1)
        assert await server.figure("teahouse_log_lines_dropped_total") > 0
        server.process.terminate()
        await hears_the_farewell(listener)
        assert await server.ended() == 0
        await listener.vanish()


@pytest.mark.parametrize("blocking", [True, False])
async def test_a_log_whose_reader_has_stopped_keeps_nobody_waiting(
    tmp_path: Path, pipe: tuple[int, int], blocking: bool
) -> None:
    os.set_blocking(pipe[1], False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(pipe[1], b"x" * 512)  # by others, before: there is no space left
    os.set_blocking(pipe[1], blocking)
    async with a_server(tmp_path, stdout=pipe[1], stderr=pipe[1]) as server:
        chatter(server)
        await server.works()
        listener = await server.client()
        server.process.terminate()
        await hears_the_farewell(listener)
        assert await server.ended() == 0
        await listener.vanish()


async def test_a_log_on_the_full_disk_of_the_data_keeps_no_refusal_from_its_asker(tmp_path: Path) -> None:
    with (tmp_path / "log").open("ab") as log:
        async with a_server(tmp_path, stdout=log, stderr=log) as server:
            client = await server.client()
            size = max(path.stat().st_size for path in server.data.iterdir())
            resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
            log.truncate(size)  # as long as it may be: no line has space
            log.seek(0, os.SEEK_END)
            refused = 0
            for number in range(2_000):
                answer = await client.ask("post", room=ROOM, text="leaves " * 5_000, key=f"{number}")
                refused += answer["type"] == "refused"
                if refused == 20:
                    break
            assert refused == 20
            health = await ask(server.port, "GET", "/healthz")
            assert (health.status, health.json["reason"]) == (503, "storage-full")
            resource.prlimit(
                server.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
            )
            async with asyncio.timeout(PATIENCE_S):  # nobody posts: it tries by itself
                while (await ask(server.port, "GET", "/healthz")).status != 200:
                    await asyncio.sleep(0.05)
            granted(await client.ask("post", room=ROOM, text="again"))
            server.process.terminate()
            await hears_the_farewell(client)
            assert await server.ended() == 0
            await client.vanish()


# ---- signals


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT])
async def test_a_signal_that_ends_it_is_a_farewell(tmp_path: Path, number: signal.Signals) -> None:
    async with a_server(tmp_path) as server:
        listener = await server.client()
        os.kill(server.process.pid, number)
        await hears_the_farewell(listener)
        assert await server.ended() == 0
        await listener.vanish()


HARMLESS = ["SIGHUP", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGVTALRM", "SIGPROF", "SIGIO", "SIGPIPE", "SIGXFSZ", "SIGPWR"]


async def test_no_other_signal_of_the_system_ends_it(tmp_path: Path) -> None:
    async with a_server(tmp_path, before=os.setsid) as server:
        for name in HARMLESS:
            if hasattr(signal, name):
                os.kill(server.process.pid, getattr(signal, name))
                await server.works()
        server.process.terminate()
        assert await server.ended() == 0


async def test_a_terminal_that_hangs_up_ends_it_with_a_farewell(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    name = os.ttyname(theirs)

    def with_a_terminal() -> None:
        os.setsid()
        os.close(os.open(name, os.O_RDWR))  # the first that it opens is its controlling terminal

    async with a_server(tmp_path, stdin=theirs, stdout=theirs, stderr=theirs, before=with_a_terminal) as server:
        os.close(theirs)
        listener = await server.client()
        os.close(ours)
        await hears_the_farewell(listener)
        assert await server.ended() == 0
        await listener.vanish()


async def test_nohup_is_kept(tmp_path: Path) -> None:
    async with a_server(tmp_path, 'trap "" HUP; exec "$@"') as server:
        os.kill(server.process.pid, signal.SIGHUP)
        await server.works()


async def test_a_log_that_was_renamed_is_opened_anew(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    async with a_server(tmp_path, f'exec "$@" 2>>{log}', before=os.setsid) as server:
        log.rename(tmp_path / "server.log.1")
        os.kill(server.process.pid, signal.SIGHUP)
        async with asyncio.timeout(PATIENCE_S):
            while not log.exists() or b"log-reopened" not in log.read_bytes():
                await asyncio.sleep(0.02)
        await server.works()


# ---- the same again and again


async def test_what_repeats_is_logged_once_a_second_with_a_count(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    async with a_server(tmp_path, f'exec "$@" 2>>{log}') as server:
        loop = asyncio.get_running_loop()
        began = loop.time()
        sent = 0
        while loop.time() - began < 2.5:
            chatter(server)
            sent += 1
            await asyncio.sleep(0.01)
        server.process.terminate()
        assert await server.ended() == 0
        lines = [line for line in log.read_text().splitlines() if "event=signal-ignored" in line]
        assert 2 <= len(lines) <= 4
        counts = [int(line.rpartition("left_out=")[2]) for line in lines if "left_out=" in line]
        assert sum(counts) + len(lines) <= sent
        assert sum(counts) > sent / 3
