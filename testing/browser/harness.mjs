// What every test here starts from: a server of its own, Chromium with a profile of its own, and a page that speaks the
// worker's protocol. Everything is on the loopback, and everything that is started is stopped.

import { spawn } from "node:child_process";
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { Process } from "./process.mjs";
import { Proxy } from "./proxy.mjs";

const programs = process.env.SOTTO_PROGRAMS ?? new URL("../../target/debug", import.meta.url).pathname;
const packages = process.env.SOTTO_PACKAGES ?? new URL("../../target/web-tools", import.meta.url).pathname;
const { chromium } = createRequire(join(packages, "index.js"))("playwright-core");

const FLAGS = [
  "--headless=new",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** How long anything may take on a slow machine, in milliseconds. */
export const PATIENCE_MS = Number(process.env.SOTTO_PATIENCE_MS ?? 120_000);

/** A passphrase that is long enough. */
export const PASSPHRASE = "correct horse battery";

/** A browser without a profile. */
export const launch = (flags = []) =>
  chromium.launch({
    executablePath: "/usr/bin/chromium",
    ignoreDefaultArgs: ["--headless"],
    args: [...FLAGS, ...flags],
    timeout: PATIENCE_MS,
  });

/** The text of a file of one of npm's packages. */
export const packaged = (path) => readFile(join(packages, "node_modules", path), "utf8");

/** Runs `test` with a fresh server and whatever browsers it opens; stops them all afterwards. */
export async function withServer(test) {
  const folder = await mkdtemp(join(tmpdir(), "sotto-browser-"));
  const server = await Server.start(join(folder, "server"));
  const started = [];
  const proxies = [];
  const open = async (name, options) => {
    const browser = await Browser.open(join(folder, name), server, options);
    started.push(browser);
    return browser;
  };
  const terminal = (name) => {
    const program = join(programs, "sotto");
    const person = new Process({ program, profile: join(folder, `${name}-profile`), name, server, patiently });
    started.push(person);
    return person;
  };
  const between = async (script = "") => {
    const proxy = await Proxy.before(server);
    proxy.script = script;
    proxies.push(proxy);
    return proxy;
  };
  try {
    await test({ server, open, terminal, between });
  } finally {
    for (const one of [...started, ...proxies]) await one.close();
    await server.stop();
    await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

class Server {
  static async start(data) {
    const server = new Server();
    server.data = data;
    await server.begin("127.0.0.1:0");
    return server;
  }

  async begin(listen) {
    const flags = ["serve", "--listen", listen, "--registration", "open", "--work-bits", "4", "--data", this.data];
    this.child = spawn(join(programs, "sottod"), flags, { stdio: ["ignore", "pipe", "pipe"] });
    this.ended = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.stderr.resume();
    const url = new Promise((resolve) => {
      createInterface({ input: this.child.stdout }).on("line", (line) => {
        const found = line.match(/listening on (\S+)/);
        if (found) resolve(found[1]);
      });
    });
    const failed = this.ended.then((code) => Promise.reject(new Error(`sottod ended with ${code}`)));
    failed.catch(() => {});
    this.url = await Promise.race([url, failed]);
  }

  /** Stops, and starts again with the same data at the same address. */
  async restart() {
    const { host } = new URL(this.url);
    await this.stop();
    await this.begin(host);
  }

  async stop() {
    this.child.kill("SIGTERM");
    await this.ended;
  }
}

/** A browser profile: its own storage, as many pages as wanted. */
class Browser {
  /** `proxy`: where pages come from instead of the server itself; then without a service worker that would answer, too. */
  static async open(folder, server, { proxy } = {}) {
    const browser = new Browser();
    Object.assign(browser, { folder, server: proxy ?? server, proxy });
    await browser.start();
    return browser;
  }

  async start() {
    this.context = await chromium.launchPersistentContext(this.folder, {
      executablePath: "/usr/bin/chromium",
      ignoreDefaultArgs: ["--headless"],
      args: FLAGS,
      timeout: PATIENCE_MS,
      serviceWorkers: this.proxy ? "block" : "allow",
    });
    this.context.setDefaultTimeout(PATIENCE_MS);
    this.requests = [];
    this.context.on("request", (request) => this.requests.push(request.url()));
  }

  /** A tab that shows the real page, with every complaint of the browser kept. */
  async page(path = "/") {
    const page = await this.context.newPage();
    page.complaints = [];
    page.on("console", (said) => {
      if (said.type() === "error") page.complaints.push(said.text());
    });
    page.on("pageerror", (error) => page.complaints.push(String(error)));
    await page.goto(this.server.url + path);
    return page;
  }

  /** A tab that speaks the protocol itself: the worker's own script, and no screen. */
  async tab(options = {}) {
    const page = await this.context.newPage();
    // The server's answer for a path without a file, so that nothing but the worker runs; its origin is the page's.
    await page.goto(`${this.server.url}/health`);
    const tab = new Tab(this, page);
    await tab.attach(options);
    return tab;
  }

  async close() {
    await this.context.close();
  }

  /** Ends all of it at once, as a power cut would, and opens it again. */
  async killAndReopen() {
    const over = new Promise((resolve) => this.context.once("close", resolve));
    for (const pid of await processesOf(this.folder)) process.kill(pid, "SIGKILL");
    await over;
    while ((await processesOf(this.folder)).length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    // What a browser that ends orderly removes: a new one takes it for a sign that the profile is in use.
    for (const name of ["SingletonLock", "SingletonSocket", "SingletonCookie"]) {
      await rm(join(this.folder, name), { force: true });
    }
    await this.start();
  }

  /** Deletes what this site stored, as the browser itself would: `what` is the DevTools protocol's list. */
  async wipe(what = "file_systems,indexeddb,cache_storage,service_workers") {
    await this.devtools("Storage.clearDataForOrigin", { origin: this.server.url, storageTypes: what });
  }

  /** How many bytes this site may store; without a number as many as ever. */
  async limitStorage(bytes) {
    const quota = bytes === undefined ? {} : { quotaSize: bytes };
    await this.devtools("Storage.overrideQuotaForOrigin", { origin: this.server.url, ...quota });
  }

  /** A command of the DevTools protocol. The session stays open, because what it changed ends with it. */
  async devtools(command, parameters) {
    if (this.commands?.context !== this.context) {
      const page = this.context.pages()[0] ?? (await this.context.newPage());
      this.commands = { context: this.context, session: await this.context.newCDPSession(page) };
    }
    return this.commands.session.send(command, parameters);
  }

  /** Closed and opened again: what was only in memory is gone. */
  async reopen() {
    await this.close();
    await this.start();
  }
}

/** A tab driven by hand. What the worker said is kept in the page, in order. */
class Tab {
  constructor(browser, page) {
    Object.assign(this, { browser, page });
  }

  async attach({ remembered = false, persistence = "unknown" } = {}) {
    await this.page.evaluate(
      async ([surroundings]) => {
        const shell = await (await fetch("/")).text();
        const href = new DOMParser()
          .parseFromString(shell, "text/html")
          .querySelector('link[data-part="worker"]')
          .getAttribute("href");
        const heard = [];
        const worker = new Worker(href, { type: "module" });
        let last = 0;
        let awaken = () => {};
        worker.onmessage = ({ data }) => {
          heard.push(JSON.parse(data));
          awaken();
        };
        worker.onerror = (error) => {
          heard.push({ crashed: error.message });
          awaken();
        };
        const say = (what) => worker.postMessage(JSON.stringify(what));
        globalThis.sotto = {
          heard,
          act(action) {
            last += 1;
            say({ act: { id: last, action } });
            return last;
          },
          // Settles with the first thing heard from `from` on that `wanted` (a function's text) accepts.
          async until(wanted, from) {
            const accepts = new Function("said", `return (${wanted})(said)`);
            for (let at = from; ; at += 1) {
              while (at >= heard.length) await new Promise((resolve) => (awaken = resolve));
              if (accepts(heard[at])) return heard[at];
            }
          },
          say,
        };
        say({ attach: surroundings });
        globalThis.sotto.act("refresh");
      },
      [{ remembered, persistence }],
    );
  }

  /** Everything heard so far. */
  heard() {
    return this.page.evaluate(() => globalThis.sotto.heard);
  }

  /** Waits until the worker says something that `wanted` accepts; only what comes after `from` counts. */
  until(wanted, from = 0) {
    const waited = this.page.evaluate(([text, from]) => globalThis.sotto.until(text, from), [String(wanted), from]);
    return patiently(waited, async () => {
      const heard = await this.heard().catch(() => ["the page is gone"]);
      return `${wanted}\nheard: ${JSON.stringify(heard).slice(-3_000)}`;
    });
  }

  /** How much was heard: where to wait from. */
  mark() {
    return this.page.evaluate(() => globalThis.sotto.heard.length);
  }

  /** Does something, and returns what became of it. */
  async act(action) {
    const id = await this.begin(action);
    return this.outcome(id);
  }

  /** Does something without waiting. */
  begin(action) {
    return this.page.evaluate((action) => globalThis.sotto.act(action), action);
  }

  async outcome(id) {
    const said = await this.until(`(said) => said.answered?.id === ${id}`);
    return said.answered.outcome;
  }

  /** Waits for a stage: `"ready"`, `"lock"`, `"unlock"`, `"sign_up"`, `"broken"`. */
  async stage(name, from = 0) {
    const is = `(said) => said.updates?.some(({ stage }) => stage === "${name}" || stage?.["${name}"] !== undefined)`;
    const { updates } = await this.until(is, from);
    return updates.map(({ stage }) => stage).find((stage) => stage === name || stage?.[name] !== undefined);
  }

  async role() {
    const { role } = await this.until("(said) => said.role !== undefined");
    return role;
  }

  close() {
    return this.page.close();
  }

  /** Ends the tab as a crash would: nothing in it gets to say anything. */
  async kill() {
    const session = await this.page.context().newCDPSession(this.page);
    const gone = new Promise((resolve) => this.page.once("crash", resolve));
    session.send("Page.crash").catch(() => {});
    await gone;
  }
}

/** Processes of the browser with this profile. */
async function processesOf(folder) {
  const found = [];
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const line = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    if (line.split("\0").includes(`--user-data-dir=${folder}`)) found.push(Number(pid));
  }
  return found;
}

/** Rejects, with what was waited for, when it takes longer than anything may. */
async function patiently(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(async () => reject(new Error(`waited in vain for ${await what()}`)), PATIENCE_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
