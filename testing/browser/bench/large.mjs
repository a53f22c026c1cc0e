// A large profile: the client's own database in the browser's private file system, made large by a worker of the same
// origin while no page has it open, under the same key and with the same encryption. What opens it then is the client.

import { PASSPHRASE } from "../harness.mjs";
import { named, typeAndEnter } from "../person.mjs";
import { serve } from "../showcase.mjs";
import { watchFrames, watchLines, watchStart } from "./watch.mjs";

const SCENARIOS = process.env.SOTTO_SCENARIOS ?? new URL("../../../target/web-scenarios", import.meta.url).pathname;

/** Pixels of one turn of the wheel. */
const WHEEL_PX = 240;
/** Turns in each direction. */
const TURNS = 60;

/** Copies what was received until there is enough; bytes of the database. */
export async function enlarge({ server, browser, messages, conversations }) {
  const { host, port } = new URL(server.url);
  await server.stop();
  // In the server's place, so that the origin is the same.
  const files = await serve({ folder: SCENARIOS, port: Number(port) });
  try {
    const page = await browser.context.newPage();
    await page.goto(`${files.url}/sotto-scenarios.js`);
    const size = await page.evaluate(fill, [PASSPHRASE, messages, conversations]);
    await page.close();
    return size;
  } finally {
    await files.stop();
    await server.begin(host);
  }
}

/** In a page of the origin. */
async function fill(wanted) {
  const settled = (request) =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  const keyring = await settled(indexedDB.open("sotto"));
  const keyFile = await settled(keyring.transaction("keys").objectStore("keys").get("key.json"));
  keyring.close();
  const script = `
    import init, { enlarge } from "${location.origin}/sotto-scenarios.js";
    await init();
    onmessage = ({ data }) => enlarge(...data).then((bytes) => postMessage({ bytes }), (error) => postMessage({ failed: String(error) }));
    postMessage({ ready: true });`;
  const worker = new Worker(URL.createObjectURL(new Blob([script], { type: "text/javascript" })), { type: "module" });
  const said = await new Promise((resolve) => {
    worker.onmessage = ({ data }) => (data.ready ? worker.postMessage([keyFile, ...wanted]) : resolve(data));
    worker.onerror = ({ message }) => resolve({ failed: message });
  });
  worker.terminate();
  if (said.failed) throw new Error(said.failed);
  return said.bytes;
}

/** Opens it with a wrong passphrase, then with the right one, and goes to the longest conversation, again and again. */
export async function openings(browser, count) {
  await browser.context.addInitScript(watchStart);
  await browser.context.addInitScript(goStraight);
  await browser.context.addInitScript(watchLines);
  const found = [];
  let page;
  for (let opening = 0; opening <= count; opening += 1) {
    await page?.close();
    page = await browser.page();
    await page.waitForFunction(() => sottoMarks.core !== undefined);
    const refused = await enter(page, `not ${PASSPHRASE}`, "refused");
    const field = named(page, "textbox", "Passphrase");
    await field.fill("");
    const timeline = await enter(page, PASSPHRASE, "timeline");
    const list = await page.evaluate(() => sottoMarks.list - sottoMarks.entered);
    found.push({ refused, list, timeline });
  }
  return { openings: found.slice(1), page };
}

/** Goes to the uppermost conversation as soon as it is there. */
function goStraight() {
  const look = () => {
    const row = document.querySelector(".rows .row");
    if (!row || document.querySelector(".composer")) return;
    watch.disconnect();
    row.click();
  };
  const watch = new MutationObserver(look);
  watch.observe(document, { childList: true, subtree: true });
}

/** Types a passphrase; milliseconds from the Enter key until it came to this. */
async function enter(page, passphrase, name) {
  await named(page, "textbox", "Passphrase").focus();
  await typeAndEnter(page, passphrase);
  await page.waitForFunction((name) => sottoMarks[name] !== undefined, name);
  return page.evaluate((name) => sottoMarks[name] - sottoMarks.entered, name);
}

/** Turns the wheel up and down again; every time between two frames, and without any scrolling for comparison. */
export async function scroll(page) {
  const box = await page.locator(".lines").boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  const during = async (what) => {
    await page.evaluate(watchFrames);
    await what();
    return page.evaluate(() => {
      const found = sottoFrames;
      sottoFrames = undefined;
      return found;
    });
  };
  const turn = async (pixels) => {
    for (let at = 0; at < TURNS; at += 1) {
      await page.mouse.wheel(0, pixels);
      await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
    }
  };
  const rest = await during(() => page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 2_000))));
  const before = await page.evaluate(() => sottoLines.size);
  const up = await during(() => turn(-WHEEL_PX));
  const drawn = (await page.evaluate(() => sottoLines.size)) - before;
  const down = await during(() => turn(WHEEL_PX));
  return { rest, up, down, drawn, pixels: TURNS * WHEEL_PX };
}
