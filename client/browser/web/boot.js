// What runs first: starts the worker, so that the core loads beside the page, and the service worker, so that the page
// opens offline. `cargo xtask web` gives this file and the files it names their content's hash as a name.

// Trusted Types: the page may load scripts from its own origin's /assets/ and its service worker, and from nowhere else.
const allowed = (url) => {
  const { origin, pathname, href } = new URL(url, location.origin);
  if (origin !== location.origin || !(pathname.startsWith("/assets/") || pathname === "/service-worker.js")) {
    throw new TypeError("a script from elsewhere");
  }
  return href;
};
const policy = globalThis.trustedTypes?.createPolicy("sotto", { createScriptURL: allowed });
const trusted = (url) => (policy ? policy.createScriptURL(url) : allowed(url));

const workerLink = document.querySelector('link[data-part="worker"]');
try {
  globalThis.sottoWorker = new Worker(trusted(workerLink.getAttribute("href")), { type: "module", name: "sotto" });
} catch {
  // The page finds no worker and says so.
}

// After everything else: the first visit needs the line for the page itself.
addEventListener("load", () => {
  navigator.serviceWorker
    ?.register(trusted("/service-worker.js"), { updateViaCache: "none" })
    // Without one (a private window, say) the page only does not open offline.
    .catch(() => {});
});
