/**
 * A visit to the house, over as many connections as it takes: the greeting, the rooms, and back again to each at the
 * number where it was left.
 *
 *     opened ──hello──▶ welcome ──join, each room──▶ caught up, each room ──▶ settled: the outbox may speak
 *
 * Who comes back is known by the token that the house gave. The page is settled only when every room has all that was
 * missed: so what the outbox holds is not shown beside the message that it became.
 */

import type { Question } from "./connection.ts";
import type { Memory } from "./memory.ts";
import { isDirect } from "./room.ts";
import type { News, State } from "./state.ts";
import type { Command, Join, Refused, RoomJoined, Welcome, Word } from "./protocol.ts";

export const DEFAULT_ROOM = "lobby";
const MISSED_MOST = 500; // events; whoever missed more reads on in pages
const DIRECTS_MOST = 50;
export const AGENT = "Teahouse page";

/** As much of the connection as is used. */
export interface Line {
  ask(question: Question): Promise<Word | null>;
  settled(): void;
}

export interface Host {
  publish(news: News): void;
  state(): State;
  now(): number;
  /** The room on screen: it comes first. */
  current(): string | null;
  /** Nobody is known here, or the wished name cannot be had: ask for one. */
  askForName(refused: Refused | null): void;
  /** We are somebody, and may look around. */
  welcomed(welcome: Welcome): void;
  /** Every room is as new as it can be. */
  settled(): void;
  /** A room could not be joined. */
  notJoined(room: string, refused: Refused): void;
}

export class Visit {
  private behind = new Set<string>();
  private wish: string | null = null;
  private greeted = false;
  private joining = false;

  constructor(
    private readonly line: Line,
    private readonly memory: Memory,
    private readonly host: Host,
  ) {}

  /** The connection is there. */
  opened(): void {
    this.greeted = false;
    this.behind.clear();
    if (this.memory.name === null && this.wish === null) this.host.askForName(null);
    else void this.greet();
  }

  /** Somebody said how to call them; "" for no name. */
  async enter(name: string): Promise<void> {
    this.wish = name;
    if (!this.greeted) await this.greet();
  }

  /** A word came; the state has it already. */
  heard(word: Word, asked: Command | undefined): void {
    if (word.type === "caught_up") this.caughtUp(word.room);
    if (word.type === "room") this.seated(word.room, asked?.type === "join" ? asked.room : word.room);
  }

  /** Be in a room, and hear it from its last message on. */
  async join(room: string): Promise<RoomJoined | Refused | null> {
    const answer = await this.line.ask({ type: "join", room, last: 1 });
    return answer?.type === "room" || answer?.type === "refused" ? answer : null;
  }

  /** Hear a room no more. */
  async leave(room: string): Promise<Word | null> {
    this.memory.rooms = this.memory.rooms.filter((each) => each !== room);
    return this.line.ask({ type: "leave", room });
  }

  private async greet(): Promise<void> {
    const token = this.memory.token ?? undefined;
    const name = (this.wish ?? (token === undefined ? this.memory.name : null)) || undefined;
    const answer = await this.line.ask({ type: "hello", token, name, agent: AGENT });
    if (answer === null) return;
    if (answer.type === "refused") return this.refused(answer, token !== undefined);
    if (answer.type !== "welcome") return;
    this.greeted = true;
    this.memory.token = answer.token;
    this.memory.name = answer.you.chosen ? answer.you.name : "";
    this.wish = null;
    this.host.welcomed(answer);
    this.comeBack();
  }

  private refused(refused: Refused, hadToken: boolean): void {
    if (refused.code === "bad-token" && hadToken) {
      this.memory.token = null;
      void this.greet();
    } else {
      this.wish = null;
      this.host.askForName(refused);
    }
  }

  /** Join every room of ours again; the one on screen first. */
  private comeBack(): void {
    const { rooms } = this.host.state();
    const directs = [...rooms.keys()].filter(isDirect).slice(0, DIRECTS_MOST);
    const ours = this.memory.rooms.length > 0 ? this.memory.rooms : [DEFAULT_ROOM];
    const current = this.host.current();
    const wanted = new Set([...(current === null ? [] : [current]), ...ours, ...directs]);
    this.joining = true;
    for (const room of wanted) {
      this.behind.add(room);
      void this.resume(room);
    }
    this.joining = false;
    this.maybeSettled();
  }

  private async resume(name: string): Promise<void> {
    const answer = await this.line.ask(this.whereItWasLeft(name));
    if (answer === null) return;
    if (answer.type !== "refused") return;
    const again = answer.code === "log-changed" ? await this.line.ask({ type: "join", room: name, last: 1 }) : answer;
    if (again?.type !== "refused") return;
    this.memory.rooms = this.memory.rooms.filter((each) => each !== name);
    this.host.notJoined(name, again);
    this.caughtUp(name);
  }

  /** We sit in a room; the house may write its name otherwise than we asked (`Lobby` is `lobby`). */
  private seated(room: string, asked: string): void {
    if (room !== asked) {
      this.memory.rooms = this.memory.rooms.filter((each) => each !== asked);
      if (this.behind.delete(asked)) this.behind.add(room);
    }
    const known = this.memory.rooms;
    if (!isDirect(room) && !known.includes(room)) this.memory.rooms = [...known, room];
  }

  private whereItWasLeft(name: string): Omit<Join, "ref"> {
    const room = this.host.state().rooms.get(name);
    if (room === undefined || room.cursor === 0) return { type: "join", room: name, last: 1 };
    const at = room.cursorTime > 0 ? room.cursorTime : undefined;
    return { type: "join", room: name, after: room.cursor, at, at_most: MISSED_MOST };
  }

  private caughtUp(room: string): void {
    if (this.behind.delete(room)) this.maybeSettled();
  }

  private maybeSettled(): void {
    if (!this.greeted || this.joining || this.behind.size > 0) return;
    this.line.settled();
    this.host.settled();
  }
}
