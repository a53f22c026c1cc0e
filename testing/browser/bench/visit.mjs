// A first visit: a browser that has never been here. What the server sends is counted on the sockets themselves, so that
// nothing is left out: answers' heads, the worker's own loading, what is kept for opening offline.

import { connect, createServer } from "node:net";

import { PATIENCE_MS, launch } from "../harness.mjs";
import { watchStart } from "./watch.mjs";

/** Time without a byte after which nothing more comes. */
const QUIET_MS = 1_000;

/** Visits, each with a browser's storage and cache empty; what each took. */
export async function visits(server, count) {
  const browser = await launch();
  const found = [];
  try {
    // The first one starts processes that every browser in use has; it does not count.
    for (let visit = 0; visit <= count; visit += 1) found.push(await visitOnce(browser, server));
  } finally {
    await browser.close();
  }
  return { visits: found.slice(1), browser: browser.version() };
}

async function visitOnce(browser, server) {
  const wire = await Wire.before(server);
  const context = await browser.newContext();
  context.setDefaultTimeout(PATIENCE_MS);
  try {
    await context.addInitScript(watchStart);
    const page = await context.newPage();
    await page.goto(wire.url);
    await page.waitForFunction(() => sottoMarks.field !== undefined && sottoMarks.core !== undefined);
    const toCore = wire.received;
    await page.evaluate(async () => void (await navigator.serviceWorker.ready));
    await wire.isQuiet();
    const { field, core } = await page.evaluate(() => sottoMarks);
    return { field, core, toCore, inAll: wire.received, connections: wire.connections };
  } finally {
    await context.close();
    await wire.close();
  }
}

/** Passes sockets on to a server, and counts what comes back. */
class Wire {
  static async before(server) {
    const wire = Object.assign(new Wire(), { received: 0, connections: 0, last: 0, sockets: new Set() });
    const { hostname, port } = new URL(server.url);
    wire.door = createServer((client) => wire.pass(client, connect(Number(port), hostname)));
    await new Promise((resolve) => wire.door.listen(0, "127.0.0.1", resolve));
    wire.url = `http://127.0.0.1:${wire.door.address().port}/`;
    return wire;
  }

  pass(client, server) {
    this.connections += 1;
    for (const [one, other] of [
      [client, server],
      [server, client],
    ]) {
      this.sockets.add(one);
      one.once("close", () => (this.sockets.delete(one), other.destroy()));
      one.on("error", () => other.destroy());
    }
    server.on("data", (bytes) => {
      this.received += bytes.length;
      this.last = Date.now();
    });
    client.pipe(server);
    server.pipe(client);
  }

  async isQuiet() {
    while (Date.now() - this.last < QUIET_MS) await new Promise((resolve) => setTimeout(resolve, QUIET_MS / 4));
  }

  async close() {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.door.close(resolve));
  }
}
