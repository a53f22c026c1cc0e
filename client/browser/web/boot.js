// What runs first, before anything is painted: puts the chosen theme on, starts the worker, so that the core loads beside
// the page, and the service worker, so that the page opens offline. `cargo xtask web` gives this file and the files it
// names their content's hash as a name.
{
  // The theme that was chosen here before (apps/web/src/browser.rs keeps it); otherwise the system's.
  const root = document.documentElement;
  try {
    const chosen = localStorage.getItem("sotto.theme");
    if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;
  } catch {
    // Without storage nothing was chosen.
  }

  // The browser's own surroundings follow it, also when it is chosen anew.
  const colours = [...document.querySelectorAll('meta[name="theme-color"]')].map((meta) => [meta, meta.media]);
  const follow = () => {
    const { theme } = root.dataset;
    for (const [meta, media] of colours) {
      meta.media = theme === undefined ? media : media.includes(theme) ? "all" : "not all";
    }
  };
  follow();
  new MutationObserver(follow).observe(root, { attributeFilter: ["data-theme"] });

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
}
