// The stack that the benchmarks measure: a real server process, a fleet of virtual agents in a process of its own, real
// runner processes, PostgreSQL, and an HTTP client. Whatever a benchmark starts here ends with `stack.dispose()`.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { openSync, readFileSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { Agent, request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { startPostgresServer } from "@courier/testkit";
import { endChild } from "./processes.mjs";

/** The repository's top directory. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const serverBin = join(root, "packages", "server", "bin", "courier-server.js");
const runnerBin = join(root, "packages", "runner", "bin", "courier-runner.js");
const fleetProcess = fileURLToPath(import.meta.resolve("./fleet-process.mjs"));
const agentsProcess = fileURLToPath(import.meta.resolve("./agents-process.mjs"));
const preloads = {
  gc: import.meta.resolve("./preload-gc.mjs"),
  profile: import.meta.resolve("./preload-profile.mjs"),
};
const readyTimeoutMs = 60_000;

/** Opens an empty stack with a temporary directory of its own. */
export async function openStack() {
  return new Stack(await mkdtemp(join(tmpdir(), "courier-bench-")));
}

class Stack {
  directory;
  #cleanups = [];

  constructor(directory) {
    this.directory = directory;
    this.onDispose(() => rm(directory, { recursive: true, force: true }));
  }

  /** Ends everything, the last started first. */
  async dispose() {
    for (const cleanup of this.#cleanups.splice(0).reverse()) await cleanup();
  }

  onDispose(cleanup) {
    this.#cleanups.push(cleanup);
  }

  /** Where a server keeps its rows: its data directory, or a private PostgreSQL server with its defaults (fsync on). */
  async createDatabase(kind) {
    const dataDir = join(this.directory, "server");
    if (kind === "sqlite") return { kind, dataDir, options: { dataDir } };
    const postgres = await startPostgresServer();
    this.onDispose(() => postgres.dispose());
    return { kind, dataDir, options: { databaseUrl: postgres.url } };
  }

  /** Starts a server and returns it when it is ready. `preload` (gc or profile) is for measuring. */
  async startServer(database, { preload, env = {} } = {}) {
    const nodeFlags = preload === undefined ? [] : ["--expose-gc", "--import", preloads[preload]];
    const flags = ["start", "--data-dir", database.dataDir, "--listen", "127.0.0.1:0"];
    if (database.kind === "postgres") flags.push("--database-url", database.options.databaseUrl);
    const startedAt = Date.now();
    const child = this.#spawn([...nodeFlags, serverBin, ...flags], { log: "server.log", env });
    const url = await readyUrl(child, join(this.directory, "server.log"));
    const token = (await readFile(join(database.dataDir, "admin-token"), "utf8")).trim();
    const api = new ApiClient(url, token);
    this.onDispose(() => api.close());
    return { child, pid: child.pid, url, token, api, startedAt, readyAt: Date.now() };
  }

  /** Starts the server again on the address that it had. */
  async restartServer(database, url) {
    const { host } = new URL(url);
    const flags = ["start", "--data-dir", database.dataDir, "--listen", host];
    if (database.kind === "postgres") flags.push("--database-url", database.options.databaseUrl);
    const startedAt = Date.now();
    const child = this.#spawn([serverBin, ...flags], { log: "server-again.log" });
    await readyUrl(child, join(this.directory, "server-again.log"));
    return { child, pid: child.pid, startedAt, readyAt: Date.now() };
  }

  /** Starts a process for virtual agents. */
  startFleet() {
    const child = this.#spawn([fleetProcess], { log: "fleet.log", stdin: "pipe" });
    return new Fleet(child);
  }

  /** Enrols and starts a real runner; resolves when the server says that its node is online. */
  async startRunner(server, name) {
    const key = await server.api.createEnrollmentKey(1);
    return this.#startRunner(server, { name, flags: ["--enrollment-key", key] });
  }

  /** Ends a runner and starts it again, enrolled as it is. */
  async restartRunner(server, { child, name }) {
    await endChild(child);
    await untilHealth({ api: server.api, name, health: "offline" });
    return this.#startRunner(server, { name, flags: [] });
  }

  async #startRunner(server, { name, flags }) {
    const dataDir = join(this.directory, `runner-${name}`);
    const place = ["--url", server.url, "--data-dir", dataDir, "--name", name];
    const log = `runner-${name}.log`;
    const child = this.#spawn([runnerBin, "start", ...place, ...flags], { log });
    const logFile = join(this.directory, log);
    await untilHealth({ api: server.api, name, health: "online", child, logFile });
    return { child, pid: child.pid, name };
  }

  /** Starts a process of real node agents, see agents-process.mjs. */
  startAgents(args) {
    return this.#spawn([agentsProcess, ...args], { log: "agents.log", stdin: "pipe" });
  }

  #spawn(args, { log, stdin = "ignore", env = {} }) {
    const logFile = openSync(join(this.directory, log), "a");
    const child = spawn(process.execPath, args, {
      stdio: [stdin, "pipe", logFile],
      env: { ...process.env, ...env },
    });
    this.onDispose(() => endChild(child));
    return child;
  }
}

async function readyUrl(child, logFile) {
  const lines = createInterface({ input: child.stdout });
  const signal = AbortSignal.timeout(readyTimeoutMs);
  const ended = once(child, "exit", { signal }).then(() => {
    throw new Error(`the server ended before it was ready: ${readFileSync(logFile, "utf8")}`);
  });
  const line = once(lines, "line", { signal });
  const [text] = await Promise.race([line, ended]);
  // The loser of the race must not become an unhandled rejection when the process ends later.
  ended.catch(() => undefined);
  return JSON.parse(text).url;
}

/** Waits until the server sees the node so; `child` is the runner that is expected to live meanwhile. */
async function untilHealth({ api, name, health, child, logFile }) {
  const deadline = Date.now() + readyTimeoutMs;
  while (Date.now() < deadline) {
    const { items } = await api.get(`/node/management/v1/nodes?name=${name}`);
    if (items[0]?.healthStatus === health) return;
    if (child !== undefined && child.exitCode !== null) break;
    await delay(50);
  }
  const log = logFile === undefined ? "" : readFileSync(logFile, "utf8");
  throw new Error(`runner "${name}" is not ${health}: ${log}`);
}

/** The parent's side of a virtual fleet's process. */
class Fleet {
  #child;
  #pending = new Map();
  #nextId = 1;

  constructor(child) {
    this.#child = child;
    createInterface({ input: child.stdout }).on("line", (line) => this.#answer(JSON.parse(line)));
    child.once("exit", () => {
      for (const { reject } of this.#pending.values()) reject(new Error("the fleet has ended"));
    });
  }

  get pid() {
    return this.#child.pid;
  }

  /** One of the commands of packages/testkit/src/virtual-fleet-process.ts. */
  call(name, parameters = {}) {
    const id = this.#nextId;
    this.#nextId += 1;
    this.#child.stdin.write(`${JSON.stringify({ id, do: name, ...parameters })}\n`);
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
    });
  }

  #answer({ id, ok, result, error }) {
    const { resolve, reject } = this.#pending.get(id);
    this.#pending.delete(id);
    if (ok) resolve(result);
    else reject(new Error(`fleet: ${error}`));
  }
}

/** The few requests that the benchmarks make, on kept-alive connections. */
class ApiClient {
  #url;
  #token;
  #agent = new Agent({ keepAlive: true, maxSockets: 16 });

  constructor(url, token) {
    this.#url = new URL(url);
    this.#token = token;
  }

  close() {
    this.#agent.destroy();
  }

  /** The same service with another token: each has a rate limit of its own. */
  async withFreshToken(name) {
    const { item } = await this.#ask("POST", "/courier/access-api/v1/tokens", {
      name,
      role: "admin",
    });
    return new ApiClient(this.#url.href, item.token);
  }

  async get(path) {
    return this.#ask("GET", path);
  }

  async addJob(template) {
    const { item } = await this.#ask("POST", "/courier/scheduler-api/v1/jobs", template);
    return item.id;
  }

  async createEnrollmentKey(uses) {
    const { item } = await this.#ask("POST", "/node/management/v1/enrollment-keys", { uses });
    return item.key;
  }

  /** The instance of an immediate job, with its groups; waits until it has ended. */
  async endedInstance(jobId, { pollMs = 20, timeoutMs = 120_000 } = {}) {
    const id = await this.instanceId(jobId, { pollMs, timeoutMs });
    const deadline = Date.now() + timeoutMs;
    while (Date.now() < deadline) {
      const { item } = await this.get(`/courier/state-api/v1/instances/${id}`);
      if (["success", "failure", "canceled"].includes(item.status)) return item;
      await delay(pollMs);
    }
    throw new Error(`instance ${id} has not ended after ${timeoutMs} ms`);
  }

  async instanceId(jobId, { pollMs = 20, timeoutMs = 60_000 } = {}) {
    const deadline = Date.now() + timeoutMs;
    while (Date.now() < deadline) {
      const { items } = await this.get(`/courier/state-api/v1/instances?jobId=${jobId}`);
      if (items.length > 0) return items[0].id;
      await delay(pollMs);
    }
    throw new Error(`job ${jobId} has no instance after ${timeoutMs} ms`);
  }

  #ask(method, path, body) {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const options = {
      agent: this.#agent,
      method,
      host: this.#url.hostname,
      port: this.#url.port,
      path,
      headers: {
        authorization: `Bearer ${this.#token}`,
        ...(text === undefined
          ? {}
          : { "content-type": "application/json", "content-length": Buffer.byteLength(text) }),
      },
    };
    return new Promise((resolve, reject) => {
      const request = httpRequest(options, (response) => {
        const chunks = [];
        response.on("data", (chunk) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const answer = Buffer.concat(chunks).toString();
          if (response.statusCode < 300) resolve(JSON.parse(answer));
          else
            reject(new Error(`${method} ${path}: ${response.statusCode} ${answer.slice(0, 500)}`));
        });
      });
      request.on("error", (error) => {
        // The server has closed a connection that was idle for long, and this was its next use.
        const isStale = request.reusedSocket && error.code === "ECONNRESET";
        if (isStale) this.#ask(method, path, body).then(resolve, reject);
        else reject(error);
      });
      request.end(text);
    });
  }
}
