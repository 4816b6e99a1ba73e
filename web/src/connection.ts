/**
 * The connection to the house: one WebSocket after another, a heartbeat of our own, a back-off between them.
 *
 *     down ──start──▶ opening ──open──▶ open ──lost──▶ waiting ──▶ opening …
 *
 * A browser says too late, or never, that a connection is dead (a lid was closed, a network changed); so whether it
 * lives is measured here: silence for BEAT_MS is answered by a ping, and silence for ANSWER_MS after that is the end.
 *
 * Answers come in the order of their questions. Each word is handed on in the order in which it came, an answer with
 * its question; what was asked and not answered when the connection went is answered `null`: nobody knows.
 */

import type { Clock } from "./clock.ts";
import type { Command, Word } from "./protocol.ts";

export const BEAT_MS = 15_000;
export const ANSWER_MS = 8_000;
export const OPEN_MS = 10_000;
export const BACKOFF_MS = 500;
export const BACKOFF_MOST_MS = 30_000;

/** As much of a WebSocket as is used. */
export interface Socket {
  onopen: ((event: Event) => void) | null;
  onmessage: ((event: MessageEvent) => void) | null;
  onclose: ((event: CloseEvent) => void) | null;
  send(text: string): void;
  close(code?: number): void;
}

export type Phase = "down" | "opening" | "open" | "waiting";

export interface Handlers {
  opened(): void;
  heard(word: Word, asked: Command | undefined): void;
  lost(reason: string): void;
  phase(phase: Phase): void;
}

type Answer = (word: Word | null) => void;

/** A command without its `ref`: that is the connection's business. */
export type Question = Command extends infer C ? (C extends Command ? Omit<C, "ref"> : never) : never;

export class Connection {
  phase: Phase = "down";
  /** Why there is no connection now, and when it will be tried again. */
  reason = "";
  retryAt = 0;

  private socket: Socket | null = null;
  private tries = 0;
  private ref = 0;
  private waiting = new Map<number, { asked: Command; answer: Answer }>();
  private cancel: () => void = () => {};
  private heardAt = 0;
  /** Nothing was heard since we asked whether it lives. */
  private isSilent = false;

  constructor(
    private readonly makeSocket: () => Socket,
    private readonly clock: Clock,
    private readonly random: () => number,
    private readonly handlers: Handlers,
  ) {}

  /** Connect, and stay connected. */
  start(): void {
    if (this.phase === "down" || this.phase === "waiting") this.open();
  }

  /** Try now, if we wait; ask now whether it lives, if we seem connected: the machine woke up, or the network is back. */
  nudge(): void {
    if (this.phase === "waiting") {
      this.tries = 0;
      this.open();
    } else if (this.phase === "open") {
      this.beat();
    }
  }

  /** Close, and stay closed. */
  stop(): void {
    this.drop();
    this.become("down");
  }

  /** Ask; the answer, or null where the connection went first. */
  ask(question: Question): Promise<Word | null> {
    const socket = this.socket;
    if (this.phase !== "open" || socket === null) return Promise.resolve(null);
    const asked = { ...question, ref: ++this.ref } as Command;
    return new Promise((answer) => {
      this.waiting.set(this.ref, { asked, answer });
      socket.send(JSON.stringify(asked));
    });
  }

  /** Say what needs no answer. */
  tell(question: Question): void {
    if (this.phase === "open") this.socket?.send(JSON.stringify(question));
  }

  private open(): void {
    this.cancel();
    this.become("opening");
    const socket = this.makeSocket();
    this.socket = socket;
    this.later(OPEN_MS, () => this.lose("no-answer"));
    socket.onopen = () => {
      if (this.socket !== socket) return;
      this.heardAt = this.clock.now();
      this.become("open");
      this.later(BEAT_MS, () => this.watch());
      this.handlers.opened();
    };
    socket.onmessage = (event) => {
      if (this.socket === socket && typeof event.data === "string") this.hear(event.data);
    };
    socket.onclose = (event) => {
      if (this.socket === socket) this.lose(event.reason || (event.code === 1006 ? "unreachable" : String(event.code)));
    };
  }

  /** The greeting was answered: the next loss begins with a short wait again. */
  settled(): void {
    this.tries = 0;
  }

  private hear(text: string): void {
    this.heardAt = this.clock.now();
    this.isSilent = false;
    const word = JSON.parse(text) as Word & { ref?: number };
    const waiting = word.ref === undefined ? undefined : this.waiting.get(word.ref);
    if (waiting !== undefined) this.waiting.delete(word.ref!);
    this.handlers.heard(word, waiting?.asked);
    waiting?.answer(word);
  }

  /** Whether it still lives; asked again and again while it is open. */
  private watch(): void {
    const silent = this.clock.now() - this.heardAt;
    if (silent >= BEAT_MS) this.beat();
    else this.later(BEAT_MS - silent, () => this.watch());
  }

  private beat(): void {
    this.isSilent = true;
    void this.ask({ type: "ping" });
    this.later(ANSWER_MS, () => {
      if (this.isSilent) this.lose("silent");
      else this.watch();
    });
  }

  private lose(reason: string): void {
    this.drop();
    this.reason = reason;
    const most = Math.min(BACKOFF_MS * 2 ** this.tries, BACKOFF_MOST_MS);
    this.tries += 1;
    const wait = most / 2 + (this.random() * most) / 2; // a thousand pages must not come back in one moment
    this.retryAt = this.clock.now() + wait;
    this.later(wait, () => this.open());
    this.become("waiting");
    this.handlers.lost(reason);
  }

  private drop(): void {
    this.cancel();
    const socket = this.socket;
    this.socket = null;
    socket?.close();
    const waiting = [...this.waiting.values()];
    this.waiting.clear();
    for (const { answer } of waiting) answer(null);
  }

  private later(ms: number, call: () => void): void {
    this.cancel();
    this.cancel = this.clock.after(ms, call);
  }

  private become(phase: Phase): void {
    this.phase = phase;
    this.handlers.phase(phase);
  }
}
