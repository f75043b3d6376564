import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { isMainThread } from "node:worker_threads";

const run = promisify(execFile);

const pollMs = 20;
const startTimeoutMs = 60_000;

/** A PostgreSQL server of the tests' own, reachable only through a socket in its temporary directory. */
export interface PostgresServer {
  readonly url: string;
  /** Starts the server after `stop`; the data is kept. */
  start(): Promise<void>;
  /** Ends all sessions and the server. */
  stop(): Promise<void>;
  /** Stops the server and removes its data. */
  dispose(): Promise<void>;
}

/** Where PostgreSQL's programs are: COURIER_PG_BIN, else the newest of Debian's; undefined when there are none. */
export function findPostgresBinaries(): string | undefined {
  const named = process.env["COURIER_PG_BIN"];
  if (named !== undefined) return named;
  const root = "/usr/lib/postgresql";
  if (!existsSync(root)) return undefined;
  const versions = readdirSync(root).sort((left, right) => Number(right) - Number(left));
  return versions
    .map((version) => join(root, version, "bin"))
    .find((bin) => existsSync(join(bin, "initdb")));
}

/** Starts a server that nobody else uses: for tests that stop it. It ends with this process at the latest. */
export async function startPostgresServer(): Promise<PostgresServer> {
  const directory = await mkdtemp(join(tmpdir(), "courier-pg-"));
  const server = await createServer({ directory, ownerPid: process.pid });
  await server.start();
  return server;
}

/**
 * The URL of the server that all test files of one run share. The first to ask starts it; a watcher stops it and
 * removes its data when the test run has ended, however it ended.
 */
export async function sharedPostgresUrl(): Promise<string> {
  // vitest runs test files in child processes of the test run, or in threads of it.
  const ownerPid = isMainThread && process.env["VITEST"] !== undefined ? process.ppid : process.pid;
  const directory = join(tmpdir(), `courier-pg-run-${ownerPid}-${startTimeOf(ownerPid)}`);
  const readyFile = join(directory, "ready");
  if (await isFirst(directory)) {
    const server = await createServer({ directory, ownerPid });
    await server.start();
    await writeFile(readyFile, server.url);
    return server.url;
  }
  for (let waitedMs = 0; !existsSync(readyFile); waitedMs += pollMs) {
    if (waitedMs > startTimeoutMs) throw new Error("the shared PostgreSQL server did not start");
    await delay(pollMs);
  }
  return await readFile(readyFile, "utf8");
}

/** Tells a test run from an earlier one with the same pid, which may have left its directory: a machine that was cut off. */
function startTimeOf(pid: number): string {
  try {
    // Field 22 by proc(5); the command's name, the second, may hold spaces.
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    // No Linux.
    return "";
  }
}

async function isFirst(directory: string): Promise<boolean> {
  try {
    await mkdir(directory, { mode: 0o755 });
    return true;
  } catch {
    // Another test file is there already: it starts the server.
    return false;
  }
}

interface ServerPlace {
  readonly directory: string;
  /** The server ends with this process at the latest. */
  readonly ownerPid: number;
}

async function createServer(place: ServerPlace): Promise<PostgresServer> {
  const bin = findPostgresBinaries();
  if (bin === undefined) throw new Error("PostgreSQL is not installed: set COURIER_PG_BIN");
  const { directory } = place;
  const dataDir = join(directory, "data");
  const user = serverUser();
  if (user !== undefined) chownSync(directory, user.uid, user.gid);
  const initArguments = [
    "-D",
    dataDir,
    "-U",
    "postgres",
    "--auth=trust",
    "--encoding=UTF8",
    "--no-locale",
  ];
  await run(join(bin, "initdb"), [...initArguments, "--no-sync"], { ...user, cwd: "/" });
  return new PrivateServer({ bin, dataDir, user, ...place });
}

interface ServerOptions extends ServerPlace {
  readonly bin: string;
  readonly dataDir: string;
  readonly user: UserIds | undefined;
}

class PrivateServer implements PostgresServer {
  readonly url: string;
  readonly #options: ServerOptions;
  #pid: number | undefined;

  constructor(options: ServerOptions) {
    this.#options = options;
    this.url = `postgresql://postgres@localhost/postgres?host=${encodeURIComponent(options.directory)}`;
  }

  async start(): Promise<void> {
    const { bin, dataDir, directory, ownerPid, user } = this.#options;
    const settings = [
      "listen_addresses=",
      `unix_socket_directories=${directory}`,
      "max_connections=200",
    ];
    const child = spawn(
      join(bin, "postgres"),
      ["-D", dataDir, ...settings.flatMap((setting) => ["-c", setting])],
      { ...user, cwd: "/", stdio: "ignore", detached: true },
    );
    await once(child, "spawn");
    child.unref();
    if (child.pid === undefined) throw new Error("PostgreSQL did not start");
    this.#pid = child.pid;
    watch({ pid: child.pid, ownerPid, directory });
    await waitUntilReady(dataDir, () => child.exitCode);
  }

  async stop(): Promise<void> {
    const pid = this.#pid;
    this.#pid = undefined;
    if (pid === undefined) return;
    // SIGINT is PostgreSQL's fast shutdown: sessions are ended, data is written.
    process.kill(pid, "SIGINT");
    while (isAlive(pid)) await delay(pollMs);
  }

  async dispose(): Promise<void> {
    await this.stop();
    await rm(this.#options.directory, { recursive: true, force: true });
  }
}

/** PostgreSQL writes "ready" into its pid file when it accepts connections. */
async function waitUntilReady(dataDir: string, exitCode: () => number | null): Promise<void> {
  const pidFile = join(dataDir, "postmaster.pid");
  while (!existsSync(pidFile) || !/^ready/m.test(readFileSync(pidFile, "utf8"))) {
    if (exitCode() !== null) throw new Error(`PostgreSQL ended with ${exitCode()}`);
    await delay(pollMs);
  }
}

/**
 * A small process that outlives the test run when that is killed: it stops the server (by its pid) once its owner is
 * gone, and removes the directory. It ends by itself when the server was stopped before.
 */
function watch(watched: { pid: number; ownerPid: number; directory: string }): void {
  const script = `
    while kill -0 "$2" 2>/dev/null; do kill -0 "$1" 2>/dev/null || exit 0; sleep 0.5; done
    kill -INT "$1" 2>/dev/null
    while kill -0 "$1" 2>/dev/null; do sleep 0.1; done
    rm -rf "$3"`;
  const { pid, ownerPid, directory } = watched;
  const watcherArguments = ["-c", script, "sh", String(pid), String(ownerPid), directory];
  spawn("/bin/sh", watcherArguments, { stdio: "ignore", detached: true }).unref();
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A zombie still has its pid until its parent has read the exit code; for us it is gone.
    return !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  } catch {
    // ESRCH or a /proc entry that has just gone: the process has ended.
    return false;
  }
}

interface UserIds {
  readonly uid: number;
  readonly gid: number;
}

/** PostgreSQL refuses to run as root: it gets the user `postgres`, else `nobody`. */
function serverUser(): UserIds | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const users = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"));
  const user =
    users.find(([name]) => name === "postgres") ?? users.find(([name]) => name === "nobody");
  if (user === undefined)
    throw new Error("there is neither a user postgres nor nobody to run PostgreSQL as");
  return { uid: Number(user[2]), gid: Number(user[3]) };
}
