import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startServer, type RunningServer, type ServerOptions } from "@courier/server";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { at } from "./api-json.ts";

const program = fileURLToPath(
  new URL("../../packages/server/bin/courier-server.js", import.meta.url),
);

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "courier-server-"));
});
afterEach(async () => rm(dataDir, { recursive: true, force: true }));

describe("the server's parts together", () => {
  const running: RunningServer[] = [];
  afterEach(async () => {
    for (const server of running.splice(0)) await server.stop("the test is over");
  });

  async function start(more: Partial<ServerOptions> = {}): Promise<RunningServer> {
    const server = await startServer({
      dataDir,
      address: { host: "127.0.0.1", port: 0 },
      logLevel: "silent",
      log: pino({ level: "silent" }),
      ...more,
    });
    running.push(server);
    return server;
  }

  async function get(server: RunningServer, path: string, token: string): Promise<Response> {
    return fetch(`${server.url}${path}`, { headers: { authorization: `Bearer ${token}` } });
  }

  it("start with an admin token that only the owner can read, and keep it", async () => {
    const first = await start();
    const file = join(dataDir, "admin-token");
    const token = (await readFile(file, "utf8")).trim();
    const answer = await get(first, "/courier/access-api/v1/tokens", token);
    await first.stop("restart");
    const second = await start();

    const again = await get(second, "/courier/access-api/v1/tokens", token);

    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(token).toMatch(/^cou_[0-9a-f]{8}_[0-9a-f]{64}$/);
    expect([answer.status, again.status]).toEqual([200, 200]);
    expect(at(await again.json(), "totalItems")).toBe(1);
  });

  it("put their numbers on the metrics page", async () => {
    const server = await start();
    const token = (await readFile(join(dataDir, "admin-token"), "utf8")).trim();

    const page = await (await get(server, "/metrics", token)).text();

    for (const name of [
      "courier_connected_nodes 0",
      "courier_jobs_fired_total 0",
      "courier_report_backlog_frames 0",
      "nodejs_eventloop_lag_p99_seconds",
    ]) {
      expect(page).toContain(name);
    }
  });

  it("refuse an upgrade that is not a node's session", async () => {
    const server = await start();

    const status = await new Promise<number>((resolve, reject) => {
      const headers = { connection: "Upgrade", upgrade: "websocket" };
      const asked = request(`${server.url}/elsewhere`, { headers });
      asked.on("response", (response) => resolve(response.statusCode ?? 0));
      asked.on("upgrade", () => reject(new Error("was upgraded")));
      asked.on("error", reject);
      asked.end();
    });

    expect(status).toBe(404);
  });

  it("say that the port is in use, and let go of the data directory", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const address = other.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;

    const attempt = start({ address: { host: "127.0.0.1", port } });

    await expect(attempt).rejects.toThrow(
      `--listen 127.0.0.1:${port}: the port is in use by another process`,
    );
    other.close();
    await expect(start()).resolves.toBeDefined();
  });

  it("say that the data directory or a TLS file cannot be used", async () => {
    const file = join(dataDir, "a-file");
    await writeFile(file, "");

    await expect(start({ dataDir: file })).rejects.toThrow("--data-dir");
    await expect(start({ tlsFiles: { cert: file, key: join(dataDir, "none") } })).rejects.toThrow(
      "--tls-cert, --tls-key: ENOENT",
    );
  });

  it("stop in any number of calls", async () => {
    const server = await start();

    await Promise.all([server.stop("one"), server.stop("two")]);

    await expect(fetch(`${server.url}/healthz`)).rejects.toThrow("fetch failed");
  });
});

describe("the courier-server program", () => {
  const running: Running[] = [];
  afterEach(async () => {
    // One that still lived could write to the directory while it is removed.
    for (const { child, output } of running.splice(0)) {
      child.kill("SIGKILL");
      await output;
    }
  });

  function run(...args: string[]): Running {
    const child = spawn(process.execPath, [program, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, NODE_OPTIONS: "", COURIER_LOG_LEVEL: "info" },
    });
    const started = { child, output: collect(child) };
    running.push(started);
    return started;
  }

  it("prints one line of JSON when it is ready, and ends with 0 on SIGTERM", async () => {
    const { child, output } = run("start", "--data-dir", dataDir, "--listen", "127.0.0.1:0");
    const [line] = await once(child.stdout ?? child, "data");
    const ready: unknown = JSON.parse(String(line));
    const health = await fetch(`${String(at(ready, "url"))}/healthz`);

    child.kill("SIGTERM");
    const { code, stdout, stderr } = await output;

    expect(Object.keys(ready ?? {})).toEqual(["event", "url"]);
    expect(health.status).toBe(200);
    expect(code).toBe(0);
    expect(stdout.trim().split("\n")).toHaveLength(1);
    const token = (await readFile(join(dataDir, "admin-token"), "utf8")).trim();
    expect(stderr).not.toContain(token);
  });

  it("refuses a data directory that another process owns", async () => {
    const first = run("start", "--data-dir", dataDir, "--listen", "127.0.0.1:0");
    await once(first.child.stdout ?? first.child, "data");

    const second = await run("start", "--data-dir", dataDir, "--listen", "127.0.0.1:0").output;

    expect(second.code).not.toBe(0);
    expect(second.stdout).toBe("");
    const lines = second.stderr.trim().split("\n");
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^courier-server: .*data directory/);
  });

  it.each([
    [["start", "--bus", "nats://127.0.0.1"], "is not supported by this version"],
    [["start", "--listen", "0.0.0.0:0"], "--insecure-listen"],
    [["start", "--listen", "nowhere"], "expected HOST:PORT"],
    [["start", "--log-level", "loud"], "expected one of"],
    [["start", "--nonsense"], "unknown option"],
    [["start", "--database-url", "mysql://u:secret@h/d"], "mysql://[redacted]@h/d"],
  ])("ends %j with exit code 2 and says why", async (args, reason) => {
    const { code, stdout, stderr } = await run(...args, "--data-dir", dataDir).output;

    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toContain(reason);
    expect(stderr).not.toContain("secret");
  });

  it("says that a database cannot be reached", async () => {
    const url = "postgres://me:secret@127.0.0.1:1/db";

    const { code, stderr } = await run("start", "--data-dir", dataDir, "--database-url", url)
      .output;

    expect(code).toBe(6);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stderr).not.toContain("secret");
  });

  it("tells its version and its flags", async () => {
    const version = await run("--version").output;
    const help = await run("start", "--help").output;

    expect(version).toMatchObject({ code: 0, stdout: "0.1.0\n" });
    expect(help.code).toBe(0);
    expect(help.stdout).toContain("COURIER_DATABASE_URL");
  });
});

interface Running {
  readonly child: ChildProcess;
  readonly output: Promise<Output>;
}

interface Output {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function collect(child: ChildProcess): Promise<Output> {
  let stdout = "";
  let stderr = "";
  child.stdout?.on("data", (part) => (stdout += String(part)));
  child.stderr?.on("data", (part) => (stderr += String(part)));
  await once(child, "close");
  return { code: child.exitCode, stdout, stderr };
}
