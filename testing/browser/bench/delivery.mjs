// From one browser to another: each is a browser of its own, with its profile on the disk. A message is under way from the
// moment the sender's page sees the Enter key until the other page has painted the line.

import { composer, accept, shows, signUp, talkTo, write, writeTo } from "../person.mjs";
import { PASSPHRASE } from "../harness.mjs";
import { clockOf, watchLines } from "./watch.mjs";

/** Bytes of a text: as in the other sections. */
const TEXT_BYTES = 256;
/** Messages that do not count. */
const WARM = 20;

// Ends with a full stop: what is blank at the end of a text is not shown.
const textOf = (number) => `${`${number} `.padEnd(TEXT_BYTES - 1, "all work and no play ")}.`;

/** Alice and Bob, who have met; the one who reads has a passphrase. */
export async function meet(open) {
  const [alices, bobs] = [await open("alice"), await open("bob")];
  for (const browser of [alices, bobs]) await browser.context.addInitScript(watchLines);
  const [alice, bob] = [await alices.page(), await bobs.page()];
  await signUp(alice, "alice");
  await signUp(bob, "bob", { passphrase: PASSPHRASE });
  await writeTo(alice, "bob", "May I?");
  await accept(bob, "May I?");
  await write(bob, "You may.");
  await shows(alice, ["May I?", "You may."]);
  await talkTo(alice, "bob");
  await talkTo(bob, "alice");
  return { alice, bob, alices, bobs };
}

/** Sends one message after the other; milliseconds until each stood in either window. */
export async function deliver({ alice, bob }, count) {
  const before = [await clockOf(alice), await clockOf(bob)];
  const toOther = [];
  const toOwn = [];
  await composer(alice).focus();
  for (let number = 0; number < WARM + count; number += 1) {
    const text = textOf(number);
    await alice.keyboard.insertText(text);
    await alice.keyboard.press("Enter");
    const painted = (page) => page.evaluate((text) => sottoPainted(text), text);
    const [here, there] = await Promise.all([painted(alice), painted(bob)]);
    const entered = await alice.evaluate(() => sottoEntered);
    if (number < WARM) continue;
    toOwn.push(here - entered);
    toOther.push(there - entered);
  }
  const after = [await clockOf(alice), await clockOf(bob)];
  const ahead = (before[1].ahead - before[0].ahead + after[1].ahead - after[0].ahead) / 2;
  const within = Math.max(before[0].within + before[1].within, after[0].within + after[1].within);
  return { toOwn, toOther: toOther.map((took) => took - ahead), clock: { ahead, within } };
}
