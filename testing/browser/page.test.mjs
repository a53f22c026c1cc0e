// The page as a server sends it: what runs, what may not run, and what it asks for.

import assert from "node:assert/strict";
import test from "node:test";

import { withServer } from "./harness.mjs";

test("the page starts without a complaint of the browser and asks no other origin for anything", () =>
  withServer(async ({ open, server }) => {
    const browser = await open("alice");
    const page = await browser.page();
    await page.waitForFunction(() => globalThis.sottoWorker && document.querySelector("main"));
    await page.evaluate(() => navigator.serviceWorker.ready);
    assert.deepEqual(page.complaints, []);
    const elsewhere = browser.requests.filter((url) => new URL(url).host !== new URL(server.url).host);
    assert.deepEqual(elsewhere, []);
  }));

test("a script that got into the page's markup does not run", () =>
  withServer(async ({ open }) => {
    const browser = await open("alice");
    const page = await browser.page();
    const ran = await page.evaluate(async () => {
      const attempts = {
        inline: () => {
          const script = document.createElement("script");
          script.append(document.createTextNode("globalThis.inline = true"));
          document.body.append(script);
        },
        handler: () => document.body.setAttribute("onclick", "globalThis.handler = true"),
        markup: () => (document.body.innerHTML = "<img src=x onerror='globalThis.markup = true'>"),
        evaluated: () => (0, eval)("globalThis.evaluated = true"),
        elsewhere: () => (globalThis.elsewhere = Boolean(new Worker("https://example.org/worker.js"))),
      };
      // In a turn of the page's own: the driver's is allowed more than a page.
      for (const attempt of Object.values(attempts)) {
        await new Promise((resolve) => {
          setTimeout(() => {
            setTimeout(resolve, 0);
            attempt();
          }, 0);
        });
      }
      document.body.click();
      await new Promise((resolve) => setTimeout(resolve, 0));
      return Object.keys(attempts).filter((name) => globalThis[name]);
    });
    assert.deepEqual(ran, []);
  }));

test("the page opens while the server is away, once it was there", () =>
  withServer(async ({ open, server }) => {
    const browser = await open("alice");
    const page = await browser.page();
    await page.evaluate(() => navigator.serviceWorker.ready);
    await page.reload();
    const { host } = new URL(server.url);
    await server.stop();
    await page.goto(`${server.url}/`);
    await page.waitForFunction(() => document.querySelector("main"));
    await server.begin(host);
  }));

test("files are kept for ever under their content's name, and the page is asked for anew", () =>
  withServer(async ({ server }) => {
    const page = await fetch(`${server.url}/`);
    assert.equal(page.headers.get("cache-control"), "no-cache");
    const text = await page.text();
    const assets = [...text.matchAll(/"(\/assets\/[^"]+)"/g)].map(([, path]) => path);
    assert.ok(assets.length >= 5, text);
    for (const asset of assets) {
      const answer = await fetch(server.url + asset, { headers: { "accept-encoding": "br" } });
      assert.equal(answer.status, 200, asset);
      assert.match(answer.headers.get("cache-control"), /immutable/);
      assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
      await answer.arrayBuffer();
    }
    const gone = await fetch(`${server.url}/assets/other.js`);
    assert.equal(gone.status, 404);
  }));
