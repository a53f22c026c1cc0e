// Draws the icons that systems want as pictures, from apps/web/static/icon.svg. Run after that one changed:
//   cargo xtask web && node testing/browser/icons.mjs

import { readFile, writeFile } from "node:fs/promises";

import { launch } from "./harness.mjs";

const folder = new URL("../../apps/web/static/", import.meta.url);
const svg = await readFile(new URL("icon.svg", folder), "utf8");
const [, ground] = svg.match(/<rect[^>]* fill="([^"]+)"/);

// Where a system cuts the shape itself, the ground goes to the edge.
const PICTURES = [
  { name: "icon-192.png", size: 192 },
  { name: "icon-512.png", size: 512 },
  { name: "icon-maskable-512.png", size: 512, toTheEdge: true },
  { name: "apple-touch-icon.png", size: 180, toTheEdge: true },
];

const browser = await launch();
try {
  for (const { name, size, toTheEdge } of PICTURES) {
    const page = await browser.newPage({ viewport: { width: size, height: size } });
    const style = `html{background:${toTheEdge ? ground : "transparent"}}body{margin:0}svg{display:block;width:100vw}`;
    await page.setContent(`<!doctype html><style>${style}</style>${svg}`);
    await writeFile(new URL(name, folder), await page.screenshot({ omitBackground: true }));
    await page.close();
  }
} finally {
  await browser.close();
}
