/** The emoji picker: a small grid beside the button that asked for it. Arrows move, Enter takes, Escape closes. */

import { signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import type { JSX } from "preact";
import type { Emoji } from "../emoji.ts";
import { t } from "../i18n/index.ts";

interface Picking {
  readonly from: HTMLElement;
  readonly pick: (emoji: string) => void;
}

const picking = signal<Picking | null>(null);
const COLUMNS = 8;
const WIDTH = 332;
const HEIGHT = 320;

/** Open the picker beside `from`. */
export function pickEmoji(from: HTMLElement, pick: (emoji: string) => void): void {
  picking.value = { from, pick };
}

export function EmojiPicker(): JSX.Element | null {
  const now = picking.value;
  return now === null ? null : <Picker picking={now} />;
}

function Picker({ picking: { from, pick } }: { picking: Picking }): JSX.Element {
  const [all, load] = useState<typeof import("../emoji.ts") | null>(null);
  const [wanted, want] = useState("");
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => void import("../emoji.ts").then(load), []);
  useEffect(() => {
    const outside = (event: Event): void => {
      if (!box.current?.contains(event.target as Node)) close(false);
    };
    document.addEventListener("pointerdown", outside);
    return () => document.removeEventListener("pointerdown", outside);
  }, []);
  const close = (giveBackFocus = true): void => {
    picking.value = null;
    if (giveBackFocus)
      from.isConnected ? from.focus() : document.querySelector<HTMLElement>(".composer textarea")?.focus();
  };
  const take = (emoji: string): void => {
    close();
    pick(emoji);
  };
  const shown: readonly Emoji[] =
    all === null ? [] : wanted.trim() === "" ? all.EMOJI : all.emojiFor(wanted.trim(), 64);
  return (
    <div
      ref={box}
      class="emoji-picker"
      role="dialog"
      aria-label={t("pick-emoji")}
      style={placeBeside(from)}
      onKeyDown={(event) => move(event, box.current!, close)}
    >
      <input
        type="search"
        autoFocus
        placeholder={t("find-emoji")}
        aria-label={t("find-emoji")}
        value={wanted}
        onInput={(event) => want(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && !event.isComposing && shown[0] !== undefined) take(shown[0].emoji);
        }}
        ref={(input) => input?.focus()}
      />
      <div class="emoji-grid">
        {shown.map(({ emoji, words }) => (
          <button
            key={emoji}
            type="button"
            aria-label={words[0]!.replaceAll("_", " ")}
            title={words.join(" ")}
            onClick={() => take(emoji)}
          >
            {emoji}
          </button>
        ))}
      </div>
    </div>
  );
}

function placeBeside(from: HTMLElement): Record<string, string> {
  const at = from.getBoundingClientRect();
  const left = Math.max(8, Math.min(at.right - WIDTH, innerWidth - WIDTH - 8));
  const above = at.top > HEIGHT + 16 || at.top > innerHeight / 2;
  return above
    ? { left: `${left}px`, bottom: `${innerHeight - at.top + 6}px` }
    : { left: `${left}px`, top: `${at.bottom + 6}px` };
}

function move(event: KeyboardEvent, box: HTMLElement, close: () => void): void {
  if (event.key === "Escape") {
    event.stopPropagation();
    return close();
  }
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -COLUMNS, ArrowDown: COLUMNS }[event.key];
  const buttons = [...box.querySelectorAll<HTMLElement>(".emoji-grid button")];
  const at = buttons.indexOf(document.activeElement as HTMLElement);
  if (step === undefined || (at < 0 && step !== COLUMNS)) return;
  event.preventDefault();
  const next = at < 0 ? 0 : at + step;
  if (next < 0) box.querySelector("input")!.focus();
  else buttons[next]?.focus();
}
