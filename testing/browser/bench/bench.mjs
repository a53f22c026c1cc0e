// The web client measured in Debian's Chromium against a real sottod; `cargo xtask bench browser` runs it and makes the
// section of the report. Prints one JSON object: single figures, in milliseconds and bytes. Judges nothing.
//
// Usage: node bench/bench.mjs '{"visits": 5, "messages": 300, "openings": 5, "lines": 100000, "conversations": 200}'

import { argv, stderr, stdout } from "node:process";

import { withServer } from "../harness.mjs";
import { deliver, meet } from "./delivery.mjs";
import { enlarge, openings, scroll } from "./large.mjs";
import { visits } from "./visit.mjs";

const amount = JSON.parse(argv[2]);
const say = (what) => stderr.write(`           browser: ${what}\n`);

await withServer(async ({ server, open }) => {
  say("first visits");
  const first = await visits(server, amount.visits);
  say("two browsers");
  const people = await meet(open);
  const delivery = await deliver(people, amount.messages);
  await people.alices.close();
  for (const page of people.bobs.context.pages()) await page.close();
  say(`a profile of ${amount.lines} messages`);
  const { lines: messages, conversations } = amount;
  const databaseBytes = await enlarge({ server, browser: people.bobs, messages, conversations });
  say("opening it");
  const opened = await openings(people.bobs, amount.openings);
  say("scrolling through it");
  const frames = await scroll(opened.page);
  const large = { databaseBytes, openings: opened.openings, frames };
  stdout.write(JSON.stringify({ browser: first.browser, visits: first.visits, delivery, large }));
});
