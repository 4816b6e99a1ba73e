"""The table of first bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teahouse.core.limits import LAN
from teahouse.wire import sniff as s
from teahouse.wire.sniff import Door, Verdict, sniff
from tests.support.preambles import FOREIGN, TEXT, Preamble

every_preamble = pytest.mark.parametrize("preamble", [*FOREIGN, *TEXT], ids=lambda preamble: preamble.name)

IRC = Verdict("wait", LAN.irc_row_ms)
ANY = Verdict("wait", LAN.classify_ms)
CHARACTER = Verdict("wait", LAN.character_ms)
ONE = Verdict("wait", LAN.raw_first_ms, silence=True)
TEXT_SO_FAR = Verdict("wait", LAN.raw_silence_ms, silence=True)


@every_preamble
def test_a_preamble_is_what_it_is(preamble: Preamble) -> None:
    assert sniff(preamble.data, False).door == preamble.door


@every_preamble
def test_a_preamble_that_comes_byte_by_byte_is_the_same(preamble: Preamble) -> None:
    verdicts = [sniff(preamble.data[:size], False) for size in range(1, len(preamble.data) + 1)]
    decided = [verdict for verdict in verdicts if verdict.door != "wait"]
    assert decided[0].door == preamble.door
    assert all(verdict == decided[0] for verdict in decided)


# What these say is known for a beginning from the first byte on …
FROM_THE_FIRST_BYTE = [
    "HTTP/1.1", "HTTP/1.0 probe", "HTTP absolute", "IPP", "HTTP/2", "SSH", "SMTP EHLO", "SMTP HELO", "FTP USER", "POP3 PASS", "VNC",
    "Redis", "XMPP", "XMPP without a prologue", "NATS", "PROXY v1", "PROXY v1, v6", "PROXY v1 unknown", "PROXY v2", "IRC", "IRC CAP",
    "IRC by hand", "IRC tags", "IRC probe", "TLS 1.0", "TLS 1.3", "PostgreSQL", "Kafka",
]  # fmt: skip
# … and these from their first space on: the word alone is one that people say.
FROM_THE_FIRST_SPACE = ["RTSP", "RTSP DESCRIBE", "RTSP wildcard", "SIP", "SIP INVITE"]


@pytest.mark.parametrize("name", [*FROM_THE_FIRST_BYTE, *FROM_THE_FIRST_SPACE])
def test_silence_makes_no_chat_of_the_beginning_of_a_row(name: str) -> None:
    (data,) = [preamble.data for preamble in FOREIGN if preamble.name == name]
    known = 1 if name in FROM_THE_FIRST_BYTE else data.index(b" ") + 1
    for size in range(known, len(data)):
        assert not sniff(data[:size], False).silence, data[:size]


def test_at_least_forty_foreign_preambles_create_no_message() -> None:
    assert len(FOREIGN) >= 40
    assert not [preamble for preamble in FOREIGN if sniff(preamble.data, False).door in ("lines", "raw", "wait")]


@pytest.mark.parametrize(
    ("data", "verdict"),
    [
        # TLS and frames
        (b"\x16", ANY),
        (b"\x16\x03", ANY),
        (b"\x16\x03\x04", Verdict("tls")),
        (b"\x16\x03\x05", TEXT_SO_FAR),
        (b"\0", ANY),
        (b"\0\0\0", ANY),
        (b"\0\0\0\1", Verdict("frames")),
        (b"\0\0\0\2", Verdict("frames")),
        (b"\0\0\0\0", Verdict("frames")),
        # HTTP
        (b"G", ANY),
        (b"GET ", ANY),
        (b"GET h", ANY),
        (b"GET /", Verdict("http")),
        (b"OPTIONS *", Verdict("http")),
        (b"GET http", Verdict("http")),
        (b"GET lost", TEXT_SO_FAR),
        (b"GET lost\n", Verdict("lines")),
        (b"get /", TEXT_SO_FAR),
        (b"so HTTP/1.1\n", Verdict("http")),
        (b"so HTTP/1.1 it is\n", Verdict("lines")),
        (b"hello\nso HTTP/1.1\n", Verdict("lines")),
        (b"PRI * HTTP/2.0", Verdict("foreign")),
        (b"PRI * HTTP/2", ANY),
        # foreign
        (b"SSH", ANY),
        (b"SSH-", Verdict("foreign", message=s.FOREIGN)),
        (b"SSHH", TEXT_SO_FAR),
        (b"<", ANY),
        (b"<3", TEXT_SO_FAR),
        (b"*", ANY),
        (b"*3\r\n", ANY),
        (b"*3\r\n$", Verdict("foreign", message=s.FOREIGN)),
        (b"*3\r\nx", Verdict("lines")),
        (b"* waves", TEXT_SO_FAR),
        (b"USER ana\r", ANY),
        (b"USER ana\r\n", Verdict("foreign", message=s.FOREIGN)),
        (b"USER ana b\r\n", Verdict("lines")),
        (b"INVITE sip:bob", ANY),
        (b"INVITE s", ANY),
        (b"INVITE bob", TEXT_SO_FAR),
        (b"INVITE", TEXT_SO_FAR),
        (b"\xff\0", Verdict("unknown", message=s.UNKNOWN)),
        (b"\xe4\xbd\0", Verdict("unknown", message=s.UNKNOWN)),
        (b"hel\0lo", Verdict("foreign", message=s.FOREIGN)),
        (b"hello\n\0", Verdict("lines")),
        # PROXY
        (b"PROXY", ANY),
        (b"PROXY TCP4 ", Verdict("proxy")),
        (b"PROXY UNKNOWN", ANY),
        (b"PROXY UNKNOWN\r", ANY),
        (b"PROXY UNKNOWN\r\n", Verdict("proxy")),
        (b"PROXY UNKNOWN\n", Verdict("proxy")),
        (b"PROXY UNKNOWNS", TEXT_SO_FAR),
        (b"STOMP", ANY),
        (b"STOMP\r", ANY),
        (b"STOMP\n", Verdict("foreign", message=s.FOREIGN)),
        (b"CONNECT", ANY),
        (b"CONNECT\r\n", Verdict("foreign", message=s.FOREIGN)),
        (b"CONNECTED\n", Verdict("lines")),
        (b"STOMPING\n", Verdict("lines")),
        (b"stomp\n", Verdict("lines")),
        (b"PROXY servers", TEXT_SO_FAR),
        (b"\r\n", ANY),
        (b"\r\nhello", Verdict("lines")),
        # IRC
        (b"N", IRC),
        (b"NICK", IRC),
        (b"NICK ana", IRC),
        (b"NICK ana\r", IRC),
        (b"NICK ana\r\n", Verdict("irc", message=s.NO_IRC)),
        (b"NICK ana\n", Verdict("irc", message=s.NO_IRC)),
        (b"NICK is my name\n", Verdict("lines")),
        (b"NICK\r\n", Verdict("lines")),
        (b"NICKNAMES", TEXT_SO_FAR),
        (b"nick ana\r\n", Verdict("lines")),
        (b"PASS secret\r", IRC),
        (b"PASS secret\r\n", Verdict("irc", message=s.NO_IRC)),
        (b"PASS secret\n", Verdict("irc", message=s.NO_IRC)),
        (b"USER a b c d\n", Verdict("irc", message=s.NO_IRC)),
        (b"USER a b c\n", Verdict("lines")),
        (b"CAP END\n", Verdict("irc", message=s.NO_IRC)),
        (b"CAP LS 302\n", Verdict("irc", message=s.NO_IRC)),
        (b"CAP off\n", Verdict("lines")),
        (b"JOIN us\n", Verdict("lines")),
        (b"JOIN us\r\n", Verdict("irc", message=s.NO_IRC)),
        (b"QUIT\r\n", Verdict("irc", message=s.NO_IRC)),
        (b"QUIT\n", Verdict("lines")),
        (b"USERS unite", TEXT_SO_FAR),
        (b"PRIVMSG #tea\r\n", Verdict("lines")),
        (b"@a=b :ana", IRC),
        (b":ana NICK", IRC),
        (b":) hello", TEXT_SO_FAR),
        # text
        (b"h", ONE),
        ("你".encode(), ONE),
        ("🍵".encode()[:3], CHARACTER),
        (b"hello \xe4\xbd", CHARACTER),
        (b"hello", TEXT_SO_FAR),
        (b"hello\n", Verdict("lines")),
        (b"\n", Verdict("lines")),
        (b"\xef\xbb\xbf", CHARACTER),
        (b"\xef\xbb\xbfh", ONE),
        (b"\xef\xbb\xbfhello\n", Verdict("lines")),
        # anything else
        (b"\xff", ANY),
        (b"\xff\xfb", ANY),
        (b"\xff\xfb\x1f", Verdict("lines")),
        (b"\xff\xfb\x7f", Verdict("unknown", message=s.UNKNOWN)),
        (b"\xff\xff", Verdict("unknown", message=s.UNKNOWN)),
        (b"\xff\x20", Verdict("unknown", message=s.UNKNOWN)),
        (b"\xff\xf6", Verdict("lines")),
        (b"hello\xff", CHARACTER),
        (b"hello\xff\xf4", Verdict("lines")),
        (b"caf\xff\xf4\xe9!", Verdict("unknown", message=s.UNKNOWN)),
        (b"hello\n\xff\xf4", Verdict("lines")),
        # escape sequences
        (b"\x1b", ONE),
        (b"\x1b[", ONE),
        (b"hello \x1b[20", ONE),
        (b"\x1b[A", TEXT_SO_FAR),
        (b"\x1b[200~hello", TEXT_SO_FAR),
        (b"caf\xe9\n", Verdict("unknown", message=s.UNKNOWN)),
        (b"\xe4\xbd\n", Verdict("unknown", message=s.UNKNOWN)),
        (b"hello\n\xff", Verdict("lines")),
        (b"\xed\xa0\x80", Verdict("unknown", message=s.UNKNOWN)),
        (b"", ANY),
    ],
)
def test_first_match_wins(data: bytes, verdict: Verdict) -> None:
    assert sniff(data, False) == verdict


@pytest.mark.parametrize(
    ("data", "door"),
    [
        (b"hello", "raw"), (b"h", "raw"), (b"GET", "raw"), (b"NICK ana", "raw"), (b"hello\n", "lines"), (b"\r\n", "lines"),
        (b"", "unknown"), (b"\xef\xbb\xbf", "unknown"), (b"hello \xe4\xbd", "unknown"), (b"\0\0", "foreign"), (b"GET /", "http"),
    ],
)  # fmt: skip
def test_the_end_of_the_stream_decides_what_is_still_open(data: bytes, door: Door) -> None:
    assert sniff(data, True).door == door


def test_to_nothing_at_all_nothing_is_said() -> None:
    assert sniff(b"", True).message == b""


@pytest.mark.parametrize("beginning", [b"x", b"INVITE sip:", b"USER x", b"NICK x", b"@", b":", "你".encode()])
def test_a_first_line_longer_than_any_protocols_is_text(beginning: bytes) -> None:
    data = (beginning + b"x" * s.LINE_BYTES)[: s.LINE_BYTES]
    assert sniff(data, False) == Verdict("raw")
    assert sniff(data + b"\xff\n", True) == Verdict("raw")
    assert sniff(data[:-1] + b"\xe4\xbd\xa0", True) == Verdict("raw")


PIECES = st.sampled_from(
    [b"GET", b" ", b"/", b"\r", b"\n", b"\r\n", b"\0", b"HTTP/1.1", b"NICK", b"USER", b"a", b"*", b"1", b"$", b":", b"@", b"\x16\x03", b"\xe4\xbd",
     b"\xa0", b"\xef\xbb\xbf", b"PROXY", b"SIP/2.0", b"<", b"RTSP/1.0", b"sip:", b"CAP", b"LS", b"PASS", b"h", b"\xff", b"\xfb", b"\xfa", b"\xf0", b"\x1f", b"\x1b[", b"STOMP"]
)  # fmt: skip


@given(st.lists(PIECES | st.binary(max_size=3), max_size=10).map(b"".join))
def test_once_decided_no_later_byte_changes_it(data: bytes) -> None:
    decided: Verdict | None = None
    for size in range(1, len(data) + 1):
        verdict = sniff(data[:size], False)
        if decided is not None:
            assert verdict == decided
        elif verdict.door != "wait":
            decided = verdict
    assert sniff(data, True).door != "wait"


def test_what_is_said_before_closing_is_one_line() -> None:
    for said in (s.FOREIGN, s.UNKNOWN, s.NO_IRC):
        assert said.endswith(b"\r\n")
        assert said.count(b"\n") == 1
    assert "看不懂" in s.UNKNOWN.decode()
