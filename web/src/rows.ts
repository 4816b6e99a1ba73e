/**
 * A room as the rows of its list: days, messages, holes, who came and went, the line above what is new. Pure.
 *
 * A row's key stays what it is while the row means the same: a message that was shown before it was stored has the key
 * of its outbox entry, and keeps it when the event comes; so its place on the screen is the same node, without a flicker.
 */

import type { Message, Person, RulesChanged, TopicChanged } from "./protocol.ts";
import type { Unsent } from "./outbox.ts";
import type { Entry, Noise, Room } from "./room.ts";
import { holes } from "./spans.ts";

export interface MessageRow {
  readonly kind: "message";
  readonly key: string;
  readonly message: Message;
  readonly continued: boolean;
  readonly unsent: Unsent | null;
}

export type Row =
  | MessageRow
  | { readonly kind: "start"; readonly key: string }
  | { readonly kind: "hole"; readonly key: string; readonly from: number; readonly to: number; readonly top: boolean }
  | { readonly kind: "day"; readonly key: string; readonly time: number }
  | { readonly kind: "new"; readonly key: string }
  | { readonly kind: "change"; readonly key: string; readonly event: TopicChanged | RulesChanged }
  | { readonly kind: "noise"; readonly key: string; readonly moves: readonly Move[] };

/** What somebody did, all in all, while nothing was said. */
export interface Move {
  readonly person: Person;
  readonly did: "came" | "went" | "passed" | "returned";
}

const CONTINUES_MS = 5 * 60_000;

export interface Shown {
  room: Room;
  unsent: readonly Unsent[];
  me: Person | null;
  /** The number above which everything is new; null where there is no line. */
  newAfter: number | null;
}

export function rowsOf({ room, unsent, me, newAfter }: Shown): Row[] {
  const list = new List(newAfter);
  const gaps = holes(room.spans, Math.max(room.head, room.cursor));
  // Of a room that the house has told nothing of yet, nobody knows where it begins.
  if (gaps[0]?.[0] !== 1 && (room.seated || room.head > 0)) list.add({ kind: "start", key: "start" });
  let gap = 0;
  let noise = 0;
  const noisy = room.noise;
  const before = (seq: number): void => {
    for (; gap < gaps.length && gaps[gap]![0] < seq; gap++) list.hole(gaps[gap]![0], gaps[gap]![1]);
    for (; noise < noisy.length && noisy[noise]!.after < seq; noise++) list.noise(noisy[noise]!);
  };
  for (const entry of room.entries) {
    before(entry.seq);
    list.entry(entry);
  }
  before(Number.MAX_SAFE_INTEGER);
  if (me !== null) {
    for (const each of unsent) if (each.room === room.name) list.entry(asMessage(each, me), each);
  }
  return list.done();
}

/** What is not stored yet, as the message that it will be. */
function asMessage(unsent: Unsent, me: Person): Message {
  const { room, time, form, text, key, reply_to } = unsent;
  return { type: "message", room, seq: 0, time, author: me, form, text, key, reply_to };
}

class List {
  private readonly rows: Row[] = [];
  private readonly noises: Noise[] = [];
  private dayBegins = 0;
  private dayEnds = 0;
  private previous: Message | null = null;
  private lined: boolean;

  constructor(private readonly newAfter: number | null) {
    this.lined = newAfter === null;
  }

  add(row: Row): void {
    this.settle();
    this.rows.push(row);
    this.previous = null;
  }

  hole(from: number, to: number): void {
    this.add({ kind: "hole", key: `hole${to}`, from, to, top: from === 1 });
  }

  noise(noise: Noise): void {
    this.noises.push(noise);
  }

  entry(entry: Entry, unsent: Unsent | null = null): void {
    if (entry.time >= this.dayEnds || entry.time < this.dayBegins) this.day(entry.time);
    if (!this.lined && entry.seq > this.newAfter!) {
      this.lined = true;
      this.add({ kind: "new", key: "new" });
    }
    if (entry.type !== "message") {
      this.add({ kind: "change", key: String(entry.seq), event: entry });
      return;
    }
    this.settle();
    const key = entry.key === undefined ? String(entry.seq) : `${entry.author.id}:${entry.key}`;
    this.rows.push({ kind: "message", key, message: entry, continued: continues(this.previous, entry), unsent });
    this.previous = entry;
  }

  done(): Row[] {
    this.settle();
    return this.rows;
  }

  private day(time: number): void {
    const day = new Date(time);
    day.setHours(0, 0, 0, 0);
    this.dayBegins = day.getTime();
    this.add({ kind: "day", key: `day${day.getTime()}.${this.rows.length}`, time }); // a clock set right: a day may come twice
    day.setDate(day.getDate() + 1);
    this.dayEnds = day.getTime();
  }

  /** The comings and goings so far become one row. */
  private settle(): void {
    if (this.noises.length === 0) return;
    const noises = this.noises.splice(0);
    const moves = folded(noises);
    const first = noises[0]!;
    if (moves.length > 0) this.rows.push({ kind: "noise", key: `noise${first.after}.${first.time}`, moves });
    this.previous = null;
  }
}

function continues(previous: Message | null, message: Message): boolean {
  return (
    previous !== null &&
    previous.author.id === message.author.id &&
    previous.author.name === message.author.name &&
    previous.form !== "act" &&
    message.form !== "act" &&
    message.reply_to === undefined &&
    message.time - previous.time < CONTINUES_MS
  );
}

/** Each person once: who came and went again only passed by. */
function folded(noises: readonly Noise[]): Move[] {
  const steps = new Map<number, { person: Person; first: boolean; last: boolean }>();
  const step = (person: Person, came: boolean): void => {
    const known = steps.get(person.id);
    steps.set(person.id, { person, first: known?.first ?? came, last: came });
  };
  for (const noise of noises) {
    for (const person of noise.went) step(person, false);
    for (const person of noise.came) step(person, true);
  }
  return [...steps.values()].map(({ person, first, last }) => ({
    person,
    did: first ? (last ? "came" : "passed") : last ? "returned" : "went",
  }));
}
