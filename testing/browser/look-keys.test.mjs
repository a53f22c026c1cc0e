// The keyboard on every screen: the focus is seen, goes everywhere and comes back; Esc closes one layer at a time. And
// what other surroundings ask for: paper, and no motion.

import assert from "node:assert/strict";
import test from "node:test";

import { PATIENCE_MS, launch } from "./harness.mjs";
import { serve } from "./showcase.mjs";

const DESK = { width: 1440, height: 900 };

/** Opens a scene for a test. */
async function scene(name, play, options = { viewport: DESK }) {
  const showcase = await serve();
  const browser = await launch();
  try {
    const context = await browser.newContext({ ...options, serviceWorkers: "block", reducedMotion: "reduce" });
    context.setDefaultTimeout(PATIENCE_MS);
    const page = await context.newPage();
    await page.goto(`${showcase.url}/?scene=${name}`);
    await page.locator("html[data-told]").waitFor({ state: "attached" });
    await play(page);
  } finally {
    await browser.close();
    await showcase.stop();
  }
}

const button = (page, name) => page.getByRole("button", { name });
const dialog = (page) => page.locator("dialog[open]");
const isFocused = (locator) => locator.and(locator.page().locator(":focus")).waitFor();

/** What has the focus, and whether one sees that it does. */
const focused = (page) =>
  page.evaluate(() => {
    const element = document.activeElement;
    if (!element || element === document.body) return undefined;
    const box = element.getBoundingClientRect();
    const name = element.getAttribute("aria-label") ?? element.textContent.trim();
    let ring = false;
    for (let at = element; at && !ring; at = at.parentElement) {
      if (at !== element && !at.matches(".input, .search, form, label")) continue;
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(at);
      ring = (outlineStyle !== "none" && parseFloat(outlineWidth) > 0) || boxShadow !== "none";
    }
    // A radio button is drawn by its label.
    const shown = element.matches("[type=radio]") ? element.closest("label").getBoundingClientRect() : box;
    const inSight = shown.width > 0 && shown.bottom > 0 && shown.top < innerHeight;
    return { what: `${element.tagName} ${element.className} ${name}`.slice(0, 60), ring, inSight };
  });

for (const name of ["lock", "signup", "words", "confirm", "broken", "list", "thread", "request", "contact", "settings", "alarms"]) {
  test(`Tab goes through "${name}" and out again, and the focus is always seen`, () =>
    scene(name, async (page) => {
      // From the top, wherever the page itself put the focus.
      await page.evaluate(() => {
        document.body.tabIndex = -1;
        document.body.focus();
        document.body.removeAttribute("tabindex");
      });
      const stops = [];
      for (let presses = 0; presses < 80; presses += 1) {
        await page.keyboard.press("Tab");
        const at = await focused(page);
        if (!at) break;
        stops.push(at);
      }
      assert.ok(stops.length > 1 && stops.length < 80, `${stops.length} stops`);
      assert.deepEqual(stops.filter(({ ring, inSight }) => !ring || !inSight), []);
    }));
}

test("a sheet takes the focus, keeps it, and gives it back where it was", () =>
  scene("list", async (page) => {
    const opener = button(page, "New conversation");
    await opener.focus();
    await page.keyboard.press("Enter");
    await isFocused(page.getByRole("textbox", { name: "Handle" }));
    for (let presses = 0; presses < 6; presses += 1) {
      await page.keyboard.press("Tab");
      const outside = await page.evaluate(() => {
        const at = document.activeElement;
        return at !== document.body && !at.closest("dialog");
      });
      assert.equal(outside, false, "the window behind a sheet is out of reach");
    }
    await page.keyboard.press("Escape");
    await dialog(page).waitFor({ state: "detached" });
    await isFocused(opener);
  }));

test("every sheet of the settings closes with Esc and leaves the focus on its line", () =>
  scene("settings", async (page) => {
    for (const name of ["What the server knows about you", "Keys", "Remove Sotto from this device"]) {
      const line = button(page, name);
      await line.focus();
      await page.keyboard.press("Enter");
      await dialog(page).waitFor();
      await page.keyboard.press("Escape");
      await dialog(page).waitFor({ state: "detached" });
      await isFocused(line);
    }
  }));

test("jumping that is called off returns to the line that was being written", () =>
  scene("thread", async (page) => {
    const composer = page.getByRole("textbox", { name: /^Message to/ });
    await composer.focus();
    await page.keyboard.type("half a thought");
    await page.keyboard.press("Control+k");
    await isFocused(page.getByRole("combobox"));
    await page.keyboard.press("Escape");
    await isFocused(composer);
    await page.keyboard.type(", finished");
    assert.equal(await composer.inputValue(), "half a thought, finished");
  }));

test("Esc closes one layer at a time: the sheet, the page about a person, the conversation", () =>
  scene("thread", async (page) => {
    const details = button(page, /^About/);
    await details.focus();
    await page.keyboard.press("Enter");
    await page.getByRole("complementary").waitFor();
    await page.keyboard.press("?");
    await dialog(page).waitFor();
    await page.keyboard.press("Escape");
    await dialog(page).waitFor({ state: "detached" });
    await page.getByRole("complementary").waitFor();
    await button(page, /^Close the page about/).focus();
    await page.keyboard.press("Escape");
    await page.getByRole("complementary").waitFor({ state: "detached" });
    await isFocused(details);
    await page.keyboard.press("Escape");
    await page.getByText("Pick a conversation").waitFor();
    await isFocused(page.locator(".rows .row").first());
  }));

test("arrows move inside the list, which is one stop of the Tab key", () =>
  scene("list", async (page) => {
    const row = (at) => page.locator(".rows .row").nth(at);
    assert.equal(await page.locator(".rows .row:not([tabindex='-1'])").count(), 1);
    await row(0).focus();
    await page.keyboard.press("ArrowDown");
    await isFocused(row(1));
    await page.keyboard.press("End");
    await isFocused(page.locator(".rows .row").last());
    await page.keyboard.press("Home");
    await isFocused(row(0));
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "Mara Lindqvist" }).waitFor();
    await page.keyboard.press("Alt+ArrowDown");
    await page.getByRole("heading", { level: 1, name: "Jonas Weber" }).waitFor();
  }));

test("an alarm has to be decided: Esc does not sweep it away", () =>
  scene("alarm", async (page) => {
    await dialog(page).waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.press("Escape");
    assert.equal(await dialog(page).count(), 1);
    await button(page, "Keep reading").focus();
    await page.keyboard.press("Enter");
    await dialog(page).waitFor({ state: "detached" });
  }));

test("on a phone the page about a person covers everything, and what it covers is out of reach", () =>
  scene(
    "thread",
    async (page) => {
      const details = button(page, /^About/);
      await details.focus();
      await page.keyboard.press("Enter");
      await isFocused(button(page, /^Close the page about/));
      assert.equal(await page.getByRole("textbox", { name: /^Message to/ }).isVisible(), false);
      await page.keyboard.press("Escape");
      await isFocused(details);
    },
    { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
  ));

test("printed recovery words are dark on white, whatever the theme, and nothing to press is printed", () =>
  scene("words", async (page) => {
    await page.emulateMedia({ media: "print", colorScheme: "dark" });
    for (const theme of ["light", "dark"]) {
      await page.evaluate((theme) => (document.documentElement.dataset.theme = theme), theme);
      const printed = await page.evaluate(() => ({
        scheme: getComputedStyle(document.documentElement).colorScheme,
        words: [...document.querySelectorAll(".words li")].filter((word) => word.checkVisibility()).length,
        buttons: [...document.querySelectorAll("button")].filter((button) => button.checkVisibility()).length,
      }));
      assert.deepEqual(printed, { scheme: "light", words: 12, buttons: 0 });
    }
  }));

test("who asks for less motion gets none", () =>
  scene("contact", async (page) => {
    const moving = await page.evaluate(() => {
      const all = document.getAnimations().map((animation) => animation.effect.getComputedTiming().duration);
      return all.filter((duration) => duration > 0);
    });
    assert.deepEqual(moving, []);
  }));
