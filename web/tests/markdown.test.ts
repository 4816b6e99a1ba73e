import { describe, expect, test } from "vitest";
import { blocksOf, inlinesOf, isEmojiAlone, plainOf, safeUrl, type Block, type Inline } from "../src/markdown.ts";

/** The tree as text with its kinds, so that a test reads in one line. */
function shown(inlines: readonly Inline[]): string {
  return inlines
    .map((each) => {
      switch (each.is) {
        case "text":
          return each.text;
        case "break":
          return "⏎";
        case "code":
          return `code(${each.text})`;
        case "link":
          return `link(${shown(each.inner)} → ${each.href})`;
        case "person":
          return `person(${each.name})`;
        case "room":
          return `room(${each.name})`;
        default:
          return `${each.is}(${shown(each.inner)})`;
      }
    })
    .join("");
}

const blocks = (list: readonly Block[]): string =>
  list
    .map((block) => {
      switch (block.is) {
        case "paragraph":
          return `p(${shown(block.inner)})`;
        case "code":
          return `pre(${block.language}: ${block.text})`;
        case "quote":
          return `quote(${blocks(block.blocks)})`;
        case "list":
          return `${block.start === null ? "ul" : `ol ${block.start}`}(${block.items.map(blocks).join(" | ")})`;
      }
    })
    .join(" ");

describe("words", () => {
  test.each([
    ["plain", "plain"],
    ["**bold** and *it* and _it_", "bold(bold) and italic(it) and italic(it)"],
    ["__bold__ ~~gone~~", "bold(bold) strike(gone)"],
    ["**a *b* c**", "bold(a italic(b) c)"],
    ["snake_case_name and __init__.py", "snake_case_name and bold(init).py"],
    ["2 * 3 * 4", "2 * 3 * 4"],
    ["*not closed", "*not closed"],
    ["a ** b ** c", "a ** b ** c"],
    ["**茶**馆", "bold(茶)馆"],
    ["*a _b* c_", "italic(a _b) c_"],
    ["`a*b*` x", "code(a*b*) x"],
    ["``a ` b``", "code(a ` b)"],
    ["` `` `", "code(``)"],
    ["`open", "`open"],
    ["\\*no\\* \\`no\\`", "*no* `no`"],
    ["one\ntwo", "one⏎two"],
    ["****", "****"],
    ["@ana, hi", "person(ana), hi"],
    ["你好@阿娜", "你好person(阿娜)"],
    ["a@b.example", "a@b.example"],
    ["#lobby #1 a#b", "room(lobby) #1 a#b"],
  ])("%s", (text, expected) => {
    expect(shown(inlinesOf(text))).toBe(expected);
  });
});

describe("links", () => {
  test.each([
    ["see https://a.example/b.", "see link(https://a.example/b → https://a.example/b)."],
    ["(https://a.example/b_(c))", "(link(https://a.example/b_(c) → https://a.example/b_(c)))"],
    ["看https://a.example/茶。好", "看link(https://a.example/茶 → https://a.example/%E8%8C%B6)。好"],
    ["**https://a.example**", "bold(link(https://a.example → https://a.example/))"],
    ["[tea](https://a.example/)", "link(tea → https://a.example/)"],
    ["[x](javascript:alert(1))", "[x](javascript:alert(1))"],
    ["javascript:alert(1) data:text/html,x", "javascript:alert(1) data:text/html,x"],
    ["HTTPS://A.example", "link(HTTPS://A.example → https://a.example/)"],
    ["https://", "https://"],
    ["xhttps://a.example", "xhttps://a.example"],
  ])("%s", (text, expected) => {
    expect(shown(inlinesOf(text))).toBe(expected);
  });

  test("only http and https are addresses", () => {
    for (const bad of [
      "javascript:alert(1)",
      "data:text/html,x",
      "vbscript:x",
      "file:///etc/passwd",
      " java\nscript:alert(1)",
      "//a.example",
      "/r/lobby",
    ]) {
      expect(safeUrl(bad)).toBeNull();
    }
  });
});

describe("blocks", () => {
  test.each([
    ["one\n\ntwo", "p(one) p(two)"],
    ["```python\nprint(1)\n```\nafter", "pre(python: print(1)) p(after)"],
    ["```\nopen **to** the end", "pre(: open **to** the end)"],
    ["````\n```\n````", "pre(: ```)"],
    ["> a\n> b\nc", "quote(p(a⏎b)) p(c)"],
    ["> > deep", "quote(quote(p(deep)))"],
    ["- a\n- b\n  more", "ul(p(a) | p(b⏎more))"],
    ["3. a\n4. b", "ol 3(p(a) | p(b))"],
    ["- a\n  - b", "ul(p(a) ul(p(b)))"],
    ["-5 degrees", "p(-5 degrees)"],
    ["# not a heading", "p(# not a heading)"],
    ["<b>text</b>", "p(<b>text</b>)"],
  ])("%j", (text, expected) => {
    expect(blocks(blocksOf(text))).toBe(expected);
  });
});

describe("whatever is typed", () => {
  const ugly = [
    "*",
    "_",
    "`",
    "[",
    "](",
    "> ",
    "- ",
    "**_~~",
    "@",
    "#",
    "\\",
    "h",
    "http://",
    "```\n",
    "1. ",
    "((",
    "*_",
    "~~*",
  ];

  test.each(ugly)("60 kB of %j are a tree in time", (piece) => {
    // A tree that takes longer with each letter would not be done before the test's own time is over.
    expect(blocksOf(piece.repeat(Math.ceil(60_000 / piece.length)))).not.toHaveLength(0);
  });

  test("no letter is lost or made: what is not a mark is shown", () => {
    let seed = 7;
    const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
    const pieces = [...ugly, "a", "茶", "🍵", " ", "\n", "word"];
    for (let round = 0; round < 2_000; round++) {
      const text = Array.from({ length: 12 }, () => pieces[random(pieces.length)]).join("");
      const letters = (value: string): string => value.replace(/[^\p{L}🍵]/gu, "");
      const plain = JSON.stringify(blocksOf(text), (key, value: unknown) =>
        key === "is" || key === "href" ? undefined : value,
      );
      expect(letters(plain.replace(/"(text|inner|blocks|items|name|language|start)":|null|\\n/g, ""))).toBe(
        letters(text),
      );
    }
  });
});

describe("words alone", () => {
  test.each([
    ["**a** `b`\n\n```python\nc\n```", "a b c"],
    ["> quoted\nanswer @ana https://a.example", "answer @ana https://a.example"],
    ["- one\n- two", "one two"],
  ])("%j", (text, expected) => expect(plainOf(text, 100)).toBe(expected));

  test("a long one is cut", () => expect(plainOf("word ".repeat(100), 12)).toBe("word word wo…"));
});

describe("emoji alone", () => {
  test.each(["🍵", "🎉 🍵", "👩‍👩‍👧", "👍🏽", "🇨🇳"])("%s is large", (text) => expect(isEmojiAlone(text)).toBe(true));
  test.each(["", " ", "1", "茶", "🍵 tea", "🍵".repeat(30), "a".repeat(90)])("%j is not", (text) =>
    expect(isEmojiAlone(text)).toBe(false),
  );
});
