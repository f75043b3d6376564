// One courier-server with embedded SQLite and three courier-runner processes on loopback, all data in one directory.

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { root } from "./prepare.mjs";

const nodeNames = ["demo-1", "demo-2", "demo-3"];
const readyLimitMs = 30_000;

/** A stack that is not started yet; `signal` ends whatever it waits for. */
export function startStack(directory, signal) {
  const children = [];
  const stack = {
    directory,
    nodeNames,
    url: "",
    tokenFile: join(directory, "server", "admin-token"),
    start,
    stop,
    cli,
    onUnexpectedExit: (callback) => {
      for (const child of children) child.once("exit", callback);
    },
  };
  return stack;

  async function start() {
    const server = launch("server", [
      "--data-dir",
      join(directory, "server"),
      "--listen",
      "127.0.0.1:0",
    ]);
    stack.url = (await ready(server, "courier-server", signal)).url;
    console.log(`courier-server is ready at ${stack.url}`);
    const key = JSON.parse(
      await cli(["enrollment", "create-key", "--uses", `${nodeNames.length}`]),
    );
    const runners = nodeNames.map((name) => [name, launchRunner(name, key.item.key)]);
    for (const [name, runner] of runners) {
      const { nodeId } = await ready(runner, `courier-runner ${name}`, signal);
      console.log(`courier-runner ${name} is enrolled as ${nodeId}`);
    }
  }

  function launchRunner(name, key) {
    const dataDir = join(directory, name);
    return launch("runner", [
      "--url",
      stack.url,
      "--data-dir",
      dataDir,
      "--name",
      name,
      "--enrollment-key",
      key,
    ]);
  }

  function launch(program, args) {
    const bin = join(root, "packages", program, "bin", `courier-${program}.js`);
    const child = spawn(process.execPath, [bin, "start", "--log-level", "warn", ...args], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    children.push(child);
    return child;
  }

  /** Runs courier-cli and returns what it printed; its progress goes to this terminal. */
  async function cli(args) {
    const bin = join(root, "packages", "cli", "bin", "courier-cli.js");
    const child = spawn(process.execPath, [bin, ...args], {
      cwd: root,
      env: {
        ...process.env,
        COURIER_URL: stack.url,
        COURIER_TOKEN: readFileSync(stack.tokenFile, "utf8").trim(),
      },
      stdio: ["ignore", "pipe", "inherit"],
      signal,
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

  /** Nodes first, so that the server records their departure. */
  async function stop() {
    for (const child of children.toReversed()) await end(child);
  }
}

/** The first line that a program prints says that it is ready. */
async function ready(child, name, signal) {
  const lines = createInterface({ input: child.stdout });
  const limit = AbortSignal.any([signal, AbortSignal.timeout(readyLimitMs)]);
  return new Promise((resolve, reject) => {
    lines.once("line", (line) => resolve(JSON.parse(line)));
    child.once("error", reject);
    child.once("exit", (code) =>
      reject(new Error(`${name} exited with ${code} before it was ready`)),
    );
    limit.addEventListener("abort", () => reject(limit.reason), { once: true });
  });
}

function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once("exit", resolve);
    child.kill("SIGTERM");
  });
}
