import { beforeEach, describe, expect, test } from "vitest";
import { newKey } from "../src/key.ts";
import { Outbox, STRANDED, type Unsent } from "../src/outbox.ts";
import type { Word } from "../src/protocol.ts";
import { MemoryShelf } from "../src/shelf.ts";
import { FakeClock, settle, T0 } from "./help.ts";

const unsent = (key: string, more: Partial<Unsent> = {}): Unsent => ({
  key,
  room: "lobby",
  text: key,
  form: "say",
  author: 1,
  time: T0,
  ...more,
});
const stored: Word = { type: "stored", room: "lobby", seq: 1, time: T0 };
const refused = (code: string, retry_after?: number): Word => ({ type: "refused", code, message: "no", retry_after });

let shelf: MemoryShelf;
let clock: FakeClock;
let sent: { unsent: Unsent; answer: (word: Word | null) => void }[];
let shown: readonly Unsent[];
let outbox: Outbox;

function newPage(): Outbox {
  sent = [];
  return new Outbox(
    shelf,
    (each) => new Promise((answer) => sent.push({ unsent: each, answer })),
    clock,
    (now) => (shown = now),
  );
}

beforeEach(() => {
  shelf = new MemoryShelf();
  clock = new FakeClock();
  outbox = newPage();
});

async function answer(word: Word | null): Promise<void> {
  sent.at(-1)!.answer(word);
  await settle();
}

const keys = (list: readonly Unsent[]): string[] => list.map((each) => each.key);
const tried = (): string[] => sent.map((each) => each.unsent.key);

describe("writing", () => {
  test("what is written is shown at once, before anything is stored anywhere", () => {
    void outbox.write(unsent("a"));
    expect(keys(shown)).toEqual(["a"]);
  });

  test("it is on the shelf before it is sent", async () => {
    outbox.open(1);
    const kept = outbox.write(unsent("a"));
    expect(tried()).toEqual([]);
    await kept;
    expect(keys(await shelf.all())).toEqual(["a"]);
    expect(tried()).toEqual(["a"]);
  });

  test("it goes from the shelf and the screen when the house has it", async () => {
    outbox.open(1);
    await outbox.write(unsent("a"));
    await answer(stored);
    expect(shown).toEqual([]);
    expect(await shelf.all()).toEqual([]);
  });

  test("messages go out one by one, in the order in which they were written", async () => {
    outbox.open(1);
    await Promise.all([outbox.write(unsent("a")), outbox.write(unsent("b")), outbox.write(unsent("c"))]);
    expect(tried()).toEqual(["a"]);
    await answer(stored);
    expect(tried()).toEqual(["a", "b"]);
    await answer(stored);
    expect(tried()).toEqual(["a", "b", "c"]);
  });

  test("a shelf that fails does not keep it from being sent", async () => {
    shelf.put = () => Promise.reject(new Error("full"));
    outbox.open(1);
    await expect(outbox.write(unsent("a"))).rejects.toThrow("full");
    expect(tried()).toEqual(["a"]);
  });
});

describe("the house is away", () => {
  test("what is written waits, and goes out by itself when it is back", async () => {
    await outbox.write(unsent("a"));
    await outbox.write(unsent("b"));
    expect(tried()).toEqual([]);
    outbox.open(1);
    await answer(stored);
    expect(tried()).toEqual(["a", "b"]);
  });

  test("a connection that went before the answer: it is sent again, with the same key", async () => {
    outbox.open(1);
    await outbox.write(unsent("a"));
    outbox.close();
    await answer(null);
    expect(keys(shown)).toEqual(["a"]);
    outbox.open(1);
    expect(tried()).toEqual(["a", "a"]);
  });

  test("what had arrived is not sent again: its event came while we came back", async () => {
    outbox.open(1);
    await outbox.write(unsent("a"));
    outbox.close();
    await answer(null);
    outbox.stored("a");
    outbox.open(1);
    expect(tried()).toEqual(["a"]);
    expect(await shelf.all()).toEqual([]);
  });

  test("it survives a reload, in order", async () => {
    await outbox.write(unsent("b"));
    await outbox.write(unsent("a"));
    const reloaded = newPage();
    await reloaded.load();
    expect(keys(shown)).toEqual(["a", "b"]);
    reloaded.open(1);
    expect(tried()).toEqual(["a"]);
  });

  test("what is written while the shelf is read is not lost, nor doubled", async () => {
    await outbox.write(unsent("a"));
    const reloaded = newPage();
    const loading = reloaded.load();
    void reloaded.write(unsent("b"));
    await loading;
    await settle();
    expect(keys(shown)).toEqual(["a", "b"]);
  });
});

describe("refused", () => {
  beforeEach(async () => {
    outbox.open(1);
    await outbox.write(unsent("a"));
    await outbox.write(unsent("b"));
    await answer(refused("message-too-long"));
  });

  test("it stays with its words and says why; the next one goes out", () => {
    expect(shown[0]).toMatchObject({ key: "a", text: "a", refused: { code: "message-too-long", message: "no" } });
    expect(tried()).toEqual(["a", "b"]);
  });

  test("it is still refused after a reload, and is not sent by itself", async () => {
    await answer(stored);
    const reloaded = newPage();
    await reloaded.load();
    reloaded.open(1);
    expect(shown[0]).toMatchObject({ key: "a", refused: { code: "message-too-long" } });
    expect(tried()).toEqual([]);
  });

  test("retry sends it once more", async () => {
    await answer(stored);
    await outbox.retry("a");
    expect(tried()).toEqual(["a", "b", "a"]);
  });

  test("discard gives the words back and forgets it", async () => {
    expect(outbox.discard("a")?.text).toBe("a");
    await settle();
    expect(keys(await shelf.all())).toEqual(["b"]);
  });
});

describe("not now", () => {
  test.each(["too-fast", "storage-full", "storage-error", "storage-unknown"])(
    "%s is tried again, and nothing overtakes it",
    async (code) => {
      outbox.open(1);
      await outbox.write(unsent("a"));
      await outbox.write(unsent("b"));
      await answer(refused(code, 700));
      expect(tried()).toEqual(["a"]);
      clock.pass(699);
      expect(tried()).toEqual(["a"]);
      clock.pass(1);
      expect(tried()).toEqual(["a", "a"]);
    },
  );
});

describe("somebody else", () => {
  test("what another person wrote here is held back until somebody decides", async () => {
    await outbox.write(unsent("a", { author: 7 }));
    outbox.open(1);
    expect(tried()).toEqual([]);
    expect(shown[0]?.refused?.code).toBe(STRANDED);
    await outbox.retry("a");
    expect(sent[0]?.unsent).toMatchObject({ key: "a", author: 1 });
  });
});

describe("keys", () => {
  test("they are UUIDs of version 7 and sort by time", () => {
    const key = newKey(T0 + 1_000_000);
    expect(key).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(newKey(T0 + 2_000_000) > key).toBe(true);
  });

  test("ten thousand of one millisecond are all different and in order, and so are those of a clock that goes back", () => {
    const made = Array.from({ length: 10_000 }, () => newKey(T0 + 3_000_000));
    made.push(newKey(T0));
    expect(new Set(made).size).toBe(made.length);
    expect(made.toSorted()).toEqual(made);
  });
});
