// Two browsers and one `sotto` process talk through a real server, while tabs, browsers, networks and servers come and go.
// Whatever happens, each text arrives once, and both ends of a conversation have the same order.

import assert from "node:assert/strict";
import test from "node:test";

import { withServer } from "./harness.mjs";
import {
  PASSPHRASE,
  accept,
  composer,
  isSent,
  lines,
  lock,
  named,
  shows,
  signUp,
  talkTo,
  texts,
  unlock,
  write,
  writeTo,
} from "./person.mjs";

/** Alice and Bob in browsers, who have met. */
async function met({ open }, { passphrase, proxy } = {}) {
  const [alices, bobs] = [await open("alice", { proxy }), await open("bob")];
  const [alice, bob] = [await alices.page(), await bobs.page()];
  await signUp(alice, "alice", { passphrase });
  await signUp(bob, "bob");
  await writeTo(alice, "bob", "May I?");
  await accept(bob, "May I?");
  await write(bob, "You may.");
  await shows(alice, ["May I?", "You may."]);
  return { alices, bobs, alice, bob };
}

test("three people talk, in two browsers and at a terminal, and everything arrives once and in order", () =>
  withServer(async ({ open, terminal, server }) => {
    const carol = terminal("carol");
    await carol.register();
    await carol.listen();
    const { alices, alice, bob } = await met({ open }, { passphrase: PASSPHRASE });

    // The terminal asks one of them and is asked by the other.
    await carol.run("send", "@bob", "Carol here");
    await accept(bob, "Carol here");
    await write(bob, "Bob here");
    await carol.hears(({ type, text }) => type === "message" && text === "Bob here");
    await writeTo(alice, "carol", "Alice here");
    await carol.hears(({ type }) => type === "request");
    await carol.run("accept", "@alice");
    await carol.run("send", "@alice", "Welcome");
    await shows(alice, ["Alice here", "Welcome"]);

    // Alice's page is loaded again: it asks for the passphrase and shows what was there.
    await alice.reload();
    await unlock(alice, PASSPHRASE);
    await talkTo(alice, "carol");
    await shows(alice, ["Alice here", "Welcome"]);

    // The server goes away. All three write, each sees the text wait, and it leaves when the server is back.
    await server.stop();
    await alice.getByText(/^Out of reach since/).waitFor();
    await write(alice, "from the dark, one");
    await write(alice, "from the dark, two");
    await talkTo(bob, "carol");
    await write(bob, "from Bob's dark");
    await carol.run("send", "--no-wait", "@bob", "from Carol's dark");
    await alice.locator(".message.own", { hasText: "dark, two" }).locator(".meta", { hasText: "Waiting" }).waitFor();
    await server.begin(new URL(server.url).host);
    await isSent(alice, "dark, two");
    await isSent(bob, "from Bob's dark");
    await lines(bob, "from Carol's dark").waitFor();
    await carol.hears(({ type, text }) => type === "message" && text === "from the dark, two");
    await carol.hears(({ type, text }) => type === "message" && text === "from Bob's dark");
    await alice.getByText(/^Out of reach since/).waitFor({ state: "detached" });

    // The browser is closed while others write to it, and catches up when it is back.
    await alices.close();
    await carol.run("send", "@alice", "while you were away");
    await talkTo(bob, "alice");
    await write(bob, "while you were away, too");
    await isSent(bob, "while you were away, too");
    await alices.start();
    const again = await alices.page();
    await unlock(again, PASSPHRASE);
    await talkTo(again, "carol");
    await lines(again, "while you were away").waitFor();

    // Every pair: the same texts on both sides, each once, in one order.
    const withCarol = await texts(again);
    assert.deepEqual(withCarol, await carol.texts("alice"));
    assert.deepEqual(withCarol.toSorted(), [
      "Alice here",
      "Welcome",
      "from the dark, one",
      "from the dark, two",
      "while you were away",
    ]);
    await talkTo(again, "bob");
    await shows(again, ["May I?", "You may.", "while you were away, too"]);
    await shows(bob, ["May I?", "You may.", "while you were away, too"]);
    await talkTo(bob, "carol");
    const bobs = await texts(bob);
    assert.deepEqual(bobs, await carol.texts("bob"));
    assert.deepEqual(bobs.toSorted(), ["Bob here", "Carol here", "from Bob's dark", "from Carol's dark"]);
  }));

test("whoever reads the newest line goes on reading the newest line, however many come", () =>
  withServer(async ({ open }) => {
    const { alice, bob } = await met({ open });
    const long = (number) => `line ${number} ${"goes on and on ".repeat(16)}`.trim();
    for (let number = 1; number <= 100; number += 1) {
      await write(alice, long(number));
      // Not asked to scroll: Bob's window does it by itself.
      await lines(bob, `line ${number} goes`).waitFor();
    }
    const last = lines(bob, "line 100 goes");
    await bob.waitForFunction((line) => line.getBoundingClientRect().bottom <= innerHeight, await last.elementHandle());
  }));

test("two tabs show the same, and the second goes on when the first is closed or crashes", () =>
  withServer(async ({ open }) => {
    const { alices, alice, bob } = await met({ open });
    const second = await alices.page();
    await talkTo(second, "bob");
    await shows(second, ["May I?", "You may."]);
    await write(second, "from the second tab");
    await write(alice, "from the first tab");
    const said = ["May I?", "You may.", "from the second tab", "from the first tab"];
    for (const page of [alice, second, bob]) await shows(page, said);

    // The first is closed; the second takes over, and a text that is being written there stays.
    await composer(second).focus();
    await second.keyboard.type("half a");
    await alice.close();
    await write(bob, "to the second tab");
    await lines(second, "to the second tab").waitFor();
    assert.equal(await composer(second).inputValue(), "half a");
    await composer(second).focus();
    await second.keyboard.press("End");
    await second.keyboard.type(" sentence");
    await second.keyboard.press("Enter");
    said.push("to the second tab", "half a sentence");
    for (const page of [second, bob]) await shows(page, said);

    // The second crashes while a third looks on.
    const third = await alices.page();
    await talkTo(third, "bob");
    await shows(third, said);
    const session = await alices.context.newCDPSession(second);
    const gone = new Promise((resolve) => second.once("crash", resolve));
    session.send("Page.crash").catch(() => {});
    await gone;
    await write(third, "still here");
    said.push("still here");
    for (const page of [third, bob]) await shows(page, said);
  }));

test("a browser that is killed in the middle of sending loses nothing and sends nothing twice", () =>
  withServer(async ({ open }) => {
    const { alices, alice, bob } = await met({ open });
    const said = ["May I?", "You may."];

    // Killed as soon as the line stands there: it is stored.
    await write(alice, "seen, then killed");
    await lines(alice, "seen, then killed").waitFor();
    await alices.killAndReopen();
    let page = await alices.page();
    await talkTo(page, "bob");
    said.push("seen, then killed");
    await shows(page, said);
    await isSent(page, "seen, then killed");
    await shows(bob, said);

    // Killed with the key still going down: the text is sent, or it stands in the composer.
    await composer(page).focus();
    await page.keyboard.type("typed, then killed");
    await page.locator(".row", { hasText: "Draft: " }).waitFor();
    page.keyboard.press("Enter").catch(() => {});
    await alices.killAndReopen();
    page = await alices.page();
    await talkTo(page, "bob");
    await page.waitForFunction(() => {
      const begun = document.querySelector("textarea").value === "typed, then killed";
      const sent = [...document.querySelectorAll(".message .bubble")].at(-1).textContent === "typed, then killed";
      return begun !== sent;
    });
    if ((await composer(page).inputValue()) !== "") {
      await composer(page).focus();
      await page.keyboard.press("Enter");
    }
    said.push("typed, then killed");
    for (const one of [page, bob]) await shows(one, said);
  }));

test("a network that goes and comes back is noticed, and what was written meanwhile leaves", () =>
  withServer(async ({ open, between }) => {
    const proxy = await between();
    const { alices, alice, bob } = await met({ open }, { proxy });
    // What the browser says of its network, and what becomes of connections that were there before.
    await alices.context.setOffline(true);
    proxy.isCut = true;
    proxy.hangUp();
    await alice.getByText(/^Out of reach since/).waitFor();
    await write(alice, "without a network");
    await alice.locator(".message.own", { hasText: "without a network" }).locator(".meta", { hasText: "Waiting" }).waitFor();
    await write(bob, "meanwhile");
    await isSent(bob, "meanwhile");
    proxy.isCut = false;
    await alices.context.setOffline(false);
    await lines(alice, "meanwhile").waitFor();
    await isSent(alice, "without a network");
    await alice.getByText(/^Out of reach since/).waitFor({ state: "detached" });
    await lines(bob, "without a network").waitFor();
    assert.deepEqual(await texts(alice), await texts(bob));
    assert.deepEqual((await texts(bob)).toSorted(), ["May I?", "You may.", "meanwhile", "without a network"]);
  }));

test("a profile that the browser removed is missed, and one can start anew", () =>
  withServer(async ({ open }) => {
    const browser = await open("alice");
    let page = await browser.page();
    await signUp(page, "alice");
    await page.goto("about:blank");
    await browser.wipe();
    await browser.reopen();
    page = await browser.page();
    await page.getByText(/^The browser removed what Sotto had stored on this device/).waitFor();
    assert.deepEqual(page.complaints, []);
    await named(page, "button", "Start anew").focus();
    await page.keyboard.press("Enter");
    await signUp(page, "alice_again");
    // It is not missed any more.
    await page.reload();
    await named(page, "heading", "Chats").waitFor();
  }));

test("a profile that is wiped while the page is open does no harm beyond that", () =>
  withServer(async ({ open }) => {
    const { alices, alice, bob } = await met({ open });
    await alices.wipe();
    await write(bob, "are you there?");
    await isSent(bob, "are you there?");
    await write(alice, "I think so");
    await alice.getByText(/^The browser removed what Sotto had stored on this device/).waitFor();
    // What holds the removed files has to go first.
    await named(alice, "button", "Start anew").focus();
    await alice.keyboard.press("Enter");
    await alice.getByText(/restart the browser, then try again/).waitFor();
    assert.deepEqual(alice.complaints, []);
    await alices.reopen();
    const page = await alices.page();
    await page.getByText(/^The browser removed what Sotto had stored on this device/).waitFor();
    await named(page, "button", "Start anew").focus();
    await page.keyboard.press("Enter");
    await lock(page);
    await named(page, "textbox", "Handle").waitFor();
  }));

test("a browser that does not promise to keep the data says so, and promises when it may", () =>
  withServer(async ({ open, server }) => {
    const browser = await open("alice");
    const page = await browser.page();
    await signUp(page, "alice");
    await page.getByText(/^This browser may remove what Sotto stored\. Keep your recovery words/).waitFor();
    // At the next start it is no news; the settings go on saying it.
    await page.reload();
    await named(page, "heading", "Chats").waitFor();
    await page.getByRole("button", { name: "Settings" }).click();
    await page.getByText(/may remove what Sotto stored when room gets scarce/).waitFor();
    assert.equal(await page.locator(".notice").count(), 0);
    await browser.devtools("Browser.grantPermissions", { origin: server.url, permissions: ["durableStorage"] });
    await named(page, "button", "Ask the browser to keep it").click();
    await page.getByText("What you wrote stays here until you remove it.").waitFor();
  }));
