/**
 * What a screen reader says by itself: each message of the room on screen once, when it is settled. One's own are not
 * repeated, and what was there before, or is loaded from the past, is not said at all.
 *
 * Each is an element of its own, because a reader says what is added; the last few stay, so that none is taken away
 * while it is said.
 */

import { useSignalEffect } from "@preact/signals";
import { useRef, useState } from "preact/hooks";
import type { JSX } from "preact";
import { t } from "../i18n/index.ts";
import type { Message } from "../protocol.ts";
import { ui } from "../ui.ts";

const KEPT = 5;

export function Announcer(): JSX.Element {
  const heard = useRef({ room: "", seq: 0 });
  const [messages, say] = useState<readonly Message[]>([]);
  useSignalEffect(() => {
    const name = ui.room.value;
    const { rooms, me } = ui.state.value;
    const room = rooms.get(name);
    if (room === undefined || !room.seated) return;
    const { room: before, seq } = heard.current;
    heard.current = { room: name, seq: room.cursor };
    if (before !== name || room.cursor <= seq) return;
    const fresh = room.entries.filter(
      (entry): entry is Message =>
        entry.type === "message" && entry.seq > seq && entry.author.id !== me?.id && entry.text !== null,
    );
    if (fresh.length > 0) say((old) => [...old, ...fresh].slice(-KEPT));
  });
  return (
    <div class="visually-hidden" aria-live="polite">
      {messages.map(({ room, seq, author, text }) => (
        <p key={`${room}/${seq}`}>{t("spoken", { name: author.name, text: text ?? "" })}</p>
      ))}
    </div>
  );
}
