// One courier-server with embedded SQLite and three courier-runner processes on loopback, all data in one directory.

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { root } from "./prepare.mjs";

const readyLimitMs = 30_000;

/** The demo's processes. `signal` ends whatever the stack waits for. */
export class Stack {
  url = "";
  nodeNames = ["demo-1", "demo-2", "demo-3"];
  #children = [];
  #signal;

  constructor(directory, signal) {
    this.directory = directory;
    this.tokenFile = join(directory, "server", "admin-token");
    this.#signal = signal;
  }

  async start() {
    const dataDir = join(this.directory, "server");
    const server = this.#launch("server", ["--data-dir", dataDir, "--listen", "127.0.0.1:0"]);
    this.url = (await this.#ready(server, "courier-server")).url;
    console.log(`courier-server is ready at ${this.url}`);
    const createKey = ["enrollment", "create-key", "--uses", String(this.nodeNames.length)];
    const { key } = JSON.parse(await this.cli(createKey)).item;
    await Promise.all(this.nodeNames.map((name) => this.#startNode(name, key)));
  }

  /** Runs courier-cli and returns what it printed; its progress goes to this terminal. */
  async cli(args) {
    const bin = join(root, "packages", "cli", "bin", "courier-cli.js");
    const child = spawn(process.execPath, [bin, ...args], {
      cwd: root,
      env: {
        ...process.env,
        COURIER_URL: this.url,
        COURIER_TOKEN: readFileSync(this.tokenFile, "utf8").trim(),
      },
      stdio: ["ignore", "pipe", "inherit"],
      signal: this.#signal,
    });
    const output = [];
    child.stdout.on("data", (chunk) => output.push(chunk));
    const code = await new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    if (code !== 0) throw new Error(`courier-cli ${args.join(" ")} exited with ${code}`);
    return Buffer.concat(output).toString();
  }

  /** Calls back when one of the processes ends by itself. */
  onUnexpectedExit(callback) {
    for (const child of this.#children) child.once("exit", callback);
  }

  /** Nodes first, so that the server records their departure. */
  async stop() {
    for (const child of this.#children.toReversed()) await end(child);
  }

  async #startNode(name, key) {
    const dataDir = join(this.directory, name);
    const role = name.endsWith("3") ? "db" : "web";
    const node = [
      "--url",
      this.url,
      "--data-dir",
      dataDir,
      "--name",
      name,
      "--tag",
      `role=${role}`,
    ];
    const interpreters = join(root, "examples", "custom-interpreter", "interpreters.json");
    node.push("--interpreters", interpreters);
    const runner = this.#launch("runner", [...node, "--enrollment-key", key]);
    const { nodeId } = await this.#ready(runner, `courier-runner ${name}`);
    console.log(`courier-runner ${name} is enrolled as ${nodeId}`);
  }

  #launch(program, args) {
    const bin = join(root, "packages", program, "bin", `courier-${program}.js`);
    const child = spawn(process.execPath, [bin, "start", "--log-level", "warn", ...args], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#children.push(child);
    return child;
  }

  /** The first line that a program prints says that it is ready. */
  #ready(child, name) {
    const lines = createInterface({ input: child.stdout });
    const limit = AbortSignal.any([this.#signal, AbortSignal.timeout(readyLimitMs)]);
    return new Promise((resolve, reject) => {
      lines.once("line", (line) => resolve(JSON.parse(line)));
      child.once("error", reject);
      child.once("exit", (code) => {
        reject(new Error(`${name} exited with ${code} before it was ready`));
      });
      limit.addEventListener("abort", () => reject(limit.reason), { once: true });
    });
  }
}

function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once("exit", resolve);
    child.kill("SIGTERM");
  });
}
