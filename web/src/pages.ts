/**
 * Loads the past, a page at a time: what a landing needs, and holes that come near the screen. Each page is asked for
 * once at a time; what comes goes into the state by the reducer, like every word.
 */

import type { Question } from "./connection.ts";
import type { Word } from "./protocol.ts";
import type { Room } from "./room.ts";
import { has, type Span } from "./spans.ts";

export const PAGE = 50;
const AROUND = 60;
const FULL = 30; // entries at the end of the list that fill a screen

export class Pages {
  private readonly asked = new Set<string>();

  constructor(private readonly ask: (question: Question) => Promise<Word | null>) {}

  /** The pages without which a landing at `seq` (null: the end) would show holes. The one landed on comes first. */
  async forLanding(room: Room, seq: number | null): Promise<void> {
    const wanted: Promise<unknown>[] = [];
    if (seq !== null && seq >= 1 && seq <= room.head && !this.surrounded(room, seq)) {
      wanted.push(this.page(room.name, { around: seq, limit: AROUND }));
    }
    const last = room.spans.at(-1);
    const from = last === undefined ? room.head + 1 : last[0];
    const there = room.entries.filter((entry) => entry.seq >= from).length;
    if (from > 1 && there < FULL) {
      const newest = this.page(room.name, { before: from, limit: PAGE });
      // Where one lands far from the end, the end may come later.
      if (seq === null || room.head - seq < PAGE) wanted.push(newest);
    }
    await Promise.all(wanted);
  }

  /** Load into a hole, from the side that is read: its lower end seen from below, its upper end seen from above. */
  async fill(room: string, hole: Span, seenFrom: "above" | "below"): Promise<void> {
    const [from, to] = hole;
    const asked = seenFrom === "below" ? { before: to + 1 } : { after: from - 1 };
    await this.page(room, { ...asked, limit: PAGE });
  }

  /** Load `count` older entries than what is loaded without a hole before the end. */
  async older(room: Room | undefined, count: number): Promise<void> {
    const last = room?.spans.at(-1);
    if (room !== undefined && last !== undefined && last[0] > 1)
      await this.page(room.name, { before: last[0], limit: count });
  }

  private surrounded(room: Room, seq: number): boolean {
    return has(room.spans, Math.max(1, seq - 1)) && has(room.spans, seq);
  }

  private async page(
    room: string,
    bounds: { before?: number; after?: number; around?: number; limit: number },
  ): Promise<void> {
    const name = JSON.stringify([room, bounds]);
    if (this.asked.has(name)) return;
    this.asked.add(name);
    await this.ask({ type: "history", room, ...bounds });
    this.asked.delete(name);
  }
}
