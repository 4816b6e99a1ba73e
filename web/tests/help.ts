/** What tests are made of: people, messages, a clock that is moved by hand, a house that answers when it is told to. */

import type { Clock } from "../src/clock.ts";
import type { Socket } from "../src/connection.ts";
import type { Event as RoomEvent, Message, Person, Posted, RoomJoined, Welcome, Word } from "../src/protocol.ts";
import { emptyRoom, type Room } from "../src/room.ts";
import { nothing, reduce, type State } from "../src/state.ts";

export const ana: Person = { id: 1, name: "ana", kind: "guest", chosen: true };
export const bob: Person = { id: 2, name: "bob", kind: "guest", chosen: true };
export const T0 = new Date(2026, 10, 24, 12, 0).getTime();
export const MINUTE = 60_000;

export function posted(seq: number, author = bob, more: Partial<Posted> = {}): Posted {
  return {
    type: "posted",
    room: "lobby",
    seq,
    time: T0 + seq * 1_000,
    author,
    text: `message ${seq}`,
    form: "say",
    ...more,
  };
}

export function message(seq: number, author = bob, more: Partial<Message> = {}): Message {
  return {
    type: "message",
    room: "lobby",
    seq,
    time: T0 + seq * 1_000,
    author,
    text: `message ${seq}`,
    form: "say",
    ...more,
  };
}

export function answerRoom(more: Partial<RoomJoined> = {}): RoomJoined {
  return {
    type: "room",
    room: "lobby",
    topic: "",
    head: 0,
    read: 0,
    unread: 0,
    members: [ana],
    count: 1,
    you: { role: "guest" },
    ...more,
  };
}

export function welcome(more: Partial<Welcome> = {}): Welcome {
  return {
    type: "welcome",
    you: ana,
    token: "tea_a",
    server: { name: "Teahouse", version: "1" },
    limits: {},
    rooms: [],
    ...more,
  };
}

/** A state after these words, each alone or with the command that it answers. */
export function after(
  words: readonly (Word | { word: Word; asked: unknown })[],
  from: State = { ...nothing, me: ana },
): State {
  return words.reduce((state, each) => {
    const { word, asked } = "word" in each ? each : { word: each, asked: undefined };
    return reduce(state, { type: "word", word, asked: asked as never, now: T0 });
  }, from);
}

export const joinLast = { type: "join", room: "lobby", last: 1 };

/** A room that was joined and has these events, live. */
export function roomWith(events: readonly RoomEvent[], head = 0): Room {
  const state = after([{ word: answerRoom({ head }), asked: joinLast }, ...events]);
  return state.rooms.get("lobby") ?? emptyRoom("lobby");
}

/** Time that goes on when a test says so. */
export class FakeClock implements Clock {
  private time = T0;
  private timers: { at: number; call: () => void }[] = [];

  now(): number {
    return this.time;
  }

  after(ms: number, call: () => void): () => void {
    const timer = { at: this.time + ms, call };
    this.timers.push(timer);
    return () => void (this.timers = this.timers.filter((each) => each !== timer));
  }

  pass(ms: number): void {
    const until = this.time + ms;
    for (;;) {
      const next = this.timers.filter((each) => each.at <= until).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.timers = this.timers.filter((each) => each !== next);
      this.time = Math.max(this.time, next.at);
      next.call();
    }
    this.time = until;
  }
}

/** The far end of a WebSocket. */
export class FakeSocket implements Socket {
  onopen: Socket["onopen"] = null;
  onmessage: Socket["onmessage"] = null;
  onclose: Socket["onclose"] = null;
  sent: Record<string, unknown>[] = [];
  closed = false;

  send(text: string): void {
    this.sent.push(JSON.parse(text) as Record<string, unknown>);
  }

  close(): void {
    this.closed = true;
  }

  open(): void {
    this.onopen?.(new Event("open") as never);
  }

  says(word: Record<string, unknown>): void {
    this.onmessage?.({ data: JSON.stringify(word) } as MessageEvent);
  }

  /** The answer to the last question of this kind. */
  answers(kind: string, word: Record<string, unknown>): void {
    const question = this.sent.findLast((each) => each.type === kind);
    this.says({ ...word, ref: question?.ref });
  }

  dies(code = 1006, reason = ""): void {
    this.onclose?.({ code, reason } as CloseEvent);
  }

  kinds(): unknown[] {
    return this.sent.map((each) => each.type);
  }
}

/** Let promises go on. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}
