"""The command line: what it prints, how it ends. Real processes, because exit codes and signals are theirs."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path

import apsw
import pytest

from teahouse import __version__
from teahouse.cli import EXIT_CONFIG, Flags
from teahouse.config import SETTINGS

ROOT = Path(__file__).parent.parent
PATIENCE_S = 30  # for a process that starts or ends, on a busy machine


def surroundings(**settings: str) -> dict[str, str]:
    """The environment of a process: nothing of ours but what is given."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TEAHOUSE_")}
    return clean | {f"TEAHOUSE_{name.upper()}": value for name, value in settings.items()}


def teahouse(folder: Path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "teahouse", *words],
        cwd=folder,
        env=surroundings(**settings),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        stdin=subprocess.DEVNULL,
        check=False,
    )


@contextmanager
def serving(folder: Path, *words: str) -> Iterator[tuple[subprocess.Popen[str], int, list[str]]]:
    """A server on a free port: its process, its port, and what it has logged until it listened."""
    process = subprocess.Popen(
        [sys.executable, "-m", "teahouse", "serve", "--port", "0", *words],
        cwd=folder,
        env=surroundings(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        logged: list[str] = []
        for line in process.stderr:
            logged.append(line)
            if found := re.search(r"event=listening .*\bport=(\d+)", line):
                yield process, int(found[1]), logged
                break
        else:
            pytest.fail(f"it never listened: {logged}")
    finally:
        process.kill()
        process.communicate()


def hear(guest: socket.socket, end: bytes) -> bytes:
    """Everything up to a piece that ends so."""
    heard = b""
    while not heard.endswith(end):
        more = guest.recv(4096)
        assert more, f"closed after {heard!r}"
        heard += more
    return heard


def one_line(text: str) -> str:
    """The text, which is one line, without its end."""
    assert text.endswith("\n")
    assert text.count("\n") == 1, text
    return text[:-1]


# ---- what it says


def test_every_setting_is_a_flag() -> None:
    assert [field.name for field in fields(Flags)] == [*(setting.name for setting in SETTINGS), "config"]


def test_the_version_is_printed(tmp_path: Path) -> None:
    assert teahouse(tmp_path, "--version").stdout == f"{__version__}\n"


def test_help_shows_every_flag_with_its_variable(tmp_path: Path) -> None:
    shown = teahouse(tmp_path, "serve", "--help").stdout
    for setting in SETTINGS:
        assert setting.flag in shown
        assert setting.variable in shown


def test_config_check_says_each_value_and_where_it_comes_from(tmp_path: Path) -> None:
    (tmp_path / "teahouse.toml").write_text('log = "error"\nport = 7301\n', encoding="utf-8")
    said = teahouse(tmp_path, "config", "check", "--port", "7303", port="7302", data="tea")
    assert said.returncode == 0
    assert [line.split() for line in said.stdout.splitlines()] == [
        ["host", "127.0.0.1", "default"],
        ["port", "7303", "--port"],
        ["names", "default"],
        ["data", "tea", "TEAHOUSE_DATA"],
        ["limits", "lan", "(auto)", "default"],
        ["log", "error", "teahouse.toml"],
    ]


@pytest.mark.parametrize("command", [["config", "check"], ["serve"], []], ids=["config check", "serve", "nothing"])
@pytest.mark.parametrize(
    ("flag", "value", "said"),
    [
        ("--port", "many", "--port: found “many”"),
        ("--host", "nowhere.invalid", "nowhere.invalid is no address"),
        ("--host", "0.0.0.0", "say --limits lan"),
        ("--limits", "internet", "needs TLS and accounts"),
        ("--config", "gone.toml", "gone.toml cannot be read"),
    ],
)
def test_what_cannot_be_used_ends_the_start_with_one_line(
    tmp_path: Path, command: list[str], flag: str, value: str, said: str
) -> None:
    ended = teahouse(tmp_path, *command, flag, value)
    assert ended.returncode == EXIT_CONFIG
    assert ended.stdout == ""
    assert said in one_line(ended.stderr)
    assert not (tmp_path / "teahouse-data").exists()


def test_an_unknown_flag_ends_the_start(tmp_path: Path) -> None:
    assert teahouse(tmp_path, "serve", "--prot", "1").returncode == EXIT_CONFIG


# ---- serving


def test_the_screen_says_how_to_join(tmp_path: Path) -> None:
    with serving(tmp_path) as (process, port, _):
        process.send_signal(signal.SIGTERM)
        screen, _ = process.communicate(timeout=PATIENCE_S)
    assert f"http://127.0.0.1:{port}/\n" in screen
    assert f"nc 127.0.0.1 {port}\n" in screen
    assert f"ws://127.0.0.1:{port}/ws\n" in screen
    assert "teahouse-data\n" in screen
    assert re.search(r"memory +\d+ MB", screen)
    assert screen.count("\n") <= 24


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_peace_and_everyone_is_told(tmp_path: Path, number: signal.Signals) -> None:
    with serving(tmp_path) as (process, port, _), socket.create_connection(("127.0.0.1", port), PATIENCE_S) as guest:
        guest.sendall(b"hello\n")
        heard = hear(guest, b"what you can do\n")
        process.send_signal(number)
        while more := guest.recv(4096):
            heard += more
        guest.close()
        assert process.wait(PATIENCE_S) == 0
    assert heard.endswith(b"* the house closes\n")


def test_what_was_said_is_there_after_the_next_start(tmp_path: Path) -> None:
    for _ in range(2):
        with serving(tmp_path) as (process, port, _):
            assert the_documented_client(port, "bye").startswith("1 guest-1: bye\n")
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE_S) == 0
    with serving(tmp_path) as (process, _, _):
        process.send_signal(signal.SIGTERM)
        screen, _ = process.communicate(timeout=PATIENCE_S)
    assert "2 events in 1 room\n" in screen


def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    with serving(tmp_path) as (process, port, _), socket.create_connection(("127.0.0.1", port), PATIENCE_S) as guest:
        guest.sendall(b"hello\n")
        hear(guest, b"what you can do\n")
        process.send_signal(signal.SIGTERM)  # it waits for the guest, who does not close
        assert process.stderr is not None
        while "event=stopping" not in process.stderr.readline():
            pass
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 128 + signal.SIGTERM


def test_a_taken_port_ends_the_start_with_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        ended = teahouse(tmp_path, "--port", str(port))
    assert ended.returncode == EXIT_CONFIG
    assert f"Port {port} of 127.0.0.1 is taken" in one_line(ended.stderr)


@pytest.mark.parametrize(
    ("settings", "typed", "flag"),
    [
        ({"port": "{taken}"}, "TEAHOUSE_PORT=7300 make run", "--port 7300"),
        ({"host": "8.8.8.8"}, "TEAHOUSE_LIMITS=lan make run", "--limits lan"),
        ({"host": "127.0.0.1", "limits": "internet"}, "TEAHOUSE_LIMITS=lan make run", "--limits lan"),
        ({"host": "10.255.1.2", "port": "0"}, "TEAHOUSE_HOST=127.0.0.1 make run", "--host 127.0.0.1"),
        ({"host": "nowhere.invalid"}, "TEAHOUSE_HOST=127.0.0.1 make run", "--host 127.0.0.1"),
        ({"port": "0", "data": "file/folder"}, "TEAHOUSE_DATA=FOLDER make run", "--data FOLDER"),
    ],
)
def test_a_refusal_speaks_as_whoever_started_it(
    tmp_path: Path, settings: dict[str, str], typed: str, flag: str
) -> None:
    (tmp_path / "file").touch()
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        given = {name: value.format(taken=other.getsockname()[1]) for name, value in settings.items()}
        by_hand = teahouse(tmp_path, "serve", **given)
        by_make = teahouse(tmp_path, "serve", **given, started_by="make run")
    for ended, said, never in ((by_hand, flag, "make run"), (by_make, typed, "--")):
        assert ended.returncode == EXIT_CONFIG
        assert said in ended.stderr
        assert never not in ended.stderr
        assert ended.stderr.startswith("teahouse: ")
        assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp437"])
def test_a_terminal_that_cannot_show_everything_is_no_reason_to_fail(tmp_path: Path, encoding: str) -> None:
    folder = tmp_path / "茶馆"
    ended = subprocess.run(
        [sys.executable, "-m", "teahouse", "config", "check", "--data", str(folder)],
        cwd=tmp_path,
        env=surroundings() | {"PYTHONIOENCODING": f"{encoding}:strict"},
        capture_output=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert ended.returncode == 0
    assert b"Traceback" not in ended.stderr


def test_a_folder_that_another_server_uses_ends_the_start_with_one_line(tmp_path: Path) -> None:
    with serving(tmp_path) as (process, _, _):
        ended = teahouse(tmp_path, "--port", "0")
        assert ended.returncode == EXIT_CONFIG
        assert str(process.pid) in one_line(ended.stderr)


def test_a_folder_that_cannot_be_made_ends_the_start_with_one_line(tmp_path: Path) -> None:
    (tmp_path / "tea").write_text("a file", encoding="utf-8")
    ended = teahouse(tmp_path, "--port", "0", "--data", "tea/house")
    assert ended.returncode == EXIT_CONFIG
    assert "tea/house" in one_line(ended.stderr)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o002])
def test_all_that_is_in_a_folder_that_was_open_to_everybody_is_its_owners(tmp_path: Path, umask: int) -> None:
    data = tmp_path / "data"
    data.mkdir()
    data.chmod(0o755)
    (data / "teahouse-before-0001.sqlite").touch()
    (data / "teahouse-before-0001.sqlite").chmod(0o644)  # as older versions made it
    before = os.umask(umask)
    try:
        with serving(tmp_path, "--data", "data") as (_, port, _):
            with socket.create_connection(("127.0.0.1", port)) as lines:
                lines.sendall(b"hello\n")
                lines.recv(4_096)
            running = {path.name: path.stat().st_mode & 0o777 for path in data.iterdir()}
    finally:
        os.umask(before)
    assert {"teahouse.sqlite", "teahouse.sqlite-wal", "teahouse.sqlite-shm", "teahouse.lock"} <= running.keys()
    assert set(running.values()) == {0o600}


def test_a_file_that_is_no_database_ends_the_start_with_70(tmp_path: Path) -> None:
    folder = tmp_path / "teahouse-data"
    folder.mkdir()
    (folder / "teahouse.sqlite").write_bytes(b"no database at all\n" * 400)
    ended = teahouse(tmp_path, "--port", "0")
    assert ended.returncode == 70
    assert "file is not a database" in one_line(ended.stderr)


def test_data_of_a_newer_version_ends_the_start_with_one_line(tmp_path: Path) -> None:
    with serving(tmp_path) as (process, _, _):
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0
    database = apsw.Connection(str(tmp_path / "teahouse-data" / "teahouse.sqlite"))
    database.execute("PRAGMA user_version = 9999")
    database.close()
    ended = teahouse(tmp_path, "--port", "0")
    assert ended.returncode == EXIT_CONFIG
    assert "newer" in one_line(ended.stderr)


def test_limits_none_says_so_loudly(tmp_path: Path) -> None:
    with serving(tmp_path, "--limits", "none") as (process, _, logged):
        assert any("level=warning" in line and "no limits" in line for line in logged)
        process.send_signal(signal.SIGTERM)
        screen, _ = process.communicate(timeout=PATIENCE_S)
    assert "NONE" in screen


# ---- checking a folder


def test_check_finds_nothing_where_all_is_well(tmp_path: Path) -> None:
    with serving(tmp_path) as (process, port, _):
        with socket.create_connection(("127.0.0.1", port), PATIENCE_S) as guest:
            guest.sendall(b"hello\n")
            hear(guest, b"what you can do\n")
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0
    for words in (["check"], ["check", "teahouse-data"]):
        checked = teahouse(tmp_path, *words)
        assert (checked.returncode, checked.stdout) == (0, "teahouse-data: all is well.\n")


def test_check_of_what_is_no_folder_of_ours_says_so(tmp_path: Path) -> None:
    checked = teahouse(tmp_path, "check", "nothing-here")
    assert checked.returncode != 0
    assert "nothing-here" in checked.stdout + checked.stderr


# ---- the documents' own client


def the_documented_client(port: int, words: str) -> str:
    """Run the client of docs/protocol.md until it hears a `bye`: what it printed."""
    page = (ROOT / "docs/protocol.md").read_text(encoding="utf-8")
    (source,) = re.findall(r"^```python client\n(.*?)^```", page, re.M | re.S)
    ran = subprocess.run(
        [sys.executable, "-c", source, "127.0.0.1", str(port), words],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=True,
    )
    return ran.stdout


def test_the_client_of_the_protocol_page_works(tmp_path: Path) -> None:
    with serving(tmp_path) as (_, port, _):
        assert the_documented_client(port, "bye") == "1 guest-1: bye\n"
