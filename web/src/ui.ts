/**
 * What is on screen, as signals: views read them, `App` writes them. The state of the house is one of them and is
 * replaced once a frame; the rest is the page's own.
 */

import { signal } from "@preact/signals";
import { attentive, type Attention } from "./attention.ts";
import type { Phase } from "./connection.ts";
import type { Message } from "./protocol.ts";
import { usual, type Settings } from "./settings.ts";
import { nothing, type State } from "./state.ts";

/** Where a list should stand when its rows are there. */
export type Landing =
  | { readonly room: string; readonly to: "end" | "line" }
  | { readonly room: string; readonly to: "message"; readonly seq: number; readonly lit: boolean };

/** `downSince`: since when the page is not as new as the house; null while it is. */
export interface LinkState {
  readonly phase: Phase;
  readonly downSince: number | null;
  readonly retryAt: number;
  readonly reason: string;
}

export interface Notice {
  readonly text: string;
  readonly bad: boolean;
}

/** What the composer is about, beside its text. */
export type About = { readonly reply: Message } | { readonly edit: Message } | null;

export type Panel = "search" | "people" | "room";
export type Dialog = "settings" | "keys" | "switcher" | "new-room";

export interface Found {
  readonly query: string;
  readonly everywhere: boolean;
  readonly hits: readonly Message[];
  readonly more: boolean;
  readonly complete: boolean;
  readonly busy: boolean;
}

export const ui = {
  state: signal<State>(nothing),
  attention: signal<Attention>(attentive),
  link: signal<LinkState>({ phase: "down", downSince: null, retryAt: 0, reason: "" }),
  /** asking: who are you?  entering: the house was told.  in: we are somebody. */
  door: signal<"asking" | "entering" | "in">("entering"),
  refusal: signal(""),
  room: signal<string>("lobby"),
  landing: signal<Landing | null>(null),
  /** The first message on screen; null at the end of the list. */
  readingAt: signal<number | null>(null),
  /** On a narrow screen: the list of rooms, or the room. */
  pane: signal<"rooms" | "room">("room"),
  panel: signal<Panel | null>(null),
  dialog: signal<Dialog | null>(null),
  notice: signal<Notice | null>(null),
  about: signal<About>(null),
  /** Text that something else on screen puts into the composer. */
  insert: signal<{ readonly text: string } | null>(null),
  found: signal<Found | null>(null),
  settings: signal<Settings>(usual),
  now: signal(Date.now()),
};
