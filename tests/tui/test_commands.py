"""The small commands as processes: what they print, how they end, what they remember."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

import pytest

from teahouse.client import connect_sync
from teahouse.commands import EXIT_CANNOT, EXIT_DECLINED, EXIT_INTERRUPTED, EXIT_NOBODY
from teahouse.testing import House, house_in_thread
from tests.support.server_process import free_port

PATIENCE_S = 30  # for a process that starts or ends, on a busy machine


@pytest.fixture(scope="module")
def server() -> Iterator[House]:
    with house_in_thread() as opened:
        yield opened


class User:
    """Somebody with a home of their own."""

    def __init__(self, home: Path, server: str) -> None:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("TEAHOUSE_", "XDG_"))}
        self.environment = clean | {"HOME": str(home), "TEAHOUSE_SERVER": server}
        self.home = home

    def runs(self, *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "teahouse", *words],
            env=self.environment,
            cwd=self.home,
            input=typed,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )


@pytest.fixture
def user(server: House, tmp_path: Path) -> User:
    return User(tmp_path, server.address)


def test_what_is_said_is_there_and_can_be_read_and_kept(user: User) -> None:
    assert user.runs("say", "tea", "who", "wants tea?", "--name", "ana").returncode == 0
    assert user.runs("say", "tea", typed="one message\nof two lines\n").returncode == 0
    assert user.runs("say", "tea", "--lines", typed="three\n\nfour\n").returncode == 0
    assert user.runs("say", "tea", "waves", "--act").returncode == 0
    said = user.runs("tail", "tea", "-n", "10")
    assert (said.returncode, said.stderr) == (0, "")
    assert [line[17:] for line in said.stdout.splitlines() if line[0] == "2"] == [
        *("ana: who wants tea?", "ana: one message", "ana: three", "ana: four", "* ana waves")
    ]
    assert "\n  of two lines\n" in said.stdout
    objects = [json.loads(line) for line in user.runs("tail", "tea", "--json", "-n", "2").stdout.splitlines()]
    assert [each["text"] for each in objects] == ["four", "waves"]
    kept = user.runs("export", "tea", "--format", "jsonl", "-o", "tea.jsonl")
    assert (kept.returncode, kept.stdout, kept.stderr) == (0, "", "tea.jsonl: 5 messages\n")
    assert len((user.home / "tea.jsonl").read_text().splitlines()) == 5
    assert user.runs("export", "tea").stdout.count("ana") == 5
    assert (user.home / ".config/teahouse/known.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["say", "tea", ""], EXIT_DECLINED, "needs some text"),
        (["tail", "no-such-room"], EXIT_DECLINED, "There is no room"),
        (["export", "no-such-room"], EXIT_DECLINED, "There is no room"),
        (["say", "a room", "hi"], EXIT_CANNOT, "no spaces"),
        (["say", "tea", "hi", "--name", "1st"], EXIT_CANNOT, "does not begin with a digit"),
        (["say", "tea", "hi", "--server", "tea.lan:port"], EXIT_CANNOT, "is no port"),
        (["export", "lobby", "-o", "nowhere/x.txt"], EXIT_CANNOT, "cannot be written"),
        (["tail", "lobby", "--server", "nowhere.invalid"], EXIT_NOBODY, "no such host"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_an_exit_code(user: User, words: list[str], code: int, said: str) -> None:
    ended = user.runs(*words)
    assert ended.returncode == code
    assert ended.stdout == ""
    assert said in ended.stderr
    assert ended.stderr.startswith("teahouse: ")
    assert ended.stderr.count("\n") == 1


def test_where_nobody_listens_it_says_so(user: User) -> None:
    ended = user.runs("say", "tea", "hi", "--server", f"127.0.0.1:{free_port()}")
    assert ended.returncode == EXIT_NOBODY
    assert "nobody listens there" in ended.stderr


@pytest.mark.parametrize("words", [["{server}"], ["--server", "{server}"], []])
def test_the_house_is_named_by_its_place_alone_or_remembered(server: House, tmp_path: Path, words: list[str]) -> None:
    user = User(tmp_path, "")
    ivo = f"ivo-{len(words)}"  # the one before may still be on the way out
    if not words:
        assert user.runs("join", server.address, "--name", ivo, "--plain").returncode == 0
    named = [word.format(server=server.address) for word in words]
    name = ["--name", ivo] if words else []  # who is remembered needs none
    ended = user.runs("join", *named, *name, "--room", "doors", "--plain", typed=f"by {words}\n")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert f"{ivo}: by {words}" in user.runs("tail", "doors", "--server", server.address).stdout


def test_two_places_are_not_one_house(user: User) -> None:
    ended = user.runs("join", "tea.lan", "coffee.lan", "--plain")
    assert ended.returncode == EXIT_CANNOT
    assert "coffee.lan" in ended.stderr + ended.stdout


def test_a_home_that_cannot_be_written_is_said_and_the_message_is_stored(user: User) -> None:
    (user.home / ".config").touch()
    ended = user.runs("say", "homeless", "hi")
    assert ended.returncode == 0
    assert "cannot be written" in ended.stderr
    assert "hi" in user.runs("tail", "homeless").stdout


def test_following_shows_what_happens_until_it_is_interrupted(user: User, server: House) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "teahouse", "tail", "stream", "--follow"],
        env=user.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        with connect_sync(server.address, name="bob") as bob:
            stream = bob.join("stream")
            while stream.room.count < 2:
                stream.do(bob.client.list_rooms())
            for word in ("one", "two"):
                stream.say(word)
                assert process.stdout.readline().endswith(f" bob: {word}\n")
        process.send_signal(2)
        rest, errors = process.communicate(timeout=PATIENCE_S)
        assert (process.returncode, rest, errors) == (EXIT_INTERRUPTED, "", "")
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("words", [["join", "--plain"], ["say", "lobby", "--lines"]])
def test_an_interrupt_ends_it_at_once_though_a_line_is_only_begun(user: User, server: House, words: list[str]) -> None:
    mia = f"mia-{words[0]}"  # the one before may still be on the way out
    process = subprocess.Popen(
        [sys.executable, "-m", "teahouse", *words, "--name", mia],
        env=user.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdin is not None
        process.stdin.write("begun")
        process.stdin.flush()
        with connect_sync(server.address) as other:
            lobby = other.join("lobby")
            while mia not in {person.name for person in lobby.room.members.values()}:
                lobby.do(other.client.list_rooms())
        process.send_signal(2)
        _, errors = process.communicate(timeout=PATIENCE_S)
        assert (process.returncode, errors) == (EXIT_INTERRUPTED, "")
    finally:
        process.kill()
        process.communicate()


def unread(pipe: IO[str]) -> int:
    """Bytes that the other end has not taken yet."""
    return int.from_bytes(fcntl.ioctl(pipe.fileno(), termios.FIONREAD, bytes(4)), sys.byteorder)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["say", "lobby", "--lines"], "teahouse: not stored: two\n"),
        (["join", "--plain"], "teahouse: not sent yet, and kept for the next time: two\n"),
    ],
)
def test_what_the_house_did_not_get_before_it_went_is_told(tmp_path: Path, words: list[str], told: str) -> None:
    with house_in_thread() as server:
        user = User(tmp_path, server.address)
        process = subprocess.Popen(
            [sys.executable, "-m", "teahouse", *words], env=user.environment, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert process.stdin is not None
        process.stdin.write("one\n")
        process.stdin.flush()
        with connect_sync(server.address) as other:
            lobby = other.join("lobby")
            while lobby.room.head < 1:
                lobby.do(other.client.list_rooms())
    try:
        process.stdin.write("two\n")
        process.stdin.flush()
        while unread(process.stdin):
            time.sleep(0.005)
        process.send_signal(2)
        _, errors = process.communicate(timeout=PATIENCE_S)
        assert (process.returncode, errors) == (EXIT_INTERRUPTED, told)
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("words", [["tail", "lobby", "-f"], ["join", "--plain"], ["say", "lobby", "--lines"]])
def test_what_a_script_runs_in_the_background_ends_in_peace(
    user: User, server: House, words: list[str], number: signal.Signals
) -> None:
    bea = f"bea-{words[0]}-{number}"
    process = subprocess.Popen(
        [sys.executable, "-m", "teahouse", *words, "--name", bea],
        env=user.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    )  # fmt: skip
    try:
        with connect_sync(server.address) as other:
            lobby = other.join("lobby")
            while bea not in {person.name for person in lobby.room.members.values()}:
                lobby.do(other.client.list_rooms())
            process.send_signal(signal.SIGINT)  # the terminal's, for others: it goes on
            lobby.do(other.client.list_rooms())
            process.send_signal(number)
            _, errors = process.communicate(timeout=PATIENCE_S)
            assert (process.returncode, errors) == (128 + number, "")
            while bea in {person.name for person in lobby.room.members.values()}:  # it has said goodbye
                lobby.do(other.client.list_rooms())
    finally:
        process.kill()
        process.communicate()


def test_a_screen_that_is_ended_gives_the_terminal_back(user: User) -> None:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 24, 80, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-m", "teahouse", "join", "--name", "tia"],
        env=user.environment | {"TERM": "xterm-256color"}, stdin=theirs, stdout=theirs, stderr=theirs,
    )  # fmt: skip
    os.close(theirs)

    def more() -> bytes:
        assert select.select([ours], [], [], PATIENCE_S)[0], shown
        return os.read(ours, 65_536)

    shown = b""
    try:
        while b"\x1b[?1049h" not in shown:  # xterm: to the other screen
            shown += more()
        process.send_signal(signal.SIGTERM)
        with suppress(OSError):  # the other end is gone
            while b"\x1b[?1049l" not in shown:  # and back
                shown += more()
        assert process.wait(PATIENCE_S) == 128 + signal.SIGTERM
        assert b"\x1b[?1049l" in shown
    finally:
        process.kill()
        process.wait()
        os.close(ours)


HALF = b"caf\xe9"
"""No UTF-8. Python's arguments have half characters for such bytes (PEP 383)."""


@pytest.mark.parametrize(
    "words",
    [
        [b"say", b"lobby", HALF],
        [b"say", HALF, b"tea"],
        [b"say", b"lobby", b"tea", b"--name", HALF],
        [b"say", b"lobby", b"tea", b"--server", HALF],
        [b"join", b"--plain", b"--room", HALF],
        [b"join", b"--plain", b"--name", HALF],
        [b"join", b"--plain", b"--server", HALF],
        [b"tail", HALF],
        [b"tail", b"lobby", b"--name", HALF],
        [b"tail", b"lobby", b"-f", b"--name", HALF],
        [b"export", HALF],
        [b"export", b"lobby", b"--server", HALF],
        [b"export", b"lobby", b"--name", HALF],
    ],
    ids=lambda words: b" ".join(words).decode(errors="replace"),
)
def test_half_a_character_is_one_line_and_an_exit_code(user: User, words: list[bytes]) -> None:
    ended = subprocess.run(
        [sys.executable.encode(), b"-m", b"teahouse", *words], env=user.environment, cwd=user.home,
        stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    assert ended.returncode in (EXIT_CANNOT, EXIT_NOBODY)
    assert ended.stderr.startswith(b"teahouse: ")
    assert ended.stderr.count(b"\n") == 1


def test_a_line_that_is_no_text_keeps_none_of_the_others(user: User) -> None:
    lines = b"one\n\xff\xfe\ntwo\ncaf\xe9 \xed\xa0\x80\nthree\n"
    ended = subprocess.run(
        [sys.executable, "-m", "teahouse", "say", "halves", "--lines"],
        env=user.environment, input=lines, capture_output=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    assert ended.returncode == EXIT_DECLINED
    assert ended.stderr.count(b"not UTF-8") == 2
    said = user.runs("tail", "halves", "--json").stdout.splitlines()
    assert [json.loads(line)["text"] for line in said] == ["one", "two", "three"]


def test_a_line_that_is_declined_keeps_none_of_the_others(user: User) -> None:
    ended = user.runs("say", "long-lines", "--lines", typed=f"one\n{'x' * 70_000}\ntwo\n")
    assert ended.returncode == EXIT_DECLINED
    assert "1 of the lines were not taken" in ended.stderr
    assert user.runs("tail", "long-lines").stdout.count(": ") == 2


def test_what_is_no_text_is_not_sent(user: User) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "teahouse", "say", "lobby"],
        env=user.environment, input=b"caf\xe9\n", capture_output=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    assert ended.returncode == EXIT_CANNOT
    assert b"not UTF-8" in ended.stderr


def test_whoever_reads_only_the_beginning_is_no_error(user: User) -> None:
    user.runs("say", "long", "--lines", typed="x\n" * 3_000)
    ended = subprocess.run(
        f"{sys.executable} -m teahouse tail long -n 3000 | head -n 1",
        shell=True, env=user.environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    assert ended.stdout.count("\n") == 1
    assert ended.stderr == ""
