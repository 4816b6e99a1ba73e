/** Markdown's tree as nodes. No string of HTML is ever made; what is text stays text. */

import { useMemo, useState } from "preact/hooks";
import type { JSX } from "preact";
import { t } from "../i18n/index.ts";
import { blocksOf, inlinesOf, isEmojiAlone, type Block, type Inline } from "../markdown.ts";
import { pathOf } from "../route.ts";
import { ui } from "../ui.ts";
import { useDeeds } from "./context.ts";

const LONG_CHARACTERS = 4_000;
const LONG_LINES = 40;

/** What somebody said. A very long text is folded until somebody wants it. */
export function Said({ text, form }: { text: string; form: string }): JSX.Element {
  const [isOpen, open] = useState(false);
  const isLong = text.length > LONG_CHARACTERS || text.split("\n", LONG_LINES + 1).length > LONG_LINES;
  const shown = isLong && !isOpen ? beginningOf(text) : text;
  const blocks = useMemo(() => (form === "act" ? null : blocksOf(shown)), [shown, form]);
  const size = isEmojiAlone(text) ? "said emoji-alone" : "said";
  return (
    <div class={size} dir="auto">
      {blocks === null ? <Inlines inner={inlinesOf(shown)} /> : <Blocks blocks={blocks} />}
      {isLong && !isOpen && (
        <button type="button" class="show-all" onClick={() => open(true)}>
          {t("show-all", { n: text.length })}
        </button>
      )}
    </div>
  );
}

function beginningOf(text: string): string {
  const lines = text.slice(0, LONG_CHARACTERS).split("\n").slice(0, LONG_LINES).join("\n");
  // Not through the middle of a character.
  return /[\ud800-\udbff]$/.test(lines) ? lines.slice(0, -1) : lines;
}

function Blocks({ blocks }: { blocks: readonly Block[] }): JSX.Element {
  return (
    <>
      {blocks.map((block, at) => (
        <One key={at} block={block} />
      ))}
    </>
  );
}

function One({ block }: { block: Block }): JSX.Element {
  switch (block.is) {
    case "paragraph":
      return (
        <p>
          <Inlines inner={block.inner} />
        </p>
      );
    case "code":
      return (
        <pre tabIndex={0} dir="ltr" data-language={block.language || undefined}>
          <code>{block.text}</code>
        </pre>
      );
    case "quote":
      return (
        <blockquote>
          <Blocks blocks={block.blocks} />
        </blockquote>
      );
    case "list": {
      const items = block.items.map((item, at) => (
        <li key={at}>
          <Blocks blocks={item} />
        </li>
      ));
      return block.start === null ? <ul>{items}</ul> : <ol start={block.start}>{items}</ol>;
    }
  }
}

function Inlines({ inner }: { inner: readonly Inline[] }): JSX.Element {
  return (
    <>
      {inner.map((each, at) => (
        <OneInline key={at} inline={each} />
      ))}
    </>
  );
}

function OneInline({ inline }: { inline: Inline }): JSX.Element {
  switch (inline.is) {
    case "text":
      return <>{inline.text}</>;
    case "break":
      return <br />;
    case "code":
      return <code>{inline.text}</code>;
    case "bold":
      return (
        <strong>
          <Inlines inner={inline.inner} />
        </strong>
      );
    case "italic":
      return (
        <em>
          <Inlines inner={inline.inner} />
        </em>
      );
    case "strike":
      return (
        <del>
          <Inlines inner={inline.inner} />
        </del>
      );
    case "link":
      return (
        <a href={inline.href} title={inline.href} target="_blank" rel="noopener noreferrer nofollow">
          <Inlines inner={inline.inner} />
        </a>
      );
    case "person":
      return <PersonName name={inline.name} />;
    case "room":
      return <RoomName name={inline.name} />;
  }
}

function PersonName({ name }: { name: string }): JSX.Element {
  const me = ui.state.peek().me;
  const isMe = me !== null && name.toLowerCase() === me.name.toLowerCase();
  return <span class={isMe ? "mention me" : "mention"}>@{name}</span>;
}

/** A link only where there is such a room: many a `#word` is only a word. */
function RoomName({ name }: { name: string }): JSX.Element {
  const deeds = useDeeds();
  const isRoom = ui.state.peek().rooms.has(name.toLowerCase());
  if (!isRoom) return <>#{name}</>;
  const go = (event: Event): void => {
    event.preventDefault();
    void deeds.join(name);
  };
  return (
    <a class="mention" href={pathOf(name.toLowerCase())} onClick={go}>
      #{name}
    </a>
  );
}
