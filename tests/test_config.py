"""Settings come from flag, environment, file and default, in this order; what cannot be used ends the start."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from teahouse.config import SETTINGS, Setting, Settings, choose_limits, load
from teahouse.core.errors import ConfigError
from teahouse.core.limits import PROFILES

EXAMPLES: dict[str, tuple[str | int, str | int, str | int]] = {
    # three usable values, none of them the default: for the flag, the environment, the file
    "host": ("10.0.0.1", "10.0.0.2", "10.0.0.3"),
    "port": (7301, 7302, 7303),
    "names": ("tea.one", "tea.two,tea.lan", "tea.three"),
    "data": ("/srv/one", "/srv/two", "/srv/three"),
    "limits": ("lan", "none", "internet"),
    "log": ("debug", "warning", "error"),
}
each_setting = pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)


@pytest.fixture(autouse=True)
def _an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def a_file(content: str) -> Path:
    """`teahouse.toml` in the working directory."""
    path = Path("teahouse.toml")
    path.write_text(content, encoding="utf-8")
    return path


def line(setting: Setting, value: str | int) -> str:
    """A line of the file."""
    return f'{setting.name} = "{value}"\n' if isinstance(value, str) else f"{setting.name} = {value}\n"


def value_of(setting: Setting, flags: dict[str, str | None], environment: dict[str, str]) -> tuple[object, str]:
    """What the setting is, and which place decided."""
    loaded = load(flags, environment)
    value = getattr(loaded.settings, setting.name)
    if isinstance(value, tuple):
        value = ",".join(value)
    return (str(value) if isinstance(value, Path) else value), loaded.origins[setting.name]


def the_complaint(flags: dict[str, str | None], environment: dict[str, str]) -> str:
    """What the error says."""
    with pytest.raises(ConfigError) as caught:
        load(flags, environment)
    return str(caught.value)


def test_the_table_has_every_setting() -> None:
    fields = msgspec.structs.fields(Settings)
    assert [setting.name for setting in SETTINGS] == [field.name for field in fields] == list(EXAMPLES)


@each_setting
def test_a_flag_wins_over_the_environment_that_over_the_file_and_that_over_the_default(setting: Setting) -> None:
    by_flag, by_environment, by_file = EXAMPLES[setting.name]
    a_file(line(setting, by_file))
    flags: dict[str, str | None] = {setting.name: str(by_flag)}
    environment = {setting.variable: str(by_environment)}
    assert value_of(setting, flags, environment) == (by_flag, setting.flag)
    assert value_of(setting, {}, environment) == (by_environment, setting.variable)
    assert value_of(setting, {}, {}) == (by_file, "teahouse.toml")
    Path("teahouse.toml").unlink()
    assert value_of(setting, {}, {}) == (setting.default, "default")


@each_setting
def test_flag_environment_and_file_mean_the_same(setting: Setting) -> None:
    value = EXAMPLES[setting.name][0]
    a_file(line(setting, value))
    assert {
        value_of(setting, {setting.name: str(value)}, {})[0],
        value_of(setting, {}, {setting.variable: str(value)})[0],
        value_of(setting, {}, {})[0],
    } == {value}


@each_setting
def test_a_default_can_be_used(setting: Setting) -> None:
    assert type(setting.default) is setting.kind
    assert setting.fits(setting.default)


@each_setting
@pytest.mark.parametrize("wrong", ["true", "1.5", "[]", "{ a = 1 }", "2026-01-01"])
def test_a_wrong_type_in_the_file_names_file_and_setting_and_what_would_do(setting: Setting, wrong: str) -> None:
    path = a_file(f"{setting.name} = {wrong}\n")
    complaint = the_complaint({}, {})
    assert complaint.startswith(f"{path}, {setting.name}: found ")
    assert complaint.endswith(f"; {setting.wants} would do.")


@each_setting
def test_a_value_that_cannot_be_used_is_refused_from_every_place(setting: Setting) -> None:
    wrong = {"host": "", "port": "65536", "names": "http://tea", "data": "", "limits": "loud", "log": "loud"}[
        setting.name
    ]
    assert the_complaint({setting.name: wrong}, {}).startswith(
        f"{setting.flag}: found “{wrong}”".replace("“65536”", "65536")
    )
    assert the_complaint({}, {setting.variable: wrong}).endswith(f"{setting.wants} would do.")
    a_file(line(setting, int(wrong) if setting.kind is int else wrong))
    assert the_complaint({}, {}).startswith(f"teahouse.toml, {setting.name}: found ")


@pytest.mark.parametrize("text", ["", " 7256", "+7256", "7_256", "７２５６", "0x10", "-1", "7256.0", "1" * 5_000])
def test_a_number_from_outside_is_digits_alone(text: str) -> None:
    assert the_complaint({"port": text}, {}).startswith("--port: found ")


def test_a_number_in_quotes_is_no_number_in_the_file() -> None:
    a_file('port = "7256"\n')
    assert "found “7256” (a string); a whole number" in the_complaint({}, {})


def test_an_unknown_key_is_refused_with_the_nearest_name() -> None:
    a_file("prot = 7256\n")
    assert the_complaint({}, {}) == "teahouse.toml: there is no setting prot. Did you mean port?"


def test_an_unknown_key_that_is_like_nothing_is_refused_with_all_names() -> None:
    a_file("[zzz]\n")
    assert the_complaint({}, {}).endswith("There are: host, port, names, data, limits, log.")


def test_an_unknown_variable_is_let_be() -> None:
    assert load({}, {"TEAHOUSE_SERVICE_HOST": "10.0.0.1"}).settings.host == "127.0.0.1"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"port = ", "is not TOML"),
        (b"host = '\xff'", "is not UTF-8 text (byte 8)"),
        (b"port = 1\nport = 2", "is not TOML"),
    ],
)
def test_a_file_that_is_none_says_so(content: bytes, said: str) -> None:
    Path("teahouse.toml").write_bytes(content)
    assert said in the_complaint({}, {})


def test_a_named_file_that_cannot_be_read_says_so() -> None:
    assert the_complaint({"config": "gone.toml"}, {}).startswith("gone.toml cannot be read: No such file or directory")
    assert the_complaint({}, {"TEAHOUSE_CONFIG": "."}).startswith(". cannot be read: Is a directory")


def test_the_flag_for_the_file_wins_over_its_variable() -> None:
    Path("one.toml").write_text("port = 1\n", encoding="utf-8")
    Path("two.toml").write_text("port = 2\n", encoding="utf-8")
    a_file("port = 3\n")
    assert load({"config": "one.toml"}, {"TEAHOUSE_CONFIG": "two.toml"}).settings.port == 1
    assert load({}, {"TEAHOUSE_CONFIG": "two.toml"}).settings.port == 2
    assert load({}, {}).settings.port == 3


def test_a_relative_folder_in_a_file_is_relative_to_the_file() -> None:
    Path("etc").mkdir()
    Path("etc/house.toml").write_text('data = "tea"\n', encoding="utf-8")
    assert load({"config": "etc/house.toml"}, {}).settings.data == Path("etc/tea")
    assert load({"config": "etc/house.toml", "data": "tea"}, {}).settings.data == Path("tea")
    assert load({"config": "etc/house.toml"}, {"TEAHOUSE_DATA": "tea"}).settings.data == Path("tea")


# ---- which limits


def limits_of(asked: str, *addresses: str) -> str:
    """The profile that is chosen."""
    return choose_limits(load({"limits": asked}, {}).settings, addresses).profile


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["::1", "127.0.0.1"],
        ["192.168.1.20"],
        ["10.1.2.3"],
        ["172.16.0.1"],
        ["fd00::1"],
        ["fe80::1%eth0"],
    ],
)
def test_an_address_at_home_has_the_limits_of_a_lan(addresses: list[str]) -> None:
    assert limits_of("auto", *addresses) == "lan"


@pytest.mark.parametrize("addresses", [["0.0.0.0"], ["::"], ["8.8.8.8"], ["127.0.0.1", "2606:4700::1"]])
def test_an_address_that_the_internet_may_reach_is_refused_with_what_to_do(addresses: list[str]) -> None:
    with pytest.raises(ConfigError, match="say --limits lan"):
        limits_of("auto", *addresses)
    assert limits_of("lan", *addresses) == "lan"


def test_the_internet_profile_refuses_until_there_are_tls_and_accounts() -> None:
    with pytest.raises(ConfigError, match="needs TLS and accounts"):
        limits_of("internet", "127.0.0.1")


def test_each_profile_can_be_asked_for() -> None:
    asked = next(setting for setting in SETTINGS if setting.name == "limits")
    assert all(asked.fits(profile) for profile in PROFILES)
    assert limits_of("none", "127.0.0.1") == "none"
