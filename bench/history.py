"""What a long log costs: `make bench-history`. A million events, and what people ask of them.

    fill       a store with that many events (kept in bench/.scratch; the search index is built by the server itself)
    start      until connections are accepted
    resume     1, 1,000 and 100,000 events, to one program, by frames
    read       a page of history, backwards; around an old message; search; the unread of a hundred rooms
    return     a thousand programs at once after a restart, each 50 events behind, until all are live

Each answer is checked before it counts.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import msgspec

from bench import crowd, machine, report, run, subjects
from bench.book import Book
from bench.caller import Caller, Word
from bench.marks import Mark
from bench.subjects import Failed, Running
from tests.support import big_log

TEAHOUSE = subjects.TEAHOUSE
MS, PER_S = "ms", "events_per_s"
ROOMS = 100
LOBBY = 0.6  # of all events: somebody must be able to be 100,000 behind in one room
RESUMES = (1, 1_000, 100_000)
PAGES = 100
SEARCHES = 20
CLIENTS, BEHIND = 1_000, 50
RARE = "龙井"
QUERIES = {"Latin": "teahouse", "two Chinese characters": "上海", "one Chinese character": "茶", "rare": RARE}
INDEXING_S = 1_800.0

FIGURES = "make bench-history"


# ---- the log


def prepared(events: int) -> Path:
    """A data folder with so many events, all of them in the search index. Made once, then kept."""
    code = Path(big_log.__file__).read_bytes() + b"".join(
        path.read_bytes() for path in sorted((run.ROOT / "src/teahouse/store").glob("schema/*.sql"))
    )
    folder = run.SCRATCH / f"log-{events}-{hashlib.sha256(code).hexdigest()[:12]}"
    if folder.exists():
        return folder
    run.say(f"filling a log with {events:,} events")
    with run.folder() as made:
        big_log.fill(made / "data", events, rooms=ROOMS, lobby=LOBBY)
        with subjects.running(subjects.teahouse("frames"), made) as server, Caller(server.port) as client:
            run.say("waiting for the search index")
            wait_for_index(client)
        (made / "data").rename(folder)
    return folder


def wait_for_index(client: Caller) -> None:
    """Wait until a search is complete.

    raises  Failed
    """
    end = time.monotonic() + INDEXING_S
    while time.monotonic() < end:
        found, _ = client.ask("search", query=RARE)
        if found["complete"]:
            return
        time.sleep(0.1)
    raise Failed(f"the search index was not complete within {INDEXING_S:.0f} s")


@contextmanager
def a_server(log: Path) -> Iterator[tuple[Running, Path]]:
    """A server on a copy of the log, and the folder it may be started in again."""
    with run.folder() as made:
        shutil.copytree(log, made / "data")
        os.sync()  # what the copy left to be written is not the server's to wait for
        with subjects.running(subjects.teahouse("frames"), made) as server:
            yield server, made


# ---- what is asked


def resumes(server: Running, heads: dict[str, int], book: Book) -> None:
    """Join from behind; the first time the pages are on the disk, then in memory where they fit."""
    for count in RESUMES:
        if count > heads["lobby"]:
            continue
        for _ in range(5):
            with Caller(server.port) as client:
                seconds = client.resume("lobby", heads["lobby"] - count, heads["lobby"])
            book.add(TEAHOUSE, f"resume of {count:,}", **{MS: 1_000 * seconds, PER_S: count / seconds})


def reading(client: Caller, heads: dict[str, int], chance: random.Random, book: Book) -> None:
    """Pages of history, at random places."""

    def page(cell: str, check: Callable[[Word], bool], **fields: object) -> None:
        answer, seconds = client.ask("history", room="lobby", **fields)
        if not check(answer):
            raise Failed(f"{cell}: not the page that was asked for")
        book.add(TEAHOUSE, cell, **{MS: 1_000 * seconds})

    head = heads["lobby"]
    for _ in range(PAGES):
        before = chance.randrange(1_000, head)
        page("a page backwards", partial(_is_before, before), before=before)
        page("the newest page", partial(_is_before, head + 1))
        target = chance.choice(client.ask("history", room="lobby", before=chance.randrange(1_000, head))[0]["messages"])
        page("around an old message", partial(_has, target["seq"]), around=target["seq"])


def _is_before(before: int, answer: Word) -> bool:
    numbers = [message["seq"] for message in answer["messages"]]
    return len(numbers) == 50 and numbers == sorted(set(numbers)) and numbers[-1] < before


def _has(seq: int, answer: Word) -> bool:
    return any(message["seq"] == seq for message in answer["messages"])


def searching(client: Caller, book: Book) -> None:
    """Words that many messages have, and one that a single one has, in all rooms and in one."""
    client.ask("join", room="lobby")
    client.ask("post", room="lobby", text=f"今天喝{RARE}茶")
    wait_for_index(client)
    for kind, query in QUERIES.items():
        for where, fields in (("", {}), (", in one room", {"room": "lobby"})):
            for _ in range(SEARCHES):
                found, seconds = client.ask("search", query=query, **fields)
                if not found["messages"] or any(
                    query not in message["text"].casefold() for message in found["messages"]
                ):
                    raise Failed(f"search for {query}: found what has it not, or nothing")
                book.add(TEAHOUSE, f"search: {kind}{where}", **{MS: 1_000 * seconds})


def unread(server: Running, book: Book) -> None:
    """The list of all rooms with what is unread in each; the person has read the newest but ten of each."""
    with Caller(server.port) as client:
        heads = crowd.heads_of(client.welcome)
        for room, head in heads.items():
            client.ask("join", room=room)
            client.ask("mark", room=room, seq=max(head - 10, 1))
        for _ in range(SEARCHES):
            answer, seconds = client.ask("rooms")
            if len(answer["rooms"]) < min(ROOMS, len(heads)):
                raise Failed("rooms are missing from the list")
            book.add(TEAHOUSE, f"unread of {len(heads)} rooms", **{MS: 1_000 * seconds})


def returning(log: Path, spread: bool, book: Book) -> None:
    """Stop the server while all are there, start it again, and let them all come at once."""
    where = f"{ROOMS} rooms" if spread else "one room"
    with a_server(log) as (server, made):
        with Caller(server.port) as client:
            heads = crowd.heads_of(client.welcome)
        names = list(heads) if spread else ["lobby"]
        rooms = [names[place % len(names)] for place in range(CLIENTS)]
        afters = [max(heads[room] - BEHIND, 0) for room in rooms]
        _, tokens = crowd.come(server.port, rooms, [heads[room] for room in rooms], [None] * CLIENTS)
        subjects.stop(server.process)
        with subjects.running(server.subject, made) as again:
            seconds, _ = crowd.come(again.port, rooms, afters, tokens)
    book.add(TEAHOUSE, f"{CLIENTS:,} back after a restart, {BEHIND} behind each, {where}", **{MS: 1_000 * seconds})


# ---- all of it


def measure(log: Path, rounds: int, book: Book) -> None:
    """All of it, some rounds.

    raises  Failed
    """
    chance = random.Random(7)
    for turn in range(rounds):
        run.say(f"── round {turn + 1} of {rounds}")
        with a_server(log) as (server, _):
            book.add(TEAHOUSE, "start, until connections are accepted", **{MS: 1_000 * server.start_s})
            with Caller(server.port) as client:
                heads = crowd.heads_of(client.welcome)
                resumes(server, heads, book)
                reading(client, heads, chance, book)
                searching(client, book)
            unread(server, book)
        for spread in (False, True):
            returning(log, spread, book)


def check(book: Book) -> list[Mark]:
    """The marks of the long log."""

    def mark(what: str, limit: float, *cells: str, metric: str = MS, at_least: bool = False) -> Mark:
        spreads = [book.spread(TEAHOUSE, cell, metric) for cell in cells]
        medians = [spread.median for spread in spreads if spread is not None]
        return Mark(what, limit, at_least, (min if at_least else max)(medians) if medians else None)

    back = [line.cell for line in book.lines if "back after a restart" in line.cell]
    return [
        mark("start, ms", 2_000, "start, until connections are accepted"),
        mark("a page of history, ms", 2, "a page backwards", "the newest page", "around an old message"),
        mark("resume, events/s to one program", 200_000, "resume of 100,000", metric=PER_S, at_least=True),
        mark("search of two Chinese characters, ms", 20, *(f"search: two Chinese characters{where}" for where in ("", ", in one room"))),
        mark(f"{CLIENTS:,} back after a restart, all live, ms", 3_000, *back),
    ]  # fmt: skip


def markdown(book: Book, where: dict[str, str]) -> str:
    """The report."""
    rows = []
    for line in book.lines:
        spread = book.spread(line.server, line.cell, line.metric)
        if spread is not None:
            form = "{:,.2f}" if line.metric == MS else "{:,.0f}"
            unit = "ms" if line.metric == MS else "events/s"
            shown = [form.format(value) for value in (spread.median, spread.low, spread.high)]
            rows.append([line.cell, unit, *shown, str(len(line.values))])
    table = report.rows(["", "", "median", "least", "greatest", "times"], rows)
    described = "\n".join(f"- {name}: {what}" for name, what in where.items())
    return f"{described}\n\n{table}\n\n{report.verdicts(check(book))}\n"


def options(words: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="make bench-history", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=1_000_000, help="in the log (1,000,000)")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is measured (3)")
    parser.add_argument("--results", type=Path, default=run.RESULTS, help="folder to write into")
    parser.add_argument("--docs", action="store_true", help=f"put the figures into docs/{run.PAGE.name} too")
    return parser.parse_args(words)


def main(words: Sequence[str] | None = None) -> int:
    """Measure, write, say which marks hold; return the exit code."""
    asked = options(sys.argv[1:] if words is None else words)
    subjects.raise_descriptor_limit()
    book = Book()
    try:
        log = prepared(asked.events)
        os.sched_setaffinity(0, {subjects.processors()[0]})
        measure(log, asked.rounds, book)
    except Failed as error:
        run.say(f"bench-history: no figures: {error}")
        return 1
    size = sum(path.stat().st_size for path in log.iterdir())
    where = {
        **machine.described(run.SCRATCH),
        "log": f"{asked.events:,} events in {ROOMS} rooms, {size / 2**20:,.0f} MiB",
    }
    text = markdown(book, where)
    asked.results.mkdir(parents=True, exist_ok=True)
    (asked.results / "history.md").write_text(text, encoding="utf-8")
    figures = msgspec.json.encode({"machine": where, "book": book})
    (asked.results / "history.json").write_bytes(msgspec.json.format(figures, indent=1) + b"\n")
    if asked.docs:
        report.put_into(run.PAGE, FIGURES, text)
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
