import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient, Secret, type CourierClient } from "@courier/client";
import { startProgram } from "./stack.ts";
import { Member } from "./survival-member.ts";
import { stablePort } from "./survival-port.ts";
import { pidsAtHomeBelow, signalProcess } from "./step-processes.ts";
import { until } from "./until.ts";

/** How a fleet is made. */
export interface FleetOptions {
  readonly nodeCount: number;
  /** PostgreSQL instead of SQLite. */
  readonly databaseUrl?: string;
  /** Somewhere else than in the fleet's directory. */
  readonly serverDataDir?: string;
  readonly nodeDataDir?: string;
  /** Where the agents connect to instead of the server itself: a proxy in between. */
  readonly agentUrl?: string;
  readonly port?: number;
}

/** A node: its agent, and the home that its steps write to. */
export interface FleetNode {
  readonly name: string;
  readonly home: string;
  readonly agent: Member;
  /** Known once its agent was ready. */
  readonly nodeId: string;
}

const signal = new AbortController().signal;

/** A real server and real agents, each of which can be killed and started again. */
export class Fleet {
  readonly directory: string;
  readonly url: string;
  readonly server: Member;
  readonly #options: FleetOptions;
  #client: CourierClient | undefined;
  #nodes: readonly FleetNode[] = [];

  private constructor(directory: string, url: string, options: FleetOptions) {
    this.directory = directory;
    this.url = url;
    this.#options = options;
    this.server = new Member({
      program: "courier-server",
      args: serverArguments(url, this.#serverDataDir, options),
      env: {},
      readyField: "url",
    });
  }

  /** Resolves when every agent is connected. */
  static async start(options: FleetOptions): Promise<Fleet> {
    const directory = await mkdtemp(join(tmpdir(), "courier-survival-"));
    const url = `http://127.0.0.1:${options.port ?? (await stablePort())}`;
    const fleet = new Fleet(directory, url, options);
    try {
      await fleet.#startAll();
      return fleet;
    } catch (error) {
      await fleet.dispose();
      throw error;
    }
  }

  get client(): CourierClient {
    if (this.#client === undefined) throw new Error("the server was never ready");
    return this.#client;
  }

  get nodes(): readonly FleetNode[] {
    return this.#nodes;
  }

  /** A node by its position. */
  node(index: number): FleetNode {
    const node = this.#nodes[index];
    if (node === undefined) throw new Error(`there is no node ${index}`);
    return node;
  }

  /** Adds a job, however often the service goes away meanwhile, and returns its instance's id. */
  async submit(template: object): Promise<string> {
    const text = JSON.stringify(template);
    const idempotencyKey = crypto.randomUUID();
    const added = await until("the job is added", () =>
      this.client.addJob({ text, format: "json" }, { idempotencyKey, signal }),
    );
    return until("the job has an instance", async () => {
      const page = await this.client.listInstances({ jobId: added.item.id }, { signal });
      return page.items[0]?.id;
    });
  }

  /** What courier-cli prints on stdout when it succeeds. */
  async cli(args: readonly string[]): Promise<string> {
    const env = { COURIER_URL: this.url, COURIER_TOKEN: this.#token, COURIER_HOME: this.directory };
    const { code, stdout, stderr } = await startProgram("courier-cli", args, { env }).finished;
    if (code !== 0) throw new Error(`courier-cli ${args.join(" ")}: exit code ${code}\n${stderr}`);
    return stdout;
  }

  /** Kills everything, steps included, and removes all files. */
  async dispose(): Promise<void> {
    await Promise.all(this.#nodes.map((node) => node.agent.retire()));
    await this.server.retire();
    await until("no process of the fleet is left", () => {
      const left = pidsAtHomeBelow(this.directory);
      for (const pid of left) signalProcess(pid, "SIGKILL");
      return left.length === 0 ? true : undefined;
    });
    await rm(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }

  get #serverDataDir(): string {
    return this.#options.serverDataDir ?? join(this.directory, "server");
  }

  get #token(): string {
    return readFileSync(join(this.#serverDataDir, "admin-token"), "utf8").trim();
  }

  async #startAll(): Promise<void> {
    this.server.start();
    await this.server.ready();
    const token = new Secret(this.#token);
    this.#client = createClient({ url: this.url, token, userAgent: "courier-survival-test" });
    const uses = this.#options.nodeCount;
    const { item } = await this.client.createEnrollmentKey({ uses }, { signal });
    const names = Array.from({ length: uses }, (_, index) => `node-${index + 1}`);
    this.#nodes = await Promise.all(names.map((name) => this.#createNode(name, item.key)));
    this.#nodes = await Promise.all(this.#nodes.map(enrolled));
  }

  async #createNode(name: string, enrollmentKey: string): Promise<FleetNode> {
    const home = join(this.directory, name);
    await mkdir(home);
    const agent = new Member({
      program: "courier-runner",
      args: [
        ...["start", "--url", this.#options.agentUrl ?? this.url, "--name", name],
        ...["--data-dir", this.#options.nodeDataDir ?? join(home, "data"), "--log-level", "warn"],
      ],
      env: { HOME: home, COURIER_ENROLLMENT_KEY: enrollmentKey },
      readyField: "nodeId",
    });
    return { name, home, agent, nodeId: "" };
  }
}

async function enrolled(node: FleetNode): Promise<FleetNode> {
  node.agent.start();
  return { ...node, nodeId: await node.agent.ready() };
}

function serverArguments(url: string, dataDir: string, options: FleetOptions): readonly string[] {
  const { databaseUrl } = options;
  const database = databaseUrl === undefined ? [] : ["--database-url", databaseUrl];
  const listen = new URL(url).host;
  const base = ["start", "--listen", listen, "--data-dir", dataDir, "--log-level", "warn"];
  return [...base, ...database];
}
