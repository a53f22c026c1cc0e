// What engine and view do, under WebAssembly in a worker: the same scenarios that run natively (testing/view), once over
// memory and once over the private file system with the client's own encryption.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { join, normalize } from "node:path";
import test from "node:test";

import { launch } from "./harness.mjs";

const FILES = process.env.SOTTO_SCENARIOS ?? new URL("../../target/web-scenarios", import.meta.url).pathname;

const WORKER = `
import init, { names, run } from "/sotto-scenarios.js";
await init();
onmessage = async ({ data }) => {
  if (!data.name) return postMessage({ names: names() });
  await run(data.name, data.folder).then(
    () => postMessage({ passed: true }),
    (error) => postMessage({ failed: String(error) }),
  );
};
postMessage({ ready: true });
`;

const TYPES = { ".js": "text/javascript", ".wasm": "application/wasm" };

/** Serves the module to a worker, and an empty page. */
async function serve() {
  const server = createServer(async ({ url }, answer) => {
    const path = normalize(new URL(url, "http://localhost").pathname);
    const file = path === "/worker.js" ? WORKER : await readFile(join(FILES, path)).catch(() => "<!doctype html>");
    const type = TYPES[path.slice(path.lastIndexOf("."))] ?? "text/html";
    answer.writeHead(200, { "content-type": type }).end(file);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, url: `http://127.0.0.1:${server.address().port}/` };
}

/** Asks a worker of its own; a scenario that panics takes its WebAssembly with it. */
const ask = (page, wanted) =>
  page.evaluate(async (wanted) => {
    const worker = new Worker("/worker.js", { type: "module" });
    const said = await new Promise((resolve) => {
      worker.onmessage = ({ data }) => (data.ready ? worker.postMessage(wanted) : resolve(data));
      worker.onerror = ({ message }) => resolve({ failed: message });
    });
    worker.terminate();
    return said;
  }, wanted);

test("engine and view do in a browser what they do natively", { concurrency: 2 }, async (t) => {
  const { server, url } = await serve();
  const browser = await launch();
  try {
    const page = await browser.newPage();
    const panics = [];
    page.on("console", (said) => panics.push(said.text()));
    await page.goto(url);
    const { names } = await ask(page, {});
    assert.ok(names.length >= 30, `${names}`);
    const both = ["memory", "files"].flatMap((place) => names.map((name, number) => ({ place, name, number })));
    const run = ({ place, name, number }) =>
      t.test(`${name}, over ${place}`, async () => {
        const said = await ask(page, { name, folder: place === "files" ? `scenario-${number}` : undefined });
        assert.deepEqual(said, { passed: true }, panics.join("\n"));
      });
    await Promise.all(both.map(run));
  } finally {
    await browser.close();
    server.close();
    server.closeAllConnections();
  }
});
