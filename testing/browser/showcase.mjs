// The showcase: the page with a script in place of the core, from the folder that `cargo xtask showcase` builds. Tests
// serve it under the very headers that sottod sends. To look at it: node testing/browser/showcase.mjs [FOLDER]

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { argv } from "node:process";
import { fileURLToPath } from "node:url";

const FOLDER = process.env.SOTTO_SHOWCASE ?? fileURLToPath(new URL("../../target/showcase", import.meta.url));

const MEDIA = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
};

/** Serves the showcase on the loopback; returns its address and what stops it. */
export async function serve({ folder = FOLDER, headers = {}, port = 0 } = {}) {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    const path = normalize(pathname === "/" ? "/index.html" : pathname);
    try {
      const bytes = await readFile(join(folder, path));
      response.writeHead(200, { ...headers, "content-type": MEDIA[extname(path)] ?? "application/octet-stream" });
      response.end(bytes);
    } catch {
      response.writeHead(404, headers).end();
    }
  });
  await new Promise((resolve, reject) => server.once("error", reject).listen(port, "127.0.0.1", resolve));
  const stop = () => new Promise((resolve) => server.close(resolve).closeAllConnections());
  return { url: `http://127.0.0.1:${server.address().port}`, stop };
}

/** What sottod says around each file: its policy above all. */
export async function headersOf(url) {
  const { headers } = await fetch(url);
  const around = [...headers].filter(([name]) => /^(content-security-policy|cross-origin-|x-|referrer-|permissions-)/.test(name));
  return Object.fromEntries(around);
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const { url } = await serve({ folder: argv[2] ?? FOLDER, port: 8081 });
  console.log(`${url}/?components and ${url}/?scene=thread`);
}
