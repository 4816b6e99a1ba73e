/** The page as a whole: who is asked for a name, what stands beside what, and the keys that work everywhere. */

import { useEffect } from "preact/hooks";
import type { JSX } from "preact";
import type { Deeds } from "../deeds.ts";
import { t } from "../i18n/index.ts";
import type { Room } from "../room.ts";
import { ui } from "../ui.ts";
import { Announcer } from "./announcer.tsx";
import { DeedsContext } from "./context.ts";
import { Dialogs } from "./dialogs.tsx";
import { EmojiPicker } from "./emoji.tsx";
import { Gate } from "./gate.tsx";
import { SidePanel } from "./panel.tsx";
import { RoomView } from "./room.tsx";
import { roomsInOrder, Sidebar } from "./sidebar.tsx";

export function Page({ deeds }: { deeds: Deeds }): JSX.Element {
  useEffect(() => {
    const keyed = (event: KeyboardEvent): void => keyEverywhere(event, deeds);
    document.addEventListener("keydown", keyed);
    return () => document.removeEventListener("keydown", keyed);
  }, []);
  const door = ui.door.value;
  if (door === "asking") {
    return (
      <DeedsContext.Provider value={deeds}>
        <Gate />
      </DeedsContext.Provider>
    );
  }
  return (
    <DeedsContext.Provider value={deeds}>
      <header>
        <a class="skip" href="#composer" onClick={toComposer}>
          {t("skip")}
        </a>
      </header>
      <div class="house" data-pane={ui.panel.value !== null ? "panel" : ui.pane.value}>
        <Sidebar />
        <RoomView />
        <SidePanel />
      </div>
      <Announcer />
      <Dialogs />
      <EmojiPicker />
    </DeedsContext.Provider>
  );
}

function composer(): HTMLTextAreaElement | null {
  return document.querySelector(".composer textarea");
}

function toComposer(event: Event): void {
  event.preventDefault();
  composer()?.focus();
}

/** Keys that mean the same wherever the focus is; single letters only where nobody types. */
function keyEverywhere(event: KeyboardEvent, deeds: Deeds): void {
  if (event.isComposing || ui.door.value === "asking") return;
  const typing = (event.target as Element).matches("input, textarea, select");
  if ((event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === "k") {
    ui.dialog.value = "switcher";
  } else if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
    step(event.key === "ArrowUp" ? -1 : 1, event.shiftKey, deeds);
  } else if (event.key === "Escape" && ui.dialog.value === null) {
    if (event.shiftKey) deeds.app.readAll();
    else escape();
  } else if (!typing && ui.dialog.value === null && !event.ctrlKey && !event.metaKey && !event.altKey) {
    if (event.key === "/") composer()?.focus();
    else if (event.key === "?") ui.dialog.value = "keys";
    else return;
  } else {
    return;
  }
  event.preventDefault();
}

/** Close the innermost thing; where nothing is open, go to the newest message. */
function escape(): void {
  if (ui.about.value !== null) ui.about.value = null;
  else if (ui.notice.value !== null) ui.notice.value = null;
  else if (ui.panel.value !== null) ui.panel.value = null;
  else {
    ui.landing.value = { room: ui.room.value, to: "end" };
    composer()?.focus();
  }
}

/** To the room above or below in the sidebar; with Shift, to the next one with something unread. */
function step(direction: -1 | 1, onlyUnread: boolean, deeds: Deeds): void {
  const { ours, directs } = roomsInOrder(ui.state.value.rooms);
  const all: Room[] = [...ours, ...directs];
  const at = all.findIndex((room) => room.name === ui.room.value);
  for (let steps = 1; steps <= all.length; steps++) {
    const room = all[(((at + direction * steps) % all.length) + all.length) % all.length]!;
    if (!onlyUnread || room.unread > 0) return void deeds.app.open(room.name);
  }
}
