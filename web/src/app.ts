/**
 * The page: makes its parts, hands them to one another, and lets every word of the house go one way.
 *
 *     socket ─▶ Connection ─▶ App.heard ─▶ reduce ─▶ State ─▶ Frames ─▶ ui.state ─▶ views
 *     views ─▶ Deeds ─▶ Outbox, Connection ─▶ socket
 */

import { arrived, entered, lookedAway, lookedBack, reads, unlined, type Attention } from "./attention.ts";
import { browserClock, type Clock } from "./clock.ts";
import { Connection, type Socket } from "./connection.ts";
import { Frames } from "./frames.ts";
import { t } from "./i18n/index.ts";
import { Memory } from "./memory.ts";
import { Notifier } from "./notify.ts";
import { Outbox, type Shelf, type Unsent } from "./outbox.ts";
import { Pages } from "./pages.ts";
import type { Command, Posted, Refused, Welcome, Word } from "./protocol.ts";
import type { Room } from "./room.ts";
import { pathOf, placeOf, type Place } from "./route.ts";
import { nothing, reduce, type News, type State } from "./state.ts";
import { ui } from "./ui.ts";
import { DEFAULT_ROOM, Visit } from "./visit.ts";

const MARK_MS = 500;
const ROOMS_MS = 30_000;
const KEPT_ENTRIES = 1_500; // of one room; what is older is loaded again when it is read again
const CUT_TO_ENTRIES = 1_000;

export class App {
  readonly connection: Connection;
  readonly visit: Visit;
  readonly outbox: Outbox;
  readonly pages: Pages;
  private readonly frames: Frames;
  private state: State = nothing;
  private version: string | null = null;
  private settled = false;
  /** Where to go when every room is up to date; `land` is false where one is there and only the rest is missing. */
  private wanted: (Place & { land: boolean }) | null = null;
  /** Where one read when the page was renewed. */
  private returning: Place | null = null;
  private readonly toMark = new Map<string, number>();
  private marking = false;
  private ticking = false;

  constructor(
    readonly memory: Memory,
    shelf: Shelf,
    readonly notifier: Notifier,
    makeSocket: () => Socket,
    readonly clock: Clock = browserClock,
  ) {
    this.frames = new Frames(
      () => this.render(),
      () => document.hidden,
    );
    this.connection = new Connection(makeSocket, clock, Math.random, {
      opened: () => this.visit.opened(),
      heard: (word, asked) => this.heard(word, asked),
      lost: () => this.lost(),
      phase: () => this.showLink(),
    });
    this.pages = new Pages((question) => this.connection.ask(question));
    this.outbox = new Outbox(
      shelf,
      (unsent) => this.send(unsent),
      clock,
      (unsent) => this.publish({ type: "unsent", unsent }),
    );
    this.visit = new Visit(this.connection, memory, {
      publish: (news) => this.publish(news),
      state: () => this.state,
      now: () => clock.now(),
      current: () => (ui.door.value === "asking" ? null : ui.room.value),
      askForName: (refused) => this.askForName(refused),
      welcomed: (welcome) => this.welcomed(welcome),
      settled: () => this.allSettled(),
      notJoined: (room, refused) => this.notJoined(room, refused),
    });
  }

  /** Begin: where the address says. */
  start(): void {
    const place = placeOf(location.pathname) ?? { room: this.memory.rooms[0] ?? DEFAULT_ROOM, seq: null };
    history.replaceState(null, "", pathOf(place.room, place.seq));
    ui.settings.value = this.memory.settings;
    ui.room.value = place.room;
    const { name, me } = this.memory;
    ui.door.value = name === null ? "asking" : me === null ? "entering" : "in";
    if (me !== null) this.publish({ type: "remembered", me });
    this.returning = this.memory.takePlace(place.room);
    this.wanted = { ...place, seq: place.seq ?? this.returning?.seq ?? null, land: true };
    ui.link.value = { ...ui.link.value, downSince: this.clock.now() };
    void this.outbox.load();
    this.connection.start();
    this.everyHalfMinute();
  }

  /** Leave the house: forget who we were here, and ask anew. What waits in the outbox stays. */
  quit(): void {
    this.connection.stop();
    this.memory.token = null;
    this.memory.name = null;
    this.memory.me = null;
    this.memory.rooms = [];
    location.assign("/");
  }

  // ---- what comes

  publish(news: News): void {
    this.state = reduce(this.state, news);
    this.frames.ask();
  }

  get current(): Room | undefined {
    return this.state.rooms.get(ui.room.value);
  }

  roomNamed(name: string): Room | undefined {
    return this.state.rooms.get(name);
  }

  private heard(word: Word, asked: Command | undefined): void {
    const before = "room" in word ? this.state.rooms.get(word.room) : undefined;
    this.publish({ type: "word", word, asked, now: this.clock.now() });
    this.visit.heard(word, asked);
    if (word.type === "posted") this.posted(word, before);
    if (word.type === "typing") this.tick();
    if (word.type === "renamed" && word.person.id === this.state.me?.id) this.memory.me = word.person;
  }

  private posted(event: Posted, before: Room | undefined): void {
    if (event.key !== undefined && event.author.id === this.state.me?.id) this.outbox.stored(event.key);
    const room = this.state.rooms.get(event.room);
    if (room === undefined || room.unread <= (before?.unread ?? 0)) return;
    this.attend((attention) => arrived(attention, room, this.clock.now()));
    const seen = reads(ui.attention.value) && ui.room.value === event.room;
    if (!seen) this.notifier.heard(event, room, this.state.me, ui.settings.value);
    this.cutLong(room);
  }

  /** A room that grows for days: let the oldest go while nobody reads them. */
  private cutLong(room: Room): void {
    const isRead = ui.room.value === room.name && !ui.attention.value.atEnd;
    if (room.entries.length <= KEPT_ENTRIES || isRead) return;
    this.publish({ type: "forget", room: room.name, below: room.entries.at(-CUT_TO_ENTRIES)!.seq });
  }

  private render(): void {
    ui.state.value = this.state;
    ui.now.value = this.clock.now();
    this.markRead();
    this.notifier.show(this.state, ui.room.value);
  }

  /** Show now what somebody did themselves. */
  renderNow(): void {
    this.frames.flush();
  }

  // ---- who we are

  private askForName(refused: Refused | null): void {
    ui.refusal.value = refused?.message ?? "";
    if (ui.door.value === "in") {
      // We were somebody, and cannot be any more: come back as nobody in particular, and say so.
      ui.notice.value = { text: t("name-lost", { reason: refused?.message ?? "" }), bad: true };
      void this.visit.enter("");
    } else {
      ui.door.value = "asking";
      ui.link.value = { ...ui.link.value, downSince: null };
    }
  }

  private welcomed(welcome: Welcome): void {
    this.version ??= welcome.server.version;
    if (this.version !== welcome.server.version) return this.renew();
    ui.door.value = "in";
    ui.refusal.value = "";
    this.memory.me = welcome.you;
    this.renderNow();
  }

  /** The house is of another version: take its page. Room, place and text are found again. */
  private renew(): void {
    const seq = ui.readingAt.value;
    this.memory.place = seq === null ? null : { room: ui.room.value, seq };
    location.reload();
  }

  private allSettled(): void {
    this.settled = true;
    this.outbox.open(this.state.me!.id);
    void this.outbox.load(); // another tab may be gone, and what it wrote is still on the shelf
    this.sendMarks();
    this.showLink();
    this.renderNow();
    const wanted = this.wanted;
    this.wanted = null;
    if (wanted !== null) void this.show(wanted, wanted.land);
  }

  private lost(): void {
    this.settled = false;
    this.outbox.close();
    this.publish({ type: "lost" });
    // What is missed meanwhile may be more than is sent: look again when we are back, without moving.
    this.wanted ??= { room: ui.room.value, seq: null, land: false };
  }

  private showLink(): void {
    const { phase, reason, retryAt } = this.connection;
    const since = ui.link.value.downSince ?? this.clock.now();
    const downSince = this.settled && phase === "open" ? null : since;
    ui.link.value = {
      phase,
      reason,
      retryAt,
      downSince: ui.door.value === "asking" && phase === "open" ? null : downSince,
    };
    if (downSince !== null) this.tick();
  }

  // ---- where we are

  /** Go to a room, or to a message in it. */
  async open(room: string, seq: number | null = null, push = true): Promise<void> {
    if (push && location.pathname !== pathOf(room, seq)) history.pushState(null, "", pathOf(room, seq));
    ui.room.value = room;
    ui.pane.value = "room";
    ui.about.value = null;
    ui.landing.value = null;
    this.attend((attention) => entered(attention, room, this.state.rooms.get(room)));
    if (this.settled) await this.show({ room, seq }, true);
    else this.wanted = { room, seq, land: true };
  }

  private async show({ room: name, seq }: Place, land: boolean): Promise<void> {
    if (!this.state.rooms.get(name)?.seated) {
      const answer = await this.visit.join(name);
      if (answer?.type === "refused") return this.notJoined(name, answer);
      if (answer === null || ui.room.value !== name) return;
      if (answer.room !== name) return this.open(answer.room, seq, false);
    }
    const room = this.state.rooms.get(name);
    if (room === undefined) return;
    if (!land) return this.pages.forLanding(room, null);
    this.attend((attention) => entered(attention, name, room));
    const line = ui.attention.value.line;
    const target = seq ?? (line === null ? null : line + 1);
    await this.pages.forLanding(room, target);
    if (ui.room.value !== name) return;
    if (seq !== null) ui.landing.value = { room: name, to: "message", seq, lit: this.returning?.seq !== seq };
    else ui.landing.value = { room: name, to: line === null ? "end" : "line" };
    this.renderNow();
  }

  private notJoined(room: string, refused: Refused): void {
    ui.notice.value = { text: refused.message, bad: true };
    if (ui.room.value === room && room !== DEFAULT_ROOM) void this.open(DEFAULT_ROOM);
  }

  // ---- reading

  attend(change: (attention: Attention) => Attention): void {
    const next = change(ui.attention.value);
    if (next === ui.attention.value) return;
    ui.attention.value = next;
    this.markRead();
  }

  lookAway(): void {
    this.attend((attention) => lookedAway(attention, this.clock.now()));
  }

  lookBack(): void {
    this.attend((attention) => lookedBack(attention, this.current, this.clock.now()));
  }

  /** Everything in every room is read. */
  readAll(): void {
    for (const room of this.state.rooms.values()) {
      if (room.unread > 0) this.mark(room);
    }
    this.attend(unlined);
  }

  private markRead(): void {
    const room = this.current;
    if (room?.seated && reads(ui.attention.value) && room.read < room.head && room.unread > 0) this.mark(room);
  }

  /** The view shows it at once, the house hears of it a little later, and once for many. */
  private mark(room: Room): void {
    this.publish({ type: "read", room: room.name, seq: room.head });
    this.toMark.set(room.name, room.head);
    if (this.marking) return;
    this.marking = true;
    this.clock.after(MARK_MS, () => {
      this.marking = false;
      this.sendMarks();
    });
  }

  /** A mark is kept until the house has it; one that was lost goes out again when all is settled. */
  private sendMarks(): void {
    for (const [room, seq] of this.toMark) {
      void this.connection.ask({ type: "mark", room, seq }).then((answer) => {
        if (answer !== null && this.toMark.get(room) === seq) this.toMark.delete(room);
      });
    }
  }

  // ---- sending

  /** Send what the outbox holds; a room that we do not hear is joined first. */
  private async send(unsent: Unsent): Promise<Word | null> {
    const { room, text, form, key, reply_to } = unsent;
    if (!this.state.rooms.get(room)?.seated) {
      const answer = await this.visit.join(room);
      if (answer?.type !== "room") return answer;
    }
    return this.connection.ask({ type: "post", room, text, form, key, reply_to });
  }

  // ---- time

  /** While somebody writes or the house is away, the screen changes with the time alone. */
  private tick(): void {
    if (this.ticking) return;
    this.ticking = true;
    this.clock.after(1_000, () => {
      this.ticking = false;
      this.publish({ type: "time", now: this.clock.now() });
      ui.now.value = this.clock.now();
      const typing = [...this.state.rooms.values()].some((room) => room.typing.length > 0);
      if (typing || ui.link.value.downSince !== null) this.tick();
    });
  }

  /** Rooms where we are not are heard of only by asking. */
  private everyHalfMinute(): void {
    this.clock.after(ROOMS_MS, () => {
      if (!document.hidden && this.settled) void this.connection.ask({ type: "rooms" });
      this.everyHalfMinute();
    });
  }
}
