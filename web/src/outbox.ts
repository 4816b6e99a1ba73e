/**
 * What was written and is not yet stored by the house. It survives a lost connection, a reload and a crash.
 *
 *     write ──▶ shelf (IndexedDB) ──▶ waiting ──▶ sent ──stored──▶ gone
 *                                        ▲          │
 *                                        └── lost ──┤
 *                                                   └─refused──▶ refused: stays with its text, and says why
 *
 * One at a time and in the order in which it was written: a message goes out when the one before it was answered, so no
 * refusal and no lost connection can turn the order round. Each has its own key, so that sending it again is safe, also
 * from two tabs that share a shelf.
 *
 * Only what its author wrote is sent: should the house not know us any more (a guest's token ends after a day), what
 * waits is held back as `stranded` until somebody decides.
 */

import type { Clock } from "./clock.ts";
import type { Message, Refused, Word } from "./protocol.ts";

export interface Unsent {
  readonly key: string;
  readonly room: string;
  readonly text: string;
  readonly form: Message["form"];
  readonly reply_to?: number;
  readonly author: number;
  readonly time: number;
  readonly refused?: { readonly code: string; readonly message: string };
}

/** Where it is kept. */
export interface Shelf {
  all(): Promise<Unsent[]>;
  put(unsent: Unsent): Promise<void>;
  remove(key: string): Promise<void>;
}

/** How it is sent: the answer, or null where the connection went first. */
export type Send = (unsent: Unsent) => Promise<Word | null>;

const AGAIN_MS = 1_000;
const PASSING = new Set(["too-fast", "storage-full", "storage-error", "storage-unknown"]);
export const STRANDED = "stranded";

export class Outbox {
  private unsent: Unsent[] = [];
  private author: number | null = null;
  private sending = false;
  private cancel: () => void = () => {};

  constructor(
    private readonly shelf: Shelf,
    private readonly send: Send,
    private readonly clock: Clock,
    private readonly changed: (unsent: readonly Unsent[]) => void,
  ) {}

  /** Take back what an earlier page, or another tab, left. */
  async load(): Promise<void> {
    const left = await this.shelf.all();
    const known = new Set(this.unsent.map((each) => each.key));
    this.set([...left.filter((each) => !known.has(each.key)), ...this.unsent]);
    this.strand();
    this.pump();
  }

  /** Shown at once; kept before it is sent. Resolves when it is on the shelf. */
  async write(unsent: Unsent): Promise<void> {
    this.set([...this.unsent, unsent]);
    try {
      await this.shelf.put(unsent);
    } finally {
      this.pump(); // without a shelf it is still sent
    }
  }

  /** The house can be asked, and knows us as this person. */
  open(author: number): void {
    this.author = author;
    this.strand();
    this.pump();
  }

  /** The house cannot be asked now. */
  close(): void {
    this.author = null;
    this.cancel();
  }

  /** It is in the room's log: an event with its key came, from whatever connection. */
  stored(key: string): void {
    if (this.unsent.some((each) => each.key === key)) this.remove(key);
  }

  /** Send a refused one once more, as who we are now. */
  async retry(key: string): Promise<void> {
    const old = this.unsent.find((each) => each.key === key);
    if (old === undefined || this.author === null) return;
    const { refused: _, ...again } = { ...old, author: this.author };
    this.replace(again);
    await this.shelf.put(again);
    this.pump();
  }

  /** Let it go; what it said is returned, to be edited perhaps. */
  discard(key: string): Unsent | undefined {
    const old = this.unsent.find((each) => each.key === key);
    if (old !== undefined) this.remove(key);
    return old;
  }

  /** Hold back what somebody else wrote. */
  private strand(): void {
    if (this.author === null) return;
    const stranded = { code: STRANDED, message: "" };
    const isAnothers = (each: Unsent): boolean => each.author !== this.author && each.refused === undefined;
    if (this.unsent.some(isAnothers))
      this.set(this.unsent.map((each) => (isAnothers(each) ? { ...each, refused: stranded } : each)));
  }

  private pump(): void {
    const next = this.unsent.find((each) => each.refused === undefined);
    if (this.sending || this.author === null || next === undefined) return;
    this.sending = true;
    void this.send(next).then((answer) => {
      this.sending = false;
      this.answered(next, answer);
    });
  }

  private answered(unsent: Unsent, answer: Word | null): void {
    if (answer === null) return; // the connection went; `open` comes again
    if (answer.type === "refused" && PASSING.has(answer.code)) {
      this.cancel = this.clock.after(answer.retry_after ?? AGAIN_MS, () => this.pump());
      return;
    }
    if (answer.type === "refused") this.refuse(unsent, answer);
    else this.remove(unsent.key);
    this.pump();
  }

  private refuse(unsent: Unsent, { code, message }: Refused): void {
    const held = { ...unsent, refused: { code, message } };
    if (!this.unsent.some((each) => each.key === unsent.key)) return;
    this.replace(held);
    void this.shelf.put(held);
  }

  private remove(key: string): void {
    this.set(this.unsent.filter((each) => each.key !== key));
    void this.shelf.remove(key);
  }

  private replace(unsent: Unsent): void {
    this.set(this.unsent.map((each) => (each.key === unsent.key ? unsent : each)));
  }

  private set(unsent: Unsent[]): void {
    this.unsent = unsent.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
    this.changed(this.unsent.slice());
  }
}
