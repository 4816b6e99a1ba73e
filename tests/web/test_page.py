"""The page as it is served: which file at which address, how it may be kept, how it is packed; and no start without it."""

from __future__ import annotations

import gzip
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from teahouse.core.errors import ConfigError
from teahouse.core.limits import LAN
from teahouse.server.web.page import FOLDER, Page, best_encoding
from tests.server.house import House, open_house
from tests.server.test_web_http import Answer, last

FIRST_LOAD_BYTES = 120 * 1024


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path / "data", LAN) as house:
        yield house


async def ask(house: House, path: str, *more: str) -> Answer:
    return Answer(await house.ask(last(path, "GET", "localhost", *more)))


def named_in_shell() -> list[str]:
    """The scripts and styles that the document asks for."""
    return re.findall(r'(?:src|href)="(/assets/[^"]+)"', (FOLDER / "index.html").read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", ["/", "/r/lobby", "/r/lobby/1234", "/r/@12+40", "/r/%E8%8C%B6%E9%A6%86/7"])
async def test_the_house_and_each_room_and_each_message_are_one_document(house: House, path: str) -> None:
    answer = await ask(house, path, "Accept: text/html")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.body == (FOLDER / "index.html").read_bytes()


async def test_the_document_is_asked_for_anew_and_answered_in_one_line_if_it_is_the_same(house: House) -> None:
    answer = await ask(house, "/")
    assert answer.headers["cache-control"] == "no-cache"
    again = await ask(house, "/", f"If-None-Match: {answer.headers['etag']}")
    assert (again.status, again.body) == (304, b"")


async def test_files_with_hashed_names_are_kept_for_a_year(house: House) -> None:
    assert named_in_shell() != []
    for name in named_in_shell():
        answer = await ask(house, name)
        assert answer.status == 200
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["vary"] == "accept-encoding"


async def test_a_file_comes_in_the_best_encoding_that_the_browser_has(house: House) -> None:
    name = named_in_shell()[0]
    plain = await ask(house, name)
    packed = await ask(house, name, "Accept-Encoding: gzip, deflate")
    best = await ask(house, name, "Accept-Encoding: gzip, deflate, br")
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert best.headers["content-encoding"] == "br"
    assert len(best.body) < len(packed.body) < len(plain.body)


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [("", ""), ("gzip", "gzip"), ("br;q=0, gzip", "gzip"), ("BR ; q=0.5", "br"), ("br;q=0.000", ""), ("zstd", ""),
     ("gzip;q=1.0, br;q=0.1", "br"), ("br;q=", "br")],
)  # fmt: skip
def test_a_weight_of_nothing_means_no(accepted: str, chosen: str) -> None:
    assert best_encoding(accepted, {"": b"", "br": b"", "gzip": b""}) == chosen


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/sw.js", "text/javascript; charset=utf-8"), ("/icon.svg", "image/svg+xml"), ("/icon-192.png", "image/png"),
     ("/manifest.webmanifest", "application/manifest+json")],
)  # fmt: skip
async def test_what_a_browser_installs_has_its_type(house: House, path: str, kind: str) -> None:
    answer = await ask(house, path)
    assert (answer.status, answer.headers["content-type"]) == (200, kind)


async def test_a_file_outside_of_the_page_is_not_there(house: House) -> None:
    for path in ("/.stamp", "/assets/../index.html.br", "/%2e%2e/__init__.py", "/assets/nothing.js"):
        assert (await ask(house, path)).status == 404


async def test_the_address_of_a_room_comes_as_a_picture(house: House) -> None:
    answer = await ask(house, "/qr/r/%E8%8C%B6.svg")
    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.body.startswith(b"<svg ")


async def test_a_picture_of_an_endless_name_is_not_there(house: House) -> None:
    assert (await ask(house, f"/qr/r/{'x' * 2_000}.svg")).status == 404


def test_the_first_load_is_light() -> None:
    files = [FOLDER / "index.html", *(FOLDER / name.removeprefix("/") for name in named_in_shell())]
    assert sum(path.with_name(path.name + ".gz").stat().st_size for path in files) <= FIRST_LOAD_BYTES


def test_nothing_in_the_page_names_another_host() -> None:
    known = {"http://www.w3.org", "https://${", "https://github.com"}
    for path in FOLDER.rglob("*"):
        if path.suffix in (".js", ".css", ".html", ".webmanifest"):
            found = set(re.findall(r"https?://[^\s\"'`/)]*", path.read_text(encoding="utf-8")))
            assert {host for host in found if "." in host} <= known, path


def test_a_server_without_its_page_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="make setup"):
        Page(tmp_path)
