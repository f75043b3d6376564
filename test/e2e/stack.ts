import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { createClient, Secret, type CourierClient } from "@courier/client";
import { isInstanceFinal } from "@courier/core";
import { pidsOfStepsBelow, signalProcess } from "./step-processes.ts";

/** What a finished process left. */
export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly stdoutBytes: Buffer;
  readonly stderrBytes: Buffer;
}

/** A CLI process that was started and not yet waited for. */
export interface RunningCli {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
  /** Resolves when the process has written this text to the stream, before now or later; fails when it ends without. */
  readonly wrote: (stream: "stdout" | "stderr", text: string) => Promise<void>;
}

/** How to call the CLI. */
export interface CliOptions {
  readonly stdin?: string | Buffer;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** A real service with real agents, in a temporary directory of its own, from the built packages. */
export interface Stack {
  readonly url: string;
  readonly directory: string;
  readonly adminToken: string;
  /** Runs courier-cli to its end, with the admin token in the environment. */
  cli(args: readonly string[], options?: CliOptions): Promise<Finished>;
  /** Starts courier-cli and leaves it running. */
  startCli(args: readonly string[], options?: CliOptions): RunningCli;
  /** Runs courier-cli, expects exit code 0, and returns what it printed as JSON. */
  json(args: readonly string[], options?: CliOptions): Promise<unknown>;
  /** Id of the instance of a job that was just added: it exists a moment later. */
  instanceOf(jobId: string): Promise<string>;
  /** Adds an immediate job; resolves with the id of its instance. */
  startJob(template: object): Promise<string>;
  /** Starts another agent, with more flags and variables where given, and waits until it is connected; returns its node id. */
  startRunner(
    name: string,
    flags?: readonly string[],
    env?: Readonly<Record<string, string>>,
  ): Promise<string>;
  /** Ends the service with a signal and waits for its end. */
  stopServer(signal: NodeJS.Signals): Promise<void>;
  /** Starts the service again, on the same port and data. */
  startServer(): Promise<void>;
  /** Ends what a test that failed half-way has left: calls of the CLI, freezes, and work on the nodes that others would wait behind. */
  endLeftovers(): Promise<void>;
  /** Ends everything, steps included, and removes the directory. */
  stop(): Promise<void>;
}

const root = fileURLToPath(new URL("../..", import.meta.url));

const signal = new AbortController().signal;

/** Path of a built program. */
export function programPath(name: "courier-server" | "courier-runner" | "courier-cli"): string {
  const directory = name.slice("courier-".length);
  return join(root, "packages", directory, "bin", `${name}.js`);
}

/** Starts a service and one agent per name; resolves when all are ready. */
export async function startStack(
  options: {
    readonly runnerNames?: readonly string[];
    readonly runnerFlags?: readonly string[];
    readonly serverFlags?: readonly string[];
    /** For every call of the CLI. */
    readonly cliEnv?: Readonly<Record<string, string>>;
  } = {},
): Promise<Stack> {
  const directory = await mkdtemp(join(tmpdir(), "courier-e2e-"));
  const stack = new RealStack(directory, options);
  try {
    await stack.startServer();
    for (const name of options.runnerNames ?? [])
      await stack.startRunner(name, options.runnerFlags);
    return stack;
  } catch (error) {
    await stack.stop();
    throw error;
  }
}

/** Runs courier-cli without any service: for usage, profiles and completion. */
export async function runCliAlone(
  args: readonly string[],
  options: CliOptions = {},
): Promise<Finished> {
  return startProgram("courier-cli", args, options).finished;
}

class RealStack implements Stack {
  readonly directory: string;
  url = "";
  adminToken = "";
  #server: Program | undefined;
  readonly #runners: Program[] = [];
  readonly #calls = new Set<Program>();
  #enrollmentKey: string | undefined;

  readonly #serverFlags: readonly string[];
  readonly #cliEnv: Readonly<Record<string, string>>;

  constructor(
    directory: string,
    options: {
      readonly serverFlags?: readonly string[];
      readonly cliEnv?: Readonly<Record<string, string>>;
    },
  ) {
    this.directory = directory;
    this.#serverFlags = options.serverFlags ?? [];
    this.#cliEnv = options.cliEnv ?? {};
  }

  async startServer(): Promise<void> {
    const dataDirectory = join(this.directory, "server");
    const listen = this.url === "" ? "127.0.0.1:0" : new URL(this.url).host;
    const args = ["start", "--data-dir", dataDirectory, "--listen", listen, "--log-level", "warn"];
    this.#server = startProgram("courier-server", [...args, ...this.#serverFlags], {});
    this.url = await readReady(this.#server, "url");
    this.adminToken = (await readFile(join(dataDirectory, "admin-token"), "utf8")).trim();
  }

  async stopServer(signal: NodeJS.Signals): Promise<void> {
    await end(this.#server, signal);
    this.#server = undefined;
  }

  async startRunner(
    name: string,
    flags: readonly string[] = [],
    env: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    this.#enrollmentKey ??= await this.#createEnrollmentKey();
    const dataDirectory = join(this.directory, `runner-${name}`);
    await mkdir(dataDirectory, { recursive: true });
    const args = ["start", "--url", this.url, "--data-dir", dataDirectory, "--name", name];
    const runner = startProgram("courier-runner", [...args, ...flags, "--log-level", "warn"], {
      env: { ...env, COURIER_ENROLLMENT_KEY: this.#enrollmentKey },
    });
    this.#runners.push(runner);
    return readReady(runner, "nodeId");
  }

  cli(args: readonly string[], options: CliOptions = {}): Promise<Finished> {
    return this.startCli(args, options).finished;
  }

  startCli(args: readonly string[], options: CliOptions = {}): RunningCli {
    const env = {
      COURIER_URL: this.url,
      COURIER_TOKEN: this.adminToken,
      COURIER_HOME: join(this.directory, "cli-home"),
      ...this.#cliEnv,
      ...options.env,
    };
    const call = startProgram("courier-cli", args, { cwd: this.directory, ...options, env });
    this.#calls.add(call);
    void call.finished.finally(() => this.#calls.delete(call));
    return call;
  }

  async json(args: readonly string[], options: CliOptions = {}): Promise<unknown> {
    const { code, stdout, stderr } = await this.cli(args, options);
    if (code !== 0) throw new Error(`courier-cli ${args.join(" ")}: exit code ${code}\n${stderr}`);
    return JSON.parse(stdout) as unknown;
  }

  async instanceOf(jobId: string): Promise<string> {
    for (;;) {
      const list = await this.json(["state", "instance", "list-all", "--jobId", jobId]);
      const id = valueAt(list, ["items", 0, "id"]);
      if (typeof id === "string") return id;
    }
  }

  async startJob(template: object): Promise<string> {
    const body = JSON.stringify(template);
    const added = await this.json(["scheduler", "jobs", "add-job", "--body", body]);
    return this.instanceOf(textAt(added, ["item", "id"]));
  }

  async endLeftovers(): Promise<void> {
    await this.#endCalls();
    if (this.#server === undefined) await this.startServer();
    const client = this.#client();
    const rules = await client.listExceptionRules({}, { signal });
    for (const { id } of rules.items) await client.deleteExceptionRule(id, { signal });
    const { items } = await client.listInstances({ size: 100 }, { signal });
    for (const { id, status } of items) {
      if (!isInstanceFinal(status)) await cancelAndWait(client, id);
    }
  }

  async stop(): Promise<void> {
    await this.#endCalls();
    await Promise.all(this.#runners.map((runner) => end(runner, "SIGTERM")));
    await end(this.#server, "SIGTERM");
    for (const pid of pidsOfStepsBelow(this.directory)) signalProcess(pid, "SIGKILL");
    await rm(this.directory, { recursive: true, force: true, maxRetries: 3 });
  }

  async #endCalls(): Promise<void> {
    await Promise.all([...this.#calls].map((call) => end(call, "SIGKILL")));
  }

  #client(): CourierClient {
    const token = new Secret(this.adminToken);
    return createClient({ url: this.url, token, userAgent: "courier-e2e-test" });
  }

  async #createEnrollmentKey(): Promise<string> {
    const answer = await this.json(["enrollment", "create-key", "--uses", "1000"]);
    return textAt(answer, ["item", "key"]);
  }
}

async function cancelAndWait(client: CourierClient, instanceId: string): Promise<void> {
  try {
    await client.cancelInstance(instanceId, { signal });
  } catch (error) {
    // It may have ended since it was listed.
    const { item } = await client.getInstance(instanceId, { signal });
    if (!isInstanceFinal(item.status)) throw error;
  }
  for await (const _ of client.watchInstance(instanceId, { signal, isPatient: true }));
}

/** The text at a path of a JSON document; fails with the document when there is none. */
export function textAt(document: unknown, path: readonly (string | number)[]): string {
  const value = valueAt(document, path);
  if (typeof value === "string") return value;
  throw new Error(`no text at ${path.join(".")} of ${JSON.stringify(document)}`);
}

/** What is at a path of a JSON document, or undefined. */
export function valueAt(document: unknown, path: readonly (string | number)[]): unknown {
  let value = document;
  for (const key of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = Reflect.get(value, key);
  }
  return value;
}

/** A program of ours that runs. */
export interface Program extends RunningCli {
  readonly name: string;
}

/** Starts a built program in a clean environment. */
export function startProgram(
  name: "courier-server" | "courier-runner" | "courier-cli",
  args: readonly string[],
  options: CliOptions,
): Program {
  const child = spawn(process.execPath, [programPath(name), ...args], {
    cwd: options.cwd,
    env: { ...cleanEnvironment(), ...options.env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin.on("error", () => undefined);
  child.stdin.end(options.stdin ?? "");
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on("data", (part: Buffer) => stdout.push(part));
  child.stderr.on("data", (part: Buffer) => stderr.push(part));
  const finished = new Promise<Finished>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      const [stdoutBytes, stderrBytes] = [Buffer.concat(stdout), Buffer.concat(stderr)];
      resolve({
        code,
        stdout: stdoutBytes.toString("utf8"),
        stderr: stderrBytes.toString("utf8"),
        stdoutBytes,
        stderrBytes,
      });
    });
  });
  const soFar = { stdout, stderr };
  const wrote = async (stream: "stdout" | "stderr", text: string): Promise<void> => {
    let isFinished = false;
    const end = finished.then(() => {
      isFinished = true;
    });
    const source = stream === "stdout" ? child.stdout : child.stderr;
    while (!Buffer.concat(soFar[stream]).includes(text)) {
      if (isFinished) throw new Error(`${name} ended without writing ${JSON.stringify(text)}`);
      await Promise.race([once(source, "data"), end]);
    }
  };
  return { name, child, finished, wrote };
}

/** Nothing of the caller's profiles, proxies or Node options may reach the processes under test. */
function cleanEnvironment(): Record<string, string> {
  const kept = ["PATH", "HOME", "TMPDIR", "LANG"];
  return Object.fromEntries(
    kept.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** Waits for the `{"event":"ready"}` line; a program that ends instead is an error with its stderr. */
export async function readReady(program: Program, key: string): Promise<string> {
  if (program.child.stdout === null) throw new Error(`${program.name} has no stdout`);
  const lines = createInterface({ input: program.child.stdout });
  const ready = new Promise<string>((resolve) => {
    lines.on("line", (line) => {
      if (line.includes('"event":"ready"')) resolve(textAt(JSON.parse(line), [key]));
    });
  });
  const ended = program.finished.then(({ code, stderr }) => {
    throw new Error(`${program.name} ended with ${code} before it was ready:\n${stderr}`);
  });
  return Promise.race([ready, ended]);
}

/** Sends a signal to a program, unless it has ended, and waits for its end. */
export async function end(program: Program | undefined, signal: NodeJS.Signals): Promise<void> {
  if (program === undefined) return;
  if (program.child.exitCode === null && program.child.signalCode === null) {
    program.child.kill(signal);
  }
  await program.finished;
}
