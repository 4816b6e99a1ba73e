/**
 * Completion: what stands before the caret, and what it could become. `@` people, `#` rooms, `:` emoji, `/` commands. Pure.
 */

import type { Emoji } from "./emoji.ts";
import type { Person } from "./protocol.ts";
import { COMMANDS } from "./slash.ts";

export interface Wanted {
  readonly kind: "person" | "room" | "emoji" | "command";
  readonly typed: string;
  /** Where the word begins, its sign included. */
  readonly from: number;
}

export interface Choice {
  readonly text: string;
  readonly label: string;
  readonly hint: string;
  readonly person?: Person;
}

const SIGNS = { "@": "person", "#": "room", ":": "emoji", "/": "command" } as const;
const MOST = 8;

/** What is being typed at the caret, or null. */
export function wantedAt(text: string, caret: number): Wanted | null {
  const before = text.slice(0, caret);
  if (/^\/\p{L}*$/u.test(before)) return { kind: "command", typed: before.slice(1), from: 0 };
  const found = /(?:^|[\s(（，。、])([@#:])([^\s@#:]{0,32})$/u.exec(before);
  if (found === null) return null;
  const [, sign, typed] = found as unknown as [string, "@" | "#" | ":", string];
  if (sign === ":" && !/^[\p{L}_+-]{2,}/u.test(typed) && !/^\p{Script=Han}/u.test(typed)) return null; // «:)» and «10:30» are no wish
  return { kind: SIGNS[sign], typed, from: caret - typed.length - 1 };
}

export interface Known {
  people: readonly Person[];
  rooms: readonly string[];
  emojiFor: (typed: string, most: number) => readonly Emoji[];
  describe: (word: string) => string;
}

/** What it could become, best first. */
export function choicesFor({ kind, typed }: Wanted, known: Known): Choice[] {
  const wanted = typed.toLowerCase();
  switch (kind) {
    case "person":
      return ranked(known.people, (person) => person.name, wanted).map((person) => ({
        text: `@${person.name} `,
        label: person.name,
        hint: "",
        person,
      }));
    case "room":
      return ranked(known.rooms, (room) => room, wanted).map((room) => ({
        text: `#${room} `,
        label: `#${room}`,
        hint: "",
      }));
    case "emoji":
      return known
        .emojiFor(wanted, MOST)
        .map(({ emoji, words }) => ({ text: `${emoji} `, label: emoji, hint: words.join(" ").replaceAll("_", " ") }));
    case "command":
      return COMMANDS.filter((each) => each.word.startsWith(wanted)).map(({ word, usage }) => ({
        text: `/${word} `,
        label: usage,
        hint: known.describe(word),
      }));
  }
}

/** Those whose name begins with it, then those that have it. */
function ranked<T>(all: readonly T[], nameOf: (each: T) => string, wanted: string): T[] {
  const named = all.map((each) => ({ each, name: nameOf(each).toLowerCase() }));
  const begins = named.filter(({ name }) => name.startsWith(wanted));
  const has = named.filter(({ name }) => !name.startsWith(wanted) && name.includes(wanted));
  return [...begins, ...has].slice(0, MOST).map(({ each }) => each);
}
