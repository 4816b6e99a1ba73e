import { describe, expect, test } from "vitest";
import type { Event, History, Message } from "../src/protocol.ts";
import { happened } from "../src/room.ts";
import { holes } from "../src/spans.ts";
import { nothing, reduce, type State } from "../src/state.ts";
import { after, ana, answerRoom, bob, joinLast, message, posted, roomWith, T0, welcome } from "./help.ts";

const lobby = (state: State) => state.rooms.get("lobby")!;
const texts = (state: State): (string | null)[] =>
  lobby(state).entries.map((entry) => (entry.type === "message" ? entry.text : `(${entry.type})`));
const page = (messages: Message[], more = false, as_of = messages.at(-1)?.seq ?? 0): History => ({
  type: "history",
  room: "lobby",
  messages,
  as_of,
  more,
});

describe("events", () => {
  test("what is posted stands in the list, in order", () => {
    expect(texts(after([{ word: answerRoom(), asked: joinLast }, posted(1), posted(2)]))).toEqual([
      "message 1",
      "message 2",
    ]);
  });

  test("an edit changes the words and says when", () => {
    const room = roomWith([
      posted(1),
      { type: "edited", room: "lobby", seq: 2, time: T0 + 5, author: bob, target: 1, text: "other" },
    ]);
    expect(room.entries[0]).toMatchObject({ text: "other", edited: T0 + 5 });
  });

  test("a deletion takes words, edits and reactions, and an edit after it changes nothing", () => {
    const room = roomWith([
      posted(1),
      { type: "reacted", room: "lobby", seq: 2, time: T0, author: ana, target: 1, emoji: "🍵" },
      { type: "deleted", room: "lobby", seq: 3, time: T0, author: bob, target: 1 },
      { type: "edited", room: "lobby", seq: 4, time: T0, author: bob, target: 1, text: "back" },
    ]);
    expect(room.entries[0]).toMatchObject({ text: null, deleted: true });
    expect(room.entries[0]).not.toHaveProperty("reactions");
  });

  test("a deletion takes a topic away, and the current one for everybody; what was put at what is gone is nothing", () => {
    const room = roomWith([
      { type: "topic_changed", room: "lobby", seq: 1, time: T0, author: bob, topic: "one" },
      { type: "topic_changed", room: "lobby", seq: 2, time: T0, author: bob, topic: "two" },
      { type: "deleted", room: "lobby", seq: 3, time: T0, author: bob, target: 1 },
      posted(4),
      { type: "reacted", room: "lobby", seq: 5, time: T0, author: ana, target: 4, emoji: null },
      { type: "unreacted", room: "lobby", seq: 6, time: T0, author: ana, target: 4, emoji: null },
    ]);
    expect(room.topic).toBe("two");
    expect(room.entries[0]).toMatchObject({ topic: null, deleted: true });
    expect(room.entries[2]).not.toMatchObject({ reactions: [{}] });
    const gone = happened(
      room,
      { type: "deleted", room: "lobby", seq: 7, time: T0, author: bob, target: 2, topic: "" },
      ana,
    );
    expect(gone.topic).toBe("");
    expect(gone.entries[1]).toMatchObject({ topic: null, deleted: true });
    const replayed: Event = {
      type: "topic_changed",
      room: "lobby",
      seq: 8,
      time: T0,
      author: bob,
      topic: null,
      deleted: true,
    };
    expect(happened(gone, replayed, ana).topic).toBe("");
  });

  test("reactions count people, know which are mine, and go with the last one", () => {
    const react = (seq: number, author = bob, type: "reacted" | "unreacted" = "reacted") => ({
      type,
      room: "lobby",
      seq,
      time: T0,
      author,
      target: 1,
      emoji: "🍵",
    });
    const two = roomWith([posted(1), react(2), react(3, ana)]);
    expect((two.entries[0] as Message).reactions).toEqual([{ emoji: "🍵", count: 2, mine: true }]);
    const one = roomWith([posted(1), react(2), react(3, ana), react(4, ana, "unreacted")]);
    expect((one.entries[0] as Message).reactions).toEqual([{ emoji: "🍵", count: 1, mine: false }]);
    const none = roomWith([posted(1), react(2), react(3, bob, "unreacted")]);
    expect((none.entries[0] as Message).reactions).toEqual([]);
  });

  test("a change whose target is not loaded is ignored, and its number is not a hole", () => {
    const room = roomWith(
      [posted(9), { type: "edited", room: "lobby", seq: 10, time: T0, author: bob, target: 3, text: "x" }],
      9,
    );
    expect(room.entries).toHaveLength(1);
    expect(holes(room.spans, room.head)).toEqual([[1, 8]]);
  });

  test("an event that came before is not applied twice", () => {
    const once = after([{ word: answerRoom(), asked: joinLast }, posted(1), posted(2)]);
    expect(after([posted(2)], once)).toBe(once);
  });

  test("a topic is the room's, and a row of its own", () => {
    const room = roomWith([{ type: "topic_changed", room: "lobby", seq: 1, time: T0, author: bob, topic: "Tea" }]);
    expect(room.topic).toBe("Tea");
    expect(room.entries).toHaveLength(1);
  });

  test("a state that was handed out is never changed", () => {
    const before = after([{ word: answerRoom(), asked: joinLast }, posted(1)]);
    const frozen = JSON.stringify([...before.rooms.values()]);
    after(
      [{ type: "edited", room: "lobby", seq: 2, time: T0, author: bob, target: 1, text: "other" }, posted(3)],
      before,
    );
    expect(JSON.stringify([...before.rooms.values()])).toBe(frozen);
  });
});

describe("coming back", () => {
  const seen = after([{ word: answerRoom(), asked: joinLast }, posted(1), posted(2)]);
  const back = (head: number, ...events: Parameters<typeof after>[0]) =>
    after(
      [{ word: answerRoom({ head }), asked: { type: "join", room: "lobby", after: 2, at_most: 500 } }, ...events],
      reduce(seen, { type: "lost" }),
    );

  test("what is loaded stays readable while the connection is lost", () => {
    const lost = reduce(seen, { type: "lost" });
    expect(texts(lost)).toEqual(["message 1", "message 2"]);
    expect(lobby(lost).seated).toBe(false);
  });

  test("what was missed follows what was there, without a hole", () => {
    const state = back(4, posted(3), posted(4), { type: "caught_up", room: "lobby", seq: 4 });
    expect(texts(state)).toEqual(["message 1", "message 2", "message 3", "message 4"]);
    expect(holes(lobby(state).spans, lobby(state).head)).toEqual([]);
  });

  test("what was missed is counted once: `room` has counted it already", () => {
    const state = after(
      [
        { word: answerRoom({ head: 4, unread: 4 }), asked: { type: "join", room: "lobby", after: 2 } },
        posted(3),
        posted(4),
        posted(5),
      ],
      reduce(seen, { type: "lost" }),
    );
    expect(lobby(state).unread).toBe(5);
  });

  test("a gap is a hole that is shown, and what is before it may be stale, so it goes", () => {
    const state = back(900, { type: "gap", room: "lobby", from: 3, to: 800, why: "at_most" }, posted(801));
    expect(texts(state)).toEqual(["message 801"]);
    expect(holes(lobby(state).spans, 801)).toEqual([[1, 800]]);
  });

  test("the place to resume from is the last event and its time", () => {
    expect(lobby(seen)).toMatchObject({ cursor: 2, cursorTime: T0 + 2_000 });
  });

  test("a log that is another one is started over", () => {
    const refused = { type: "refused", code: "log-changed", message: "" } as const;
    const state = after([{ word: refused, asked: { type: "join", room: "lobby", after: 2 } }], seen);
    expect(lobby(state)).toMatchObject({ cursor: 0, entries: [], spans: [] });
  });

  test("a direct room that somebody opened comes unasked, from its head on", () => {
    const state = after([answerRoom({ room: "@1+2", head: 7, unread: 1 }), posted(8, bob, { room: "@1+2" })]);
    expect(state.rooms.get("@1+2")).toMatchObject({ cursor: 8, seated: true, unread: 2 });
  });
});

describe("a conversation of two", () => {
  test("has the other one's name, whether they are in it or in a room that we know", () => {
    const here = after([{ word: answerRoom({ members: [ana, bob] }), asked: joinLast }]);
    const direct = (members: (typeof ana)[]) => after([answerRoom({ room: "@1+2", members })], here).rooms.get("@1+2");
    expect(direct([ana, bob])?.other).toEqual(bob);
    expect(direct([ana])?.other).toEqual(bob);
  });
});

describe("history", () => {
  const live = after([{ word: answerRoom({ head: 99 }), asked: joinLast }, posted(99), posted(100)]);
  const ask = (more: object) => ({ type: "history", room: "lobby", limit: 50, ...more });

  test("a page before what is loaded joins it", () => {
    const older = Array.from({ length: 49 }, (_, at) => message(50 + at));
    const state = after([{ word: page(older, true, 100), asked: ask({ before: 99 }) }], live);
    expect(lobby(state).spans).toEqual([[50, 100]]);
    expect(lobby(state).entries).toHaveLength(51);
  });

  test("the last page goes down to the first number, whatever has no row there", () => {
    const state = after([{ word: page([message(5)], false, 100), asked: ask({ before: 99 }) }], live);
    expect(holes(lobby(state).spans, 100)).toEqual([]);
  });

  test("a page around an old message leaves a hole before the newest", () => {
    const around = Array.from({ length: 50 }, (_, at) => message(20 + at));
    const state = after([{ word: page(around, true, 100), asked: ask({ around: 45 }) }], live);
    expect(holes(lobby(state).spans, 100)).toEqual([
      [1, 19],
      [70, 98],
    ]);
  });

  test("a page around the first messages has no hole before them", () => {
    const around = Array.from({ length: 50 }, (_, at) => message(3 + at));
    const state = after([{ word: page(around, true, 100), asked: ask({ around: 5 }) }], live);
    expect(holes(lobby(state).spans, 100)[0]).toEqual([53, 98]);
  });

  test("a page after a hole's beginning fills it from above", () => {
    const state = after(
      [{ word: page([message(2), message(4)], true, 100), asked: ask({ after: 1, limit: 2 }) }],
      live,
    );
    expect(lobby(state).spans).toEqual([
      [2, 4],
      [99, 100],
    ]);
  });

  test("a change that came before its page is applied to it, one that is folded in is not applied twice", () => {
    const react = (seq: number) =>
      ({ type: "reacted", room: "lobby", seq, time: T0, author: bob, target: 50, emoji: "🍵" }) as const;
    const folded = message(50, bob, { reactions: [{ emoji: "🍵", count: 1, mine: false }] });
    const state = after(
      [react(101), { ...react(102), author: ana }, { word: page([folded], true, 101), asked: ask({ before: 99 }) }],
      live,
    );
    expect((lobby(state).entries[0] as Message).reactions).toEqual([{ emoji: "🍵", count: 2, mine: true }]);
  });

  test("what is let go can be loaded again: it is a hole", () => {
    const state = reduce(live, { type: "forget", room: "lobby", below: 100 });
    expect(texts(state)).toEqual(["message 100"]);
    expect(holes(lobby(state).spans, 100)).toEqual([[1, 99]]);
  });
});

describe("unread", () => {
  const joined = after([welcome(), { word: answerRoom({ head: 2, read: 2 }), asked: joinLast }]);

  test("messages of others count, my own do not", () => {
    expect(lobby(after([posted(3), posted(4, ana)], joined)).unread).toBe(1);
  });

  test("a message with my name counts as meant for me; a longer name or a mail address does not", () => {
    const state = after(
      [
        posted(3, bob, { text: "@ana!" }),
        posted(4, bob, { text: "@anabel" }),
        posted(5, bob, { text: "x@ana" }),
        posted(6, bob, { text: "好@ANA好" }),
      ],
      joined,
    );
    expect(lobby(state).mentions).toBe(1);
  });

  test("reading up to a number leaves what is after it", () => {
    const state = reduce(after([posted(3), posted(4), posted(5)], joined), { type: "read", room: "lobby", seq: 4 });
    expect(lobby(state)).toMatchObject({ read: 4, unread: 1 });
  });

  test("a position of another device counts here too, and positions never go back", () => {
    const state = after(
      [posted(3), posted(4), { type: "marked", room: "lobby", seq: 4 }, { type: "marked", room: "lobby", seq: 3 }],
      joined,
    );
    expect(lobby(state)).toMatchObject({ read: 4, unread: 0 });
  });

  test("what was read here stays read, though the house had not heard of it when we came back", () => {
    const read = reduce(after([posted(3), posted(4)], joined), { type: "read", room: "lobby", seq: 4 });
    const back = after(
      [{ word: answerRoom({ head: 5, read: 2, unread: 3 }), asked: { type: "join", room: "lobby", after: 4 } }],
      reduce(read, { type: "lost" }),
    );
    expect(lobby(back)).toMatchObject({ read: 4, unread: 1 });
  });

  test("the list of rooms tells of rooms where we are not, and changes none where we are", () => {
    const entry = { room: "garden", topic: "", count: 3, head: 9, read: 1, unread: 8, mentions: 2 };
    const state = after(
      [{ type: "rooms", more: false, rooms: [entry, { ...entry, room: "lobby" }] }],
      after([posted(3)], joined),
    );
    expect(state.rooms.get("garden")).toMatchObject({ unread: 8, mentions: 2 });
    expect(lobby(state)).toMatchObject({ unread: 1, head: 3 });
  });
});

describe("people", () => {
  const here = after([welcome(), { word: answerRoom({ members: [ana, bob], count: 2 }), asked: joinLast }]);

  test("who comes and goes is in the list or not", () => {
    const gone = after([{ type: "present", room: "lobby", came: [], went: [bob], count: 1 }], here);
    expect([...lobby(gone).members.keys()]).toEqual([1]);
  });

  test("a new name is known in every room, and what was said keeps the old one", () => {
    const state = after([posted(1), { type: "renamed", person: { ...bob, name: "robert" }, from: "bob" }], here);
    expect(lobby(state).members.get(2)?.name).toBe("robert");
    expect(lobby(state).entries[0]).toMatchObject({ author: { name: "bob" } });
  });

  test("my own new name is mine", () => {
    expect(after([{ type: "renamed", person: { ...ana, name: "anna" }, from: "ana" }], here).me?.name).toBe("anna");
  });

  test("who writes is shown for six seconds, or until they have spoken", () => {
    const typing = { type: "typing", room: "lobby", person: bob } as const;
    const state = after([typing], here);
    expect(lobby(state).typing).toHaveLength(1);
    expect(lobby(reduce(state, { type: "time", now: T0 + 5_999 })).typing).toHaveLength(1);
    expect(lobby(reduce(state, { type: "time", now: T0 + 6_000 })).typing).toHaveLength(0);
    expect(lobby(after([posted(1)], state)).typing).toHaveLength(0);
  });

  test("I am not shown to myself as writing", () => {
    expect(lobby(after([{ type: "typing", room: "lobby", person: ana }], here)).typing).toHaveLength(0);
  });

  test("before the house answers we are who we were", () => {
    expect(reduce(nothing, { type: "remembered", me: ana }).me).toBe(ana);
  });
});
