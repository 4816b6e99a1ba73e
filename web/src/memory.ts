/**
 * What the page keeps in this browser between visits: who we are, which rooms are ours, drafts, settings. Where the
 * browser keeps nothing (a full disk, a private window), the page works on and forgets.
 */

import type { Person } from "./protocol.ts";
import { settingsFrom, type Settings } from "./settings.ts";

/** As much of `localStorage` as is used. */
export interface Store {
  getItem(name: string): string | null;
  setItem(name: string, value: string): void;
  removeItem(name: string): void;
}

const PREFIX = "teahouse.";

export class Memory {
  constructor(private readonly store: Store) {}

  get token(): string | null {
    return this.read("token");
  }
  set token(token: string | null) {
    this.write("token", token);
  }

  /** The name that was chosen; "" for somebody who came without one; null: never here. */
  get name(): string | null {
    return this.read("name");
  }
  set name(name: string | null) {
    this.write("name", name);
  }

  /** Who we were last: so that one can write before the house answers. */
  get me(): Person | null {
    const kept = this.json("me") as Partial<Person> | null;
    return typeof kept?.id === "number" && typeof kept.name === "string"
      ? { kind: "guest", chosen: true, id: kept.id, name: kept.name, ...kept }
      : null;
  }
  set me(me: Person | null) {
    this.write("me", me === null ? null : JSON.stringify(me));
  }

  /** The rooms that were joined, in the order in which they were. */
  get rooms(): string[] {
    const kept = this.json("rooms");
    return Array.isArray(kept) ? kept.filter((room) => typeof room === "string") : [];
  }
  set rooms(rooms: readonly string[]) {
    this.write("rooms", JSON.stringify(rooms));
  }

  get settings(): Settings {
    return settingsFrom(this.json("settings"));
  }
  set settings(settings: Settings) {
    this.write("settings", JSON.stringify(settings));
  }

  /** Where one was reading, for the page that comes after this one. */
  set place(place: { room: string; seq: number } | null) {
    this.write("place", place === null ? null : JSON.stringify(place));
  }
  /** … taken once, if it was in this room. */
  takePlace(room: string): { room: string; seq: number } | null {
    const kept = this.json("place") as { room?: unknown; seq?: unknown } | null;
    this.place = null;
    return kept?.room === room && typeof kept.seq === "number" ? { room, seq: kept.seq } : null;
  }

  draft(room: string): string {
    return this.read(`draft.${room}`) ?? "";
  }
  setDraft(room: string, text: string): void {
    this.write(`draft.${room}`, text === "" ? null : text);
  }

  private json(name: string): unknown {
    try {
      return JSON.parse(this.read(name) ?? "null");
    } catch {
      return null; // somebody else's value
    }
  }

  private read(name: string): string | null {
    try {
      return this.store.getItem(PREFIX + name);
    } catch {
      return null;
    }
  }

  private write(name: string, value: string | null): void {
    try {
      if (value === null) this.store.removeItem(PREFIX + name);
      else this.store.setItem(PREFIX + name, value);
    } catch (error) {
      console.warn(`“${name}” is forgotten when this page closes.`, error);
    }
  }
}
