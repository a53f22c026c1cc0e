// The offline shell: the page and its files, taken from the cache that was filled when this version was installed.
// Nothing else is touched: no request to /v1, nobody's data.

const VERSION = "{{version}}";
const FILES = {{files}};
const SHELL = "/";

addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(VERSION)
      .then((cache) => cache.addAll([SHELL, ...FILES].map((url) => new Request(url, { cache: "no-cache" }))))
      .then(() => skipWaiting()),
  );
});

addEventListener("activate", (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter((name) => name !== VERSION).map((name) => caches.delete(name))))
      .then(() => clients.claim()),
  );
});

// A new version comes with the next visit: the server is asked first, and the cache answers when it cannot.
const shell = (request) =>
  fetch(request)
    .then((answer) => (answer.ok ? answer : Promise.reject(new Error("no page"))))
    .catch(() => caches.match(SHELL));

addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (request.mode === "navigate") {
    event.respondWith(shell(request));
  } else if (FILES.includes(url.pathname)) {
    event.respondWith(caches.match(url.pathname).then((found) => found ?? fetch(request)));
  }
});
