import { beforeEach, describe, expect, test } from "vitest";
import { ANSWER_MS, BACKOFF_MOST_MS, BEAT_MS, Connection, OPEN_MS, type Phase } from "../src/connection.ts";
import type { Command, Word } from "../src/protocol.ts";
import { FakeClock, FakeSocket, settle } from "./help.ts";

let clock: FakeClock;
let sockets: FakeSocket[];
let heard: { word: Word; asked: Command | undefined }[];
let phases: Phase[];
let opened: number;
let lost: string[];
let connection: Connection;

const socket = (): FakeSocket => sockets.at(-1)!;

beforeEach(() => {
  clock = new FakeClock();
  sockets = [];
  heard = [];
  phases = [];
  opened = 0;
  lost = [];
  connection = new Connection(
    () => {
      sockets.push(new FakeSocket());
      return socket();
    },
    clock,
    () => 1,
    {
      opened: () => (opened += 1),
      heard: (word, asked) => heard.push({ word, asked }),
      lost: (reason) => lost.push(reason),
      phase: (phase) => phases.push(phase),
    },
  );
  connection.start();
});

describe("asking", () => {
  beforeEach(() => socket().open());

  test("an answer comes to its question, and is heard with it", async () => {
    const answer = connection.ask({ type: "rooms" });
    socket().answers("rooms", { type: "rooms", rooms: [] });
    expect(await answer).toMatchObject({ type: "rooms" });
    expect(heard[0]?.asked).toMatchObject({ type: "rooms" });
  });

  test("words are heard in the order in which they came, answers among them", () => {
    void connection.ask({ type: "rooms" });
    socket().says({ type: "posted", seq: 1 });
    socket().answers("rooms", { type: "rooms", rooms: [] });
    socket().says({ type: "posted", seq: 2 });
    expect(heard.map(({ word }) => word.type)).toEqual(["posted", "rooms", "posted"]);
  });

  test("a question that the connection took with it has no answer", async () => {
    const answer = connection.ask({ type: "rooms" });
    socket().dies();
    expect(await answer).toBeNull();
  });

  test("where there is no connection a question is answered at once: nobody knows", async () => {
    socket().dies();
    expect(await connection.ask({ type: "rooms" })).toBeNull();
  });

  test("a late word of a connection that is given up is not heard", () => {
    const old = socket();
    old.dies();
    old.says({ type: "posted", seq: 1 });
    expect(heard).toEqual([]);
  });
});

describe("the heartbeat", () => {
  beforeEach(() => socket().open());

  test("silence is answered by a question", () => {
    clock.pass(BEAT_MS);
    expect(socket().kinds()).toEqual(["ping"]);
  });

  test("who does not answer is gone, whatever the browser says", () => {
    clock.pass(BEAT_MS + ANSWER_MS);
    expect(lost).toEqual(["silent"]);
    expect(socket().closed).toBe(true);
  });

  test("whoever speaks is not asked", () => {
    for (let at = 0; at < 10; at++) {
      clock.pass(BEAT_MS - 1);
      socket().says({ type: "posted", seq: at });
    }
    expect(socket().kinds()).toEqual([]);
  });

  test("anything said after the question is an answer", () => {
    clock.pass(BEAT_MS);
    clock.pass(1);
    socket().says({ type: "posted", seq: 1 });
    clock.pass(ANSWER_MS);
    expect(lost).toEqual([]);
  });

  test("a machine that woke up asks at once", () => {
    connection.nudge();
    expect(socket().kinds()).toEqual(["ping"]);
    clock.pass(1);
    clock.pass(ANSWER_MS);
    expect(lost).toEqual(["silent"]);
  });

  test("a connection that is never made is given up", () => {
    socket().dies();
    clock.pass(500);
    clock.pass(OPEN_MS);
    expect(lost).toEqual(["unreachable", "no-answer"]);
  });
});

describe("coming back", () => {
  const waits = (): number => connection.retryAt - clock.now();

  test("the first wait is half a second, each next one twice as long, thirty seconds at most", () => {
    const seen: number[] = [];
    for (let at = 0; at < 9; at++) {
      socket().dies();
      seen.push(waits());
      clock.pass(waits());
    }
    expect(seen).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
    expect(Math.max(...seen)).toBe(BACKOFF_MOST_MS);
  });

  test("a connection that opens and dies before the house greets does not begin with short waits", () => {
    for (let at = 0; at < 4; at++) {
      socket().open();
      socket().dies();
      clock.pass(waits());
    }
    socket().dies();
    expect(waits()).toBe(8_000);
  });

  test("after a settled visit the next wait is short again", () => {
    for (let at = 0; at < 4; at++) {
      socket().dies();
      clock.pass(waits());
    }
    socket().open();
    connection.settled();
    socket().dies();
    expect(waits()).toBe(500);
  });

  test("the network is back: it is tried at once", () => {
    socket().dies();
    connection.nudge();
    expect(sockets).toHaveLength(2);
  });

  test("a thousand pages do not come back in one moment", () => {
    const quick = new Connection(
      () => new FakeSocket(),
      clock,
      () => 0,
      { opened() {}, heard() {}, lost() {}, phase() {} },
    );
    quick.start();
    clock.pass(OPEN_MS);
    expect(quick.retryAt - clock.now()).toBe(250);
  });

  test("each new connection begins with a greeting", async () => {
    socket().open();
    socket().dies();
    clock.pass(500);
    socket().open();
    await settle();
    expect(opened).toBe(2);
  });

  test("what was stopped stays stopped", () => {
    socket().open();
    connection.stop();
    clock.pass(BACKOFF_MOST_MS * 10);
    expect(sockets).toHaveLength(1);
    expect(phases.at(-1)).toBe("down");
  });

  test("why the house closed is kept", () => {
    socket().open();
    socket().dies(1001, "going-away");
    expect(connection.reason).toBe("going-away");
  });
});
