/** Begins: makes the page's parts, puts the page into the document, listens to the browser. */

import { render } from "preact";
import { App } from "./app.ts";
import { Deeds, dress } from "./deeds.ts";
import { Memory } from "./memory.ts";
import { Notifier } from "./notify.ts";
import { placeOf } from "./route.ts";
import { openShelf } from "./shelf.ts";
import { ui } from "./ui.ts";
import { Page } from "./view/page.tsx";
import "./style/index.css";

const WAKE_MS = 60_000;

async function begin(): Promise<void> {
  const memory = new Memory(localStorage);
  dress(memory.settings);
  const notifier: Notifier = new Notifier(
    () => ui.settings.value,
    (room, seq) => void app.open(room, seq),
  );
  const app: App = new App(
    memory,
    await openShelf(),
    notifier,
    () => new WebSocket(`${location.origin.replace(/^http/, "ws")}/ws`),
  );
  app.start(); // first: then it is known whether to ask for a name
  render(<Page deeds={new Deeds(app)} />, document.getElementById("page")!);
  listen(app);
}

/** What the browser tells: addresses, attention, the network, sleep. */
function listen(app: App): void {
  addEventListener("popstate", () => {
    const place = placeOf(location.pathname);
    if (place !== null) void app.open(place.room, place.seq, false);
  });
  let hiddenAt = 0;
  const look = (): void => (document.hasFocus() && !document.hidden ? app.lookBack() : app.lookAway());
  addEventListener("focus", look);
  addEventListener("blur", look);
  document.addEventListener("visibilitychange", () => {
    look();
    if (document.hidden) hiddenAt = Date.now();
    else if (Date.now() - hiddenAt > WAKE_MS) app.connection.nudge();
  });
  look();
  addEventListener("online", () => app.connection.nudge());
  // A machine that slept runs no timers: a tick that comes late means that it woke up.
  let ticked = Date.now();
  setInterval(() => {
    if (Date.now() - ticked > WAKE_MS) app.connection.nudge();
    ticked = Date.now();
  }, 5_000);
  if ("serviceWorker" in navigator && import.meta.env.PROD) {
    navigator.serviceWorker.register("/sw.js").catch((error: unknown) => console.warn("No service worker:", error));
  }
}

void begin();
