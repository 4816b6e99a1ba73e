/**
 * One room as the page knows it, and what each word of the server makes of it. Pure: a new room comes back, the old
 * one is left as it was, so that a view compares by identity.
 *
 * Resume speaks in events, history in messages (docs/protocol.md). A page of history has everything up to its `as_of`
 * folded in and may arrive after events it does not know; so the last changes are kept, and those above `as_of` are
 * applied to the page once more.
 */

import type {
  Edited,
  Deleted,
  Event,
  Gap,
  History,
  Message,
  Person,
  Present,
  Reacted,
  RoomJoined,
  RoomEntry,
  RulesChanged,
  TopicChanged,
  Unreacted,
} from "./protocol.ts";
import { cover, cutBelow, has, holes, type Span } from "./spans.ts";

/** What has a row of its own in the log. */
export type Entry = Message | TopicChanged | RulesChanged;

type Change = Edited | Deleted | Reacted | Unreacted;

/** Who came and went between two numbers; it passes, so it is known only from when we were there. */
export interface Noise {
  readonly after: number;
  readonly time: number;
  readonly came: readonly Person[];
  readonly went: readonly Person[];
}

export interface Writing {
  readonly person: Person;
  readonly until: number;
}

/**
 * seated   whether this connection hears the room now
 * cursor   the last number that came in order; we resume from it. `cursorTime` is that event's time, 0 if unknown
 * since    the head when we first sat here; null: never yet
 * topic … mentions   as in the list of rooms
 * spans    which numbers are loaded; `entries` are those of them that have a row, by number
 * changes  the last events that changed a message, oldest first
 */
export interface Room {
  readonly name: string;
  readonly topic: string;
  readonly other: Person | null;
  readonly count: number;
  readonly head: number;
  readonly read: number;
  readonly unread: number;
  readonly mentions: number;
  readonly seated: boolean;
  readonly since: number | null;
  readonly cursor: number;
  readonly cursorTime: number;
  readonly members: ReadonlyMap<number, Person>;
  readonly spans: readonly Span[];
  readonly entries: readonly Entry[];
  readonly changes: readonly Change[];
  readonly noise: readonly Noise[];
  readonly typing: readonly Writing[];
}

const CHANGES_KEPT = 500;
const NOISE_KEPT = 200;
export const UNREAD_SHOWN = 99; // the server counts up to 100
export const TYPING_MS = 6_000;

export function emptyRoom(name: string): Room {
  return {
    name,
    topic: "",
    other: null,
    count: 0,
    head: 0,
    read: 0,
    unread: 0,
    mentions: 0,
    seated: false,
    since: null,
    cursor: 0,
    cursorTime: 0,
    members: new Map(),
    spans: [],
    entries: [],
    changes: [],
    noise: [],
    typing: [],
  };
}

/** Whether the room is a conversation of two. */
export const isDirect = (name: string): boolean => name.startsWith("@");

/** A line of the list of rooms. Where we are seated, what we heard ourselves is newer. */
export function listed(room: Room, entry: RoomEntry): Room {
  const other = entry.with ?? room.other;
  if (room.seated) return { ...room, other };
  return {
    ...room,
    other,
    topic: entry.topic,
    count: entry.count,
    head: Math.max(room.head, entry.head),
    read: Math.max(room.read, entry.read),
    unread: entry.unread,
    mentions: entry.mentions,
  };
}

/**
 * We sit in the room from behind `from` on: the head, where the past was not asked for.
 *
 * Where there is no `after` but `last`, the first event will tell.
 */
export function joined(room: Room, answer: RoomJoined, from: number | null): Room {
  return {
    ...room,
    topic: answer.topic,
    count: answer.count,
    head: Math.max(room.head, answer.head),
    ...standing(room, answer),
    members: new Map(answer.members.map((person) => [person.id, person])),
    seated: true,
    since: room.since ?? answer.head,
    cursor: from ?? 0,
    cursorTime: from !== null && from === room.cursor ? room.cursorTime : 0,
    typing: [],
  };
}

/** What is read. Ours may be newer than the house's: a mark was on its way when the connection went. */
function standing(room: Room, answer: RoomJoined): Pick<Room, "read" | "unread" | "mentions"> {
  if (room.read <= answer.read) {
    return { read: answer.read, unread: answer.unread, mentions: Math.min(room.mentions, answer.unread) };
  }
  const unread = Math.min(answer.unread, Math.max(0, answer.head - room.read));
  return { read: room.read, unread, mentions: Math.min(room.mentions, unread) };
}

/** Nothing is known of the room any more but its name: its log is not the one we knew. */
export function startOver(room: Room): Room {
  return { ...emptyRoom(room.name), other: room.other };
}

/** The room was left, or the connection was lost: what is loaded stays readable. */
export function unseated(room: Room): Room {
  return room.seated || room.typing.length > 0 ? { ...room, seated: false, typing: [] } : room;
}

/**
 * An event that came in order. `me` is whose read position and counts these are.
 *
 * What is not above the head that `room` told when we joined is counted in its `unread` already.
 */
export function happened(room: Room, event: Event, me: Person | null): Room {
  const first = room.cursor === 0 ? event.seq : room.cursor + 1;
  let next: Room = {
    ...room,
    cursor: event.seq,
    cursorTime: event.time,
    head: Math.max(room.head, event.seq),
    spans: cover(room.spans, Math.min(first, event.seq), event.seq),
  };
  switch (event.type) {
    case "posted":
      next = { ...next, entries: placed(next.entries, said(event)), typing: stopped(next.typing, event.author) };
      return event.seq <= room.head ? next : counted(next, event, me);
    case "topic_changed":
      return { ...next, topic: event.topic ?? "", entries: placed(next.entries, event) };
    case "rules_changed":
      return { ...next, entries: placed(next.entries, event) };
    default: {
      const changes = [...next.changes.slice(1 - CHANGES_KEPT), event];
      const topic = event.type === "deleted" ? (event.topic ?? next.topic) : next.topic;
      return { ...next, topic, changes, entries: changed(next.entries, event, me) };
    }
  }
}

function counted(room: Room, event: Event & { type: "posted" }, me: Person | null): Room {
  if (event.seq <= room.read || event.text === null || event.author.id === me?.id) return room;
  const mentioned = me !== null && mentions(event.text, me);
  return {
    ...room,
    unread: Math.min(room.unread + 1, UNREAD_SHOWN + 1),
    mentions: room.mentions + (mentioned ? 1 : 0),
  };
}

/** Whether the text has `@name`: not in a mail address, not the beginning of a longer name. As the server counts. */
export function mentions(text: string, person: Person): boolean {
  const name = person.name.toLowerCase().replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`(?<![a-z0-9_])@${name}(?![\\p{L}\\p{N}_\\-\\[\\]{}\\\\|^\`])`, "u").test(text.toLowerCase());
}

/** A posted event as the message that it is. */
function said(event: Event & { type: "posted" }): Message {
  return { ...event, type: "message" };
}

/** The entries with this one in its place; one with the same number is replaced. */
function placed(entries: readonly Entry[], entry: Entry): Entry[] {
  const last = entries.at(-1);
  if (last === undefined || last.seq < entry.seq) return [...entries, entry];
  const at = entries.findIndex((each) => each.seq >= entry.seq);
  const same = entries[at]?.seq === entry.seq;
  return [...entries.slice(0, at), entry, ...entries.slice(at + (same ? 1 : 0))];
}

/** The entries after a change; one whose target is not loaded changes nothing. */
function changed(entries: readonly Entry[], change: Change, me: Person | null): readonly Entry[] {
  const at = indexOf(entries, change.target);
  const target = entries[at];
  if (target?.type === "topic_changed" && change.type === "deleted")
    return entries.with(at, { ...target, topic: null, deleted: true });
  if (target?.type !== "message" || target.deleted) return entries;
  return entries.with(at, changedMessage(target, change, me));
}

function changedMessage(message: Message, change: Change, me: Person | null): Message {
  const mine = change.author.id === me?.id;
  switch (change.type) {
    case "edited":
      return { ...message, text: change.text, edited: change.time };
    case "deleted": {
      const { edited: _, reactions: __, ...rest } = message;
      return { ...rest, text: null, deleted: true };
    }
    case "reacted": {
      if (change.emoji === null) return message;
      const reactions = message.reactions ?? [];
      const at = reactions.findIndex((each) => each.emoji === change.emoji);
      const old = reactions[at] ?? { emoji: change.emoji, count: 0, mine: false };
      const now = { ...old, count: old.count + 1, mine: old.mine || mine };
      return { ...message, reactions: at < 0 ? [...reactions, now] : reactions.with(at, now) };
    }
    case "unreacted": {
      const reactions = (message.reactions ?? []).map((each) =>
        each.emoji === change.emoji ? { ...each, count: each.count - 1, mine: each.mine && !mine } : each,
      );
      return { ...message, reactions: reactions.filter((each) => each.count > 0) };
    }
  }
}

/** The place of the entry with this number, or -1. */
export function indexOf(entries: readonly Entry[], seq: number): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (entries[middle]!.seq < seq) low = middle + 1;
    else high = middle;
  }
  return entries[low]?.seq === seq ? low : -1;
}

export interface Asked {
  before?: number;
  after?: number;
  around?: number;
  limit: number;
}

/** A page of history, asked for as `asked` says: its numbers are loaded, its messages are as of its `as_of`. */
export function paged(room: Room, page: History, asked: Asked, me: Person | null): Room {
  const [from, to] = extent(page, asked);
  const kept = room.entries.filter((entry) => entry.seq < from || entry.seq > to);
  let entries: readonly Entry[] = [...kept, ...page.messages].sort((a, b) => a.seq - b.seq);
  for (const change of room.changes) if (change.seq > page.as_of) entries = changed(entries, change, me);
  return { ...room, entries, head: Math.max(room.head, page.as_of), spans: cover(room.spans, from, to) };
}

/** Which numbers a page is about: also those between and beside its messages that have no row. */
function extent(page: History, asked: Asked): Span {
  const first = page.messages[0]?.seq ?? 1;
  const last = page.messages.at(-1)?.seq ?? page.as_of;
  if (asked.around !== undefined) {
    const { around, limit } = asked;
    const older = page.messages.filter((entry) => entry.seq < around).length;
    const newer = page.messages.length - older;
    return [older < Math.floor(limit / 2) ? 1 : first, newer < limit - older ? page.as_of : last];
  }
  if (asked.after !== undefined) return [asked.after + 1, page.more ? last : page.as_of];
  const end = asked.before === undefined ? page.as_of : Math.min(asked.before - 1, page.as_of);
  return [page.more ? first : 1, end];
}

/** Numbers that the server will not send now. What is loaded before them may have changed meanwhile: let it go. */
export function cut(room: Room, gap: Gap): Room {
  return { ...forgottenBelow(room, gap.to + 1), cursor: gap.to, cursorTime: 0, changes: [] };
}

/** Everything below a number is loaded no more: memory is for what is read. */
export function forgottenBelow(room: Room, from: number): Room {
  return {
    ...room,
    entries: room.entries.filter((entry) => entry.seq >= from),
    spans: cutBelow(room.spans, from),
    noise: room.noise.filter((noise) => noise.after >= from),
  };
}

/** Who came and went. */
export function present(room: Room, signal: Present, now: number): Room {
  const members = new Map(room.members);
  for (const person of signal.came) members.set(person.id, person);
  for (const person of signal.went) members.delete(person.id);
  const noise = { after: room.cursor, time: now, came: signal.came, went: signal.went };
  return {
    ...room,
    members,
    count: signal.count,
    noise: [...room.noise.slice(1 - NOISE_KEPT), noise],
    typing: room.typing.filter((each) => members.has(each.person.id)),
  };
}

/** A person is called otherwise. What they said before keeps the name they had. */
export function renamed(room: Room, person: Person): Room {
  const other = room.other?.id === person.id ? person : room.other;
  if (!room.members.has(person.id)) return other === room.other ? room : { ...room, other };
  const members = new Map(room.members).set(person.id, person);
  const typing = room.typing.map((each) => (each.person.id === person.id ? { ...each, person } : each));
  return { ...room, other, members, typing };
}

/** Somebody writes. */
export function writes(room: Room, person: Person, now: number): Room {
  return { ...room, typing: [...stopped(room.typing, person), { person, until: now + TYPING_MS }] };
}

function stopped(typing: readonly Writing[], person: Person): readonly Writing[] {
  return typing.some((each) => each.person.id === person.id)
    ? typing.filter((each) => each.person.id !== person.id)
    : typing;
}

/** Nobody is shown writing for longer than they were heard to. */
export function quieter(room: Room, now: number): Room {
  const typing = room.typing.filter((each) => each.until > now);
  return typing.length === room.typing.length ? room : { ...room, typing };
}

/** Read up to here, on this device or on another; positions only move forward. */
export function readUpTo(room: Room, seq: number, me: Person | null): Room {
  if (seq <= room.read) return room;
  const rest = room.entries.filter(
    (entry): entry is Message =>
      entry.type === "message" && entry.seq > seq && entry.author.id !== me?.id && entry.text !== null,
  );
  const loaded = seq >= room.head || room.spans.some((span) => span[0] <= seq + 1 && span[1] >= room.head);
  const unread = loaded ? Math.min(rest.length, UNREAD_SHOWN + 1) : Math.min(room.unread, room.head - seq);
  const named = me === null ? 0 : rest.filter((entry) => mentions(entry.text ?? "", me)).length;
  return { ...room, read: seq, unread, mentions: Math.min(room.mentions, loaded ? named : unread) };
}

/** Whether everything from this number to the newest is loaded. */
export function reachesTheEnd(room: Room, seq: number): boolean {
  return has(room.spans, seq) && !holes(room.spans, room.head).some((hole) => hole[0] > seq);
}
