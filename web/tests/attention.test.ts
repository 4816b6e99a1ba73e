import { describe, expect, test } from "vitest";
import {
  arrived,
  attentive,
  entered,
  GLANCE_MS,
  lookedAway,
  lookedBack,
  reads,
  unlined,
  type Attention,
} from "../src/attention.ts";
import { emptyRoom, type Room } from "../src/room.ts";
import { T0 } from "./help.ts";

const room = (read: number, unread: number): Room => ({ ...emptyRoom("lobby"), read, unread, head: read + unread });
const reading: Attention = { ...attentive, room: "lobby", atEnd: true };

describe("reading", () => {
  test("the end of the list in a focused page is read", () => {
    expect(reads(reading)).toBe(true);
  });

  test("nothing is read above the end, or in a page that is not looked at", () => {
    expect(reads({ ...reading, atEnd: false })).toBe(false);
    expect(reads({ ...reading, focused: false })).toBe(false);
    expect(reads({ ...reading, room: null })).toBe(false);
  });

  test("a room that was just entered is not read before its list stands at the end", () => {
    expect(reads(entered(reading, "lobby", room(4, 3)))).toBe(false);
  });
});

describe("the line", () => {
  test("entering a room with something unread draws it where reading stopped", () => {
    expect(entered(attentive, "lobby", room(4, 3)).line).toBe(4);
  });

  test("who was never in a room begins at its end: to them everything is new", () => {
    expect(entered(attentive, "lobby", { ...room(0, 99), since: 99 }).line).toBeNull();
  });

  test("but what was said since they are here is new", () => {
    expect(entered(attentive, "lobby", { ...room(0, 99), since: 97 }).line).toBe(97);
    expect(entered(attentive, "lobby", { ...room(0, 2), since: 0 }).line).toBe(0);
  });

  test("entering a room with nothing unread draws none", () => {
    expect(entered(attentive, "lobby", room(4, 0)).line).toBeNull();
  });

  test("what comes while one reads draws none", () => {
    expect(arrived(reading, room(4, 1), T0).line).toBeNull();
  });

  test("what comes while one reads further up draws it", () => {
    expect(arrived({ ...reading, atEnd: false }, room(4, 1), T0).line).toBe(4);
  });

  test("it stays above the first unread one, however many follow", () => {
    const first = arrived({ ...reading, atEnd: false }, room(4, 1), T0);
    expect(arrived(first, room(4, 2), T0).line).toBe(4);
  });

  test("a glance at another window is not going away", () => {
    const glanced = lookedBack(lookedAway(reading, T0), room(4, 1), T0 + GLANCE_MS - 1);
    expect(glanced.line).toBeNull();
    expect(reads(glanced)).toBe(true);
  });

  test("who was away longer finds it where they stopped", () => {
    expect(lookedBack(lookedAway(reading, T0), room(4, 1), T0 + GLANCE_MS).line).toBe(4);
  });

  test("it is drawn while the window stands in the background, too", () => {
    expect(arrived(lookedAway(reading, T0), room(4, 1), T0 + GLANCE_MS).line).toBe(4);
    expect(arrived(lookedAway(reading, T0), room(4, 1), T0 + GLANCE_MS - 1).line).toBeNull();
  });

  test("one whose messages are all read moves to what is new now", () => {
    const away = lookedAway({ ...reading, line: 4 }, T0);
    expect(arrived(away, room(9, 1), T0 + GLANCE_MS).line).toBe(9);
  });

  test("who looks away twice is away since the first time", () => {
    expect(lookedAway(lookedAway(reading, T0), T0 + 4_000).blurredAt).toBe(T0);
  });

  test("it goes when one speaks", () => {
    expect(unlined({ ...reading, line: 4 }).line).toBeNull();
  });

  test("what comes into another room draws none here", () => {
    expect(arrived({ ...reading, atEnd: false }, { ...room(4, 1), name: "garden" }, T0).line).toBeNull();
  });
});
