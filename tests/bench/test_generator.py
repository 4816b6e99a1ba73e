"""The load generator refuses a figure for a run in which anything is wrong; a server that lies shows it."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bench import generator
from bench.generator import Outcome, Unsound
from bench.subjects import HOST, Failed
from tests.bench.liar import Fault, Liar
from tests.support.lacks import needs_compiler

pytestmark = [
    pytest.mark.asyncio(loop_factories=["asyncio"]),
    needs_compiler,
    pytest.mark.skipif(sys.platform != "linux", reason="the generator needs epoll"),
]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The generator, compiled."""
    return generator.compiled(tmp_path_factory.mktemp("generator"))


@asynccontextmanager
async def a_server_that_is(fault: Fault) -> AsyncIterator[Liar]:
    """A server with one fault, on a port of its own."""
    liar = Liar(fault)
    server = await asyncio.start_server(liar.serve, HOST, 0)
    liar.port = server.sockets[0].getsockname()[1]
    async with server:
        yield liar


async def measured(program: Path, liar: Liar, **options: object) -> Outcome:
    """A short run against it."""
    short: dict[str, object] = {"members": 4, "senders": 2, "seconds": 0.1, "warmup": 0, "patience": 0.5, "window": 32}
    return await asyncio.to_thread(generator.measure, program, liar, **(short | options))


async def test_a_sound_run_has_figures(program: Path) -> None:
    async with a_server_that_is("none") as liar:
        outcome = await measured(program, liar)
    assert outcome.deliveries == outcome.messages * 3, "the author's own copies are no deliveries"
    assert outcome.sound


async def test_a_paced_run_says_how_long_messages_took(program: Path) -> None:
    async with a_server_that_is("none") as liar:
        outcome = await measured(program, liar, phase="pace", rate=1_000, warmup=0.02)
    assert outcome.messages == 120
    assert outcome.delay_us is not None
    assert 0 < outcome.delay_us.p50 <= outcome.delay_us.p99 <= outcome.delay_us.max * 1.001


@pytest.mark.parametrize(
    ("fault", "what"),
    [
        ("lost", "1 missing, 1 skipped"),
        ("doubled", "-1 missing, 1 repeated or late"),
        ("swapped", "repeated or late"),
        ("own lost", "1 own copies missing"),
        ("unacknowledged", "1 not acknowledged"),
        ("hole", "holes in the numbers"),
        ("refused", "1 refused"),
        ("hung up", "1 connections gone"),
    ],
)
async def test_a_run_in_which_something_is_wrong_has_no_figure(program: Path, fault: Fault, what: str) -> None:
    async with a_server_that_is(fault) as liar:
        with pytest.raises(Unsound, match=what):
            await measured(program, liar)


async def test_a_warm_up_in_which_something_is_wrong_spoils_the_run(program: Path) -> None:
    async with a_server_that_is("lost") as liar:
        with pytest.raises(Unsound, match="1 missing"):
            await measured(program, liar, warmup=0.1)


async def test_a_crowd_stays_until_it_is_sent_away(program: Path) -> None:
    async with a_server_that_is("none") as liar:

        def with_company() -> Outcome:
            with generator.beside(program, liar, phase="hold", members=3, senders=0) as presence:
                assert presence.members == 3
                return generator.measure(program, liar, members=2, seconds=0.1, warmup=0, patience=1)

        outcome = await asyncio.to_thread(with_company)
    assert outcome.deliveries == outcome.messages, "who sits beside is nobody's expected hearer"
    assert len(liar.members) == 5


async def test_where_nobody_listens_the_reason_is_told(program: Path) -> None:
    async with a_server_that_is("none") as liar:
        pass
    with pytest.raises(Failed, match="connect"):
        await measured(program, liar)


@pytest.mark.parametrize(
    "options", [{"members": 0}, {"members": 2, "senders": 3}, {"door": "gopher"}, {"text": 10}, {"rooms": 3}]
)
async def test_options_that_cannot_be_are_refused(program: Path, options: dict[str, object]) -> None:
    async with a_server_that_is("none") as liar:
        with pytest.raises(Failed):
            await measured(program, liar, **options)


async def test_without_a_compiler_the_benchmark_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(Failed, match="no C compiler"):
        generator.compiled(tmp_path)
