// What a person does on the page: by role and name, as a screen reader would find it, and by keyboard.

import assert from "node:assert/strict";

export { PASSPHRASE } from "./harness.mjs";

/** The one thing that a screen reader would call so. */
export const named = (page, role, name) => page.getByRole(role, { name, exact: true });

/** Types into the field that has the focus, and goes on. */
export async function typeAndEnter(page, text) {
  await page.keyboard.type(text);
  await page.keyboard.press("Enter");
}

/** Locks a new profile: with a passphrase, or with a key that the device keeps. */
export async function lock(page, passphrase) {
  await named(page, "textbox", "Passphrase").waitFor();
  if (passphrase === undefined) {
    await named(page, "button", "Trust this device").focus();
    await page.keyboard.press("Enter");
    return;
  }
  await named(page, "textbox", "Passphrase").focus();
  await page.keyboard.type(passphrase);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await typeAndEnter(page, passphrase);
}

/** Makes an account by keyboard: lock, handle, words, confirmation. */
export async function signUp(page, handle, { passphrase } = {}) {
  await lock(page, passphrase);
  await named(page, "textbox", "Handle").waitFor();
  await typeAndEnter(page, handle);
  await confirmWords(page);
  await named(page, "heading", "Chats").waitFor();
}

/** Reads the words, and types those that are asked for. */
export async function confirmWords(page) {
  await page.locator(".words li").nth(11).waitFor();
  const words = await page.locator(".words li [translate=no]").allTextContents();
  assert.equal(words.length, 12);
  await named(page, "button", "I wrote them down").focus();
  await page.keyboard.press("Enter");
  const fields = page.getByRole("textbox", { name: /^Word/ });
  await fields.first().waitFor();
  for (const field of await fields.all()) {
    const number = Number((await field.evaluate((field) => field.labels[0].textContent)).replace(/\D/g, ""));
    await field.focus();
    await page.keyboard.type(words[number - 1]);
  }
  await page.keyboard.press("Enter");
}

/** Opens a locked profile. */
export async function unlock(page, passphrase) {
  await named(page, "heading", "Unlock Sotto").waitFor();
  await named(page, "textbox", "Passphrase").focus();
  await typeAndEnter(page, passphrase);
}

/** Opens the conversation with somebody by handle, from wherever the focus is; leaves the focus in the composer. */
export async function talkTo(page, handle) {
  // The window, not what stands there while it opens.
  await page.locator(".composer, .none").first().waitFor();
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox").waitFor();
  await page.keyboard.type(handle);
  await page.getByRole("option", { name: new RegExp(`@${handle}`) }).first().waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1 }).filter({ hasText: handle }).waitFor();
  const field = composer(page);
  await field.waitFor();
  await field.focus();
}

/** Where one writes. */
export const composer = (page) => page.getByRole("textbox", { name: /^Message to/ });

/** Writes to the open conversation. */
export async function write(page, text) {
  await composer(page).focus();
  await typeAndEnter(page, text);
}

/** Writes to somebody by handle. */
export async function writeTo(page, handle, text) {
  await talkTo(page, handle);
  await typeAndEnter(page, text);
}

/** Opens the request of somebody, and accepts it. */
export async function accept(page, text) {
  await page.getByRole("button", { name: /^Requests .*waiting/ }).focus();
  await page.keyboard.press("Enter");
  await page.locator(".row", { hasText: text }).focus();
  await page.keyboard.press("Enter");
  await named(page, "button", "Accept").focus();
  await page.keyboard.press("Enter");
  await named(page, "button", "Accept").waitFor({ state: "detached" });
}

/** The lines of the open conversation that say this. */
export const lines = (page, text) => page.locator(".message .bubble").filter({ hasText: text });

/** Waits until a line of one's own is with the server. */
export const isSent = (page, text) =>
  page.locator(".message.own", { hasText: text }).locator(".meta", { hasText: /Sent|Delivered|Read/ }).waitFor();

/** Texts of the open conversation, oldest first. */
export const texts = (page) => page.locator(".message .bubble").allTextContents();

/** Waits until the open conversation says exactly this, and goes on saying it. */
export async function shows(page, wanted) {
  await lines(page, wanted.at(-1)).last().waitFor();
  const same = (wanted) => {
    const found = [...document.querySelectorAll(".message .bubble")].map((line) => line.textContent);
    return JSON.stringify(found) === JSON.stringify(wanted);
  };
  await page.waitForFunction(same, wanted).catch(() => {});
  assert.deepEqual(await texts(page), wanted);
}
