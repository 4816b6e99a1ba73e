/** Getting in: one field, one button. No account, no password, no dialog. */

import { useState } from "preact/hooks";
import type { JSX } from "preact";
import { t } from "../i18n/index.ts";
import { isDirect } from "../room.ts";
import { ui } from "../ui.ts";
import { useDeeds } from "./context.ts";
import { Cup } from "./cup.tsx";

/** Typing may begin at once; but who is somewhere else already stays there. */
function focusFirst(input: HTMLInputElement | null): void {
  if (document.activeElement === document.body) input?.focus();
}

export function Gate(): JSX.Element {
  const deeds = useDeeds();
  const [name, setName] = useState("");
  const room = ui.room.value;
  const isAway = ui.link.value.phase === "waiting";
  const enter = (event: Event): void => {
    event.preventDefault();
    ui.refusal.value = "";
    void deeds.app.visit.enter(name.trim());
  };
  return (
    <main class="gate">
      <form class="gate-card" onSubmit={enter}>
        <Cup />
        <h1>Teahouse</h1>
        <p class="gate-where">{isDirect(room) ? t("gate-direct") : t("gate-where", { room })}</p>
        <label for="name">{t("your-name")}</label>
        <input
          id="name"
          name="name"
          value={name}
          maxLength={32}
          dir="auto"
          autocomplete="nickname"
          autocapitalize="off"
          spellcheck={false}
          aria-describedby="gate-refusal"
          aria-invalid={ui.refusal.value !== ""}
          onInput={(event) => setName(event.currentTarget.value)}
          ref={focusFirst}
        />
        <p id="gate-refusal" class="gate-refusal" role="alert">
          {ui.refusal.value || (isAway ? t("gate-away") : "")}
        </p>
        <button type="submit" class="primary">
          {name.trim() === "" ? t("enter-nameless") : t("enter")}
        </button>
        <p class="gate-more">{t("gate-more")}</p>
      </form>
    </main>
  );
}
