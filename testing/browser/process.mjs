// A person at a terminal: one profile, one `sotto` for each command, as scripts drive it (docs/cli.md).

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** Waits for something for as long as anything may take; given by the harness. */
export class Process {
  constructor({ program, profile, name, server, patiently }) {
    Object.assign(this, { program, profile, name, server, patiently, children: new Set() });
  }

  register() {
    return this.run("register", `@${this.name}`, "--server", this.server.url);
  }

  /** Runs a command to its end; the objects it printed. */
  run(...wanted) {
    return this.runReading("", ...wanted);
  }

  /** The same, with something to read. */
  async runReading(text, ...wanted) {
    const { child, lines } = this.begin(wanted);
    child.stdin.end(text);
    const over = new Promise((resolve) => child.once("close", resolve));
    const code = await this.patiently(over, async () => `sotto ${wanted[0]}: ${child.said}`);
    if (code !== 0) throw new Error(`sotto ${wanted[0]} ended with ${code}: ${child.said}`);
    return lines;
  }

  /** Stays online from now on; other commands go through it. */
  async listen() {
    this.listening = this.begin(["listen"]);
    await this.hears(({ type }) => type === "online");
  }

  /** Waits until `sotto listen` has said something that `wanted` accepts. */
  hears(wanted) {
    const { lines, awaken } = this.listening;
    const heard = async () => {
      for (let at = 0; ; at += 1) {
        while (at >= lines.length) await new Promise((resolve) => (awaken.next = resolve));
        if (wanted(lines[at])) return lines[at];
      }
    };
    return this.patiently(heard(), async () => `sotto: ${wanted}\nheard: ${JSON.stringify(lines).slice(-2_000)}`);
  }

  /** The texts of a conversation, oldest first. */
  async texts(handle) {
    const lines = await this.run("history", `@${handle}`, "--limit", "200");
    return lines.map(({ text }) => text);
  }

  begin(wanted) {
    const flags = ["--profile", this.profile, "--insecure-key-file", "--json", ...wanted];
    const child = spawn(this.program, flags, { stdio: ["pipe", "pipe", "pipe"] });
    const lines = [];
    const awaken = { next: () => {} };
    child.said = "";
    child.stderr.on("data", (data) => (child.said += data));
    createInterface({ input: child.stdout }).on("line", (line) => {
      lines.push(JSON.parse(line));
      awaken.next();
    });
    this.children.add(child);
    child.once("close", () => this.children.delete(child));
    return { child, lines, awaken };
  }

  async close() {
    for (const child of [...this.children]) {
      const over = new Promise((resolve) => child.once("close", resolve));
      child.kill("SIGTERM");
      await over;
    }
  }
}
