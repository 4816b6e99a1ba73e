"""Every limit, in one place: a number, its unit, its reason.

Enforced by the codec (bytes), by the handler (counts) or by the gate, the connection and the outbox
(machine). A limit that is hit says which one it is and when to try again. Three profiles: `lan` where
every bound address is loopback or private, `internet` anywhere else, `none` for benchmarks: it lifts
rates and counts only, bytes and times stay as in `lan`.

`None` means no limit. Names end with their unit; a name without one is a count.
"""

from __future__ import annotations

import msgspec

KIB = 1024
AHEAD_MS = 300_000  # a room's time before the clock: correcting a clock takes seconds; more is a clock that was wrong


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """One profile."""

    profile: str

    # connections
    connections: int = 65_536  # of the house; fewer where there are fewer descriptors
    spare_ms: int = 1_000  # for one more to say that it asks for the house's health
    connections_per_address: int | None = 4_096  # per /32 or /64
    classify_ms: int = 10_000  # an unfinished beginning
    irc_row_ms: int = 1_000  # an unfinished row that may be IRC: a person's `nc` is not kept waiting
    listener_ms: int = 400  # silence that makes a listener
    listener_after_http_ms: int = 15_000  # … for an address that spoke HTTP in the last minute: spare connections
    http_memory_ms: int = 60_000
    raw_silence_ms: int = 50  # ends a raw message
    raw_first_ms: int = 1_000  # … while it is one character: somebody types without line mode
    hello_ms: int = 30_000
    half_frame_ms: int = 30_000
    character_ms: int = 10_000  # a UTF-8 character cut by a segment
    http_head_ms: int = 15_000
    ping_ms: int = 25_000  # WebSocket
    pong_ms: int = 10_000
    poll_ms: int = 60_000  # a long poll: proxies rarely wait longer
    comment_ms: int = 20_000  # into an event stream where nothing happens, so that proxies keep it open
    listeners: bool = True  # never on the open internet

    # bytes
    frame_bytes: int = 256 * KIB
    text_bytes: int = 60 * KIB  # one message, after normalisation
    topic_bytes: int = 500  # one line
    http_line_bytes: int = 8 * KIB
    http_head_bytes: int = 16 * KIB
    http_headers: int = 64
    reply_queue_bytes: int = 256 * KIB  # replies and signals that wait for one connection; hard
    write_high_bytes: int = 64 * KIB
    write_low_bytes: int = 16 * KIB
    page_cache_bytes: int = 32 * KIB * KIB
    batch_bytes: int = 256 * KIB  # of large texts in one batch: some ms of the disk, for which the others wait
    waiting_bytes: int = 256 * KIB  # of a person's large texts that wait for the disk: then reading from them pauses
    all_waiting_bytes: int = 64 * KIB * KIB  # … of all: then reading pauses from whoever has some
    stall_ms: int = 30_000  # no byte accepted while data waits: closed

    # counts
    rooms_per_session: int | None = 2_000
    seats_per_address: int | None = 50_000  # rooms in which its connections sit, together; half a kilobyte each
    seats: int | None = 1_000_000  # of the house
    history: int = 500  # messages of one page
    search: int = 100  # hits of one answer
    emoji_per_message: int = 20
    edits_per_message: int | None = 100  # a deletion has them all to erase
    changes_per_minute: int | None = 20  # edits, reactions … of one message by one person
    typists: int = 16  # people of a room who are shown in that time; nobody reads more names at once
    answers_waiting: int = 64  # unanswered commands of one connection; then reading pauses
    batch: int = 512  # events of one statement
    queue: int = 16_384  # drafts that wait for the disk, all together: then reading from senders pauses
    members_page: int = 200
    rooms_page: int = 100  # rooms of a welcome, of a page of `rooms`
    new_rooms_per_hour: int | None = 100  # of one person, and of one address

    # times
    vanished_ms: int = 30_000  # a JSON session that lost its connection still counts as present
    token_ms: int = 24 * 3_600_000  # a guest's token
    visit_name_ms: int = 60_000  # a stream without a token keeps the name that it came with
    retry_ms: int = 24 * 3_600_000  # a message with a key but no token is known again
    typing_ms: int = 1_000  # of one person in a room is shown once in this time; a client shows it for three seconds
    empty_room_ms: int = 24 * 3_600_000  # since it was made; then a room goes where nothing was said and nobody is


LAN = Limits(profile="lan")
NONE = Limits(
    profile="none",
    connections_per_address=None,
    rooms_per_session=None,
    new_rooms_per_hour=None,
    seats_per_address=None,
    seats=None,
    edits_per_message=None,
    changes_per_minute=None,
)
INTERNET = Limits(
    profile="internet",
    connections_per_address=64,
    listeners=False,
    frame_bytes=64 * KIB,
    text_bytes=16 * KIB,
    rooms_per_session=200,
    seats_per_address=2_000,
    new_rooms_per_hour=5,
    history=200,
)
PROFILES = {limits.profile: limits for limits in (LAN, NONE, INTERNET)}
