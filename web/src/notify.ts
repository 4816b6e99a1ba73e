/**
 * How the page makes itself heard when nobody looks at it: its title, a badge on its icon, a sound, a notification of
 * the browser. Sound and notifications are off until somebody turns them on; each room may be quieter or louder.
 */

import { plainOf } from "./markdown.ts";
import type { Person, Posted } from "./protocol.ts";
import { isDirect, mentions, type Room } from "./room.ts";
import { loudnessOf, type Settings } from "./settings.ts";
import type { State } from "./state.ts";
import { t } from "./i18n/index.ts";

/** Whether a message should make itself heard. Pure. */
export function isHeard(event: Posted, room: Room, me: Person | null, settings: Settings): boolean {
  if (event.text === null || event.author.id === me?.id) return false;
  switch (loudnessOf(settings, room.name)) {
    case "all":
      return true;
    case "mentions":
      return me !== null && mentions(event.text, me);
    case "nothing":
      return false;
  }
}

/** What the title says: how many are meant for us, or that there is something new at all. Pure. */
export function unreadIn(state: State, settings: Settings): { meant: number; some: boolean } {
  let meant = 0;
  let some = false;
  for (const room of state.rooms.values()) {
    const loudness = loudnessOf(settings, room.name);
    if (loudness === "nothing" || !room.seated) continue;
    meant += isDirect(room.name) || loudness === "all" ? room.unread : room.mentions;
    some ||= room.unread > 0;
  }
  return { meant, some };
}

/** What a room is called on screen. */
export function titleOf(name: string, room: Room | undefined): string {
  return isDirect(name) ? (room?.other?.name ?? t("direct")) : name;
}

export class Notifier {
  private shown = "";
  private sounding: AudioContext | null = null;

  constructor(
    private readonly settings: () => Settings,
    private readonly open: (room: string, seq: number) => void,
  ) {}

  /** Something came that nobody has seen. */
  heard(event: Posted, room: Room, me: Person | null, settings: Settings): void {
    if (!isHeard(event, room, me, settings)) return;
    if (settings.sound) this.sound();
    if (settings.desktop) this.notify(event, room);
  }

  /** Title and badge as they are now. */
  show(state: State, current: string): void {
    const { meant, some } = unreadIn(state, this.settings());
    const name = titleOf(current, state.rooms.get(current));
    const title = `${meant > 0 ? `(${meant}) ` : some ? "• " : ""}${name} · ${state.server?.name ?? "Teahouse"}`;
    if (title === this.shown) return;
    this.shown = title;
    document.title = title;
    const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
    if (icon !== null) icon.href = meant > 0 || some ? "/icon-unread.svg" : "/icon.svg";
    if ("setAppBadge" in navigator) {
      // Only an installed page has a badge; elsewhere the promise is refused, and that is all right.
      const done = meant > 0 ? navigator.setAppBadge(meant) : navigator.clearAppBadge();
      done.catch(() => undefined);
    }
  }

  /** Ask the browser for notifications; whether it gave them. */
  async permission(): Promise<boolean> {
    return "Notification" in globalThis && (await Notification.requestPermission()) === "granted";
  }

  private notify(event: Posted, room: Room): void {
    if (!("Notification" in globalThis) || Notification.permission !== "granted") return;
    const where = isDirect(room.name) ? "" : ` · ${room.name}`;
    const shown = new Notification(`${event.author.name}${where}`, {
      body: plainOf(event.text ?? "", 200),
      icon: "/icon-192.png",
      tag: `${room.name}/${event.seq}`,
    });
    shown.onclick = () => {
      window.focus();
      this.open(event.room, event.seq);
      shown.close();
    };
  }

  /** A cup set down: two short, soft tones. */
  private sound(): void {
    const context = (this.sounding ??= new AudioContext());
    void context.resume();
    for (const [delay, pitch] of [
      [0, 660],
      [0.09, 880],
    ] as const) {
      const from = context.currentTime + delay;
      const tone = context.createOscillator();
      const loudness = context.createGain();
      tone.frequency.value = pitch;
      loudness.gain.setValueAtTime(0.08, from);
      loudness.gain.exponentialRampToValueAtTime(0.0001, from + 0.25);
      tone.connect(loudness).connect(context.destination);
      tone.start(from);
      tone.stop(from + 0.25);
    }
  }
}
