/** The left side: rooms with what is unread, conversations of two, who is here now, and who one is. */

import type { JSX } from "preact";
import { t } from "../i18n/index.ts";
import { titleOf } from "../notify.ts";
import type { Person } from "../protocol.ts";
import { isDirect, UNREAD_SHOWN, type Room } from "../room.ts";
import { pathOf } from "../route.ts";
import { loudnessOf } from "../settings.ts";
import { ui } from "../ui.ts";
import { Avatar } from "./avatar.tsx";
import { useDeeds } from "./context.ts";
import { Icon, IconButton } from "./icons.tsx";
import { Cup } from "./cup.tsx";

const PEOPLE_SHOWN = 40;
const OTHERS_SHOWN = 20;

/** Rooms where we are, in the order of their names; then the others of the house, those with people first. */
export function roomsInOrder(rooms: ReadonlyMap<string, Room>): { ours: Room[]; directs: Room[]; others: Room[] } {
  const all = [...rooms.values()];
  const byName = (a: Room, b: Room): number => a.name.localeCompare(b.name);
  return {
    ours: all.filter((room) => !isDirect(room.name) && room.seated).sort(byName),
    directs: all.filter((room) => isDirect(room.name) && room.head > 0).sort((a, b) => b.cursorTime - a.cursorTime),
    others: all
      .filter((room) => !isDirect(room.name) && !room.seated)
      .sort((a, b) => b.count - a.count || byName(a, b)),
  };
}

export function Sidebar(): JSX.Element {
  const { rooms, me, server, more } = ui.state.value;
  const { ours, directs, others } = roomsInOrder(rooms);
  const isUp = ui.link.value.downSince === null;
  const here = rooms.get(ui.room.value);
  const people = [...(here?.members.values() ?? [])].filter((person) => person.id !== me?.id);
  // While the house is away nobody is seated anywhere; the rooms stay where they were.
  const shown =
    isUp || ours.length > 0 ? ours : others.filter((room) => room.spans.length > 0 || room.name === ui.room.value);
  return (
    <nav class="sidebar" aria-label={t("rooms")}>
      <header class="sidebar-head">
        <Cup />
        <span class="house-name">{server?.name ?? "Teahouse"}</span>
        <IconButton name="search" label={t("go-to")} onClick={() => (ui.dialog.value = "switcher")} />
      </header>
      <div class="sidebar-scroll">
        <Section
          title={t("rooms")}
          action={<IconButton name="plus" label={t("new-room")} onClick={() => (ui.dialog.value = "new-room")} />}
        >
          {shown.map((room) => (
            <RoomLink key={room.name} room={room} />
          ))}
        </Section>
        {directs.length > 0 && (
          <Section title={t("directs")}>
            {directs.map((room) => (
              <RoomLink key={room.name} room={room} />
            ))}
          </Section>
        )}
        {isUp && others.length > 0 && (
          <Section title={t("other-rooms")}>
            {others.slice(0, OTHERS_SHOWN).map((room) => (
              <RoomLink key={room.name} room={room} />
            ))}
            {(more || others.length > OTHERS_SHOWN) && (
              <li>
                <button type="button" class="room-link elsewhere" onClick={() => (ui.dialog.value = "switcher")}>
                  <Icon name="search" />
                  <span class="room-name">{t("more-rooms")}</span>
                </button>
              </li>
            )}
          </Section>
        )}
        {!isDirect(ui.room.value) && people.length > 0 && (
          <Section title={t("here-now")}>
            {people.slice(0, PEOPLE_SHOWN).map((person) => (
              <PersonLine key={person.id} person={person} />
            ))}
          </Section>
        )}
      </div>
      {me !== null && <Me person={me} />}
    </nav>
  );
}

function Section({
  title,
  action,
  children,
}: {
  title: string;
  action?: JSX.Element;
  children: preact.ComponentChildren;
}): JSX.Element {
  return (
    <section class="sidebar-section">
      <header>
        <h2>{title}</h2>
        {action}
      </header>
      <ul>{children}</ul>
    </section>
  );
}

function RoomLink({ room }: { room: Room }): JSX.Element {
  const deeds = useDeeds();
  const isCurrent = room.name === ui.room.value;
  const isQuiet = loudnessOf(ui.settings.value, room.name) === "nothing";
  const isMeant = room.mentions > 0 || (isDirect(room.name) && room.unread > 0);
  const title = titleOf(room.name, room);
  const go = (event: MouseEvent): void => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    void deeds.app.open(room.name);
  };
  const classes = [
    "room-link",
    room.seated && room.unread > 0 && !isQuiet ? "unread" : "",
    isMeant ? "meant" : "",
    isQuiet ? "muted" : "",
    room.seated ? "" : "elsewhere",
  ];
  return (
    <li>
      <a
        class={classes.filter(Boolean).join(" ")}
        href={pathOf(room.name)}
        aria-current={isCurrent ? "page" : undefined}
        onClick={go}
      >
        {isDirect(room.name) && room.other !== null ? <Avatar person={room.other} /> : <Icon name="hash" />}
        <bdi class="room-name">{title}</bdi>
        {room.unread > 0 && !isQuiet && room.seated && (
          <span class="count" aria-label={t("unread", { n: room.unread })}>
            {room.unread > UNREAD_SHOWN ? `${UNREAD_SHOWN}+` : room.unread}
          </span>
        )}
        {!room.seated && room.count > 0 && ui.link.value.downSince === null && (
          <span class="present" aria-label={t("people-here", { n: room.count })}>
            {room.count}
          </span>
        )}
      </a>
    </li>
  );
}

function PersonLine({ person }: { person: Person }): JSX.Element {
  const deeds = useDeeds();
  return (
    <li>
      <button
        type="button"
        class="room-link person"
        title={t("write-to-person", { name: person.name })}
        onClick={() => void deeds.direct(person.id)}
      >
        <Avatar person={person} />
        <bdi class={person.chosen ? "room-name" : "room-name nameless"}>{person.name}</bdi>
      </button>
    </li>
  );
}

function Me({ person }: { person: Person }): JSX.Element {
  return (
    <footer class="myself">
      <Avatar person={person} />
      <bdi class={person.chosen ? "room-name" : "room-name nameless"}>{person.name}</bdi>
      <IconButton name="settings" label={t("settings")} onClick={() => (ui.dialog.value = "settings")} />
    </footer>
  );
}
