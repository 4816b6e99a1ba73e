/**
 * Whether somebody is looking, and from where on what they see is new to them. Pure.
 *
 * Read is what was on screen at the end of the list in a visible, focused page. Looking at another window for less
 * than GLANCE_MS is not going away. The line «New» stands where reading stopped; it goes when the room is left, when
 * one speaks, or when everything is marked as read, and not while one reads.
 */

import type { Room } from "./room.ts";

export const GLANCE_MS = 5_000;

export interface Attention {
  /** The room on screen. */
  readonly room: string | null;
  /** The number above which everything is new; null: no line. */
  readonly line: number | null;
  readonly focused: boolean;
  readonly blurredAt: number;
  readonly atEnd: boolean;
}

export const attentive: Attention = { room: null, line: null, focused: true, blurredAt: 0, atEnd: false };

/** A room comes on screen. */
export function entered(attention: Attention, name: string, room: Room | undefined): Attention {
  return { ...attention, room: name, line: room === undefined ? null : stopped(room), atEnd: false };
}

/** Where reading stopped. To who never read here, only what came since they are here is new. */
function stopped(room: Room): number | null {
  const from = room.read > 0 ? room.read : room.since;
  return room.unread > 0 && from !== null && from < room.head ? from : null;
}

/** Whether what is at the end of the list counts as read now. */
export function reads(attention: Attention): boolean {
  return attention.room !== null && attention.focused && attention.atEnd;
}

/** Something new came into the room on screen. */
export function arrived(attention: Attention, room: Room, now: number): Attention {
  if (reads(attention) || room.name !== attention.room || room.unread === 0) return attention;
  const away = !attention.focused && now - attention.blurredAt >= GLANCE_MS;
  return away || !attention.atEnd ? lined(attention, room) : attention;
}

/** The page lost the focus, or was hidden. */
export function lookedAway(attention: Attention, now: number): Attention {
  return attention.focused ? { ...attention, focused: false, blurredAt: now } : attention;
}

/** The page is looked at again. */
export function lookedBack(attention: Attention, room: Room | undefined, now: number): Attention {
  if (attention.focused) return attention;
  const away = now - attention.blurredAt >= GLANCE_MS;
  const back = { ...attention, focused: true };
  return away && room !== undefined && room.unread > 0 ? lined(back, room) : back;
}

/** One spoke, or everything was marked as read. */
export function unlined(attention: Attention): Attention {
  return attention.line === null ? attention : { ...attention, line: null };
}

/** A line that stands above something unread stays; one whose messages are all read moves. */
function lined(attention: Attention, room: Room): Attention {
  const stands = attention.line !== null && attention.line >= room.read;
  return stands ? attention : { ...attention, line: room.read };
}
