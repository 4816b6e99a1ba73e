/** How others get into this room: its link, the link as a picture for phones, and the other ways in. */

import { useState } from "preact/hooks";
import type { JSX } from "preact";
import { t } from "../i18n/index.ts";
import { pathOf } from "../route.ts";

const ALONE = /^(localhost|127\.|\[::1\])/;

export function Invitation({ room }: { room: string }): JSX.Element {
  const link = location.origin + pathOf(room);
  const port = location.port || (location.protocol === "https:" ? "443" : "80");
  const isAlone = ALONE.test(location.hostname); // nobody else can reach this address
  return (
    <section class="invitation" aria-label={t("invite")}>
      <h2>{t("invite")}</h2>
      <Way name={t("way-page")} text={link} />
      <Way name={t("way-terminal")} text={`nc ${location.hostname.replace(/^\[|\]$/g, "")} ${port}`} />
      <Way name="curl" text={`curl -d hello ${location.origin}${pathOf(room)}`} />
      <Way name={t("way-program")} text={`${location.origin.replace(/^http/, "ws")}/ws`} />
      {isAlone ? (
        <p class="quiet">{t("invite-local")}</p>
      ) : (
        <img class="qr" src={`/qr${pathOf(room)}.svg`} alt={t("qr")} width={132} height={132} />
      )}
    </section>
  );
}

function Way({ name, text }: { name: string; text: string }): JSX.Element {
  const [isCopied, copied] = useState(false);
  const copy = async (event: MouseEvent): Promise<void> => {
    const shown = event.currentTarget as HTMLElement;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Plain http has no clipboard: select it, so that the keyboard can copy.
      getSelection()?.selectAllChildren(shown);
      return;
    }
    copied(true);
    setTimeout(() => copied(false), 1_500);
  };
  return (
    <div class="way">
      <span class="way-name">{name}</span>
      <button type="button" class="way-text" title={t("copy")} onClick={(event) => void copy(event)}>
        <code>{text}</code>
      </button>
      <span class="way-copied" role="status">
        {isCopied ? t("copied") : ""}
      </span>
    </div>
  );
}
