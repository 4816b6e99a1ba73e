/** The rows that are not messages: days, the line above what is new, holes, comings and goings, the room's beginning. */

import type { JSX } from "preact";
import { around, language, t } from "../i18n/index.ts";
import type { RulesChanged, TopicChanged } from "../protocol.ts";
import { isDirect } from "../room.ts";
import type { Move, Row } from "../rows.ts";
import { clock, day, iso } from "../time.ts";
import { ui } from "../ui.ts";
import { Invitation } from "./invitation.tsx";

export function DayView({ time }: { time: number }): JSX.Element {
  return (
    <h2 class="day">
      <time dateTime={iso(time).slice(0, 10)}>{day(time, ui.now.peek())}</time>
    </h2>
  );
}

export function NewView(): JSX.Element {
  return (
    <div class="new-line" role="separator" aria-label={t("new-line")}>
      <span>{t("new-line")}</span>
    </div>
  );
}

type Hole = Row & { kind: "hole" };

/** Numbers that are not loaded: shown, never hidden. Most are messages, some are edits and reactions. */
export function HoleView({ row, load }: { row: Hole; load: (seenFrom: "above" | "below") => void }): JSX.Element {
  const n = row.to - row.from + 1;
  return (
    <div class="hole">
      <span>{t(row.top ? "older" : "hole", { n })}</span>
      <button type="button" onClick={() => load("below")}>
        {t("load")}
      </button>
    </div>
  );
}

const NAMES_SHOWN = 3;

/** One line for all who came and went; it opens where there are many. */
export function NoiseView({ moves }: { moves: readonly Move[] }): JSX.Element {
  const parts = (["came", "returned", "passed", "went"] as const)
    .map((did) => ({ did, names: moves.filter((move) => move.did === did).map((move) => move.person.name) }))
    .filter(({ names }) => names.length > 0);
  const all = parts.map(({ did, names }) => <Did key={did} did={did} names={names} />);
  if (moves.length <= NAMES_SHOWN) return <div class="noise">{all}</div>;
  return (
    <details class="noise">
      <summary>{t("moves", { n: moves.length })}</summary>
      {all}
    </details>
  );
}

function Did({ did, names }: { did: Move["did"]; names: readonly string[] }): JSX.Element {
  const list = new Intl.ListFormat(language.value, { type: "conjunction" }).format(names);
  const [before, after] = around(`did-${did}`, "names", { n: names.length });
  return (
    <span class={`did ${did}`}>
      {before}
      <bdi>{list}</bdi>
      {after}
    </span>
  );
}

export function ChangeView({ event }: { event: TopicChanged | RulesChanged }): JSX.Element {
  const time = <time dateTime={iso(event.time)}>{clock(event.time)}</time>;
  if (event.type === "rules_changed") {
    return (
      <div class="change" data-key={event.seq}>
        {t(event.speak === "everyone" ? "everyone-speaks" : "members-speak")} {time}
      </div>
    );
  }
  const what = event.topic === null ? "topic-deleted" : event.topic === "" ? "topic-removed" : "topic-set";
  const [before, after] = around(what, "name");
  return (
    <div class="change" data-key={event.seq}>
      {before}
      <bdi class="who">{event.author.name}</bdi>
      {after} {event.topic && <bdi class="topic">{event.topic}</bdi>} {time}
    </div>
  );
}

/** Nothing was said before this. A room with nobody else in it shows how to get there. */
export function StartView({ room }: { room: string }): JSX.Element {
  const { other, entries } = ui.state.value.rooms.get(room) ?? {};
  const isQuiet = !isDirect(room) && (entries?.length ?? 0) < 3;
  return (
    <div class="start">
      <p class="start-title">
        {isDirect(room) ? t("start-direct", { name: other?.name ?? "…" }) : t("start-room", { room })}
      </p>
      <p>{isDirect(room) ? t("start-direct-more") : t("start-room-more")}</p>
      {isQuiet && <Invitation room={room} />}
    </div>
  );
}
