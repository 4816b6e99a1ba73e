import { describe, expect, test } from "vitest";
import { choicesFor, wantedAt } from "../src/complete.ts";
import { emojiFor, EMOJI } from "../src/emoji.ts";
import { COMMANDS, understand } from "../src/slash.ts";
import { asCode, isLongPaste, wrapped } from "../src/writing.ts";
import { ana, bob } from "./help.ts";

describe("slash commands", () => {
  test.each([
    ["hello", { does: "say", text: "hello" }],
    ["//nick", { does: "say", text: "/nick" }],
    ["/etc/hosts", { does: "say", text: "/etc/hosts" }],
    ["/", { does: "say", text: "/" }],
    ["/1", { does: "say", text: "/1" }],
    ["/me waves", { does: "act", text: "waves" }],
    ["/NICK ana", { does: "nick", words: "ana" }],
    ["/join garden", { does: "join", words: "garden" }],
    ["/msg bob a b", { does: "message", to: "bob", text: "a b" }],
    ["/history", { does: "history", count: 20 }],
    ["/history 5", { does: "history", count: 5 }],
    ["/topic", { does: "show-topic" }],
    ["/topic tea and talk", { does: "topic", words: "tea and talk" }],
    ['/topic ""', { does: "topic", words: "" }],
    ["/nick", { does: "nothing", why: "usage", word: "/nick NAME" }],
    ["/history x", { does: "nothing", why: "usage", word: "/history [N]" }],
    ["/nikc ana", { does: "nothing", why: "unknown", word: "nikc" }],
  ])("%s", (text, expected) => {
    expect(understand(text)).toEqual(expected);
  });
});

describe("completion", () => {
  const known = {
    people: [ana, bob, { ...bob, id: 3, name: "carla" }],
    rooms: ["lobby", "garden"],
    emojiFor,
    describe: (word: string) => word,
  };
  const at = (text: string) => wantedAt(text, text.length);

  test.each([
    ["@a", { kind: "person", typed: "a", from: 0 }],
    ["hi @", { kind: "person", typed: "", from: 3 }],
    ["#lo", { kind: "room", typed: "lo", from: 0 }],
    ["so :te", { kind: "emoji", typed: "te", from: 3 }],
    [":茶", { kind: "emoji", typed: "茶", from: 0 }],
    ["/jo", { kind: "command", typed: "jo", from: 0 }],
  ])("%s is a wish", (text, expected) => {
    expect(at(text)).toEqual(expected);
  });

  test.each(["10:30", ":)", ":", "a@b", "hi /jo", "/join x", "@ana "])("%s is none", (text) => {
    expect(at(text)).toBeNull();
  });

  test("who begins with it comes first, then who has it", () => {
    expect(choicesFor({ kind: "person", typed: "a", from: 0 }, known).map((each) => each.label)).toEqual([
      "ana",
      "carla",
    ]);
  });

  test("rooms, emoji and commands are found", () => {
    expect(choicesFor({ kind: "room", typed: "gar", from: 0 }, known)[0]?.text).toBe("#garden ");
    expect(choicesFor({ kind: "emoji", typed: "tea", from: 0 }, known)[0]?.text).toBe("🍵 ");
    expect(choicesFor({ kind: "emoji", typed: "茶", from: 0 }, known)[0]?.text).toBe("🍵 ");
    expect(choicesFor({ kind: "command", typed: "to", from: 0 }, known)[0]?.text).toBe("/topic ");
  });

  test("each emoji stands once and has words in both languages", () => {
    expect(new Set(EMOJI.map((each) => each.emoji)).size).toBe(EMOJI.length);
    for (const { emoji, words } of EMOJI) {
      expect(emoji).toMatch(/^\p{RGI_Emoji}$/v);
      expect(words.some((word) => /^[a-z_0-9]+$/.test(word))).toBe(true);
      expect(words.some((word) => /\p{Script=Han}/u.test(word))).toBe(true);
    }
  });

  test("every command can be completed", () => {
    expect(choicesFor({ kind: "command", typed: "", from: 0 }, known)).toHaveLength(COMMANDS.length);
  });
});

describe("writing", () => {
  test("a mark goes around what is selected, which stays selected", () => {
    expect(wrapped("a tea b", 2, 5, "*")).toEqual({ text: "a *tea* b", from: 3, to: 6 });
    expect(wrapped("tea", 0, 3, "(")?.text).toBe("(tea)");
  });

  test("where nothing is selected a key is a key", () => {
    expect(wrapped("tea", 1, 1, "*")).toBeNull();
    expect(wrapped("tea", 0, 3, "x")).toBeNull();
  });

  test("more than twelve lines are a long paste", () => {
    expect(isLongPaste("x\n".repeat(12))).toBe(true);
    expect(isLongPaste("x\n".repeat(11))).toBe(false);
  });

  test("a fence is longer than any fence in it", () => {
    expect(asCode("a\n```\nb\n")).toBe("````\na\n```\nb\n````\n");
  });
});
