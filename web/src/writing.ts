/** Small helps while writing: marks around what is selected, and a long paste as code. Pure. */

export interface Edited {
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

const PAIRS: Readonly<Record<string, string>> = {
  "*": "*",
  _: "_",
  "`": "`",
  "~": "~",
  "(": ")",
  "[": "]",
  "（": "）",
  "「": "」",
  "“": "”",
};
export const PASTE_LINES = 12;

/** Selected text and a mark: the text in marks, still selected. Null: the key does what it always does. */
export function wrapped(text: string, from: number, to: number, key: string): Edited | null {
  const close = PAIRS[key];
  if (close === undefined || from === to) return null;
  return {
    text: text.slice(0, from) + key + text.slice(from, to) + close + text.slice(to),
    from: from + 1,
    to: to + 1,
  };
}

/** Whether a paste is long enough to ask how it is meant. */
export function isLongPaste(pasted: string): boolean {
  return pasted.split("\n", PASTE_LINES + 1).length > PASTE_LINES;
}

/** The text as a code block; its fence is longer than any in it. */
export function asCode(pasted: string): string {
  const longest = (pasted.match(/`{3,}/g) ?? []).reduce((most, run) => Math.max(most, run.length), 2);
  const fence = "`".repeat(longest + 1);
  return `${fence}\n${withoutLineEnds(pasted)}\n${fence}\n`;
}

/** An expression that ends in `\n+$` would go over each run of line ends from each of them. */
function withoutLineEnds(text: string): string {
  let end = text.length;
  while (text[end - 1] === "\n") end -= 1;
  return text.slice(0, end);
}

/** What was written since a text was sent from the same field: behind it, or in its place. */
export function writtenSince(sent: string, now: string): string {
  return now.startsWith(sent) ? now.slice(sent.length).trimStart() : now;
}
