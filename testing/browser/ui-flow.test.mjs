// What a person does on the page, by keyboard alone, through a real server: two browsers, no pointer.

import assert from "node:assert/strict";
import test from "node:test";

import { PASSPHRASE, withServer } from "./harness.mjs";

/** Types into the field that has the focus, and goes on. */
async function typeAndEnter(page, text) {
  await page.keyboard.type(text);
  await page.keyboard.press("Enter");
}

/** The one thing that a screen reader would call so. */
const named = (page, role, name) => page.getByRole(role, { name, exact: true });

/** Makes an account by keyboard: passphrase, handle, words, confirmation. */
async function signUp(page, handle) {
  await named(page, "textbox", "Passphrase").waitFor();
  await page.keyboard.type(PASSPHRASE);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await typeAndEnter(page, PASSPHRASE);
  await named(page, "textbox", "Handle").waitFor();
  await typeAndEnter(page, handle);
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
  await named(page, "heading", "Chats").waitFor();
}

/** Writes to somebody by handle, from wherever the focus is. */
async function writeTo(page, handle, text) {
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox").waitFor();
  await page.keyboard.type(handle);
  await page.getByRole("option", { name: new RegExp(`@${handle}`) }).first().waitFor();
  await page.keyboard.press("Enter");
  const field = page.getByRole("textbox", { name: /^Message to/ });
  await field.waitFor();
  await typeAndEnter(page, text);
}

test("two people meet and talk without touching a pointer", () =>
  withServer(async ({ open }) => {
    const alice = await (await open("alice")).page();
    const bob = await (await open("bob")).page();
    await signUp(alice, "alice");
    await signUp(bob, "bob");

    await writeTo(alice, "bob", "Hello Bob");
    await alice.locator(".message.own", { hasText: "Hello Bob" }).locator(".meta", { hasText: "Sent" }).waitFor();

    await bob.getByRole("button", { name: /^Requests .*is waiting/ }).focus();
    await bob.keyboard.press("Enter");
    await bob.locator(".row", { hasText: "Hello Bob" }).focus();
    await bob.keyboard.press("Enter");
    await named(bob, "button", "Accept").focus();
    await bob.keyboard.press("Enter");
    await bob.getByRole("textbox", { name: /^Message to/ }).focus();
    await typeAndEnter(bob, "Hello Alice");

    await alice.locator(".message:not(.own)", { hasText: "Hello Alice" }).waitFor();
    assert.deepEqual([...alice.complaints, ...bob.complaints], []);
  }));

test("a text that looks like a program is a text", () =>
  withServer(async ({ open }) => {
    const alice = await (await open("alice")).page();
    await signUp(alice, "alice");
    const text = "<img src=x onerror=\"globalThis.ran = true\"><script>globalThis.ran = true</script>";
    await writeTo(alice, "nobody_yet", text);
    const bubble = alice.locator(".message.own .bubble");
    await bubble.waitFor();
    assert.equal(await bubble.textContent(), text);
    assert.equal(await bubble.locator("*").count(), 0);
    assert.equal(await alice.evaluate(() => globalThis.ran), undefined);
  }));
