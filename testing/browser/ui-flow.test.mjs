// What a person does on the page, by keyboard alone, through a real server: two browsers, no pointer.

import assert from "node:assert/strict";
import test from "node:test";

import { withServer } from "./harness.mjs";
import { PASSPHRASE, accept, isSent, signUp, write, writeTo } from "./person.mjs";

test("two people meet and talk without touching a pointer", () =>
  withServer(async ({ open }) => {
    const alice = await (await open("alice")).page();
    const bob = await (await open("bob")).page();
    await signUp(alice, "alice", { passphrase: PASSPHRASE });
    await signUp(bob, "bob");

    await writeTo(alice, "bob", "Hello Bob");
    await isSent(alice, "Hello Bob");

    await accept(bob, "Hello Bob");
    await write(bob, "Hello Alice");

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
