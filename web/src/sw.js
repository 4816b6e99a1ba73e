/**
 * The service worker: keeps the shell of the page, so that it opens at once and also while the house is away. It keeps
 * nothing that anyone said: messages come over the WebSocket, which passes it by.
 */

const SHELL = ["SHELL"]; // put in by the build
const NAME = `shell ${SHELL.join(" ")}`;

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(NAME)
      .then((cache) => cache.addAll(SHELL))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => {
  const others = caches.keys().then((names) => names.filter((name) => name !== NAME));
  event.waitUntil(
    others.then((names) => Promise.all(names.map((name) => caches.delete(name)))).then(() => self.clients.claim()),
  );
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (request.mode === "navigate") {
    // A room's address is the same page. The newest one if the house answers, else the one we have.
    if (url.pathname === "/" || url.pathname.startsWith("/r/")) {
      event.respondWith(fetch(request).catch(() => caches.match("/", { cacheName: NAME })));
    }
  } else if (SHELL.includes(url.pathname)) {
    event.respondWith(caches.match(url.pathname, { cacheName: NAME }).then((kept) => kept ?? fetch(request)));
  }
});
