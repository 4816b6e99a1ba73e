/**
 * All that the page knows of the house: who we are, the rooms, what is written and not yet stored.
 *
 *     reduce(state, news) → state        pure: no DOM, no socket, no clock
 *
 * Everything that comes from the server comes here in the order in which it came, answers with the command they answer;
 * so a room's events, its history and its join can never be applied in another order than the server meant.
 */

import type { Command, Person, RoomEntry, RoomJoined, ServerInfo, Word } from "./protocol.ts";
import * as rooms from "./room.ts";
import type { Room } from "./room.ts";
import type { Unsent } from "./outbox.ts";

export interface State {
  readonly me: Person | null;
  readonly server: ServerInfo | null;
  readonly limits: Readonly<Record<string, number>>;
  readonly rooms: ReadonlyMap<string, Room>;
  /** The house has more rooms than it has told. */
  readonly more: boolean;
  readonly unsent: readonly Unsent[];
}

export const nothing: State = { me: null, server: null, limits: {}, rooms: new Map(), more: false, unsent: [] };

/** What can change the state. `asked` is the command that a word answers. */
export type News =
  | { type: "word"; word: Word; asked?: Command; now: number }
  | { type: "remembered"; me: Person } // who we were, before the house answers
  | { type: "lost" } // the connection
  | { type: "unsent"; unsent: readonly Unsent[] }
  | { type: "read"; room: string; seq: number }
  | { type: "forget"; room: string; below: number }
  | { type: "time"; now: number };

export function reduce(state: State, news: News): State {
  switch (news.type) {
    case "word":
      return heard(state, news.word, news.asked, news.now);
    case "remembered":
      return { ...state, me: news.me };
    case "lost":
      return everyRoom(state, rooms.unseated);
    case "unsent":
      return { ...state, unsent: news.unsent };
    case "read":
      return inRoom(state, news.room, (room) => rooms.readUpTo(room, news.seq, state.me));
    case "forget":
      return inRoom(state, news.room, (room) => rooms.forgottenBelow(room, news.below));
    case "time":
      return everyRoom(state, (room) => rooms.quieter(room, news.now));
  }
}

function heard(state: State, word: Word, asked: Command | undefined, now: number): State {
  switch (word.type) {
    case "welcome":
      return listed(
        { ...state, me: word.you, server: word.server, limits: word.limits, more: word.more ?? false },
        word.rooms,
      );
    case "rooms":
      return listed(
        asked?.type === "rooms" && asked.query === undefined ? { ...state, more: word.more } : state,
        word.rooms,
      );
    case "room": {
      // A direct room that somebody opened comes unasked, seated at its head.
      const from = asked?.type === "join" ? (asked.after ?? (asked.last === undefined ? word.head : null)) : word.head;
      const known = state.rooms.get(word.room);
      if (asked?.type === "direct" && known?.seated) return state;
      return inRoom(state, word.room, (room) => ({
        ...rooms.joined(room, word, from),
        other: otherIn(state, room, word),
      }));
    }
    case "history":
      return asked?.type === "history"
        ? inRoom(state, word.room, (room) => rooms.paged(room, word, { ...asked, limit: asked.limit ?? 50 }, state.me))
        : state;
    case "members":
      return inRoom(state, word.room, (room) => {
        const members = new Map(room.members);
        for (const person of word.members) members.set(person.id, person);
        return { ...room, members, count: word.count };
      });
    case "gap":
      return inRoom(state, word.room, (room) => rooms.cut(room, word));
    case "caught_up":
      return inRoom(state, word.room, (room) => ({ ...room, cursor: Math.max(room.cursor, word.seq) }));
    case "done":
      return done(state, asked);
    case "refused":
      return word.code === "log-changed" && asked?.type === "join" ? inRoom(state, asked.room, rooms.startOver) : state;
    case "present":
      return inRoom(state, word.room, (room) => rooms.present(room, word, now));
    case "typing":
      return word.person.id === state.me?.id
        ? state
        : inRoom(state, word.room, (room) => rooms.writes(room, word.person, now));
    case "renamed": {
      const me = word.person.id === state.me?.id ? word.person : state.me;
      return everyRoom({ ...state, me }, (room) => rooms.renamed(room, word.person));
    }
    case "marked":
      return inRoom(state, word.room, (room) => rooms.readUpTo(room, word.seq, state.me));
    case "stored":
    case "found":
    case "pong":
      return state;
    default: {
      // An event. One that came before is not applied twice: a new join may begin behind what we have.
      const room = state.rooms.get(word.room);
      if (room === undefined || (room.cursor > 0 && word.seq <= room.cursor)) return state;
      return inRoom(state, word.room, (here) => rooms.happened(here, word, state.me));
    }
  }
}

/** The other person of a conversation of two: among those who are in it, else as we know them from elsewhere. */
function otherIn(state: State, room: Room, { room: name, members }: RoomJoined): Person | null {
  if (!rooms.isDirect(name)) return null;
  const id = name
    .slice(1)
    .split("+")
    .map(Number)
    .find((each) => each !== state.me?.id);
  const everywhere = [...state.rooms.values()].map((each) => each.members.get(id ?? 0));
  return members.find((each) => each.id === id) ?? room.other ?? everywhere.find((each) => each !== undefined) ?? null;
}

function done(state: State, asked: Command | undefined): State {
  if (asked?.type === "rename" && state.me !== null && !anySeat(state)) {
    // Whoever sits in a room hears `renamed` too, with the name as the server writes it.
    const me = { ...state.me, name: asked.name, chosen: true };
    return everyRoom({ ...state, me }, (room) => rooms.renamed(room, me));
  }
  if (asked?.type === "leave") return inRoom(state, asked.room, rooms.unseated);
  if (asked?.type === "mark") return inRoom(state, asked.room, (room) => rooms.readUpTo(room, asked.seq, state.me));
  return state;
}

const anySeat = (state: State): boolean => [...state.rooms.values()].some((room) => room.seated);

function listed(state: State, entries: readonly RoomEntry[]): State {
  const next = new Map(state.rooms);
  for (const entry of entries)
    next.set(entry.room, rooms.listed(next.get(entry.room) ?? rooms.emptyRoom(entry.room), entry));
  return { ...state, rooms: next };
}

function inRoom(state: State, name: string, change: (room: Room) => Room): State {
  const old = state.rooms.get(name) ?? rooms.emptyRoom(name);
  const room = change(old);
  return room === old ? state : { ...state, rooms: new Map(state.rooms).set(name, room) };
}

function everyRoom(state: State, change: (room: Room) => Room): State {
  let next: Map<string, Room> | null = null;
  for (const [name, old] of state.rooms) {
    const room = change(old);
    if (room !== old) (next ??= new Map(state.rooms)).set(name, room);
  }
  return next === null ? state : { ...state, rooms: next };
}
