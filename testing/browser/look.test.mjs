// What a person sees: every screen on a phone and on a desk, in light and in dark. The pictures lie in the folder of
// screens afterwards (target/screens), to be looked at; what a machine can judge is judged here.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import test, { before } from "node:test";
import { fileURLToPath } from "node:url";

import { PATIENCE_MS, launch, packaged, withServer } from "./harness.mjs";
import { composerIsWhole, inspect } from "./look-rules.mjs";
import { headersOf, serve } from "./showcase.mjs";

const PICTURES = process.env.SOTTO_SCREENS ?? fileURLToPath(new URL("../../target/screens", import.meta.url));

const SIZES = {
  phone: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 },
  desk: { viewport: { width: 1440, height: 900 } },
};
const THEMES = ["light", "dark"];
/** Further sizes of the same screens: judged, not photographed. */
const BETWEEN = {
  phone: [{ width: 360, height: 640 }],
  desk: [
    { width: 1100, height: 700 },
    { width: 800, height: 700 },
  ],
};

/** What was found on every screen: sentences, by kind. */
const found = { complaints: [], rules: [], between: [], accessibility: [] };
/** Hash of each picture on a desk in light, by scene. */
const pictures = new Map();
const seen = new Set();

before(() =>
  withServer(async ({ server }) => {
    const showcase = await serve({ headers: await headersOf(server.url) });
    const browser = await launch();
    try {
      await rm(PICTURES, { recursive: true, force: true });
      await mkdir(PICTURES, { recursive: true });
      const axe = await packaged("axe-core/axe.min.js");
      const { url } = showcase;
      await Promise.all(Object.keys(SIZES).map((size) => lookAtAll(browser, { size, url, axe })));
    } finally {
      await browser.close();
      await showcase.stop();
    }
  }),
);

/** Every screen in one size. */
async function lookAtAll(browser, { size, url, axe }) {
  const context = await browser.newContext({ ...SIZES[size], serviceWorkers: "block" });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const scenes = await scenesOf(page, url);
  for (const scene of [...scenes, "components"]) await look(page, { scene, size, url, axe });
  await context.close();
}

async function scenesOf(page, url) {
  await page.goto(`${url}/?scene=list`);
  await page.locator("html[data-told]").waitFor({ state: "attached" });
  return (await page.locator("html").getAttribute("data-scenes")).split(" ");
}

/** One screen: opened, judged, photographed in both themes. */
async function look(page, { scene, size, url, axe }) {
  const at = `${scene}, ${size}`;
  const note = (kind, sentences) => found[kind].push(...sentences.map((sentence) => `${at}: ${sentence}`));
  const complaints = [];
  const complain = (said) => said.type() === "error" && complaints.push(said.text());
  const fail = (error) => complaints.push(String(error));
  page.on("console", complain).on("pageerror", fail);
  await page.emulateMedia({ colorScheme: "light" });
  await page.goto(scene === "components" ? `${url}/?components` : `${url}/?scene=${scene}`);
  await page.locator(scene === "components" ? "main.showcase" : "html[data-told]").waitFor({ state: "attached" });
  await settled(page);
  note("rules", await page.evaluate(inspect, { touch: size === "phone" }));
  note("rules", await page.evaluate(composerIsWhole));
  for (const theme of THEMES) {
    await page.emulateMedia({ colorScheme: theme });
    const path = join(PICTURES, `${scene}-${size}-${theme}.png`);
    const picture = await page.screenshot({ path, animations: "disabled", caret: "hide" });
    if (size === "desk" && theme === "light") pictures.set(scene, createHash("sha256").update(picture).digest("hex"));
    note("accessibility", await judged(page, axe, theme));
  }
  for (const viewport of BETWEEN[size]) {
    await page.setViewportSize(viewport);
    await settled(page);
    const wrong = [...(await page.evaluate(inspect, { touch: size === "phone" })), ...(await page.evaluate(composerIsWhole))];
    note("between", wrong.map((sentence) => `${viewport.width} wide: ${sentence}`));
  }
  await page.setViewportSize(SIZES[size].viewport);
  note("complaints", complaints);
  page.off("console", complain).off("pageerror", fail);
  seen.add(at);
}

/** Waits until two pictures in a row were painted with everything in its place, and nothing moves any more. */
const settled = (page) =>
  page.evaluate(async () => {
    const painted = () => new Promise((resolve) => requestAnimationFrame(resolve));
    await painted();
    await painted();
    await Promise.allSettled(document.getAnimations().map((animation) => animation.finished));
  });

/** What axe finds. The driver's evaluation is not the page's: the policy stays in force. */
async function judged(page, axe, theme) {
  await page.evaluate(`globalThis.axe ?? (() => { ${axe} })()`);
  const rules = await page.evaluate(async (dark) => {
    // Only colours differ in the dark.
    const options = dark ? { runOnly: ["color-contrast"] } : {};
    const { passes, violations } = await globalThis.axe.run(document, { ...options, resultTypes: ["violations"] });
    if (passes.length + violations.length === 0) throw new Error("axe looked at nothing");
    // What people wrote is read all day: seven to one.
    const written = [...document.querySelectorAll("dialog[open]")].length === 0 ? ".message:not(.unreadable) .bubble" : "none";
    if (document.querySelector(written)) {
      const strict = await globalThis.axe.run({ include: written }, { runOnly: ["color-contrast-enhanced"] });
      violations.push(...strict.violations);
    }
    return violations.map(({ id, impact, nodes }) => ({ id, impact, where: nodes.map(({ target }) => target.join(" ")) }));
  }, theme === "dark");
  return rules.map(({ id, impact, where }) => `${theme}: ${impact} ${id} at ${where.join("; ")}`);
}

test("every screen was drawn, and no two are the same", () => {
  assert.ok(pictures.size > 30, `${pictures.size} screens`);
  assert.equal(seen.size, 2 * pictures.size);
  assert.equal(new Set(pictures.values()).size, pictures.size);
});

test("no screen makes the browser complain under sottod's own policy", () => assert.deepEqual(found.complaints, []));

test("on a phone and on a desk nothing is cut, covered, out of reach or too small to press", () =>
  assert.deepEqual(found.rules, []));

test("the smallest phone and sizes between phone and desk show everything, too", () =>
  assert.deepEqual(found.between, []));

test("axe finds nothing on any screen, in light and in dark", () => assert.deepEqual(found.accessibility, []));
