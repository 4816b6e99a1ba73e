/** The middle: the room's head, the bar when the house is away, its messages, who writes, and where one writes. */

import { useMemo } from "preact/hooks";
import type { JSX } from "preact";
import { t } from "../i18n/index.ts";
import { titleOf } from "../notify.ts";
import { emptyRoom, isDirect, type Room } from "../room.ts";
import { rowsOf, type Row } from "../rows.ts";
import { loudnessOf } from "../settings.ts";
import { ui, type Panel } from "../ui.ts";
import { pickEmoji } from "./emoji.tsx";
import { useDeeds } from "./context.ts";
import { Composer } from "./composer.tsx";
import { ConnectionBar } from "./bar.tsx";
import { IconButton } from "./icons.tsx";
import { MessageList } from "./list.tsx";

export function RoomView(): JSX.Element {
  const name = ui.room.value;
  const room = ui.state.value.rooms.get(name);
  const title = titleOf(name, room);
  return (
    <main class="room" aria-label={title}>
      <Head name={name} room={room} title={title} />
      <ConnectionBar />
      <Messages key={name} name={name} room={room} />
      <Typing room={room} />
      <NoticeLine />
      <Composer key={`composer ${name}`} room={name} title={title} />
    </main>
  );
}

function Head({ name, room, title }: { name: string; room: Room | undefined; title: string }): JSX.Element {
  const loudness = loudnessOf(ui.settings.value, name);
  const toggle = (panel: Panel): void => void (ui.panel.value = ui.panel.value === panel ? null : panel);
  return (
    <header class="room-head">
      <IconButton class="to-rooms" name="back" label={t("rooms")} onClick={() => (ui.pane.value = "rooms")} />
      <div class="room-title">
        <h1>
          <bdi>{title}</bdi>
        </h1>
        {!isDirect(name) && (
          <button type="button" class="room-topic" title={room?.topic} onClick={() => toggle("room")}>
            <bdi>{room?.topic || t("no-topic")}</bdi>
          </button>
        )}
      </div>
      <div class="room-tools">
        {!isDirect(name) && (
          <button
            type="button"
            class="people-button"
            aria-label={t("people-here", { n: room?.count ?? 0 })}
            aria-expanded={ui.panel.value === "people"}
            title={t("people-here", { n: room?.count ?? 0 })}
            onClick={() => toggle("people")}
          >
            <span class="dot" aria-hidden="true" />
            {room?.count ?? 0}
          </button>
        )}
        <IconButton
          name="search"
          label={t("search")}
          aria-expanded={ui.panel.value === "search"}
          onClick={() => toggle("search")}
        />
        <IconButton
          name={loudness === "nothing" ? "bell-off" : "bell"}
          label={t("room-settings")}
          aria-expanded={ui.panel.value === "room"}
          onClick={() => toggle("room")}
        />
      </div>
    </header>
  );
}

function Messages({ name, room }: { name: string; room: Room | undefined }): JSX.Element {
  const deeds = useDeeds();
  const { me, unsent } = ui.state.value;
  const line = ui.attention.value.line;
  const rows = useMemo(
    () => rowsOf({ room: room ?? emptyRoom(name), unsent, me, newAfter: line }),
    [room?.entries, room?.spans, room?.noise, room?.head, room?.seated, unsent, me, line],
  );
  const landing = ui.landing.value?.room === name ? ui.landing.value : null;

  function keyed(event: KeyboardEvent, row: Row): void {
    if (row.kind !== "message" || row.unsent !== null || event.ctrlKey || event.metaKey || event.altKey) return;
    const { message } = row;
    const isMine = message.author.id === me?.id;
    switch (event.key) {
      case "r":
      case "R":
        ui.about.value = { reply: message };
        break;
      case "e":
      case "E":
        if (!isMine || message.text === null) return;
        ui.about.value = { edit: message };
        break;
      case "c":
      case "C":
        void deeds.copyLink(message);
        break;
      case "+":
        pickEmoji(event.target as HTMLElement, (emoji) => void deeds.react(message, emoji));
        break;
      default:
        return;
    }
    event.preventDefault();
  }

  return (
    <MessageList
      room={name}
      rows={rows}
      me={me}
      unread={room?.unread ?? 0}
      landing={landing}
      onLanded={() => deeds.landed()}
      onEnd={(atEnd, firstSeen) => deeds.stands(atEnd, firstSeen)}
      onHole={(from, to, seenFrom) => void deeds.app.pages.fill(name, [from, to], seenFrom)}
      onKey={keyed}
    />
  );
}

const WRITERS_NAMED = 3;

/** Who writes. The line is always there, so that nothing jumps when somebody begins. */
function Typing({ room }: { room: Room | undefined }): JSX.Element {
  const names = (room?.typing ?? []).map((each) => each.person.name);
  const text =
    names.length === 0
      ? ""
      : names.length > WRITERS_NAMED
        ? t("many-type")
        : t("type", {
            n: names.length,
            names: new Intl.ListFormat(ui.settings.value.language === "zh-CN" ? "zh-CN" : undefined).format(names),
          });
  return (
    <p class="typing" aria-live="off" dir="auto">
      {text !== "" && <span class="typing-dots" aria-hidden="true" />}
      {text}
    </p>
  );
}

function NoticeLine(): JSX.Element | null {
  const notice = ui.notice.value;
  return (
    <div class={notice === null ? "notice empty" : `notice ${notice.bad ? "bad" : ""}`} role="status">
      {notice !== null && (
        <>
          <bdi>{notice.text}</bdi>
          <IconButton name="close" label={t("close")} onClick={() => (ui.notice.value = null)} />
        </>
      )}
    </div>
  );
}
