"""Settings: one table, read from four places.

    flag  --port 7300   ▶   environment  TEAHOUSE_PORT=7300   ▶   file  port = 7300   ▶   default

The first place that has a setting wins, and it is remembered: `teahouse config check` says where each value comes
from. The file is the one that `--config` or TEAHOUSE_CONFIG names, else `teahouse.toml` in the working directory where
there is one. A relative `data` in a file is relative to that file; anywhere else, to the working directory.

A value that cannot be used, and a key that is none, end the start: whoever set it meant something by it. Unknown
TEAHOUSE_… variables are let be, because container platforms set some of their own.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from teahouse.core.errors import ConfigError
from teahouse.core.limits import PROFILES, Limits
from teahouse.server.addresses import is_private

FILE_NAME = "teahouse.toml"
PREFIX = "TEAHOUSE_"
STARTED_BY = f"{PREFIX}STARTED_BY"
"""The variable by which a command that starts us for somebody says what they typed: `make run`."""
NAMES_OF_TYPES = {str: "a string", int: "a whole number", float: "a number", bool: "true or false", dict: "a table", list: "a list"}  # fmt: skip


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator decides. Explained in `SETTINGS` and in docs/operations.md."""

    host: str
    port: int
    names: tuple[str, ...]
    data: Path
    limits: Literal["auto", "none", "lan", "internet"]
    log: Literal["debug", "info", "warning", "error"]


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the table.

    kind   the type in the file; text from a flag or the environment is read as that type
    fits   whether a value of that type can be used
    wants  what would do, to end a sentence with
    about  what it decides, for people
    """

    name: str
    kind: type[str] | type[int]
    default: str | int
    fits: Callable[[Any], bool]
    wants: str
    about: str

    @property
    def flag(self) -> str:
        """On the command line."""
        return f"--{self.name}"

    @property
    def variable(self) -> str:
        """In the environment."""
        return PREFIX + self.name.upper()


def _names_in(text: str) -> tuple[str, ...]:
    return tuple(name for part in text.split(",") if (name := part.strip()))


def _one_of(*words: str) -> Callable[[str], bool]:
    return lambda text: text in words


SETTINGS = (
    Setting(
        name="host",
        kind=str,
        default="127.0.0.1",
        fits=lambda text: bool(text) and text == text.strip() and "\0" not in text,
        wants="an address or a name of this machine",
        about="Listen on this address; :: is every address of this machine, 0.0.0.0 every one of IPv4.",
    ),
    Setting(
        name="port",
        kind=int,
        default=7256,
        fits=lambda number: 0 <= number <= 65_535,
        wants="a whole number from 0 to 65535 (0 takes a free port)",
        about="Listen on this port; every client uses it.",
    ),
    Setting(
        name="names",
        kind=str,
        default="",
        fits=lambda text: all(re.fullmatch(r"[\w.-]{1,253}", name) for name in _names_in(text)),
        wants="host names, separated by commas",
        about="Names by which browsers reach this server, beside its addresses and the machine's own name.",
    ),
    Setting(
        name="data",
        kind=str,
        default="teahouse-data",
        fits=lambda text: bool(text) and "\0" not in text,
        wants="a folder, which is made where there is none",
        about="Keep everything that was said in this folder.",
    ),
    Setting(
        name="limits",
        kind=str,
        default="auto",
        fits=_one_of("auto", "none", "lan", "internet"),
        wants="auto, lan, internet or none",
        about="Protect the house as suits its network; auto looks at the address. none is for benchmarks.",
    ),
    Setting(
        name="log",
        kind=str,
        default="info",
        fits=_one_of("debug", "info", "warning", "error"),
        wants="debug, info, warning or error",
        about="Log what is at least this important.",
    ),
)


class Loaded(msgspec.Struct, frozen=True):
    """The settings, and for each the place that decided."""

    settings: Settings
    origins: dict[str, str]


def load(flags: Mapping[str, str | None], environment: Mapping[str, str]) -> Loaded:
    """Decide every setting.

    flags   what the command line said, by name of the setting, and `config`; None or absent: nothing
    raises  ConfigError   names the place and the setting, what was found and what would do
    """
    path = _path_of_file(flags.get("config"), environment)
    content = {} if path is None else _read_file(path)
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for setting in SETTINGS:
        name = setting.name
        flag = flags.get(name)
        if flag is not None:
            values[name], origins[name] = _from_text(setting, flag, setting.flag), setting.flag
        elif setting.variable in environment:
            values[name] = _from_text(setting, environment[setting.variable], setting.variable)
            origins[name] = setting.variable
        elif path is not None and name in content:
            values[name], origins[name] = _checked(setting, content[name], f"{path}, {name}"), str(path)
        else:
            values[name], origins[name] = setting.default, "default"
    values["names"] = _names_in(values["names"])
    values["data"] = Path(values["data"])
    if path is not None and origins["data"] == str(path):
        values["data"] = path.parent / values["data"]
    return Loaded(Settings(**values), origins)


def choose_limits(settings: Settings, addresses: Iterable[str]) -> Limits:
    """The profile that was asked for, or that suits the addresses on which the server will listen.

    raises  ConfigError   the open internet: accounts and TLS, which it needs, are not there yet
    """
    profile = settings.limits
    if profile == "auto":
        profile = "lan" if all(map(is_private, addresses)) else "internet"
        if profile == "internet":
            raise ConfigError(
                f"{settings.host} may be reached from the open internet, and this version has neither TLS nor accounts. "
                "Listen on 127.0.0.1 or on a private address, or say --limits lan if only your own network gets here."
            )
    if profile == "internet":
        raise ConfigError(
            "--limits internet needs TLS and accounts, which this version does not have yet. "
            "On a network that you trust, say --limits lan."
        )
    return PROFILES[profile]


def in_words_of(started_by: str | None, message: str) -> str:
    """A refusal as whoever reads it would say it: who typed `make run` can give no flag, but a variable before it.

    started_by   what was typed; None: our own command line, which has flags
    """
    if not started_by:
        return message
    flags = "|".join(re.escape(setting.flag) for setting in SETTINGS)

    def said(found: re.Match[str]) -> str:
        variable = PREFIX + found[2].removeprefix("--").upper()
        return f"{found[1]}{variable}={found[3]}" + (f" {started_by}" if found[1] else "")

    return re.sub(rf"(say |: )?({flags}) (\w[\w./-]*\w|\w)", said, message)


def _path_of_file(flag: str | None, environment: Mapping[str, str]) -> Path | None:
    """The file to read; None where none was named and none is there."""
    named = flag if flag is not None else environment.get(f"{PREFIX}CONFIG")
    if named is not None:
        return Path(named)
    default = Path(FILE_NAME)
    return default if default.exists() else None


def _read_file(path: Path) -> dict[str, Any]:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}. Name a file that this user may read.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 text (byte {error.start}). Save it as UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not TOML: {error}. A line looks like: port = 7256") from error
    names = [setting.name for setting in SETTINGS]
    for key in content:
        if key not in names:
            near = difflib.get_close_matches(key, names, 1)
            hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(names)}."
            raise ConfigError(f"{path}: there is no setting {key}. {hint}")
    return content


def _from_text(setting: Setting, text: str, place: str) -> str | int:
    """A flag or a variable, as the setting's type. `int` alone would take '1_0', '+5' and '７'."""
    if setting.kind is int and re.fullmatch(r"[0-9]{1,9}", text):
        return _checked(setting, int(text), place)
    return _checked(setting, text, place)


def _checked(setting: Setting, value: object, place: str) -> str | int:
    """The value, where it can be used."""
    if type(value) is setting.kind and setting.fits(value):
        return value
    shown = f"“{value}”" if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
    if type(value) is not setting.kind:
        shown += f" ({NAMES_OF_TYPES.get(type(value), 'a date or time')})"
    raise ConfigError(f"{place}: found {shown}; {setting.wants} would do.")
