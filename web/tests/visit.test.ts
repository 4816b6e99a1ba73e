import { beforeEach, describe, expect, test } from "vitest";
import { Memory } from "../src/memory.ts";
import type { Question } from "../src/connection.ts";
import type { Command, Refused, Word } from "../src/protocol.ts";
import { nothing, reduce, type State } from "../src/state.ts";
import { Visit } from "../src/visit.ts";
import { answerRoom, FakeClock, posted, settle, welcome } from "./help.ts";

/** A house that answers what a test tells it to; the words go through the reducer as in the page. */
class FakeHouse {
  readonly clock = new FakeClock();
  readonly memory = new Memory(new FakeStore());
  readonly asked: Record<string, unknown>[] = [];
  readonly events: string[] = [];
  state: State = nothing;
  current: string | null = null;
  answer: (question: Record<string, unknown>) => Word | null = () => null;
  readonly visit = new Visit(
    {
      ask: async (question: Question) => {
        this.asked.push(question as Record<string, unknown>);
        const word = this.answer(question as Record<string, unknown>);
        if (word !== null) this.hears(word, question as Command);
        return word;
      },
      settled: () => this.events.push("connection settled"),
    },
    this.memory,
    {
      publish: (news) => void (this.state = reduce(this.state, news)),
      state: () => this.state,
      now: () => this.clock.now(),
      current: () => this.current,
      askForName: (refused: Refused | null) => this.events.push(`ask for a name: ${refused?.code ?? "nobody"}`),
      welcomed: () => this.events.push("welcomed"),
      settled: () => this.events.push("settled"),
      notJoined: (room, refused) => this.events.push(`not joined: ${room} ${refused.code}`),
    },
  );

  hears(word: Word, asked?: Command): void {
    this.state = reduce(this.state, { type: "word", word, asked, now: this.clock.now() });
    this.visit.heard(word, asked);
  }

  kinds(): unknown[] {
    return this.asked.map((each) => (each.type === "join" ? `join ${String(each.room)}` : each.type));
  }
}

class FakeStore {
  private readonly kept = new Map<string, string>();
  getItem = (name: string): string | null => this.kept.get(name) ?? null;
  setItem = (name: string, value: string): void => void this.kept.set(name, value);
  removeItem = (name: string): void => void this.kept.delete(name);
}

let house: FakeHouse;
const caughtUp = (room: string, seq = 0): Word => ({ type: "caught_up", room, seq });
const refused = (code: string): Word => ({ type: "refused", code, message: code });

beforeEach(() => {
  house = new FakeHouse();
  house.answer = ({ type, room }) => (type === "hello" ? welcome() : answerRoom({ room: String(room) }));
});

describe("getting in", () => {
  test("somebody who was never here is asked for a name, and nothing is said before", () => {
    house.visit.opened();
    expect(house.events).toEqual(["ask for a name: nobody"]);
    expect(house.asked).toEqual([]);
  });

  test("a name is enough: the lobby is joined from its last message on", async () => {
    house.visit.opened();
    await house.visit.enter("ana");
    expect(house.asked[0]).toMatchObject({ type: "hello", name: "ana" });
    expect(house.asked[1]).toMatchObject({ type: "join", room: "lobby", last: 1 });
  });

  test("no name is enough too", async () => {
    house.visit.opened();
    await house.visit.enter("");
    expect(house.asked[0]?.name).toBeUndefined();
  });

  test("a name that is taken is asked for again, and another one gets in", async () => {
    house.answer = ({ type, name }) =>
      type === "hello" && name === "ana" ? refused("name-taken") : type === "hello" ? welcome() : answerRoom();
    house.visit.opened();
    await house.visit.enter("ana");
    expect(house.events).toEqual(["ask for a name: nobody", "ask for a name: name-taken"]);
    await house.visit.enter("anna");
    expect(house.events).toContain("welcomed");
  });

  test("the token is kept, and brings the same guest back", async () => {
    house.visit.opened();
    await house.visit.enter("ana");
    house.visit.opened();
    await settle();
    expect(house.asked.filter((each) => each.type === "hello")[1]).toMatchObject({ token: "tea_a" });
  });

  test("a token that has ended is forgotten, and the name is asked for as before", async () => {
    house.memory.token = "tea_old";
    house.memory.name = "ana";
    house.answer = ({ type, token }) =>
      type === "hello" && token !== undefined ? refused("bad-token") : type === "hello" ? welcome() : answerRoom();
    house.visit.opened();
    await settle();
    expect(house.asked[1]).toMatchObject({ type: "hello", name: "ana" });
    expect(house.memory.token).toBe("tea_a");
  });
});

describe("coming back", () => {
  beforeEach(async () => {
    house.memory.name = "ana";
    house.memory.rooms = ["garden", "lobby"];
    house.visit.opened();
    await settle();
  });

  test("every room of ours is joined, the one on screen first", async () => {
    house.current = "lobby";
    house.asked.length = 0;
    house.visit.opened();
    await settle();
    expect(house.kinds()).toEqual(["hello", "join lobby", "join garden"]);
  });

  test("the page is settled when every room has caught up, and not before", () => {
    expect(house.events).toEqual(["welcomed"]);
    house.hears(caughtUp("garden"));
    expect(house.events).toEqual(["welcomed"]);
    house.hears(caughtUp("lobby"));
    expect(house.events).toEqual(["welcomed", "connection settled", "settled"]);
  });

  test("a room is resumed from its last number and time, and asks for no more than can be read", async () => {
    house.hears(posted(1));
    house.asked.length = 0;
    house.state = reduce(house.state, { type: "lost" });
    house.visit.opened();
    await settle();
    expect(house.asked.find((each) => each.room === "lobby")).toEqual({
      type: "join",
      room: "lobby",
      after: 1,
      at: posted(1).time,
      at_most: 500,
    });
  });

  test("a log that is another one is joined anew", async () => {
    house.hears(posted(1));
    house.asked.length = 0;
    house.state = reduce(house.state, { type: "lost" });
    house.answer = ({ type, after, room }) =>
      type === "hello" ? welcome() : after !== undefined ? refused("log-changed") : answerRoom({ room: String(room) });
    house.visit.opened();
    await settle();
    expect(house.asked.at(-1)).toEqual({ type: "join", room: "lobby", last: 1 });
    expect(house.state.rooms.get("lobby")).toMatchObject({ entries: [] });
  });

  test("a room that cannot be joined holds nobody up, and is not tried again", async () => {
    house.events.length = 0;
    house.answer = ({ type, room }) =>
      type === "hello" ? welcome() : room === "garden" ? refused("bad-room") : answerRoom();
    house.visit.opened();
    await settle();
    house.hears(caughtUp("lobby"));
    expect(house.events).toEqual(["welcomed", "not joined: garden bad-room", "connection settled", "settled"]);
    expect(house.memory.rooms).toEqual(["lobby"]);
  });

  test("conversations of two are joined too", async () => {
    house.asked.length = 0;
    const entry = { room: "@1+2", topic: "", count: 2, head: 3, read: 0, unread: 3, mentions: 0 };
    house.answer = ({ type, room }) =>
      type === "hello" ? welcome({ rooms: [entry] }) : answerRoom({ room: String(room) });
    house.visit.opened();
    await settle();
    expect(house.kinds()).toContain("join @1+2");
    expect(house.memory.rooms).not.toContain("@1+2");
  });

  test("a connection that goes before the welcome settles nothing", async () => {
    house.events.length = 0;
    house.answer = () => null;
    house.visit.opened();
    await settle();
    expect(house.events).toEqual([]);
  });
});

describe("rooms", () => {
  test("a room that the house writes otherwise is remembered as the house writes it", async () => {
    house.memory.name = "ana";
    house.memory.rooms = ["Lobby"];
    house.answer = ({ type }) => (type === "hello" ? welcome() : answerRoom({ room: "lobby" }));
    house.visit.opened();
    await settle();
    expect(house.memory.rooms).toEqual(["lobby"]);
    house.hears(caughtUp("lobby"));
    expect(house.events).toContain("settled");
  });

  test("a room that was left is not joined again", async () => {
    house.memory.rooms = ["garden", "lobby"];
    house.answer = () => ({ type: "done" });
    await house.visit.leave("garden");
    expect(house.memory.rooms).toEqual(["lobby"]);
  });
});
