// Lighthouse's judgement of a first visit on a slow phone, against a real sottod. Accessibility and best practices must be
// perfect; performance is a timing of this machine, so it is printed and judged by nobody here.

import { createRequire } from "node:module";
import { createServer } from "node:net";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { launch, withServer } from "../harness.mjs";

const packages = process.env.SOTTO_LIGHTHOUSE ?? new URL("../../../target/lighthouse", import.meta.url).pathname;
const entry = createRequire(join(packages, "index.js")).resolve("lighthouse");
const { default: lighthouse } = await import(pathToFileURL(entry));

const MUST_BE_PERFECT = ["accessibility", "best-practices"];
const PRINTED = ["first-contentful-paint", "largest-contentful-paint", "speed-index", "total-blocking-time", "cumulative-layout-shift"];

await withServer(async ({ server }) => {
  const port = await freePort();
  const browser = await launch([`--remote-debugging-port=${port}`]);
  try {
    const onlyCategories = ["performance", ...MUST_BE_PERFECT];
    const { lhr } = await lighthouse(server.url, { port, onlyCategories, logLevel: "error", output: "json" });
    report(lhr);
  } finally {
    await browser.close();
  }
});

function report({ categories, audits }) {
  for (const { title, score } of Object.values(categories)) console.log(`${title}: ${Math.round(score * 100)}`);
  for (const id of PRINTED) console.log(`  ${audits[id].title}: ${audits[id].displayValue}`);
  for (const { id, auditRefs, score } of Object.values(categories)) {
    const counted = auditRefs.filter(({ weight }) => weight > 0).map((ref) => audits[ref.id]);
    for (const audit of counted.filter((audit) => audit.score !== null && audit.score < 0.9)) {
      console.log(`  ${id}: ${audit.title} (${audit.displayValue ?? "no"})`);
      for (const item of (audit.details?.items ?? []).slice(0, 5)) console.log(`    ${JSON.stringify(item).slice(0, 300)}`);
    }
    if (MUST_BE_PERFECT.includes(id) && score < 1) process.exitCode = 1;
  }
}

/** A port that nobody listens on. */
function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer().once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}
