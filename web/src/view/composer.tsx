/**
 * Where one writes. Never disabled, whatever the connection does; what is typed is kept at each key.
 *
 * Enter sends, but never while a word is composed: Chinese and Japanese input uses Enter to take a word.
 */

import { useSignalEffect } from "@preact/signals";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { JSX } from "preact";
import { choicesFor, wantedAt, type Choice, type Wanted } from "../complete.ts";
import type { Emoji } from "../emoji.ts";
import { t, type Key } from "../i18n/index.ts";
import { plainOf } from "../markdown.ts";
import type { Message } from "../protocol.ts";
import { isDirect } from "../room.ts";
import { ui } from "../ui.ts";
import { asCode, isLongPaste, wrapped, writtenSince } from "../writing.ts";
import { useDeeds } from "./context.ts";
import { Completion } from "./completion.tsx";
import { pickEmoji } from "./emoji.tsx";
import { Icon, IconButton } from "./icons.tsx";

const TYPING_EVERY_MS = 3_000;
const isTouch = matchMedia("(pointer: coarse)");

let emojiFor: (typed: string, most: number) => readonly Emoji[] = () => [];

export function Composer({ room, title }: { room: string; title: string }): JSX.Element {
  const deeds = useDeeds();
  const { memory } = deeds.app;
  const field = useRef<HTMLTextAreaElement>(null);
  const told = useRef(-Infinity);
  const wasEditing = useRef(false);
  /** A correction that the house has not answered yet. */
  const corrected = useRef<string | null>(null);
  const [text, setText] = useState(() => memory.draft(room));
  const [pasted, setPasted] = useState<string | null>(null);
  const [wanted, setWanted] = useState<Wanted | null>(null);
  const [chosen, choose] = useState(0);
  const about = ui.about.value;
  const editing = about !== null && "edit" in about ? about.edit : null;
  const choices = wanted === null ? [] : choicesOf(wanted, room);

  useLayoutEffect(() => {
    const at = field.current!;
    at.style.height = "auto";
    at.style.height = `${at.scrollHeight}px`;
  }, [text, room]);

  // A room is entered to say something; on a phone the keyboard would hide what was said.
  useLayoutEffect(() => {
    if (!isTouch.matches) field.current!.focus({ preventScroll: true });
  }, []);

  useLayoutEffect(() => {
    if (about !== null) field.current!.focus();
  }, [editing, about !== null]);

  // A message is edited: its text is in the field. None any more: the draft, with what was written meanwhile.
  useLayoutEffect(() => {
    if (editing !== null) setText(editing.text ?? "");
    else if (wasEditing.current) backToDraft();
    wasEditing.current = editing !== null;
  }, [editing]);

  useSignalEffect(() => {
    const insert = ui.insert.value;
    if (insert === null) return;
    ui.insert.value = null;
    put(insert.text);
  });

  function changed(next: string, isComposing = false): void {
    setText(next);
    if (editing === null) memory.setDraft(room, next);
    if (isComposing) return;
    look(next, field.current!.selectionStart);
    const now = performance.now();
    if (next !== "" && !next.startsWith("/") && editing === null && now - told.current > TYPING_EVERY_MS) {
      told.current = now;
      deeds.typing(room);
    }
  }

  function look(next: string, caret: number): void {
    const found = wantedAt(next, caret);
    if (found?.kind === "emoji")
      void import("../emoji.ts").then((loaded) => (emojiFor = loaded.emojiFor)).then(() => setWanted({ ...found }));
    setWanted(found);
    choose(0);
  }

  /** Put text where the caret is, with what is selected replaced. */
  function put(insert: string): void {
    const at = field.current!;
    at.focus();
    at.setRangeText(insert, at.selectionStart, at.selectionEnd, "end");
    changed(at.value);
  }

  function take(choice: Choice): void {
    const at = field.current!;
    at.setRangeText(choice.text, wanted!.from, at.selectionStart, "end");
    changed(at.value);
    setWanted(null);
    at.focus();
  }

  async function submit(): Promise<void> {
    const said = text.trimEnd();
    if (said.trim() === "" && editing === null) return;
    const isSaid = editing === null && !said.startsWith("/");
    told.current = -Infinity;
    setWanted(null);
    if (isSaid) setText(""); // the field is free at once; the draft stays until the outbox has it
    field.current!.focus();
    if (editing !== null) corrected.current = said;
    const isTaken = await deeds.submit(said);
    if (!isTaken) corrected.current = null;
    if (isTaken && editing === null && !isSaid) clear(said);
    if (isTaken) ui.notice.value = ui.notice.value?.bad ? null : ui.notice.value;
  }

  /** What was taken goes; what was written while the house was asked stays. */
  function clear(taken: string): void {
    if (memory.draft(room).trimEnd() !== taken) return;
    memory.setDraft(room, "");
    setText("");
  }

  function backToDraft(): void {
    const written = corrected.current === null ? "" : writtenSince(corrected.current, field.current!.value);
    corrected.current = null;
    if (written !== "") memory.setDraft(room, [memory.draft(room), written].filter(Boolean).join("\n"));
    setText(memory.draft(room));
  }

  function keyed(event: KeyboardEvent): void {
    // 229: Safari ends the composition before its Enter comes.
    if (event.isComposing || event.keyCode === 229) return;
    const at = field.current!;
    if (choices.length > 0 && completionKey(event)) return;
    if (event.key === "Enter" && !event.shiftKey && !isTouch.matches) {
      event.preventDefault();
      void submit();
    } else if (event.key === "Escape" && about !== null) {
      event.stopPropagation();
      ui.about.value = null;
    } else if (event.key === "ArrowUp" && at.value === "" && about === null) {
      const mine = lastOfMine(room);
      if (mine !== null) {
        event.preventDefault();
        ui.about.value = { edit: mine };
      }
    } else {
      const edited =
        event.ctrlKey || event.metaKey || event.altKey
          ? null
          : wrapped(at.value, at.selectionStart, at.selectionEnd, event.key);
      if (edited === null) return;
      event.preventDefault();
      at.setRangeText(edited.text, 0, at.value.length);
      at.setSelectionRange(edited.from, edited.to);
      changed(at.value);
    }
  }

  function completionKey(event: KeyboardEvent): boolean {
    switch (event.key) {
      case "ArrowDown":
        choose((chosen + 1) % choices.length);
        break;
      case "ArrowUp":
        choose((chosen + choices.length - 1) % choices.length);
        break;
      case "Escape":
        setWanted(null);
        event.stopPropagation();
        break;
      case "Tab":
        if (event.shiftKey) return false;
        take(choices[chosen]!);
        break;
      case "Enter":
        // A command that is typed out is meant, not completed.
        if (event.shiftKey || (wanted!.kind === "command" && choices[chosen]!.text === `${text} `)) return false;
        take(choices[chosen]!);
        break;
      default:
        return false;
    }
    event.preventDefault();
    return true;
  }

  function paste(event: ClipboardEvent): void {
    const data = event.clipboardData?.getData("text/plain").replaceAll("\r\n", "\n") ?? "";
    if (!isLongPaste(data)) return;
    event.preventDefault();
    setPasted(data);
  }

  const usePasted = (insert: string): void => {
    setPasted(null);
    put(insert);
  };

  return (
    <form
      id="composer"
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      {about !== null && <AboutLine room={room} />}
      {pasted !== null && (
        <div class="about" role="group" aria-label={t("pasted", { n: pasted.split("\n").length })}>
          <span>{t("pasted", { n: pasted.split("\n").length })}</span>
          <button type="button" ref={(button) => button?.focus()} onClick={() => usePasted(asCode(pasted))}>
            {t("paste-code")}
          </button>
          <button type="button" onClick={() => usePasted(pasted)}>
            {t("paste-plain")}
          </button>
          <IconButton name="close" label={t("cancel")} onClick={() => setPasted(null)} />
        </div>
      )}
      {choices.length > 0 && <Completion choices={choices} chosen={chosen} take={take} choose={choose} />}
      <div class="field">
        <textarea
          ref={field}
          rows={1}
          dir="auto"
          value={text}
          aria-label={t("write-to", { room: title })}
          placeholder={t("write-to", { room: title })}
          aria-controls={choices.length > 0 ? "completion" : undefined}
          aria-activedescendant={choices.length > 0 ? `choice-${chosen}` : undefined}
          aria-autocomplete="list"
          onInput={(event) => changed(event.currentTarget.value, event.isComposing)}
          onCompositionEnd={(event) => changed(event.currentTarget.value)}
          onKeyDown={keyed}
          onClick={(event) => look(text, event.currentTarget.selectionStart)}
          onBlur={() => setWanted(null)}
          onPaste={paste}
          enterkeyhint={isTouch.matches ? "enter" : "send"}
          autocomplete="off"
          spellcheck
        />
        <IconButton name="smile" label={t("pick-emoji")} onClick={(event) => pickEmoji(event.currentTarget, put)} />
        <button
          type="submit"
          class="icon-button send"
          aria-label={t("send")}
          title={t("send")}
          data-ready={text.trim() !== ""}
        >
          <Icon name="send" />
        </button>
      </div>
    </form>
  );
}

/** What is written is an answer, or a correction. */
function AboutLine({ room }: { room: string }): JSX.Element | null {
  const about = ui.about.value;
  if (about === null) return null;
  const message = "edit" in about ? about.edit : about.reply;
  if (message.room !== room) return null;
  return (
    <div class="about">
      <Icon name={"edit" in about ? "edit" : "reply"} />
      <span class="about-what">
        {"edit" in about ? t("editing") : <bdi class="who">{message.author.name}</bdi>}
        {"reply" in about && <bdi class="what">{plainOf(message.text ?? "", 160)}</bdi>}
      </span>
      <IconButton name="close" label={t("cancel")} onClick={() => (ui.about.value = null)} />
    </div>
  );
}

function lastOfMine(room: string): Message | null {
  const { me, rooms } = ui.state.value;
  const entries = rooms.get(room)?.entries ?? [];
  for (let at = entries.length - 1; at >= 0; at--) {
    const entry = entries[at]!;
    if (entry.type === "message" && entry.author.id === me?.id && entry.text !== null) return entry;
  }
  return null;
}

function choicesOf(wanted: Wanted, room: string): Choice[] {
  const { rooms, me } = ui.state.value;
  const here = rooms.get(room);
  return choicesFor(wanted, {
    people: [...(here?.members.values() ?? [])].filter((person) => person.id !== me?.id),
    rooms: [...rooms.keys()].filter((name) => !isDirect(name)),
    emojiFor,
    describe: (word) => t(`slash-${word}` as Key),
  });
}
