/**
 * What a person can do, each as one function that a view calls. What is refused is said where it was done; nothing that
 * was typed is lost.
 */

import { unlined } from "./attention.ts";
import type { App } from "./app.ts";
import { t } from "./i18n/index.ts";
import { newKey } from "./key.ts";
import type { Message, Person, Word } from "./protocol.ts";
import { languageFor, language } from "./i18n/index.ts";
import { pathOf } from "./route.ts";
import type { Settings } from "./settings.ts";
import { COMMANDS, understand, type Typed } from "./slash.ts";
import { ui } from "./ui.ts";

export class Deeds {
  constructor(readonly app: App) {}

  // ---- saying

  /** What was typed and sent. False: it was not taken, and stays in the composer. */
  async submit(text: string): Promise<boolean> {
    const about = ui.about.value;
    if (about !== null && "edit" in about) return this.edit(about.edit, text);
    return this.command(understand(text), { raw: text, replyTo: about?.reply.seq });
  }

  /** Say something in the room on screen; it is shown before this returns. */
  say(text: string, form: Message["form"], more: { raw?: string; replyTo?: number; room?: string } = {}): void {
    const { raw = text, replyTo, room = ui.room.value } = more;
    const { app } = this;
    const me = ui.state.value.me;
    if (me === null || text.trim() === "") return;
    const time = app.clock.now();
    const unsent = { key: newKey(time), room, text, form, reply_to: replyTo, author: me.id, time };
    // The draft goes when the outbox has it: between the two nothing is lost.
    const kept = (): void => {
      if (app.memory.draft(room).trimEnd() === raw) app.memory.setDraft(room, "");
    };
    app.outbox.write(unsent).then(kept, (error: unknown) => console.warn("Kept in memory only.", error));
    ui.about.value = null;
    app.attend(unlined);
    ui.landing.value = { room, to: "end" };
    app.renderNow();
  }

  private async edit(message: Message, text: string): Promise<boolean> {
    if (text.trim() === "") return this.remove(message);
    if (text === message.text) {
      ui.about.value = null;
      return true;
    }
    return this.taken({ type: "edit", room: message.room, target: message.seq, text }, () => noMoreAbout(message));
  }

  remove(message: Message): Promise<boolean> {
    return this.taken({ type: "delete", room: message.room, target: message.seq }, () => noMoreAbout(message));
  }

  /** Put my emoji at a message, or take it away. */
  react(message: Message, emoji: string): Promise<boolean> {
    const mine = message.reactions?.some((each) => each.emoji === emoji && each.mine) ?? false;
    return this.taken({ type: mine ? "unreact" : "react", room: message.room, target: message.seq, emoji });
  }

  typing(room: string): void {
    this.app.connection.tell({ type: "typing", room });
  }

  // ---- slash commands

  private async command(typed: Typed, more: { raw: string; replyTo?: number }): Promise<boolean> {
    switch (typed.does) {
      case "say":
      case "act":
        this.say(typed.text, typed.does, more);
        return true;
      case "nick":
        return this.rename(typed.words);
      case "join":
        return this.join(typed.words);
      case "leave":
        return this.leave(ui.room.value);
      case "message":
        return this.direct(typed.to, typed.text);
      case "topic":
        return this.setTopic(ui.room.value, typed.words);
      case "search":
        ui.panel.value = "search";
        return this.search(typed.words, false);
      case "history":
        await this.app.pages.older(this.app.current, typed.count);
        return true;
      case "who":
        ui.panel.value = "people";
        return true;
      case "show-topic":
        ui.panel.value = "room";
        return true;
      case "rooms":
        ui.dialog.value = "switcher";
        return true;
      case "help":
        ui.dialog.value = "keys";
        return true;
      case "quit":
        this.app.quit();
        return true;
      case "nothing":
        ui.notice.value = {
          bad: true,
          text: t(typed.why === "usage" ? "slash-usage" : "slash-unknown", { word: typed.word, n: COMMANDS.length }),
        };
        return false;
    }
  }

  // ---- rooms and people

  async join(room: string): Promise<boolean> {
    const name = room.trim().replace(/^#/, "");
    if (this.app.roomNamed(name)?.seated) {
      await this.app.open(name);
      return true;
    }
    const answer = await this.app.visit.join(name);
    if (answer?.type !== "room") return this.told(answer);
    await this.app.open(answer.room);
    return true;
  }

  async leave(room: string): Promise<boolean> {
    const answer = await this.app.visit.leave(room);
    if (!this.told(answer)) return false;
    const other = this.app.memory.rooms[0] ?? "lobby";
    await this.app.open(other);
    return true;
  }

  /** The room of the two of us, with a first message perhaps. */
  async direct(to: string | number, text = ""): Promise<boolean> {
    const answer = await this.app.connection.ask({ type: "direct", to });
    if (answer?.type !== "room") return this.told(answer);
    await this.app.connection.ask({ type: "rooms" }); // it says who the other one is
    await this.app.open(answer.room);
    if (text !== "") this.say(text, "say", { room: answer.room });
    return true;
  }

  setTopic(room: string, topic: string): Promise<boolean> {
    return this.taken({ type: "topic", room, topic });
  }

  async rename(name: string): Promise<boolean> {
    const took = await this.taken({ type: "rename", name });
    if (took) this.app.memory.name = name;
    return took;
  }

  async everyone(room: string): Promise<void> {
    let after: number | undefined;
    for (;;) {
      const answer: Word | null = await this.app.connection.ask({ type: "members", room, after });
      if (answer?.type !== "members" || !answer.more) return;
      after = answer.members.at(-1)!.id;
    }
  }

  mention(person: Person): void {
    ui.insert.value = { text: `@${person.name} ` };
  }

  // ---- searching

  async search(query: string, everywhere: boolean, more = false): Promise<boolean> {
    const old = ui.found.value;
    const hits = more && old !== null ? old.hits : [];
    ui.found.value = { query, everywhere, hits, more: false, complete: true, busy: true };
    const room = everywhere ? undefined : ui.room.value;
    const before = more && room !== undefined ? hits.at(-1)?.seq : undefined;
    const answer = await this.app.connection.ask({ type: "search", query, room, before, limit: 30 });
    if (ui.found.value.query !== query) return true; // another search began meanwhile
    if (answer?.type !== "found") {
      ui.found.value = { ...ui.found.value, busy: false };
      return this.told(answer);
    }
    const { messages, complete } = answer;
    ui.found.value = { query, everywhere, hits: [...hits, ...messages], more: answer.more, complete, busy: false };
    return true;
  }

  // ---- the list

  /** The list stands where it was to stand. */
  landed(): void {
    ui.landing.value = null;
  }

  /** Where the list stands: at its end, or with this message on top. */
  stands(atEnd: boolean, firstSeen: number | null): void {
    ui.readingAt.value = atEnd ? null : firstSeen;
    this.app.attend((attention) => (attention.atEnd === atEnd ? attention : { ...attention, atEnd }));
  }

  // ---- the page itself

  set(change: Partial<Settings>): void {
    const settings = { ...ui.settings.value, ...change };
    ui.settings.value = settings;
    this.app.memory.settings = settings;
    dress(settings);
  }

  async copyLink(message: Message): Promise<void> {
    const link = location.origin + pathOf(message.room, message.seq);
    try {
      await navigator.clipboard.writeText(link);
      ui.notice.value = { text: t("link-copied"), bad: false };
    } catch {
      // Plain http outside of localhost has no clipboard: show it, to be copied by hand.
      ui.notice.value = { text: link, bad: false };
    }
  }

  /** Ask, and say what was refused. */
  private async taken(
    question: Parameters<App["connection"]["ask"]>[0],
    then: () => void = () => {},
  ): Promise<boolean> {
    const answer = await this.app.connection.ask(question);
    const took = this.told(answer);
    if (took) then();
    return took;
  }

  private told(answer: Word | null): boolean {
    if (answer === null) ui.notice.value = { text: t("not-connected"), bad: true };
    else if (answer.type === "refused") ui.notice.value = { text: answer.message, bad: true };
    else return true;
    return false;
  }
}

/** The composer is not about this message any more; it may be about another one by now. */
function noMoreAbout(message: Message): void {
  const about = ui.about.value;
  if (about === null) return;
  const { room, seq } = "edit" in about ? about.edit : about.reply;
  if (room === message.room && seq === message.seq) ui.about.value = null;
}

/** The document as the settings want it. */
export function dress(settings: Settings): void {
  const root = document.documentElement;
  root.dataset.theme = settings.theme;
  root.dataset.density = settings.density;
  language.value = settings.language === "system" ? languageFor(navigator.languages) : settings.language;
  root.lang = language.value;
}
