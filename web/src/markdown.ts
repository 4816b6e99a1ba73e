/**
 * The small part of Markdown that people type without thinking, as a tree: bold, italic, strike, code, code blocks,
 * quotes, lists, links; and names of people and rooms. There is no HTML in it and none comes out: the view makes nodes
 * of the tree, and text stays text.
 *
 * A message is also read by people with `nc`, who see what was typed; so nothing that is written for its looks alone is
 * known here (headings, tables, images). A single line break is one, as it was typed.
 *
 * However the text is made, the time is proportional to its length: every mark is looked at once, and marks of one
 * kind do not nest.
 */

export type Inline =
  | { readonly is: "text"; readonly text: string }
  | { readonly is: "code"; readonly text: string }
  | { readonly is: "break" }
  | { readonly is: "bold" | "italic" | "strike"; readonly inner: readonly Inline[] }
  | { readonly is: "link"; readonly href: string; readonly inner: readonly Inline[] }
  | { readonly is: "person"; readonly name: string }
  | { readonly is: "room"; readonly name: string };

export type Block =
  | { readonly is: "paragraph"; readonly inner: readonly Inline[] }
  | { readonly is: "code"; readonly language: string; readonly text: string }
  | { readonly is: "quote"; readonly blocks: readonly Block[] }
  | { readonly is: "list"; readonly start: number | null; readonly items: readonly (readonly Block[])[] };

const DEPTH = 4; // quotes and lists within one another
const FENCE = /^ {0,3}(`{3,}|~{3,})[ \t]*([\w+#.-]{0,30})[ \t]*$/;
const QUOTE = /^ {0,3}> ?/;
const ITEM = /^( {0,3})([-*+]|[0-9]{1,9}[.)])[ \t]+(?=\S)/;
const BLANK = /^\s*$/;

/** The text as blocks. */
export function blocksOf(text: string, depth = 0): Block[] {
  const lines = text.split("\n");
  const blocks: Block[] = [];
  let at = 0;
  while (at < lines.length) {
    const line = lines[at]!;
    const fence = FENCE.exec(line);
    if (BLANK.test(line)) {
      at += 1;
    } else if (fence !== null) {
      at = code(lines, at, fence, blocks);
    } else if (depth < DEPTH && QUOTE.test(line)) {
      at = quote(lines, at, depth, blocks);
    } else if (depth < DEPTH && ITEM.test(line)) {
      at = list(lines, at, depth, blocks);
    } else {
      at = paragraph(lines, at, depth, blocks);
    }
  }
  return blocks;
}

function code(lines: string[], at: number, fence: RegExpExecArray, blocks: Block[]): number {
  const [, mark = "", language = ""] = fence;
  const ends = (line: string): boolean => line.trim().startsWith(mark) && line.trim().replaceAll(mark[0]!, "") === "";
  let end = at + 1;
  while (end < lines.length && !ends(lines[end]!)) end += 1;
  blocks.push({ is: "code", language, text: lines.slice(at + 1, end).join("\n") });
  return end + 1; // a block that nobody closed goes to the end
}

function quote(lines: string[], at: number, depth: number, blocks: Block[]): number {
  let end = at;
  while (end < lines.length && QUOTE.test(lines[end]!)) end += 1;
  const inner = lines.slice(at, end).map((line) => line.replace(QUOTE, ""));
  blocks.push({ is: "quote", blocks: blocksOf(inner.join("\n"), depth + 1) });
  return end;
}

function list(lines: string[], at: number, depth: number, blocks: Block[]): number {
  const [, indent, sign] = ITEM.exec(lines[at]!) as unknown as [string, string, string];
  const ordered = /[0-9]/.test(sign);
  const start = ordered ? Number.parseInt(sign, 10) : null;
  const items: string[][] = [];
  let end = at;
  for (; end < lines.length; end++) {
    const line = lines[end]!;
    const item = ITEM.exec(line);
    const isNext = item !== null && /[0-9]/.test(item[2]!) === ordered && item[1]!.length < indent.length + 2;
    if (isNext) items.push([line.slice(item[0].length)]);
    else if (/^ {2,}\S/.test(line)) items.at(-1)!.push(line.replace(/^ {2,4}/, ""));
    else break;
  }
  blocks.push({ is: "list", start, items: items.map((item) => blocksOf(item.join("\n"), depth + 1)) });
  return end;
}

function paragraph(lines: string[], at: number, depth: number, blocks: Block[]): number {
  const begins = (line: string): boolean =>
    BLANK.test(line) || FENCE.test(line) || (depth < DEPTH && (QUOTE.test(line) || ITEM.test(line)));
  let end = at + 1;
  while (end < lines.length && !begins(lines[end]!)) end += 1;
  blocks.push({ is: "paragraph", inner: inlinesOf(lines.slice(at, end).join("\n")) });
  return end;
}

type Kind = "bold" | "italic" | "strike";

const PLAIN = /[^\\`*_~[hH@#\n]+/y;
const MARK = /\*\*|__|~~|\*|_/y;
const TICKS = /`+/y;
const ESCAPED = /\\([\\`*_~[\]()#@>.!-])/y;
const URL_HERE = /https?:\/\/[^\s<>"`\u3000-\u303f\uff00-\uffef]+/iy;
const LINK = /\[([^[\]\n]{1,300})\]\((https?:\/\/[^\s()<>]{1,2000}(?:\([^\s()<>]{0,200}\)[^\s()<>]{0,200}){0,4})\)/iy;
const PERSON = /@([\p{L}_[\]{}|^][\p{L}\p{N}\p{M}_[\]{}|^-]{0,31})/uy;
const ROOM = /#(\p{L}[\p{L}\p{N}\p{M}_-]{0,49})/uy;
const WORD = /[\p{L}\p{N}_]/u;
const KINDS: Record<string, Kind> = { "**": "bold", __: "bold", "*": "italic", _: "italic", "~~": "strike" };

/** The text of one paragraph. */
export function inlinesOf(text: string): Inline[] {
  return new Scanner(text).scan();
}

class Scanner {
  private readonly out: Inline[] = [];
  private readonly open: { mark: string; at: number }[] = [];
  private runs: Map<number, number[]> | null = null;
  private at = 0;

  constructor(private readonly text: string) {}

  scan(): Inline[] {
    while (this.at < this.text.length) {
      const plain = this.take(PLAIN);
      if (plain !== null) this.say(plain[0]);
      else if (!this.special()) this.say(this.text[this.at++]!);
    }
    return this.out;
  }

  private special(): boolean {
    switch (this.text[this.at]) {
      case "\n":
        this.at += 1;
        this.out.push({ is: "break" });
        return true;
      case "\\":
        return this.escape();
      case "`":
        return this.ticks();
      case "[":
        return this.link();
      case "h":
      case "H":
        return this.url();
      case "@":
        return this.named(PERSON, "person");
      case "#":
        return this.named(ROOM, "room");
      default:
        return this.mark();
    }
  }

  private escape(): boolean {
    const found = this.take(ESCAPED);
    if (found !== null) this.say(found[1]!);
    return found !== null;
  }

  private ticks(): boolean {
    const run = this.take(TICKS)![0];
    const end = this.closing(run.length);
    if (end < 0) {
      this.say(run);
    } else {
      const inner = this.text.slice(this.at, end).replaceAll("\n", " ");
      const padded = inner.startsWith(" ") && inner.endsWith(" ") && /[^ ]/.test(inner);
      this.out.push({ is: "code", text: padded ? inner.slice(1, -1) : inner });
      this.at = end + run.length;
    }
    return true;
  }

  /** Where the next run of exactly as many ticks begins, or -1. All runs are looked for once, whatever their lengths. */
  private closing(length: number): number {
    this.runs ??= runsOf(this.text);
    const places = this.runs.get(length) ?? [];
    while (places.length > 0 && places.at(-1)! < this.at) places.pop();
    return places.at(-1) ?? -1;
  }

  private link(): boolean {
    const found = this.take(LINK);
    if (found === null) return false;
    const href = safeUrl(found[2]!);
    if (href === null) this.say(found[0]);
    else this.out.push({ is: "link", href, inner: [{ is: "text", text: found[1]! }] });
    return true;
  }

  private url(): boolean {
    if (this.afterWord()) return false;
    const found = this.take(URL_HERE);
    if (found === null) return false;
    const shown = withoutTail(found[0]);
    const href = safeUrl(shown);
    this.at -= found[0].length - shown.length;
    if (href === null) this.say(shown);
    else this.out.push({ is: "link", href, inner: [{ is: "text", text: shown }] });
    return true;
  }

  private named(pattern: RegExp, is: "person" | "room"): boolean {
    if (/[a-z0-9_/&]/i.test(this.text[this.at - 1] ?? " ")) return false;
    const found = this.take(pattern);
    if (found !== null) this.out.push({ is, name: found[1]! });
    return found !== null;
  }

  private mark(): boolean {
    const found = this.take(MARK);
    if (found === null) return false;
    const mark = found[0];
    const before = this.text[this.at - mark.length - 1] ?? " ";
    const after = this.text[this.at] ?? " ";
    const inWord = mark.startsWith("_") && WORD.test(before) && WORD.test(after);
    const isOpen = this.open.some((each) => each.mark === mark);
    if (isOpen && !/\s/.test(before) && !inWord) {
      this.close(mark);
    } else {
      // Its text stays if nothing closes it.
      this.out.push({ is: "text", text: mark });
      const opens = !/\s/.test(after) && !inWord && !(mark.startsWith("_") && WORD.test(before));
      if (!isOpen && opens) this.open.push({ mark, at: this.out.length - 1 });
    }
    return true;
  }

  private close(mark: string): void {
    for (;;) {
      const last = this.open.pop()!;
      if (last.mark !== mark) continue; // what was opened within and not closed is text
      const inner = this.out.splice(last.at + 1);
      if (inner.length === 0) this.out.push({ is: "text", text: mark });
      else this.out[last.at] = { is: KINDS[mark]!, inner };
      return;
    }
  }

  private afterWord(): boolean {
    const before = this.text[this.at - 1];
    return before !== undefined && /[a-z0-9_]/i.test(before);
  }

  private take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (found !== null) this.at += found[0].length;
    return found;
  }

  private say(text: string): void {
    const last = this.out.at(-1);
    const isMark = this.open.at(-1)?.at === this.out.length - 1;
    if (last?.is === "text" && !isMark) this.out[this.out.length - 1] = { is: "text", text: last.text + text };
    else this.out.push({ is: "text", text });
  }
}

/** The runs of ticks: their length → where they begin, the last one first. */
function runsOf(text: string): Map<number, number[]> {
  const runs = new Map<number, number[]>();
  for (const found of [...text.matchAll(/`+/g)].reverse()) {
    const places = runs.get(found[0].length);
    if (places === undefined) runs.set(found[0].length, [found.index]);
    else places.push(found.index);
  }
  return runs;
}

/** Punctuation at the end belongs to the sentence, a bracket to the link only if it was opened there. */
function withoutTail(url: string): string {
  let end = url.length;
  let open = url.split("(").length - url.split(")").length;
  for (; end > 0; end--) {
    const last = url[end - 1]!;
    if (last === ")" && open < 0) open += 1;
    else if (!/[.,;:!?'"*_~\]}|]/.test(last)) break;
  }
  return url.slice(0, end);
}

/** The address as the browser would take it, or null where it is none of ours: only http and https. */
export function safeUrl(text: string): string | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  return url !== null && (url.protocol === "http:" || url.protocol === "https:") ? url.href : null;
}

/** The words alone, in one line: for a place where a message is only hinted at. */
export function plainOf(text: string, most: number): string {
  const words = (each: Inline): string =>
    "text" in each
      ? each.text
      : "inner" in each
        ? each.inner.map(words).join("")
        : each.is === "break"
          ? " "
          : each.is === "person"
            ? `@${each.name}`
            : `#${each.name}`;
  const all = (block: Block): string => {
    switch (block.is) {
      case "paragraph":
        return block.inner.map(words).join("");
      case "code":
        return block.text;
      case "quote":
        return ""; // somebody else's words
      case "list":
        return block.items.map((item) => item.map(all).join(" ")).join(" ");
    }
  };
  // A little more than is shown is enough to read: a long text is not parsed for its first line.
  const plain = blocksOf(text.slice(0, most * 4))
    .map(all)
    .filter(Boolean)
    .join(" ")
    .replace(/\s+/g, " ")
    .trim();
  return plain.length > most ? `${plain.slice(0, most).trimEnd()}…` : plain;
}

const MADE_OF_EMOJI = /^[\p{Emoji}\p{Emoji_Component}\s]+$/u;
const ONE_EMOJI = /^(?:\p{RGI_Emoji}|\s+)$/v;
const MANY = 24;

/** Whether the text is nothing but a few emoji: they are shown large. */
export function isEmojiAlone(text: string): boolean {
  if (text.length > MANY * 4 || text.trim() === "" || !MADE_OF_EMOJI.test(text)) return false;
  // One by one: many emoji are several in a row as well, and to try all ways to cut them takes for ever.
  const all = [...new Intl.Segmenter().segment(text)];
  return all.length <= MANY && all.every(({ segment }) => ONE_EMOJI.test(segment));
}
