import { describe, expect, test, vi } from "vitest";
import { Frames } from "../src/frames.ts";
import { LANGUAGES, language, languageFor, t } from "../src/i18n/index.ts";
import { Memory } from "../src/memory.ts";
import { isHeard, unreadIn } from "../src/notify.ts";
import { Pages } from "../src/pages.ts";
import { emptyRoom, type Room } from "../src/room.ts";
import { pathOf, placeOf } from "../src/route.ts";
import { settingsFrom, usual } from "../src/settings.ts";
import { nothing } from "../src/state.ts";
import { loudnessOfBar } from "../src/view/bar.tsx";
import * as windows from "../src/window.ts";
import { ana, bob, posted, roomWith, T0 } from "./help.ts";

describe("words", () => {
  test("each language has every key, in order, and fills in the same names", () => {
    const { en, "zh-CN": zh } = LANGUAGES;
    expect(Object.keys(zh)).toEqual(Object.keys(en));
    expect(Object.keys(en).toSorted()).toEqual(Object.keys(en));
    const names = (word: unknown): string[] => [...new Set(JSON.stringify(word).match(/\{\w+\}/g) ?? [])].sort();
    for (const key of Object.keys(en) as (keyof typeof en)[])
      expect([key, names(zh[key])]).toEqual([key, names(en[key])]);
  });

  test("a word that counts has the form of its number", () => {
    language.value = "en";
    expect(t("new-below", { n: 1 })).toBe("1 new message");
    expect(t("new-below", { n: 1_234 })).toBe("1,234 new messages");
    language.value = "zh-CN";
    expect(t("new-below", { n: 3 })).toBe("3 条新消息");
    language.value = "en";
  });

  test("the first language of somebody's that is ours", () => {
    expect(languageFor(["de", "zh-TW", "en"])).toBe("zh-CN");
    expect(languageFor(["en-GB", "zh"])).toBe("en");
    expect(languageFor(["de"])).toBe("en");
  });
});

describe("addresses", () => {
  test.each([
    ["lobby", null],
    ["lobby", 1234],
    ["茶馆", 7],
    ["@12+40", null],
    ["a&b?c", 1],
  ])("%s %s", (room, seq) => {
    expect(placeOf(pathOf(room, seq))).toEqual({ room, seq });
  });

  test("a direct room reads as it is written", () => {
    expect(pathOf("@12+40")).toBe("/r/@12+40");
  });

  test.each(["/", "/r/", "/r/lobby/x", "/r/lobby/0", "/r/%ff", "/x/lobby"])("%s is no place", (path) => {
    expect(placeOf(path)).toBeNull();
  });
});

describe("rows in the document", () => {
  test("at the end they are the last ones, and most arrivals only add one", () => {
    expect(windows.endRun(10)).toEqual({ start: 0, end: 10 });
    const starts = Array.from({ length: 120 }, (_, at) => windows.endRun(1_000 + at).start);
    expect(new Set(starts).size).toBeLessThanOrEqual(3);
  });

  test("they are never more than the most, wherever one is and however one moves", () => {
    let run = windows.endRun(5_000);
    for (let step = 0; step < 300; step++) {
      run = windows.moved(run, step < 200 ? -1 : 1, 5_000);
      expect(run.end - run.start).toBeLessThanOrEqual(windows.MOST);
      expect(run.start).toBeGreaterThanOrEqual(0);
      expect(run.end).toBeLessThanOrEqual(5_000);
    }
  });

  test("one can go from the end to the beginning and back", () => {
    let run = windows.endRun(1_000);
    for (let step = 0; step < 40; step++) run = windows.moved(run, -1, 1_000);
    expect(run.start).toBe(0);
    for (let step = 0; step < 40; step++) run = windows.moved(run, 1, 1_000);
    expect(run.end).toBe(1_000);
  });

  test("what was shown stays when rows come before it or go from it", () => {
    const places = new Map([
      ["b", 51],
      ["c", 52],
    ]);
    expect(windows.keptRun(["a", "b", "c"], (key) => places.get(key), 500)?.start).toBe(51);
    expect(windows.keptRun(["x"], (key) => places.get(key), 500)).toBeNull();
  });

  test("a row that is landed on has rows on both sides", () => {
    const run = windows.runAround(500, 1_000);
    expect(run.start).toBeLessThan(470);
    expect(run.end).toBeGreaterThan(530);
  });
});

describe("frames", () => {
  test("whatever comes in one frame is one render", () => {
    let renders = 0;
    const frames: (() => void)[] = [];
    const queue = new Frames(
      () => (renders += 1),
      () => false,
      (call) => frames.push(call),
      () => {},
    );
    for (let at = 0; at < 100; at++) queue.ask();
    expect([renders, frames.length]).toEqual([0, 1]);
    frames[0]!();
    expect(renders).toBe(1);
    queue.ask();
    expect(frames).toHaveLength(2);
  });

  test("a hidden page gets no frames, so it does not wait for one", () => {
    let renders = 0;
    const later: (() => void)[] = [];
    const queue = new Frames(
      () => (renders += 1),
      () => true,
      () => {},
      (call) => later.push(call),
    );
    queue.ask();
    later[0]!();
    expect(renders).toBe(1);
  });

  test("what somebody did themselves is shown at once, and not again in the frame", () => {
    let renders = 0;
    const frames: (() => void)[] = [];
    const queue = new Frames(
      () => (renders += 1),
      () => false,
      (call) => frames.push(call),
      () => {},
    );
    queue.ask();
    queue.flush();
    frames[0]!();
    expect(renders).toBe(1);
  });
});

describe("making oneself heard", () => {
  const room: Room = { ...emptyRoom("lobby"), seated: true, unread: 3, mentions: 1 };

  test("a room is heard when it means me, a conversation of two always, a silenced one never", () => {
    const plain = posted(1);
    expect(isHeard(plain, room, ana, usual)).toBe(false);
    expect(isHeard({ ...plain, text: "@ana" }, room, ana, usual)).toBe(true);
    expect(isHeard(plain, { ...room, name: "@1+2" }, ana, usual)).toBe(true);
    expect(isHeard({ ...plain, text: "@ana" }, room, ana, { ...usual, loudness: { lobby: "nothing" } })).toBe(false);
    expect(isHeard(plain, room, ana, { ...usual, loudness: { lobby: "all" } })).toBe(true);
  });

  test("my own words never are", () => {
    expect(isHeard(posted(1, ana), { ...room, name: "@1+2" }, ana, usual)).toBe(false);
  });

  test("the title counts what is meant for me, and only marks the rest", () => {
    const state = {
      ...nothing,
      rooms: new Map([
        ["lobby", room],
        ["@1+2", { ...room, name: "@1+2", unread: 2 }],
        ["x", { ...room, name: "x", seated: false, unread: 9 }],
      ]),
    };
    expect(unreadIn(state, usual)).toEqual({ meant: 3, some: true });
    expect(unreadIn(state, { ...usual, loudness: { lobby: "nothing", "@1+2": "nothing" } })).toEqual({
      meant: 0,
      some: false,
    });
  });
});

describe("the bar", () => {
  const link = { phase: "waiting", retryAt: 0, reason: "" } as const;

  test("less than three seconds are nobody's business, thirty want a reason", () => {
    expect(loudnessOfBar({ ...link, downSince: null }, T0)).toBe("nothing");
    expect(loudnessOfBar({ ...link, downSince: T0 }, T0 + 2_999)).toBe("nothing");
    expect(loudnessOfBar({ ...link, downSince: T0 }, T0 + 3_000)).toBe("bar");
    expect(loudnessOfBar({ ...link, downSince: T0 }, T0 + 30_000)).toBe("reason");
  });
});

describe("pages", () => {
  test("a landing loads around its message and, near the end, the newest", async () => {
    const asked: object[] = [];
    const pages = new Pages(async (question) => (asked.push(question), null));
    await pages.forLanding(roomWith([posted(100)], 99), 80);
    expect(asked).toEqual([
      { type: "history", room: "lobby", around: 80, limit: 60 },
      { type: "history", room: "lobby", before: 100, limit: 50 },
    ]);
  });

  test("what is there is not asked for, and nothing is asked for twice at once", async () => {
    const asked: object[] = [];
    const pages = new Pages(async (question) => (asked.push(question), null));
    const room = { ...roomWith([posted(100)], 99), spans: [[1, 100]] as const };
    await pages.forLanding(room, 80);
    expect(asked).toEqual([]);
    await Promise.all([pages.fill("lobby", [1, 99], "below"), pages.fill("lobby", [1, 99], "below")]);
    expect(asked).toEqual([{ type: "history", room: "lobby", before: 100, limit: 50 }]);
  });

  test("a hole is filled from the side that is read", async () => {
    const asked: object[] = [];
    const pages = new Pages(async (question) => (asked.push(question), null));
    await pages.fill("lobby", [10, 99], "above");
    expect(asked).toEqual([{ type: "history", room: "lobby", after: 9, limit: 50 }]);
  });
});

describe("what is kept", () => {
  test("nonsense in the store is the usual", () => {
    expect(settingsFrom({ theme: "pink", sound: "yes", loudness: { lobby: "loud" } })).toEqual({
      ...usual,
      loudness: { lobby: "mentions" },
    });
    expect(settingsFrom(null)).toEqual(usual);
  });

  test("a browser that keeps nothing is no error", () => {
    const broken = {
      getItem: () => {
        throw new Error("no");
      },
      setItem: () => {
        throw new Error("no");
      },
      removeItem: () => {},
    };
    const memory = new Memory(broken);
    const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
    memory.token = "x";
    expect(warned).toHaveBeenCalledOnce();
    expect([memory.token, memory.rooms, memory.settings]).toEqual([null, [], usual]);
  });

  test("who we were is remembered whole or not at all", () => {
    const kept = new Map<string, string>();
    const memory = new Memory({
      getItem: (name) => kept.get(name) ?? null,
      setItem: (name, value) => void kept.set(name, value),
      removeItem: (name) => void kept.delete(name),
    });
    memory.me = bob;
    expect(memory.me).toEqual(bob);
    kept.set("teahouse.me", '{"id":"x"}');
    expect(memory.me).toBeNull();
  });
});
