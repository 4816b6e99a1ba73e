/** The right side, when it is wanted: search, who is here, the room's own settings. */

import { useEffect, useState } from "preact/hooks";
import type { JSX } from "preact";
import { t } from "../i18n/index.ts";
import type { Message } from "../protocol.ts";
import { isDirect, type Room } from "../room.ts";
import { LOUDNESSES, loudnessOf } from "../settings.ts";
import { clock, day } from "../time.ts";
import { ui } from "../ui.ts";
import { Avatar } from "./avatar.tsx";
import { useDeeds } from "./context.ts";
import { IconButton } from "./icons.tsx";
import { Invitation } from "./invitation.tsx";

export function SidePanel(): JSX.Element | null {
  const panel = ui.panel.value;
  if (panel === null) return null;
  const room = ui.state.value.rooms.get(ui.room.value);
  const title = { search: t("search"), people: t("people"), room: t("room-settings") }[panel];
  return (
    <aside class="panel" aria-label={title}>
      <header class="panel-head">
        <h2>{title}</h2>
        <IconButton name="close" label={t("close")} onClick={() => (ui.panel.value = null)} />
      </header>
      {panel === "search" && <Search />}
      {panel === "people" && room !== undefined && <People key={room.name} room={room} />}
      {panel === "room" && room !== undefined && <RoomSettings key={room.name} room={room} />}
    </aside>
  );
}

function Search(): JSX.Element {
  const deeds = useDeeds();
  const found = ui.found.value;
  const [query, setQuery] = useState(found?.query ?? "");
  const [everywhere, setEverywhere] = useState(found?.everywhere ?? false);
  const search = (where = everywhere): void => {
    if (query.trim() !== "") void deeds.search(query.trim(), where);
  };
  return (
    <div class="panel-body">
      <form
        role="search"
        onSubmit={(event) => {
          event.preventDefault();
          search();
        }}
      >
        <input
          type="search"
          value={query}
          aria-label={t("search")}
          placeholder={t("search-for")}
          dir="auto"
          onInput={(event) => setQuery(event.currentTarget.value)}
          ref={focusOnce}
        />
        <label class="check">
          <input
            type="checkbox"
            checked={everywhere}
            onChange={(event) => {
              setEverywhere(event.currentTarget.checked);
              search(event.currentTarget.checked);
            }}
          />
          {t("search-everywhere")}
        </label>
      </form>
      <p class="quiet" role="status">
        {found === null || found.busy
          ? ""
          : found.hits.length === 0
            ? t("nothing-found")
            : t("found", { n: found.hits.length })}
        {found !== null && !found.busy && !found.complete ? ` ${t("index-behind")}` : ""}
      </p>
      <ul class="hits">
        {found?.hits.map((hit) => (
          <Hit key={`${hit.room}/${hit.seq}`} hit={hit} showRoom={found.everywhere} query={found.query} />
        ))}
      </ul>
      {found?.more && !found.everywhere && (
        <button type="button" class="secondary" onClick={() => void deeds.search(found.query, found.everywhere, true)}>
          {t("more-hits")}
        </button>
      )}
    </div>
  );
}

let focused: Element | null = null;

/** Put the focus into a field when it appears, and leave it alone after that. */
function focusOnce(field: HTMLElement | null): void {
  if (field !== null && field !== focused) field.focus();
  focused = field;
}

function Hit({ hit, showRoom, query }: { hit: Message; showRoom: boolean; query: string }): JSX.Element {
  const deeds = useDeeds();
  return (
    <li>
      <button type="button" class="hit" onClick={() => void deeds.app.open(hit.room, hit.seq)}>
        <span class="hit-head">
          <bdi class="who">{hit.author.name}</bdi>
          {showRoom && !isDirect(hit.room) && <span class="hit-room">#{hit.room}</span>}
          <time>
            {day(hit.time, ui.now.peek())} {clock(hit.time)}
          </time>
        </span>
        <span class="hit-text" dir="auto">
          <Marked text={excerpt(hit.text ?? "", query)} query={query} />
        </span>
      </button>
    </li>
  );
}

const EXCERPT = 180;

/** The part of a long text where the first word of the query stands. */
function excerpt(text: string, query: string): string {
  const flat = text.replace(/\s+/g, " ");
  const at = flat.toLowerCase().indexOf(query.toLowerCase().split(/\s+/)[0] ?? "");
  const from = Math.max(0, at - EXCERPT / 3);
  return `${from > 0 ? "…" : ""}${flat.slice(from, from + EXCERPT)}${flat.length > from + EXCERPT ? "…" : ""}`;
}

/** The words of the query, marked where they stand. */
function Marked({ text, query }: { text: string; query: string }): JSX.Element {
  const words = query
    .split(/\s+/)
    .filter(Boolean)
    .map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const parts = words.length === 0 ? [text] : text.split(new RegExp(`(${words.join("|")})`, "giu"));
  return <>{parts.map((part, at) => (at % 2 === 1 ? <mark key={at}>{part}</mark> : part))}</>;
}

function People({ room }: { room: Room }): JSX.Element {
  const deeds = useDeeds();
  const [wanted, want] = useState("");
  const { me } = ui.state.value;
  useEffect(() => {
    if (room.count > room.members.size) void deeds.everyone(room.name);
  }, []);
  const people = [...room.members.values()]
    .filter((person) => person.name.toLowerCase().includes(wanted.trim().toLowerCase()))
    .sort((a, b) => Number(b.chosen) - Number(a.chosen) || a.name.localeCompare(b.name));
  return (
    <div class="panel-body">
      {room.members.size > 12 && (
        <input
          type="search"
          value={wanted}
          placeholder={t("find-person")}
          aria-label={t("find-person")}
          onInput={(event) => want(event.currentTarget.value)}
        />
      )}
      <p class="quiet">{t("people-here", { n: room.count })}</p>
      <ul class="people">
        {people.slice(0, 300).map((person) => (
          <li key={person.id}>
            <Avatar person={person} />
            <bdi class={person.chosen ? "room-name" : "room-name nameless"}>{person.name}</bdi>
            {person.id === me?.id ? (
              <span class="quiet">{t("you")}</span>
            ) : (
              <>
                <button type="button" class="text-button" onClick={() => deeds.mention(person)}>
                  {t("mention")}
                </button>
                <button type="button" class="text-button" onClick={() => void deeds.direct(person.id)}>
                  {t("write")}
                </button>
              </>
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}

function RoomSettings({ room }: { room: Room }): JSX.Element {
  const deeds = useDeeds();
  const [topic, setTopic] = useState(room.topic);
  const settings = ui.settings.value;
  const loudness = loudnessOf(settings, room.name);
  return (
    <div class="panel-body">
      {!isDirect(room.name) && (
        <form
          class="stack"
          onSubmit={(event) => {
            event.preventDefault();
            void deeds.setTopic(room.name, topic);
          }}
        >
          <label for="topic">{t("topic")}</label>
          <input id="topic" value={topic} dir="auto" onInput={(event) => setTopic(event.currentTarget.value)} />
          {topic !== room.topic && (
            <button type="submit" class="primary">
              {t("save")}
            </button>
          )}
        </form>
      )}
      <fieldset class="choices">
        <legend>{t("notify-me")}</legend>
        {LOUDNESSES.map((each) => (
          <label key={each} class="check">
            <input
              type="radio"
              name="loudness"
              checked={loudness === each}
              onChange={() => deeds.set({ loudness: { ...settings.loudness, [room.name]: each } })}
            />
            {t(`loudness-${each}`)}
          </label>
        ))}
      </fieldset>
      {!isDirect(room.name) && <Invitation room={room.name} />}
      {!isDirect(room.name) && (
        <button type="button" class="secondary" onClick={() => void deeds.leave(room.name)}>
          {t("leave")}
        </button>
      )}
    </div>
  );
}
