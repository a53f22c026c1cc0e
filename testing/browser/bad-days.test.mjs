// Bad days: what a browser lacks, what runs out, what breaks, what others send. Each is told in a clear message with a way
// out; nothing is lost, nothing is executed, and the page goes on.

import assert from "node:assert/strict";
import test from "node:test";

import { PATIENCE_MS, withServer } from "./harness.mjs";
import {
  PASSPHRASE,
  accept,
  composer,
  confirmWords,
  isSent,
  lines,
  lock,
  named,
  shows,
  signUp,
  talkTo,
  typeAndEnter,
  unlock,
  write,
  writeTo,
} from "./person.mjs";

const isBroken = async (page, words) => {
  await named(page, "heading", "Sotto cannot open your profile").waitFor();
  await page.getByText(words).waitFor();
};

const press = async (page, name) => {
  await named(page, "button", name).focus();
  await page.keyboard.press("Enter");
};

const LACKS = [
  ["has no private file system", "delete StorageManager.prototype.getDirectory;", /offers no storage that Sotto can use/],
  [
    "keeps its private file system to itself",
    'navigator.storage.getDirectory = () => Promise.reject(new DOMException("", "SecurityError"));',
    /offers no storage that Sotto can use/,
  ],
  ["cannot write files in a worker", "delete self.FileSystemSyncAccessHandle;", /offers no storage that Sotto can use/],
  ["has no WebSocket", "delete self.WebSocket;", /cannot keep a connection open/],
];

test("a browser that lacks something says what, and what helps", async (t) => {
  await withServer(async ({ open, between }) => {
    for (const [what, script, words] of LACKS) {
      await t.test(`it ${what}`, async () => {
        const browser = await open(what.replaceAll(" ", "-"), { proxy: await between(script) });
        const page = await browser.page();
        await isBroken(page, words);
        await named(page, "button", "Try again").waitFor();
        assert.deepEqual(page.complaints, []);
        await browser.close();
      });
    }
  });
});

// A worker whose files fail: as said from the beginning, or over a channel of the test's own.
const faulty = (atFirst) => `{
  let fails = "${atFirst}";
  new BroadcastChannel("faults").onmessage = ({ data }) => (fails = data);
  for (const name of ["read", "write", "flush", "truncate"]) {
    const real = FileSystemSyncAccessHandle.prototype[name];
    FileSystemSyncAccessHandle.prototype[name] = function (...all) {
      if (fails.split(" ").includes(name)) throw new DOMException("planted", "UnknownError");
      return real.apply(this, all);
    };
  }
}`;

const fail = (page, what) =>
  page.evaluate((what) => {
    globalThis.faults ??= new BroadcastChannel("faults");
    globalThis.faults.postMessage(what);
  }, what);

test("a disk that fails for a while is not called damaged, and the text is not lost", () =>
  withServer(async ({ open, between }) => {
    const proxy = await between(faulty(""));
    const browser = await open("alice", { proxy });
    const page = await browser.page();
    await signUp(page, "alice", { passphrase: PASSPHRASE });
    await writeTo(page, "nobody_yet", "before");
    await lines(page, "before").waitFor();
    await fail(page, "write flush truncate");
    await write(page, "precious");
    await page.getByText(/Not sent, your text is back:.*could not store it/).waitFor();
    assert.equal(await composer(page).inputValue(), "precious");
    await page.getByText(/^This device fails to store anything new/).waitFor();
    await page.getByRole("button", { name: "Settings" }).click();
    const failing = page.getByText(/^The last try to store something here failed/);
    await failing.waitFor();
    await fail(page, "");
    await page.getByRole("button", { name: "Chats" }).click();
    await press(page, "Send");
    await lines(page, "precious").waitFor();
    await page.getByRole("button", { name: "Settings" }).click();
    await page.getByText(/may remove what Sotto stored when room gets scarce/).waitFor();
    assert.equal(await failing.count(), 0);

    // The same while it opens.
    proxy.script = faulty("read");
    await page.reload();
    await isBroken(page, /could not read or write what Sotto stored/);
    await page.getByText("Nothing was deleted.").waitFor();
    await fail(page, "");
    await press(page, "Try again");
    await unlock(page, PASSPHRASE);
    await talkTo(page, "nobody_yet");
    await shows(page, ["before", "precious"]);
  }));

test("a browser without room says so, and goes on when there is some", () =>
  withServer(async ({ open }) => {
    const browser = await open("alice");
    const page = await browser.page();
    await lock(page);
    await named(page, "textbox", "Handle").waitFor();
    await page.goto("about:blank");
    await browser.reopen();
    const again = await browser.page();
    await browser.limitStorage(1);
    await again.reload();
    // What is there opens; what is new has no room.
    await named(again, "textbox", "Handle").waitFor();
    await browser.limitStorage();
    await again.reload();
    await named(again, "textbox", "Handle").waitFor();
    await again.keyboard.type("alice");
    await again.keyboard.press("Enter");
    await confirmWords(again);
    await named(again, "heading", "Chats").waitFor();
    await writeTo(again, "nobody_yet", "before");
    await lines(again, "before").waitFor();

    const { usage } = await again.evaluate(() => navigator.storage.estimate());
    await browser.limitStorage(usage);
    const refused = again.getByText(/Not sent, your text is back:.*no room left/);
    let text = "";
    for (let number = 1; (await refused.count()) === 0; number += 1) {
      assert.ok(number < 100, "there is always room");
      text = `number ${number}: ${"long and ".repeat(5_000)}the end`;
      await composer(again).fill(text);
      await again.keyboard.press("Enter");
      await lines(again, `number ${number}:`).or(refused).first().waitFor();
    }
    assert.equal(await composer(again).inputValue(), text);
    await browser.limitStorage();
    await press(again, "Send");
    await again.waitForFunction(() => document.querySelector("textarea").value === "");
    await again.reload();
    await talkTo(again, "nobody_yet");
    await lines(again, text.slice(0, 12)).waitFor();
    assert.equal(await lines(again, text.slice(0, 12)).count(), 1);
    assert.equal(await composer(again).inputValue(), "");
  }));

const YEAR_MS = 366 * 86_400_000;
const CLOCK_OFF = /clock and the server’s differ by more than a day/;
const clock = (off) => `{ const real = Date.now; Date.now = () => real.call(Date) + ${off}; }`;

test("a wrong clock is named for as long as it is wrong, and nothing is lost by it", () =>
  withServer(async ({ open, between }) => {
    const proxy = await between();
    const [alices, bobs] = [await open("alice", { proxy }), await open("bob")];
    const [alice, bob] = [await alices.page(), await bobs.page()];
    await signUp(alice, "alice");
    await signUp(bob, "bob");
    await writeTo(alice, "bob", "on time");
    await accept(bob, "on time");
    await isSent(alice, "on time");
    await alices.close();

    proxy.script = clock(YEAR_MS);
    await alices.start();
    let page = await alices.page();
    await page.getByText(CLOCK_OFF).waitFor();
    await talkTo(page, "bob");
    await write(page, "a year ahead");
    await lines(page, "a year ahead").waitFor();
    await write(bob, "what day is it?");
    await lines(page, "what day is it?").waitFor();
    // It is connected, and it is still said; a second tab says it, too.
    await page.getByText(CLOCK_OFF).waitFor();
    const second = await alices.page();
    await second.getByText(CLOCK_OFF).waitFor();
    await alices.close();

    proxy.script = "";
    await alices.start();
    page = await alices.page();
    await talkTo(page, "bob");
    await isSent(page, "a year ahead");
    assert.equal(await page.getByText(CLOCK_OFF).count(), 0);
    for (const one of [page, bob]) {
      for (const text of ["on time", "a year ahead", "what day is it?"]) {
        await lines(one, text).waitFor();
        assert.equal(await lines(one, text).count(), 1, text);
      }
    }
  }));

test("a wrong clock is named where an account is made, and the account is made once it is set", () =>
  withServer(async ({ open, between }) => {
    const proxy = await between(clock(-YEAR_MS));
    const browser = await open("alice", { proxy });
    let page = await browser.page();
    await lock(page);
    await named(page, "textbox", "Handle").waitFor();
    await typeAndEnter(page, "alice");
    await confirmWords(page);
    await page.getByText(CLOCK_OFF).waitFor();
    proxy.script = "";
    await page.reload();
    await named(page, "textbox", "Handle").or(named(page, "heading", "Chats")).waitFor();
    if ((await named(page, "heading", "Chats").count()) === 0) {
      await typeAndEnter(page, "");
      await confirmWords(page);
    }
    await named(page, "heading", "Chats").waitFor();
  }));

test("without its server the page opens, waits, and says so", () =>
  withServer(async ({ open, server }) => {
    const browser = await open("alice");
    let page = await browser.page();
    await page.evaluate(() => navigator.serviceWorker.ready);
    await lock(page, PASSPHRASE);
    await named(page, "textbox", "Handle").waitFor();
    const { host } = new URL(server.url);
    await server.stop();
    await page.keyboard.type("alice");
    await page.keyboard.press("Enter");
    await confirmWords(page);
    await page.getByText("The server is out of reach. Sotto goes on as soon as it answers.").waitFor();
    await server.begin(host);
    await named(page, "heading", "Chats").waitFor();
    await page.reload();
    await unlock(page, PASSPHRASE);
    await named(page, "heading", "Chats").waitFor();
    await server.stop();
    await browser.close();
    await browser.start();
    page = await browser.page();
    await unlock(page, PASSPHRASE);
    await page.getByText(/^Out of reach since/).waitFor();
    await writeTo(page, "nobody_yet", "for later");
    await page.locator(".message.own .meta", { hasText: "Waiting to be sent" }).waitFor();
    await server.begin(host);
    await page.getByText(/^Out of reach since/).waitFor({ state: "detached" });
    await page.getByText("Nobody has this handle.").waitFor();
  }));

test("a server of a newer protocol is named, and what waited leaves after the update", () =>
  withServer(async ({ open, between }) => {
      const proxy = await between();
    const alices = await open("alice", { proxy });
      const bob = await (await open("bob")).page();
      const alice = await alices.page();
      await signUp(bob, "bob");
      proxy.newer = true;
      await lock(alice);
      await named(alice, "textbox", "Handle").waitFor();
      await alice.keyboard.type("alice");
      await alice.keyboard.press("Enter");
        await confirmWords(alice);
      await alice.getByText("The server needs a newer Sotto. Update to go on.").waitFor();
      proxy.newer = false;
      await alice.keyboard.press("Enter");
      await confirmWords(alice);
      await named(alice, "heading", "Chats").waitFor();
      await writeTo(alice, "bob", "before the update");
      await isSent(alice, "before the update");

      proxy.newer = true;
      proxy.hangUp();
      await alice.getByText("The server needs a newer Sotto. Update to go on.").waitFor();
      await write(alice, "during the update");
      await lines(alice, "during the update").waitFor();
      const second = await alices.page();
      await second.getByText("The server needs a newer Sotto. Update to go on.").waitFor();
      await second.close();
      proxy.newer = false;
      await press(alice, "Reload");
      await talkTo(alice, "bob");
      await isSent(alice, "during the update");
      await accept(bob, "during the update");
      for (const page of [alice, bob]) await shows(page, ["before the update", "during the update"]);
  }));

/** Larger databases are not read as a whole when they open. */
const CHECKED_AT_OPEN_BYTES_MAX = 4 * 1024 * 1024 + 64 * 1024;

/** Bytes of the pool's largest file. */
const largest = (page) =>
  page.evaluate(async () => {
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle("sotto");
    const slots = await folder.getDirectoryHandle(".opaque");
    let largest = 0;
    for await (const file of slots.values()) largest = Math.max(largest, (await file.getFile()).size);
    return largest;
  });

/** Changes bytes of every larger file of the pool, from this part of it on; no page of the client may be open. */
const damage = (page, part) =>
  page.evaluate(async (part) => {
    const script = `onmessage = async () => {
      const walk = async (directory) => {
        for await (const [, handle] of directory.entries()) {
          if (handle.kind === "directory") { await walk(handle); continue; }
          const access = await handle.createSyncAccessHandle();
          const pages = Math.floor(access.getSize() / 4096);
          if (pages > 20) {
            for (let at = Math.floor(pages * ${part}) + 1; at < pages; at += 1) {
              access.write(new Uint8Array(64).fill(7), { at: at * 4096 + 100 });
            }
          }
          access.flush();
          access.close();
        }
      };
      await walk(await (await navigator.storage.getDirectory()).getDirectoryHandle("sotto"));
      postMessage("done");
    };`;
    const worker = new Worker(URL.createObjectURL(new Blob([script])));
    await new Promise((resolve) => {
      worker.onmessage = resolve;
      worker.postMessage("go");
    });
    worker.terminate();
  }, part);

/** Opens what can be opened, up to where the damage is said. */
async function findDamage(page) {
  const said = page.getByText(/What is stored here is damaged, so Sotto leaves it alone/);
  await said.or(page.locator(".row")).first().waitFor();
  if ((await said.count()) === 0) await page.locator(".row").first().click();
  await isBroken(page, /What is stored here is damaged, so Sotto leaves it alone/);
}

test("a damaged profile is said to be damaged, is left alone, and one can start anew", async (t) => {
  await withServer(async ({ open }) => {
    for (const [what, isLarge, part] of [
      ["a small one, found when it opens", false, 0.5],
      ["a large one, found when it is read", true, 0.3],
    ]) {
      await t.test(what, async () => {
        const browser = await open(what.replaceAll(/\W/g, "-"));
        let page = await browser.page();
        await signUp(page, isLarge ? "large_one" : "small_one");
        await writeTo(page, "nobody_yet", "the first line");
        await lines(page, "the first line").waitFor();
        await page.close();
        if (isLarge) {
          const filling = await browser.tab({ remembered: true });
          await filling.stage("ready");
          await filling.act({ open_handle: { handle: "nobody_yet" } });
          for (let number = 0; (await largest(filling.page)) < CHECKED_AT_OPEN_BYTES_MAX; number += 1) {
            const text = `${number} ${"filling ".repeat(7_000)}`;
            assert.equal(await filling.act({ send: { text } }), "taken");
          }
          await filling.close();
        }
        const damager = await browser.context.newPage();
        await damager.goto(`${browser.server.url}/health`);
        await damage(damager, part);
        page = await browser.page();
        await findDamage(page);
        await page.getByText("Nothing was deleted.").waitFor();
        await named(page, "button", "Try again").waitFor();
        await page.reload();
        await findDamage(page);
        await press(page, "Start anew");
        await press(page, "Cancel");
        await press(page, "Start anew");
        await press(page, "Remove everything here");
        await signUp(page, isLarge ? "large_two" : "small_two");
        assert.deepEqual(page.complaints, []);
      });
    }
  });
});

const TOWER = `a${"\u0301".repeat(30_000)}`;
const HOSTILE_NAMES = [
  '"><img src=x onerror=globalThis.ran=true>',
  `Zal${"\u0351\u036b\u0343\u0302".repeat(5)}go`,
  "\u05e9\u05dc\u05d5\u05dd (verified)",
  "</h1></button><script>ran=true</script>",
];
const HOSTILE_TEXTS = [
  '<img src=x onerror="globalThis.ran = true"><script>globalThis.ran = true</script>',
  "{{constructor.constructor('globalThis.ran = true')()}} ${globalThis.ran = true}",
  "javascript:globalThis.ran=true https://example.org/\u202egpj.exe",
  "\u202eall of this is backwards\u2067 and this is not closed",
  "Z\u0351\u036b\u0343\u036a\u0302\u036b\u033d\u034f\u0334\u0319\u0324\u031e\u0349\u035a\u032f\u031e\u0320\u034da\u036b\u0357\u0334\u0362l\u0368\u0367\u0369\u0358g\u0361o",
  TOWER,
  "\u0000\u0007\u001b[31mred\u001b[0m\u2028\u2029line",
];

test("names and texts made to do harm are shown and do none", () =>
  withServer(async ({ open, terminal }) => {
    const mallory = terminal("mallory");
    await mallory.register();
    const page = await (await open("alice")).page();
    await signUp(page, "alice");
    await mallory.run("send", "@alice", "hello");
    await accept(page, "hello");
    // A name is one line of text, in the list and above the conversation.
    for (const [number, name] of HOSTILE_NAMES.entries()) {
      await mallory.run("name", name);
      await mallory.run("send", "@alice", `name ${number}`);
      await lines(page, `name ${number}`).waitFor();
      await page.getByRole("heading", { level: 1 }).filter({ hasText: name.slice(0, 3) }).waitFor();
      await page.locator(".row .who", { hasText: name.slice(0, 3) }).waitFor();
      for (const place of [".row .who", ".thread-head h1"]) {
        const { height } = await page.locator(place).first().boundingBox();
        assert.ok(height < 40, `${place} is ${height} high`);
      }
    }
    for (const text of HOSTILE_TEXTS) await mallory.runReading(text, "send", "@alice", "-");
    await lines(page, "red").waitFor();

    // Nothing ran, nothing was loaded, no text became an element.
    assert.equal(await page.evaluate(() => globalThis.ran), undefined);
    assert.deepEqual(page.complaints, []);
    assert.equal(await page.locator(".message .bubble *, .row img, h1 img").count(), 0);
    // No line reaches beyond its own box, and none beyond the window.
    const boxes = await page.locator(".message .bubble").evaluateAll((bubbles) =>
      bubbles.map((bubble) => ({
        width: bubble.getBoundingClientRect().width,
        height: bubble.getBoundingClientRect().height,
        clips: getComputedStyle(bubble).overflow,
      })),
    );
    for (const { width, height, clips } of boxes) {
      assert.ok(width <= 1280 && height < 2_000, `${width} × ${height}`);
      assert.match(clips, /clip|hidden/);
    }
    // The page answers.
    await write(page, "I see what you did");
    await isSent(page, "I see what you did");
    const heard = await mallory.run("sync");
    assert.ok(heard.length > 0);
    assert.equal((await mallory.texts("alice")).at(-1), "I see what you did");

    // One writes such texts oneself, too.
    await composer(page).fill(TOWER);
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.querySelector("textarea").value === "");
    await write(page, "still here");
    await isSent(page, "still here");
    // A text beyond the limit is refused before it is sent, and stays.
    await composer(page).fill("x".repeat(65_537));
    await page.getByText(/byte too long\. Send it in parts\./).waitFor();
    await page.keyboard.press("Enter");
    assert.equal((await composer(page).inputValue()).length, 65_537);
    assert.equal(await page.evaluate(() => globalThis.ran), undefined);
  }));

test("a tab that asks while another holds everything and does not answer is told so", () =>
  withServer(async ({ open, server }) => {
    const browser = await open("alice");
    const holder = await browser.context.newPage();
    await holder.goto(`${server.url}/health`);
    await holder.evaluate(() => new Promise((held) => navigator.locks.request("sotto owner", () => (held(), new Promise(() => {})))));
    const page = await browser.page();
    await isBroken(page, /Another program uses this profile/);
    await holder.close();
    await named(page, "textbox", "Passphrase").waitFor({ timeout: PATIENCE_MS });
  }));
