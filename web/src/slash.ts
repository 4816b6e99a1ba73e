/**
 * The slash commands: the same table that every text door has (docs/protocol.md, «Text for people»).
 *
 *     /nick ana       call me ana            //nick        the text "/nick"
 *     /etc/hosts      text                   /nikc ana     refused, with a hint: what was typed stays
 */

export type Typed =
  | { does: "say" | "act"; text: string }
  | { does: "nick" | "join" | "search" | "topic"; words: string }
  | { does: "message"; to: string; text: string }
  | { does: "history"; count: number }
  | { does: "leave" | "rooms" | "who" | "help" | "quit" | "show-topic" }
  | { does: "nothing"; why: "unknown" | "usage"; word: string };

export interface Command {
  readonly word: string;
  readonly usage: string;
  read(words: string): Typed | null;
}

const HISTORY = 20;

export const COMMANDS: readonly Command[] = [
  row("nick", "NAME", (words) => words && { does: "nick", words }),
  row("join", "ROOM", (words) => words && { does: "join", words }),
  row("leave", "", () => ({ does: "leave" })),
  row("rooms", "", () => ({ does: "rooms" })),
  row("who", "", () => ({ does: "who" })),
  row("history", "[N]", (words) => {
    if (words !== "" && !/^[1-9][0-9]{0,5}$/.test(words)) return null;
    return { does: "history", count: words === "" ? HISTORY : Number(words) };
  }),
  row("search", "WORDS", (words) => words && { does: "search", words }),
  row("me", "TEXT", (text) => text && { does: "act", text }),
  row("msg", "NAME TEXT", (words) => {
    const found = /^(\S+)\s+(\S.*)$/s.exec(words);
    return found && { does: "message", to: found[1]!, text: found[2]! };
  }),
  row("topic", "[TEXT]", (words) =>
    words === "" ? { does: "show-topic" } : { does: "topic", words: words === '""' ? "" : words },
  ),
  row("help", "", () => ({ does: "help" })),
  row("quit", "", () => ({ does: "quit" })),
];

function row(word: string, takes: string, read: (words: string) => Typed | "" | null): Command {
  return { word, usage: `/${word} ${takes}`.trim(), read: (words) => read(words) || null };
}

/** What somebody who typed this asks. */
export function understand(text: string): Typed {
  if (!text.startsWith("/")) return { does: "say", text };
  if (/^\/+\/\p{L}+(?:\s.*)?$/su.test(text)) return { does: "say", text: text.slice(1) };
  const typed = /^\/(\p{L}+)(?:\s+(.*))?$/su.exec(text);
  if (typed === null) return { does: "say", text };
  const word = typed[1]!.toLowerCase();
  const command = COMMANDS.find((each) => each.word === word);
  if (command === undefined) return { does: "nothing", why: "unknown", word: typed[1]! };
  return command.read((typed[2] ?? "").trim()) ?? { does: "nothing", why: "usage", word: command.usage };
}
