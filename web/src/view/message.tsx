/** One message: who, when, what, reactions; what can be done with it, when it is pointed at; and how far it has come. */

import { useComputed } from "@preact/signals";
import { Component } from "preact";
import type { JSX } from "preact";
import { t } from "../i18n/index.ts";
import { plainOf } from "../markdown.ts";
import type { Message } from "../protocol.ts";
import { indexOf } from "../room.ts";
import { pathOf } from "../route.ts";
import type { MessageRow } from "../rows.ts";
import { STRANDED } from "../outbox.ts";
import { clock, fullTime, iso } from "../time.ts";
import { ui } from "../ui.ts";
import { Avatar } from "./avatar.tsx";
import { useDeeds } from "./context.ts";
import { Icon, IconButton } from "./icons.tsx";
import { Said } from "./markdown.tsx";
import { pickEmoji } from "./emoji.tsx";

interface Props {
  row: MessageRow;
  isMine: boolean;
  isActive: boolean;
  isLit: boolean;
}

/** Rendered again only when something of it changed: a room has hundreds of them, and most frames change one. */
export class MessageView extends Component<Props> {
  override shouldComponentUpdate(next: Props): boolean {
    const { row, isActive, isLit, isMine } = this.props;
    return (
      next.isActive !== isActive ||
      next.isLit !== isLit ||
      next.isMine !== isMine ||
      (next.row.message !== row.message && !same(next.row, row)) ||
      next.row.continued !== row.continued ||
      next.row.unsent !== row.unsent
    );
  }

  override render({ row, isMine, isActive, isLit }: Props): JSX.Element {
    const { message, continued, unsent } = row;
    const classes = [
      "message",
      continued ? "continued" : "first",
      message.form === "act" ? "act" : "",
      unsent !== null ? "unsent" : "",
      unsent?.refused !== undefined ? "refused" : "",
      isLit ? "lit" : "",
      isActive ? "active" : "",
    ];
    return (
      <article
        class={classes.filter(Boolean).join(" ")}
        data-key={row.key}
        data-seq={message.seq || undefined}
        tabIndex={-1}
        aria-label={spoken(message)}
      >
        {!continued && <Avatar person={message.author} />}
        <div class="body">
          {message.reply_to !== undefined && <ReplyTo message={message} seq={message.reply_to} />}
          {!continued && message.form !== "act" && (
            <h3 class="author">
              <bdi>{message.author.name}</bdi>
            </h3>
          )}
          <Time message={message} />
          <Text message={message} />
          <Reactions message={message} />
          {unsent !== null && <Fate row={row} />}
        </div>
        {isActive && unsent === null && message.text !== null && <Actions message={message} isMine={isMine} />}
        {unsent === null && message.text !== null && (
          <IconButton class="touch-actions" name="more" label={t("actions")} data-more={row.key} />
        )}
      </article>
    );
  }
}

/** While a message waits, each render makes a new one of the same entry. */
function same(a: MessageRow, b: MessageRow): boolean {
  return a.unsent !== null && a.unsent === b.unsent && a.message.author === b.message.author;
}

function spoken(message: Message): string {
  return `${message.author.name}, ${clock(message.time)}`;
}

/** The time is the link to the message. */
function Time({ message }: { message: Message }): JSX.Element {
  const deeds = useDeeds();
  const time = (
    <time dateTime={iso(message.time)} title={fullTime(message.time)}>
      {clock(message.time)}
    </time>
  );
  if (message.seq === 0) return <span class="time">{time}</span>;
  const go = (event: MouseEvent): void => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    void deeds.app.open(message.room, message.seq);
  };
  return (
    <a class="time" href={pathOf(message.room, message.seq)} onClick={go} tabIndex={-1}>
      {time}
    </a>
  );
}

function Text({ message }: { message: Message }): JSX.Element {
  if (message.text === null) return <p class="said gone">{t("deleted")}</p>;
  return (
    <>
      {message.form === "act" && (
        <h3 class="author actor">
          <bdi>{message.author.name}</bdi>{" "}
        </h3>
      )}
      <Said text={message.text} form={message.form} />
      {message.edited !== undefined && (
        <span class="edited" title={fullTime(message.edited)}>
          {t("edited")}
        </span>
      )}
    </>
  );
}

function ReplyTo({ message, seq }: { message: Message; seq: number }): JSX.Element {
  const deeds = useDeeds();
  const found = useComputed(() => {
    const entries = ui.state.value.rooms.get(message.room)?.entries ?? [];
    return entries[indexOf(entries, seq)];
  });
  const target = found.value;
  const isThere = target?.type === "message";
  return (
    <button type="button" class="reply-to" onClick={() => void deeds.app.open(message.room, seq)}>
      <Icon name="reply" />
      {isThere ? (
        <>
          <bdi class="who">{target.author.name}</bdi>
          <bdi class="what">{target.text === null ? t("deleted") : plainOf(target.text, 120)}</bdi>
        </>
      ) : (
        <span class="what">{t("earlier-message", { seq: String(seq) })}</span>
      )}
    </button>
  );
}

function Reactions({ message }: { message: Message }): JSX.Element | null {
  const deeds = useDeeds();
  if (!message.reactions?.length) return null;
  return (
    <div class="reactions">
      {message.reactions.map(({ emoji, count, mine }) => (
        <button
          key={emoji}
          type="button"
          class="reaction"
          aria-pressed={mine}
          title={t(mine ? "reaction-mine" : "reaction", { emoji, n: count })}
          onClick={() => void deeds.react(message, emoji)}
        >
          <span class="emoji">{emoji}</span>
          <span class="count">{count}</span>
        </button>
      ))}
      <IconButton
        class="add"
        name="smile"
        label={t("react")}
        onClick={(event) => pickEmoji(event.currentTarget, (emoji) => void deeds.react(message, emoji))}
      />
    </div>
  );
}

const QUICK = ["👍", "❤️", "😄", "🍵"];

function Actions({ message, isMine }: { message: Message; isMine: boolean }): JSX.Element {
  const deeds = useDeeds();
  return (
    <div class="actions" role="toolbar" aria-label={t("actions")}>
      {QUICK.map((emoji) => (
        <button
          key={emoji}
          type="button"
          class="icon-button quick"
          aria-label={t("react-with", { emoji })}
          title={t("react-with", { emoji })}
          onClick={() => void deeds.react(message, emoji)}
        >
          {emoji}
        </button>
      ))}
      <IconButton
        name="smile"
        label={t("react")}
        onClick={(event) => pickEmoji(event.currentTarget, (emoji) => void deeds.react(message, emoji))}
      />
      <IconButton name="reply" label={t("reply")} onClick={() => (ui.about.value = { reply: message })} />
      {isMine && <IconButton name="edit" label={t("edit")} onClick={() => (ui.about.value = { edit: message })} />}
      <IconButton name="link" label={t("copy-link")} onClick={() => void deeds.copyLink(message)} />
      {isMine && <IconButton name="trash" label={t("delete")} onClick={() => void deeds.remove(message)} />}
    </div>
  );
}

/** Not stored yet: a small clock, after a moment; or refused, with what can be done. */
function Fate({ row }: { row: MessageRow }): JSX.Element {
  const deeds = useDeeds();
  const unsent = row.unsent!;
  if (unsent.refused === undefined) {
    return (
      <span class="waiting" title={t("waiting")}>
        <Icon name="clock" />
      </span>
    );
  }
  const { code, message } = unsent.refused;
  const edit = (): void => {
    const taken = deeds.app.outbox.discard(unsent.key);
    if (taken !== undefined) ui.insert.value = { text: taken.text };
  };
  return (
    <div class="fate" role="alert">
      <span>{code === STRANDED ? t("stranded") : t("not-sent", { why: message })}</span>
      <button type="button" onClick={() => void deeds.app.outbox.retry(unsent.key)}>
        {t("retry")}
      </button>
      <button type="button" onClick={edit}>
        {t("edit")}
      </button>
      <button type="button" onClick={() => deeds.app.outbox.discard(unsent.key)}>
        {t("discard")}
      </button>
    </div>
  );
}
