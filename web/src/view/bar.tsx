/** The bar while the house is away. Short interruptions are nobody's business: it waits 3 seconds. */

import type { JSX } from "preact";
import { t } from "../i18n/index.ts";
import { ui, type LinkState } from "../ui.ts";
import { useDeeds } from "./context.ts";

export const BAR_MS = 3_000;
export const REASON_MS = 30_000;

/** How much is said, by how long it lasts. Pure. */
export function loudnessOfBar({ downSince }: LinkState, now: number): "nothing" | "bar" | "reason" {
  if (downSince === null || now - downSince < BAR_MS) return "nothing";
  return now - downSince < REASON_MS ? "bar" : "reason";
}

export function ConnectionBar(): JSX.Element {
  const deeds = useDeeds();
  const link = ui.link.value;
  const loudness = loudnessOfBar(link, ui.now.value);
  const waiting = ui.state.value.unsent.filter((each) => each.refused === undefined).length;
  const seconds = Math.max(0, Math.ceil((link.retryAt - ui.now.value) / 1_000));
  return (
    <div class="connection-bar" role="status" hidden={loudness === "nothing"}>
      {loudness !== "nothing" && (
        <>
          <span>{waiting > 0 ? t("reconnecting-waiting", { n: waiting }) : t("reconnecting")}</span>
          {loudness === "reason" && (
            <>
              <span class="quiet">
                {reasonOf(link.reason)} {link.phase === "waiting" && t("again-in", { n: seconds })}
              </span>
              <button type="button" onClick={() => deeds.app.connection.nudge()}>
                {t("try-now")}
              </button>
            </>
          )}
        </>
      )}
    </div>
  );
}

function reasonOf(reason: string): string {
  switch (reason) {
    case "silent":
    case "no-answer":
      return t("reason-silent");
    case "going-away":
      return t("reason-stopping");
    case "too-slow":
      return t("reason-slow");
    default:
      return t("reason-unreachable");
  }
}
