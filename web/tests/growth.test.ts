/**
 * Text costs no more than its length: each function of the page that takes text from outside, with its worst inputs.
 * For four times the input it may take six times as long.
 */

import { describe, expect, test } from "vitest";
import { choicesFor, wantedAt } from "../src/complete.ts";
import { emojiFor } from "../src/emoji.ts";
import { around, languageFor, t } from "../src/i18n/index.ts";
import { blocksOf, inlinesOf, isEmojiAlone, plainOf, safeUrl } from "../src/markdown.ts";
import { mentions, paged } from "../src/room.ts";
import { pathOf, placeOf } from "../src/route.ts";
import { rowsOf } from "../src/rows.ts";
import { understand } from "../src/slash.ts";
import { cover, cutBelow, has, holes, type Span } from "../src/spans.ts";
import { asCode, isLongPaste, wrapped, writtenSince } from "../src/writing.ts";
import { ana, message, roomWith } from "./help.ts";

const LIMIT = 16 * 1024; // what grows shows already, and the collector of garbage not yet: it comes in large steps
const GROWTH = 6;
const SAMPLE_MS = 0.5;

type Make = (size: number) => string;

/** Makes texts: one thing over and over, between a beginning and an end. */
const filled =
  (unit: string, before = "", after = ""): Make =>
  (size) =>
    before + unit.repeat(Math.max(1, Math.floor((size - before.length - after.length) / unit.length))) + after;

/** Runs of ticks of all lengths: `, ``, ```, … */
const everyRun: Make = (size) => {
  let text = "";
  for (let length = 1; text.length < size; length++) text += "`".repeat(length) + " ";
  return text;
};

const TEXTS: Record<string, Make> = {
  letters: filled("a"),
  "letters in ticks": filled("a", "` ", "`"),
  "spaces in ticks": filled(" ", "`", "`"),
  "spaces and letters in ticks": filled(" a", "` ", "b`"),
  "spaces between": filled(" ", "a", "b"),
  "line ends between": filled("\n", "a", "b"),
  "lines of spaces": filled("  \n", "a"),
  characters: filled("茶"),
  emoji: filled("👍🏽", "", "x"),
  flags: filled("🇩🇪"),
  "runs of ticks of every length": everyRun,
  ticks: filled("`"),
  "ticks between": filled("` "),
  "two ticks and one": filled("`` ` "),
  stars: filled("*"),
  "stars at words": filled("*a "),
  "stars around words": filled("*a* **b** "),
  "stars that open": filled("**a *b __c _d ~~e "),
  "marks by turns": filled("*_~~"),
  underscores: filled("_a"),
  tildes: filled("~"),
  brackets: filled("["),
  "closed brackets": filled("[a]"),
  "nearly links": filled("[a](http://b"),
  "links in links": filled("[a](http://b/(c"),
  "labels as long as may be": filled("[" + "a".repeat(299)),
  addresses: filled("http://"),
  "addresses with brackets": filled("http://a(", "", ")"),
  "an address and its tail": filled(").,", "http://a"),
  "an address of marks": filled("*_", "http://a"),
  "h alone": filled("h"),
  "at signs": filled("@"),
  calls: filled("@ana "),
  "near calls": filled("@an"),
  "long calls": filled("@" + "a".repeat(40)),
  hashes: filled("#a"),
  backslashes: filled("\\"),
  escapes: filled("\\*"),
  quotes: filled(">"),
  "quotes in quotes": filled("> > > > > a\n"),
  "lines of quotes": filled("> a\n> - b\n"),
  items: filled("- a\n"),
  "items in items": filled("- - - - - a\n"),
  "items by turns": filled("- a\n1. b\n"),
  "lines that go on with an item": filled("  a\n", "- a\n"),
  "an item of spaces": filled(" ", "- "),
  fences: filled("```\n"),
  "fences by turns": filled("```\n~~~\n"),
  "a fence that nobody closes": filled("a\n", "```\n"),
  "a fence and long lines": filled("` ", "```\n", "\n"),
  "a fence of ticks": filled("`", "", " a"),
  slashes: filled("/", "", "a1"),
  "a word": filled("a", "/", "1"),
  "spaces behind a word": filled(" ", "/msg a"),
  colons: filled(":"),
  "signs after spaces": filled(" @"),
  "half of a pair": filled("\ud800"),
  percent: filled("%"),
  "percent-encoded": filled("%E8"),
  braces: filled("{n}"),
  "an open brace": filled("{n"),
};

const NAME = { ...ana, name: "a.+*b[" };
const everybody = Array.from({ length: 50 }, (_, id) => ({ ...ana, id, name: `ana${id}` }));

const ENTRIES: Record<string, (text: string) => unknown> = {
  blocksOf: (text) => blocksOf(text),
  inlinesOf: (text) => inlinesOf(text),
  plainOf: (text) => plainOf(text, 200),
  "plainOf, of all": (text) => plainOf(text, text.length),
  isEmojiAlone: (text) => isEmojiAlone(text),
  safeUrl: (text) => safeUrl(text),
  mentions: (text) => [mentions(text, ana), mentions(text, NAME)],
  understand: (text) => understand(text),
  wantedAt: (text) => wantedAt(text, text.length),
  choicesFor: (text) =>
    (["person", "room", "emoji", "command"] as const).map((kind) =>
      choicesFor({ kind, typed: text, from: 0 }, { people: everybody, rooms: ["lobby"], emojiFor, describe: () => "" }),
    ),
  emojiFor: (text) => emojiFor(text, 8),
  "placeOf, pathOf": (text) => [placeOf(text), placeOf(`/r/${text}`), text.isWellFormed() && pathOf(text)],
  "t, around": (text) => [t("direct", { n: text }), around("direct", text), languageFor([text])],
  "asCode, isLongPaste": (text) => [asCode(text), isLongPaste(text)],
  "wrapped, writtenSince": (text) => [wrapped(text, 0, text.length, "*"), writtenSince(text, `${text} more`)],
};

/** The best of several samples, each long enough to be measured; in milliseconds. */
function took<T>(work: (given: T) => unknown, given: T, samples: number): number {
  let started = performance.now();
  work(given);
  let best = performance.now() - started;
  const rounds = Math.max(1, Math.floor(SAMPLE_MS / Math.max(best, 1e-4)));
  for (let sample = 0; sample < samples; sample++) {
    started = performance.now();
    for (let round = 0; round < rounds; round++) work(given);
    best = Math.min(best, (performance.now() - started) / rounds);
  }
  return best;
}

/** Time for all of it ÷ time for a quarter: the best of a few tries, the later ones with more patience. */
function growth<T>(work: (given: T) => unknown, make: (size: number) => T, limit: number): number {
  const few = make(limit / 4);
  const many = make(limit);
  let found = Infinity;
  for (const samples of [2, 6, 12, 24]) {
    found = Math.min(found, took(work, many, samples) / took(work, few, 2 * samples));
    if (found <= GROWTH) break;
  }
  return found;
}

describe.each(Object.entries(ENTRIES))("%s", (_, work) => {
  test.each(Object.entries(TEXTS))("%s", (_, make) => {
    expect(growth(work, make, LIMIT)).toBeLessThanOrEqual(GROWTH);
  });
});

test("what is not emoji is known at once, in how many ways it could ever be cut", () => {
  const started = performance.now();
  for (const unit of ["👍🏽", "👩🏽", "🏽", "❤️", "1️⃣"]) {
    expect(isEmojiAlone(unit.repeat(23).slice(0, 94) + "x")).toBe(false);
    expect(isEmojiAlone(unit.repeat(23).slice(0, 94) + "7")).toBe(false);
  }
  expect(performance.now() - started).toBeLessThan(1_000);
});

describe("of many", () => {
  const apart = (count: number): Span[] => Array.from({ length: count }, (_, at): Span => [at * 3 + 1, at * 3 + 2]);

  test("spans", () => {
    const work = (spans: Span[]): unknown => [
      cover(spans, 5, 50),
      cutBelow(spans, 100),
      has(spans, -1),
      holes(spans, spans.length * 4),
    ];
    expect(growth(work, apart, 4_000)).toBeLessThanOrEqual(GROWTH);
  });

  test("rows, and pages of history", () => {
    const work = (count: number): unknown => {
      const messages = Array.from({ length: count }, (_, at) => message(at + 1, ana));
      const page = { type: "history", room: "lobby", messages, as_of: count, more: false } as const;
      const room = paged(roomWith([]), page, { limit: count }, ana);
      return rowsOf({ room, unsent: [], me: ana, newAfter: 3 });
    };
    expect(growth(work, (size) => size, 800)).toBeLessThanOrEqual(GROWTH);
  });
});
