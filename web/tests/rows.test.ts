import { describe, expect, test } from "vitest";
import type { Unsent } from "../src/outbox.ts";
import type { Present } from "../src/protocol.ts";
import { emptyRoom } from "../src/room.ts";
import { rowsOf, type Row } from "../src/rows.ts";
import { after, ana, answerRoom, bob, joinLast, MINUTE, posted, roomWith, T0 } from "./help.ts";

const rows = (room: ReturnType<typeof roomWith>, more: { unsent?: Unsent[]; newAfter?: number | null } = {}): Row[] =>
  rowsOf({ room, unsent: more.unsent ?? [], me: ana, newAfter: more.newAfter ?? null });
const kinds = (list: Row[]): string[] => list.map((row) => row.kind);
const unsent = (key: string, text = "soon"): Unsent => ({
  key,
  room: "lobby",
  text,
  form: "say",
  author: 1,
  time: T0 + MINUTE,
});
const present = (came: (typeof ana)[], went: (typeof ana)[]): Present => ({
  type: "present",
  room: "lobby",
  came,
  went,
  count: 1,
});

describe("messages", () => {
  test("the same sender within five minutes needs no name", () => {
    const list = rows(
      roomWith([posted(1), posted(2), posted(3, ana), posted(4, bob), posted(5, bob, { time: T0 + 6 * MINUTE })]),
    );
    expect(list.filter((row) => row.kind === "message").map((row) => row.continued)).toEqual([
      false,
      true,
      false,
      false,
      false,
    ]);
  });

  test("an answer, an action and a new name begin anew", () => {
    const list = rows(
      roomWith([
        posted(1),
        posted(2, bob, { reply_to: 1 }),
        posted(3, bob, { form: "act" }),
        posted(4),
        posted(5, { ...bob, name: "robert" }),
      ]),
    );
    expect(list.filter((row) => row.kind === "message").map((row) => row.continued)).toEqual([
      false,
      false,
      false,
      false,
      false,
    ]);
  });

  test("a day line stands where the local date changes", () => {
    const next = new Date(2026, 10, 25, 0, 0, 1).getTime();
    expect(
      kinds(rows(roomWith([posted(1), posted(2, bob, { time: next }), posted(3, bob, { time: next + 1 })]))),
    ).toEqual(["start", "day", "message", "day", "message", "message"]);
  });

  test("a clock that was years ahead and is set right has its day line too, and no row has another's key", () => {
    const ahead = T0 + 10 * 365 * 24 * 60 * MINUTE;
    const list = rows(roomWith([posted(1), posted(2, bob, { time: ahead }), posted(3), posted(4)]));
    expect(kinds(list)).toEqual(["start", "day", "message", "day", "message", "day", "message", "message"]);
    expect(new Set(list.map((row) => row.key)).size).toBe(list.length);
  });

  test("a message that waits stands at the end", () => {
    const list = rows(roomWith([posted(1)]), { unsent: [unsent("k1")] });
    expect(list.at(-1)).toMatchObject({ kind: "message", message: { text: "soon", seq: 0 } });
  });

  test("a message that was stored has the row that it had while it waited", () => {
    const waiting = rows(roomWith([posted(1)]), { unsent: [unsent("k1")] }).at(-1);
    const stored = rows(roomWith([posted(1), posted(2, ana, { key: "k1" })])).at(-1);
    expect(stored?.key).toBe(waiting?.key);
  });

  test("the same key of another person is another row", () => {
    const list = rows(roomWith([posted(1, bob, { key: "k1" }), posted(2, ana, { key: "k1" })]));
    expect(new Set(list.map((row) => row.key)).size).toBe(list.length);
  });

  test("what waits is shown before the house has said anything of the room", () => {
    expect(kinds(rowsOf({ room: emptyRoom("lobby"), unsent: [unsent("k1")], me: ana, newAfter: null }))).toEqual([
      "day",
      "message",
    ]);
  });

  test("what waits for another room is not shown here", () => {
    expect(rows(roomWith([posted(1)]), { unsent: [{ ...unsent("k1"), room: "garden" }] })).toHaveLength(3);
  });
});

describe("holes", () => {
  test("what is not loaded is a row, never silence", () => {
    const room = {
      ...roomWith([posted(50), posted(51)], 50),
      spans: [
        [10, 12],
        [50, 51],
      ] as const,
    };
    const list = rows({ ...room, entries: [{ ...room.entries[0]!, seq: 11 }, ...room.entries] });
    expect(list.filter((row) => row.kind === "hole")).toMatchObject([
      { from: 1, to: 9, top: true },
      { from: 13, to: 49, top: false },
    ]);
    expect(kinds(list)).toEqual(["hole", "day", "message", "hole", "message", "message"]);
  });

  test("where nothing is missing before it, the room's beginning is said", () => {
    expect(kinds(rows(roomWith([posted(1)])))[0]).toBe("start");
  });

  test("a hole at the end is shown too", () => {
    const room = { ...roomWith([posted(1)]), head: 9 };
    expect(rows(room).at(-1)).toMatchObject({ kind: "hole", from: 2, to: 9 });
  });
});

describe("the line above what is new", () => {
  test("it stands before the first message above the number, once", () => {
    expect(kinds(rows(roomWith([posted(1), posted(2), posted(3)]), { newAfter: 1 }))).toEqual([
      "start",
      "day",
      "message",
      "new",
      "message",
      "message",
    ]);
  });

  test("where nothing is new there is none", () => {
    expect(kinds(rows(roomWith([posted(1)]), { newAfter: 1 }))).not.toContain("new");
  });
});

describe("comings and goings", () => {
  const carl = { ...bob, id: 3, name: "carl" };
  const moves = (...signals: Present[]) => {
    const state = after([{ word: answerRoom(), asked: joinLast }, posted(1), ...signals]);
    return rows(state.rooms.get("lobby")!)
      .filter((row) => row.kind === "noise")
      .map((row) => row.moves.map(({ person, did }) => `${person.name} ${did}`));
  };

  test("they are one row, each person once", () => {
    expect(moves(present([bob], []), present([carl], []), present([], [carl]))).toEqual([["bob came", "carl passed"]]);
  });

  test("who left and came back came back", () => {
    expect(moves(present([], [bob]), present([bob], []))).toEqual([["bob returned"]]);
  });

  test("they stand where they happened, and what is said divides them", () => {
    const state = after([
      { word: answerRoom(), asked: joinLast },
      posted(1),
      present([bob], []),
      posted(2),
      present([], [bob]),
    ]);
    expect(kinds(rows(state.rooms.get("lobby")!))).toEqual(["start", "day", "message", "noise", "message", "noise"]);
  });
});
