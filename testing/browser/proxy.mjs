// What stands between a browser and its server where a test wants a bad day. It passes everything on; it can put a script
// before the worker's own, and let the server look newer than it is.

import { createServer, request } from "node:http";
import { connect } from "node:net";

/** A version of the protocol that nobody speaks yet. */
const FAR_FUTURE = 99;
const WORKER = /^\/assets\/sotto-worker-[0-9a-f]+\.js$/;

/** Passes requests and sockets on to a server. */
export class Proxy {
  static async before(server) {
    const proxy = new Proxy();
    // `script` runs before the worker's own; while `newer` is set, the server greets as one of the far future; while
    // `isCut` is set, nothing gets through.
    Object.assign(proxy, { server, script: "", newer: false, isCut: false, sockets: new Set() });
    proxy.door = createServer((asked, answer) => proxy.pass(asked, answer));
    proxy.door.on("upgrade", (asked, socket) => proxy.passSocket(asked, socket));
    await new Promise((resolve) => proxy.door.listen(0, "127.0.0.1", resolve));
    proxy.url = `http://127.0.0.1:${proxy.door.address().port}`;
    return proxy;
  }

  pass(asked, answer) {
    if (this.isCut) return void answer.destroy();
    const isWorker = WORKER.test(asked.url);
    const { hostname, port } = new URL(this.server.url);
    const headers = { ...asked.headers };
    if (isWorker) delete headers["accept-encoding"];
    const further = request({ hostname, port, path: asked.url, method: asked.method, headers }, (found) => {
      const headers = { ...found.headers };
      // Another script may stand there the next time.
      if (isWorker) headers["cache-control"] = "no-store";
      if (isWorker) delete headers["content-length"];
      answer.writeHead(found.statusCode, headers);
      if (isWorker) answer.write(`${this.script}\n`);
      found.pipe(answer);
    });
    further.on("error", () => answer.destroy());
    asked.pipe(further);
  }

  passSocket(asked, client) {
    if (this.isCut) return void client.destroy();
    const { hostname, port } = new URL(this.server.url);
    const server = connect(Number(port), hostname);
    for (const [one, other] of [
      [client, server],
      [server, client],
    ]) {
      this.sockets.add(one);
      one.once("close", () => (this.sockets.delete(one), other.destroy()));
      one.on("error", () => other.destroy());
    }
    const lines = [`GET ${asked.url} HTTP/1.1`];
    for (let at = 0; at < asked.rawHeaders.length; at += 2) {
      lines.push(`${asked.rawHeaders[at]}: ${asked.rawHeaders[at + 1]}`);
    }
    server.write(lines.join("\r\n") + HEAD_END);
    client.pipe(server);
    let waiting = Buffer.alloc(0);
    let isGreeted = false;
    server.on("data", (data) => {
      waiting = Buffer.concat([waiting, data]);
      if (!isGreeted && isHalfAGreeting(waiting)) return;
      if (!isGreeted && this.newer && isSocket(waiting)) waiting = inTheFuture(waiting);
      isGreeted = true;
      client.write(waiting);
      waiting = Buffer.alloc(0);
    });
  }

  /** Lets go of every socket, so that the next greeting is heard. */
  hangUp() {
    for (const socket of this.sockets) socket.destroy();
  }

  async close() {
    this.hangUp();
    this.door.closeAllConnections();
    await new Promise((resolve) => this.door.close(resolve));
  }
}

const HEAD_END = "\r\n\r\n";
const isSocket = (bytes) => bytes.subarray(0, 12).toString() === "HTTP/1.1 101";

/** An answer that opens a WebSocket, without the whole first frame after it. */
function isHalfAGreeting(bytes) {
  if (!isSocket(bytes)) return false;
  const end = bytes.indexOf(HEAD_END);
  if (end < 0) return true;
  const frame = bytes.subarray(end + HEAD_END.length);
  if (frame.length < 4) return true;
  const length = frame[1] === 126 ? 4 + frame.readUInt16BE(2) : 2 + frame[1];
  return frame.length < length;
}

/** The greeting begins with the newest protocol (field 1) and the oldest (field 2), each a number of one byte. */
function inTheFuture(bytes) {
  const start = bytes.indexOf(HEAD_END) + HEAD_END.length;
  for (let at = start; at < start + 16; at += 1) {
    if (bytes[at] === 0x08 && bytes[at + 2] === 0x10) {
      bytes[at + 1] = FAR_FUTURE;
      bytes[at + 3] = FAR_FUTURE;
      return bytes;
    }
  }
  throw new Error("the server greets in another way than this proxy knows");
}
