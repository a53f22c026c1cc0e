// The worker by itself: its database, its key, its tabs. No screen draws anything here.

import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";

import { PASSPHRASE, withServer } from "./harness.mjs";

const lockWith = (passphrase) => ({ profile: { lock_with_passphrase: { passphrase } } });
const unlock = (passphrase) => ({ profile: { unlock: { passphrase } } });
const TRUST = { profile: "trust_device" };

/** Makes an account whose handle is `handle`; returns the words that were shown. */
async function signUp(tab, handle) {
  await tab.stage("sign_up");
  assert.equal(await tab.act({ prepare: { server: tab.browser.server.url, handle, invite: "" } }), "taken");
  const { updates } = await tab.until("(said) => said.updates?.some(({ stage }) => stage?.sign_up?.words)");
  const { words } = updates.map(({ stage }) => stage?.sign_up?.words).find(Boolean);
  await tab.act("words_written");
  const asked = await tab.until("(said) => said.updates?.some(({ stage }) => stage?.sign_up?.confirm)");
  const places = asked.updates.map(({ stage }) => stage?.sign_up?.confirm?.asked).find(Boolean);
  await tab.act({ confirm_words: { words: places.map((place) => words[place - 1]) } });
  await tab.stage("ready");
  return words;
}

/** Waits until an update holds this text. */
const shows = (tab, text, from = 0) =>
  tab.until(`(said) => JSON.stringify(said.updates ?? "").includes(${JSON.stringify(JSON.stringify(text))})`, from);

/** Waits until the text stands in the timeline as taken by the server. */
const sent = (tab, text, from = 0) =>
  tab.until(
    `(said) => said.updates?.some(({ timeline }) => timeline?.steps.some((step) => {
      const line = JSON.stringify(step);
      return line.includes(${JSON.stringify(JSON.stringify(text))}) && /"(sent|delivered|read)"/.test(line);
    }))`,
    from,
  );

/** Every byte of every file below a folder. */
async function bytesBelow(folder) {
  const found = [];
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) found.push(await readFile(join(entry.parentPath ?? entry.path, entry.name)));
  }
  return Buffer.concat(found);
}

test("a profile outlives the browser, and opens with its passphrase and no other", () =>
  withServer(async ({ open }) => {
    const browser = await open("alice");
    let tab = await browser.tab();
    await tab.stage("lock");
    assert.equal(await tab.act(lockWith("short")), "taken");
    await tab.until('(said) => said.updates?.some(({ stage }) => stage?.lock?.refusal === "passphrase_short")');
    assert.equal(await tab.act(lockWith(PASSPHRASE)), "taken");
    await signUp(tab, "alice");

    await browser.reopen();
    tab = await browser.tab({ remembered: true });
    await tab.stage("unlock");
    await tab.act(unlock("battery horse correct"));
    await tab.until('(said) => said.updates?.some(({ stage }) => stage?.unlock?.refusal === "passphrase_wrong")');
    const from = await tab.mark();
    await tab.act(unlock(PASSPHRASE));
    await tab.stage("ready", from);
    await shows(tab, "@alice", from);
  }));

test("what the browser's folder holds cannot be read without the key", () =>
  withServer(async ({ open }) => {
    const browser = await open("alice");
    const tab = await browser.tab();
    await tab.stage("lock");
    await tab.act(lockWith(PASSPHRASE));
    const words = await signUp(tab, "unmistakable_handle");
    await tab.act({ open_handle: { handle: "unmistakable_peer" } });
    await browser.close();
    const bytes = await bytesBelow(join(browser.folder, "Default", "File System"));
    assert.ok(bytes.length > 20 * 4096, `the database is in there: ${bytes.length} bytes`);
    for (const secret of ["SQLite format 3", "CREATE TABLE", "unmistakable", PASSPHRASE, words.join(" ")]) {
      assert.ok(!bytes.includes(secret), secret);
    }
    await browser.start();
  }));

test("a trusted device opens by itself, and its key cannot be exported", () =>
  withServer(async ({ open }) => {
    const browser = await open("alice");
    let tab = await browser.tab();
    await tab.stage("lock");
    assert.equal(await tab.act(TRUST), "taken");
    await tab.stage("sign_up");
    await browser.reopen();
    tab = await browser.tab({ remembered: true });
    await tab.stage("sign_up");
    const exported = await tab.page.evaluate(async () => {
      const database = await new Promise((resolve) => {
        const request = indexedDB.open("sotto");
        request.onsuccess = () => resolve(request.result);
      });
      const store = database.transaction("keys").objectStore("keys");
      const entries = await new Promise((resolve) => {
        const request = store.getAll();
        request.onsuccess = () => resolve(request.result);
      });
      const { key } = entries.find((entry) => entry.key);
      return crypto.subtle.exportKey("raw", key).then(
        () => "exported",
        (error) => error.name,
      );
    });
    assert.equal(exported, "InvalidAccessError");
  }));

test("a second tab is served by the first, and takes over when that one is closed", () =>
  withServer(async ({ open }) => {
    const browser = await open("alice");
    const first = await browser.tab();
    await first.stage("lock");
    const second = await browser.tab();
    assert.deepEqual([await first.role(), await second.role()], ["owner", "guest"]);
    // The guest may do all that the owner's page may.
    await second.act(lockWith(PASSPHRASE));
    await signUp(second, "alice");
    await shows(first, "@alice");

    const from = await second.mark();
    await first.close();
    await second.until('(said) => said.role === "owner"', from);
    await second.stage("ready", from);
    assert.equal(await second.act({ set_name: { name: "Alice A." } }), "taken");
    await shows(second, "Alice A.", from);
  }));

test("a tab that is killed in the middle of sending loses nothing and sends nothing twice", () =>
  withServer(async ({ open }) => {
    const alice = await open("alice");
    const bob = await open("bob");
    const reader = await bob.tab();
    await reader.stage("lock");
    await reader.act(TRUST);
    await signUp(reader, "bob");
    const owner = await alice.tab();
    await owner.stage("lock");
    await owner.act(TRUST);
    await signUp(owner, "alice");
    const guest = await alice.tab();
    await guest.stage("ready");
    await guest.act({ open_handle: { handle: "bob" } });

    const texts = Array.from({ length: 20 }, (_, number) => `line ${number} of twenty`);
    const ids = [];
    for (const text of texts) ids.push(await guest.begin({ send: { text } }));
    await owner.kill();
    for (const id of ids) assert.equal(await guest.outcome(id), "taken");
    assert.ok((await guest.heard()).some(({ role }) => role === "owner"), "the guest took over");

    // Bob sees each once, in order: his own timeline, read from the start.
    await reader.until('(said) => said.updates?.some(({ requests }) => JSON.stringify(requests ?? "").includes(`"key":`))');
    const heard = await reader.heard();
    const request = heard.flatMap(({ updates }) => updates ?? []).flatMap(({ requests }) => requests ?? []);
    const key = JSON.stringify(request).match(/"key":(\d+)/)[1];
    await reader.act({ open: { conversation: Number(key) } });
    await shows(reader, texts.at(-1));
    const from = await reader.mark();
    await reader.act("refresh");
    await reader.act({ open: { conversation: Number(key) } });
    const shown = (await reader.heard()).slice(from).flatMap(({ updates }) => updates ?? []);
    const lines = JSON.stringify(shown.filter(({ timeline }) => timeline));
    for (const text of texts) {
      assert.equal(lines.split(JSON.stringify(text)).length, 2, `${text}, once`);
    }
  }));

test("two people meet and talk through a real server, one of them away at first", () =>
  withServer(async ({ open, server }) => {
    const alice = await open("alice");
    const bob = await open("bob");
    const [writer, other] = [await alice.tab(), await bob.tab()];
    for (const [tab, handle] of [
      [writer, "alice"],
      [other, "bob"],
    ]) {
      await tab.stage("lock");
      await tab.act(TRUST);
      await signUp(tab, handle);
    }
    await bob.close();
    await writer.act({ open_handle: { handle: "bob" } });
    await writer.act({ send: { text: "Hello Bob" } });

    await bob.start();
    const reader = await bob.tab({ remembered: true });
    await shows(reader, "Hello Bob");
    await sent(writer, "Hello Bob");
    const heard = await reader.heard();
    const requests = heard.flatMap(({ updates }) => updates ?? []).flatMap(({ requests }) => requests ?? []);
    const conversation = Number(JSON.stringify(requests).match(/"key":(\d+)/)[1]);
    assert.equal(await reader.act({ open: { conversation } }), "taken");
    assert.equal(await reader.act({ accept: { conversation } }), "taken");
    await reader.act({ send: { text: "Hello Alice" } });
    await shows(writer, "Hello Alice");

    // The server goes away and comes back: what was written meanwhile arrives.
    await server.stop();
    await writer.act({ send: { text: "Still there?" } });
    await server.begin(new URL(server.url).host);
    await shows(reader, "Still there?");
  }));

test("a profile that the browser deleted is missed, and one that the person erased is not", () =>
  withServer(async ({ open }) => {
    const browser = await open("alice");
    const evicted = await browser.tab({ remembered: true });
    assert.deepEqual(await evicted.stage("broken"), { broken: "evicted" });
    const from = await evicted.mark();
    await evicted.act({ profile: "try_again" });
    await evicted.stage("lock", from);
    await evicted.act(TRUST);
    await evicted.stage("sign_up", from);
    const erased = await evicted.mark();
    await evicted.act({ profile: "erase" });
    await evicted.until("(said) => said.remember === false", erased);
    await evicted.stage("lock", erased);
  }));

test("a refused promise to keep the data is said", () =>
  withServer(async ({ open }) => {
    const browser = await open("alice");
    const tab = await browser.tab({ persistence: "refused" });
    await tab.stage("lock");
    await tab.act(TRUST);
    await tab.until('(said) => said.updates?.some(({ settings }) => settings?.storage.kept === "best_effort")');
  }));

test("a damaged database is reported and left as it is", () =>
  withServer(async ({ open }) => {
    const browser = await open("alice");
    const tab = await browser.tab();
    await tab.stage("lock");
    await tab.act(TRUST);
    await signUp(tab, "alice");
    await tab.close();
    const damager = await browser.context.newPage();
    await damager.goto(`${browser.server.url}/health`);
    await damager.evaluate(async () => {
      const script = `onmessage = async () => {
        const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle("sotto");
        const walk = async (directory) => {
          for await (const [, handle] of directory.entries()) {
            if (handle.kind === "directory") { await walk(handle); continue; }
            const access = await handle.createSyncAccessHandle();
            // Behind the pool's own header: a page in the middle of the database.
            if (access.getSize() > 20 * 4096) access.write(new Uint8Array(64).fill(7), { at: 4096 + 10 * 4096 + 100 });
            access.flush();
            access.close();
          }
        };
        await walk(folder);
        postMessage("done");
      };`;
      const worker = new Worker(URL.createObjectURL(new Blob([script])));
      await new Promise((resolve) => {
        worker.onmessage = resolve;
        worker.postMessage("go");
      });
      worker.terminate();
    });
    const again = await browser.tab({ remembered: true });
    assert.deepEqual(await again.stage("broken"), { broken: "damaged" });
  }));
