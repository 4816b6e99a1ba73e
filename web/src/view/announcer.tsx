/**
 * What a screen reader says by itself: each message of the room on screen once, when it is settled. One's own are not
 * repeated, and what was there before, or is loaded from the past, is not said at all.
 */

import { useComputed } from "@preact/signals";
import { useRef } from "preact/hooks";
import type { JSX } from "preact";
import { t } from "../i18n/index.ts";
import { ui } from "../ui.ts";

export function Announcer(): JSX.Element {
  const said = useRef({ room: "", seq: 0 });
  const words = useComputed(() => {
    const name = ui.room.value;
    const { rooms, me } = ui.state.value;
    const room = rooms.get(name);
    const last = said.current;
    const head = room?.cursor ?? 0;
    const fresh = last.room === name && last.seq > 0 ? (room?.entries ?? []).filter((entry) => entry.seq > last.seq) : [];
    said.current = { room: name, seq: Math.max(head, last.room === name ? last.seq : 0) };
    return fresh
      .filter((entry) => entry.type === "message" && entry.author.id !== me?.id && entry.text !== null)
      .map((entry) => (entry.type === "message" ? t("spoken", { name: entry.author.name, text: entry.text ?? "" }) : ""))
      .join("\n");
  });
  return (
    <div class="visually-hidden" role="status" aria-live="polite">
      {words.value}
    </div>
  );
}
