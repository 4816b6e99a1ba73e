"""First bytes decide which door a connection comes through (docs/protocol.md, «First bytes»).

    sniff(first bytes, whether the stream has ended) → Verdict: a door, or how long to wait for more

The table is `_ROWS`; the first row that matches wins. A row that has seen a proper beginning of itself waits for the
rest, and no later row is asked meanwhile: silence never turns half a request into chat, because a web page can make
a browser send any bytes to any port it may reach. Only text that is the beginning of nothing else becomes a message
by silence.

Nothing is consumed: the door reads the same bytes again. What decides is the first line at most; of a line that is
longer than any protocol's, its beginning.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from typing import Literal, NamedTuple

from teahouse.core.escapes import ends_within_an_escape
from teahouse.core.limits import LAN, Limits
from teahouse.wire import telnet

Door = Literal["wait", "tls", "frames", "http", "irc", "lines", "raw", "foreign", "proxy", "unknown"]


class Verdict(NamedTuple):
    """What the first bytes mean.

    door      whose connection it is; `wait`: not known yet
    wait_ms   how long to wait for more: from the last byte where `silence` classifies, else from the first one
    silence   whether that pause makes it `raw`; if not, the connection is closed with UNKNOWN
    message   what to say before closing: for `foreign`, `irc` and `unknown`
    """

    door: Door
    wait_ms: int = 0
    silence: bool = False
    message: bytes = b""


FOREIGN = (
    b"This is Teahouse, a chat server. This port speaks HTTP, WebSocket, plain lines of text and Teahouse frames;"
    b" what you sent is another protocol.\r\n"
)
UNKNOWN = (
    "Teahouse does not understand this. Send UTF-8 text, Teahouse frames, HTTP or WebSocket."
    " / 茶馆看不懂这些字节：请发送 UTF-8 文本、帧、HTTP 或 WebSocket。\r\n"
).encode()
NO_IRC = b"ERROR :This server does not speak IRC yet. Join with a browser, or with nc and plain text.\r\n"

LINE_BYTES = 16 * 1024  # no first line of HTTP (8 KiB) or IRC (8,191 + 512) is longer: what is, is text

# ---- the rows: each takes the first bytes and answers MATCH, BEGINNING or None

MATCH: Literal["match"] = "match"
BEGINNING: Literal["beginning"] = "beginning"
Answer = Literal["match", "beginning"] | None


def _starts(data: bytes, *preambles: bytes) -> Answer:
    """Whether the bytes start with a preamble, or are a proper beginning of one."""
    if data.startswith(preambles):
        return MATCH
    return BEGINNING if any(preamble.startswith(data) for preamble in preambles) else None


def _telnet(data: bytes) -> Answer:
    begins = telnet.begins(data)
    return BEGINNING if begins is None else MATCH if begins else None


def _tls(data: bytes) -> Answer:
    return _starts(data, b"\x16\x03\x00", b"\x16\x03\x01", b"\x16\x03\x02", b"\x16\x03\x03", b"\x16\x03\x04")


def _frames(data: bytes) -> Answer:
    # The fourth byte is the version: what is not 1 is refused by the frames door, in a frame.
    if data.startswith(b"\0\0\0"):
        return MATCH if len(data) > 3 else BEGINNING
    return BEGINNING if b"\0\0\0".startswith(data) else None


_METHODS = tuple(
    method + b" "
    for method in (
        b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"PATCH", b"OPTIONS", b"TRACE", b"CONNECT",
        b"PROPFIND", b"PROPPATCH", b"MKCOL", b"COPY", b"MOVE", b"LOCK", b"UNLOCK",
    )
)  # fmt: skip
_REQUESTS = tuple(method + target for method in _METHODS for target in (b"/", b"*", b"http"))
_HTTP_LINE = re.compile(rb"[^\n]* HTTP/[0-9]\.[0-9]\r?\n")


def _http(data: bytes) -> Answer:
    if b"\n" in data and _HTTP_LINE.match(data):
        return MATCH
    return _starts(data, *_REQUESTS)


def _http2(data: bytes) -> Answer:
    return _starts(data, b"PRI * HTTP/2.0")


_PREAMBLES = (
    b"SSH-", b"EHLO ", b"HELO ", b"RFB 0", b"<?xml", b"<stream:", b"CONNECT {", b"CONNECT\n", b"CONNECT\r\n", b"STOMP\n",
    b"STOMP\r\n", b"\x13BitTorrent protocol",
)  # fmt: skip
_STREAM_LINE = re.compile(rb"[^\n]* (?:RTSP/1\.0|SIP/2\.0)\r?\n")
_STREAM_METHODS = frozenset(
    (b"OPTIONS", b"DESCRIBE", b"ANNOUNCE", b"SETUP", b"PLAY", b"RECORD", b"INVITE", b"REGISTER", b"SUBSCRIBE", b"NOTIFY", b"MESSAGE")
)  # fmt: skip
_STREAM_TARGETS = (b"rtsp:", b"sip:", b"sips:")
_REDIS = re.compile(rb"\*[0-9]{1,10}\r\n\$")
_REDIS_BEGINNING = re.compile(rb"\*(?:[0-9]{1,10}(?:\r\n?)?)?")
_FTP = re.compile(rb"USER [^ \r\n]+\r\n")
_FTP_BEGINNING = re.compile(rb"U|US|USE|USER(?: (?:[^ \r\n]+\r?)?)?")
_GIT = re.compile(rb"[0-9a-f]{4}git-(?:upload-pack|receive-pack|upload-archive) /")


def _foreign(data: bytes) -> Answer:
    if (answer := _starts(data, *_PREAMBLES)) is not None:
        return answer
    line = _first_line(data)
    if line.endswith(b"\n") and (_STREAM_LINE.match(line) or _FTP.match(line)):
        return MATCH
    if _REDIS.match(data) or _GIT.match(data) or (b"\0" in line and _is_text(line[: line.index(b"\0")])):
        return MATCH
    if _REDIS_BEGINNING.fullmatch(data) or _FTP_BEGINNING.fullmatch(data) or _begins_stream(data):
        return BEGINNING
    return None


def _begins_stream(data: bytes) -> bool:
    """Whether this may become the first line of RTSP or SIP. From the space on: the methods alone are words."""
    method, space, target = data.partition(b" ")
    if not space or method not in _STREAM_METHODS or b"\n" in target:
        return False
    return target.startswith(_STREAM_TARGETS) or any(known.startswith(target) for known in _STREAM_TARGETS)


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _proxy(data: bytes) -> Answer:
    # What follows UNKNOWN is to be ignored, and may be nothing (PROXY protocol §2.1).
    return _starts(data, *_PROXIES)


_PROXIES = (
    *(b"PROXY " + family + end for family in (b"TCP4", b"TCP6", b"UNKNOWN") for end in (b" ", b"\r\n", b"\n")),
    b"\r\n\r\n\0\r\nQUIT\n",
)


# A verb and the parameters it needs; what a client or a probe may say first.
_VERBS = {
    b"CAP": 1, b"PASS": 1, b"NICK": 1, b"USER": 4, b"WEBIRC": 4, b"AUTHENTICATE": 1, b"STARTTLS": 0, b"PING": 1, b"PONG": 1,
    b"JOIN": 1, b"PART": 1, b"PRIVMSG": 2, b"NOTICE": 2, b"MODE": 1, b"QUIT": 0,
}  # fmt: skip
_IRC_LINE_BYTES = 8_191 + 512
_IRC_PREFIX = re.compile(rb"(?:@[!-~]+ +)?(?::[!-~]+ +)?")
_IRC_PREFIX_BEGINNING = re.compile(rb"(?:@[!-~]+ +)?[@:][!-~]*")
_IRC_LF = re.compile(
    rb"(?:CAP (?:LS(?: [0-9]+)?|LIST|REQ [^\n]+|END)|(?:NICK|PASS) [^ \n]+|USER [^ \n]+ [^ \n]+ [^ \n]+ [^\n]+)\n"
)


def _irc(data: bytes) -> Answer:
    line = _first_line(data)
    if not line.endswith(b"\n"):
        return BEGINNING if len(line) <= _IRC_LINE_BYTES and _begins_irc(line) else None
    if _IRC_LF.fullmatch(line):
        return MATCH
    if not line.endswith(b"\r\n"):
        return None
    verb, parameters = _verb(line[:-2])
    needs = _VERBS.get(verb)
    return MATCH if needs is not None and _count_of(parameters) >= needs else None


def _count_of(parameters: bytes) -> int:
    """How many parameters follow a verb: words, and behind a colon the rest of the line."""
    words, colon, _ = parameters.partition(b" :")
    return sum(map(bool, words.split(b" "))) + bool(colon)


def _begins_irc(line: bytes) -> bool:
    if _IRC_PREFIX_BEGINNING.fullmatch(line):
        return True
    verb, parameters = _verb(line)
    if parameters:
        return verb in _VERBS
    return any(known.startswith(verb.removesuffix(b"\r")) for known in _VERBS)


def _verb(line: bytes) -> tuple[bytes, bytes]:
    """The verb of a line behind tags and prefix, and all that follows it, with its spaces."""
    line = _IRC_PREFIX.sub(b"", line, count=1)
    verb = line.partition(b" ")[0]
    return verb, line[len(verb) :]


class Row(NamedTuple):
    """One row of the table."""

    looks: Callable[[bytes], Answer]
    door: Door
    message: bytes = b""


_ROWS = (
    Row(_telnet, "lines"),  # 255 begins no other row, and no text
    Row(_tls, "tls"),
    Row(_frames, "frames"),
    Row(_http2, "foreign"),  # before HTTP, whose rule for a first line it fulfils as well
    Row(_http, "http"),
    Row(_foreign, "foreign", FOREIGN),
    Row(_proxy, "proxy"),
    Row(_irc, "irc", NO_IRC),
)


def sniff(data: bytes, ended: bool, limits: Limits = LAN) -> Verdict:
    """Which door these first bytes are for.

    data    all that has come so far; more than LINE_BYTES of it is not looked at
    ended   no more will come: what is only the beginning of a row is none
    """
    head = data[:LINE_BYTES]
    may_wait = not ended and len(head) < LINE_BYTES
    for row in _ROWS:
        answer = row.looks(head)
        if answer == MATCH:
            return Verdict(row.door, message=row.message)
        if answer == BEGINNING and may_wait:
            return Verdict("wait", limits.irc_row_ms if row.door == "irc" else limits.classify_ms)
    return _text(_first_line(head), len(head) == LINE_BYTES, ended, limits)


def _text(line: bytes, long: bool, ended: bool, limits: Limits) -> Verdict:
    """The last rows: lines, raw, or anything else."""
    has_end = line.endswith(b"\n")
    typed = telnet.Telnet()
    plain = typed.text(line)
    try:
        text, read = codecs.utf_8_decode(
            plain + typed.end() if ended else plain, "strict", has_end or (ended and not long)
        )
    except UnicodeDecodeError:
        return Verdict("unknown", message=UNKNOWN)
    if typed.speaks:
        return Verdict("lines")
    if len(plain) < len(line) and not ended:
        return Verdict("wait", limits.character_ms)
    text = text.removeprefix("\ufeff")
    if has_end:
        return Verdict("lines")
    if long or (ended and text):
        return Verdict("raw")
    if ended:
        return Verdict("unknown")  # nothing was said, so there is nothing to say
    if read < len(plain) or not text:
        return Verdict("wait", limits.character_ms)
    goes_on = len(text) == 1 or ends_within_an_escape(text)
    return Verdict("wait", limits.raw_first_ms if goes_on else limits.raw_silence_ms, silence=True)


def _first_line(data: bytes) -> bytes:
    """Up to its line end and with it; all there is if it has none yet."""
    return data[: data.find(b"\n") + 1] or data
