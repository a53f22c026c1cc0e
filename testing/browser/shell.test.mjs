// The shell: what opens before the core is there, without a line, and on a home screen.

import assert from "node:assert/strict";
import test from "node:test";
import { inflateSync } from "node:zlib";

import { PASSPHRASE, withServer } from "./harness.mjs";
import { signUp } from "./person.mjs";

const CORE = /\/assets\/sotto-worker-[0-9a-f]+\.wasm$/;
const PAGE = /\/assets\/sotto-web-[0-9a-f]+\.wasm$/;
const STYLE = /\/assets\/style-[0-9a-f]+\.css$/;

const passphrase = (page) => page.getByRole("textbox", { name: "Passphrase", exact: true });

/** Keeps answers for these addresses until told to let go. */
async function holdBack(context, pattern) {
  let letGo;
  const held = new Promise((resolve) => (letGo = resolve));
  await context.route(pattern, async (route) => {
    await held;
    await route.continue().catch(() => {});
  });
  return letGo;
}

/** Red, green and blue of the window's middle, as it is painted. */
async function middle(page) {
  const { width, height } = page.viewportSize();
  const png = await page.screenshot({ clip: { x: width >> 1, y: height - 20, width: 1, height: 1 } });
  const parts = [];
  // Behind the signature: length, kind, data and checksum of each part; the picture's bytes begin with its filter.
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) {
    if (png.toString("latin1", at + 4, at + 8) === "IDAT") parts.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)));
  }
  return [...inflateSync(Buffer.concat(parts)).subarray(1, 4)];
}

const isDark = (colours) => colours.every((colour) => colour < 64);
const isLight = (colours) => colours.every((colour) => colour > 191);

test("a first visit can choose a passphrase while the core is still on its way", () =>
  withServer(async ({ open }) => {
    const browser = await open("alice");
    const letGo = await holdBack(browser.context, CORE);
    const page = await browser.page();
    await passphrase(page).fill(PASSPHRASE);
    await page.getByRole("textbox", { name: "The same passphrase again" }).fill(PASSPHRASE);
    await page.keyboard.press("Enter");
    const lock = page.getByRole("button", { name: "Lock with a passphrase" });
    await page.waitForFunction((button) => button.disabled, await lock.elementHandle());
    letGo();
    await page.getByRole("textbox", { name: "Handle" }).waitFor();
    assert.deepEqual(page.complaints, []);
  }));

test("a profile is unlocked with what was typed before the core was there", () =>
  withServer(async ({ open }) => {
    const browser = await open("alice");
    const first = await browser.page();
    await signUp(first, "alice", { passphrase: PASSPHRASE });
    // Nothing is kept for offline, so that the core has to be loaded again.
    await first.evaluate(async () => (await navigator.serviceWorker.ready).unregister());
    await browser.reopen();
    const letGo = await holdBack(browser.context, CORE);
    const page = await browser.page();
    await passphrase(page).waitFor();
    await page.keyboard.type(PASSPHRASE);
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Unlocking" }).waitFor();
    letGo();
    await page.getByRole("heading", { name: "Chats" }).waitFor();
  }));

test("without a server the page opens, unlocks, and shows what is stored here", () =>
  withServer(async ({ open, server }) => {
    const browser = await open("alice");
    const first = await browser.page();
    await signUp(first, "alice", { passphrase: PASSPHRASE });
    await first.evaluate(() => navigator.serviceWorker.ready);
    await server.stop();
    await browser.reopen();
    const page = await browser.page();
    await passphrase(page).waitFor();
    await page.keyboard.type(PASSPHRASE);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Chats" }).waitFor();
    await page.getByText("Out of reach since").waitFor();
  }));

test("the page can be installed, with icons for home screens and a colour for each theme", () =>
  withServer(async ({ open, server }) => {
    const browser = await open("alice");
    const page = await browser.page();
    await page.evaluate(() => navigator.serviceWorker.ready);
    const session = await browser.context.newCDPSession(page);
    const { installabilityErrors } = await session.send("Page.getInstallabilityErrors");
    assert.deepEqual(installabilityErrors, []);

    const manifest = await (await fetch(`${server.url}/manifest.webmanifest`)).json();
    const drawn = (purpose, size) =>
      manifest.icons.find((icon) => icon.purpose === purpose && icon.sizes === `${size}x${size}`);
    const touch = await page.locator('link[rel="apple-touch-icon"]').getAttribute("href");
    const pictures = [
      [drawn("any", 192).src, 192],
      [drawn("any", 512).src, 512],
      [drawn("maskable", 512).src, 512],
      [touch, 180],
    ];
    for (const [path, size] of pictures) {
      const answer = await fetch(server.url + path);
      assert.equal(answer.headers.get("content-type"), "image/png");
      const bytes = Buffer.from(await answer.arrayBuffer());
      assert.deepEqual([bytes.readUInt32BE(16), bytes.readUInt32BE(20)], [size, size], path);
    }
    const themes = await page.locator('meta[name="theme-color"]').evaluateAll((all) => all.map(({ media }) => media));
    assert.deepEqual(themes, ["(prefers-color-scheme: light)", "(prefers-color-scheme: dark)"]);
  }));

test("nothing is painted in the wrong colours, whatever is still on its way", () =>
  withServer(async ({ open, server }) => {
    const browser = await open("alice");
    const showStyle = await holdBack(browser.context, STYLE);
    const runPage = await holdBack(browser.context, PAGE);
    const page = await browser.context.newPage();
    const painted = () => page.evaluate(() => performance.getEntriesByType("paint").length);

    // The system's theme: dark.
    await page.emulateMedia({ colorScheme: "dark" });
    const styleIsAskedFor = page.waitForRequest(STYLE);
    await page.goto(server.url, { waitUntil: "commit" });
    await styleIsAskedFor;
    assert.equal(await painted(), 0, "no paint before the colours are known");
    showStyle();
    await page.waitForFunction(() => performance.getEntriesByType("paint").length > 0);
    assert.ok(isDark(await middle(page)), "dark before the page's program runs");
    runPage();
    await passphrase(page).waitFor();
    assert.ok(isDark(await middle(page)));

    // A theme that was chosen here wins over the system's, and the browser's surroundings follow.
    await browser.context.unrouteAll();
    const finish = await holdBack(browser.context, PAGE);
    for (const [system, chosen, fits] of [
      ["dark", "light", isLight],
      ["light", "dark", isDark],
    ]) {
      await page.emulateMedia({ colorScheme: system });
      await page.evaluate((chosen) => localStorage.setItem("sotto.theme", chosen), chosen);
      await page.reload({ waitUntil: "commit" });
      await page.waitForFunction(() => performance.getEntriesByType("paint").length > 0);
      assert.ok(fits(await middle(page)), `${chosen} on a ${system} system`);
      const around = await page.locator('meta[name="theme-color"][media="all"]').getAttribute("content");
      assert.ok(fits(around.match(/\w\w/g).map((part) => parseInt(part, 16))), `${around} around a ${chosen} page`);
    }
    finish();
  }));
