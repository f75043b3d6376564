import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServer, type RunningServer } from "@courier/server";
import { openDatabase } from "@courier/store";
import {
  enrolVirtualNodes,
  enrolVirtualNodesOverHttp,
  VirtualFleet,
  virtualNodeName,
  type VirtualBehaviour,
  type VirtualNode,
} from "@courier/testkit";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";

const atOnce: VirtualBehaviour = { durationMs: 0, outputBytes: 0 };
/** Before the test's own limit, so that it is said how far the fleet got. */
const signal = (): AbortSignal => AbortSignal.timeout(110_000);

test("every agent of a fleet runs a job once and hears that its result is recorded", async () => {
  const { service, fleet } = await setup({ count: 20, behaviour: atOnce });

  const jobId = await service.addJob(namesOf(20));
  const tally = await fleet.reached({ jobId, counter: "acknowledged", count: 20 }, signal());

  expect(tally).toMatchObject({ assigned: 20, acknowledged: 20, repeated: 0 });
  expect(await service.successCount(jobId)).toBe(20);
});

test("runs that take their time and write output are recorded with their output", async () => {
  const behaviour = { durationMs: 5, outputBytes: 1000 };
  const { service, fleet } = await setup({ count: 3, behaviour });

  const jobId = await service.addJob(namesOf(3));
  await fleet.reached({ jobId, counter: "acknowledged", count: 3 }, signal());

  expect(await service.outputBytes(jobId)).toEqual([1000, 1000, 1000]);
});

test("agents that held runs when the server went away report them to the next one, once", async () => {
  const { service, fleet } = await setup({
    count: 5,
    behaviour: { durationMs: "held", outputBytes: 0 },
  });
  const jobId = await service.addJob(namesOf(5));
  await fleet.reached({ jobId, counter: "assigned", count: 5 }, signal());

  await service.restart();
  await fleet.connected(5, signal());
  fleet.release();
  const tally = await fleet.reached({ jobId, counter: "acknowledged", count: 5 }, signal());

  expect(tally).toMatchObject({ assigned: 5, acknowledged: 5 });
  expect(await service.successCount(jobId)).toBe(5);
});

test("a small fleet can enrol as real nodes do", async () => {
  const service = await Service.start();
  const nodes = await enrolVirtualNodesOverHttp(service, { count: 2, prefix: "h" });
  const fleet = startFleet(service, { nodes, behaviour: atOnce });
  await fleet.start(signal());

  const jobId = await service.addJob([virtualNodeName("h", 0), virtualNodeName("h", 1)]);
  await fleet.reached({ jobId, counter: "acknowledged", count: 2 }, signal());

  expect(fleet.stats()).toMatchObject({ connected: 2, refused: 0 });
});

test("waiting for what does not come ends with the signal and says how far it got", async () => {
  const { fleet } = await setup({ count: 1, behaviour: atOnce });

  const waiting = fleet.reached(
    { jobId: "none", counter: "assigned", count: 1 },
    AbortSignal.timeout(1),
  );

  await expect(waiting).rejects.toThrow("0 of 1 runs assigned");
});

async function setup(options: {
  readonly count: number;
  readonly behaviour: VirtualBehaviour;
}): Promise<{ service: Service; fleet: VirtualFleet }> {
  const dataDir = await temporaryDirectory();
  const db = await openDatabase({ dataDir });
  const nodes = await enrolVirtualNodes(db, { count: options.count, prefix: "n" });
  await db.close();
  const service = await Service.start(dataDir);
  const fleet = startFleet(service, { nodes, behaviour: options.behaviour });
  await fleet.start(signal());
  return { service, fleet };
}

function startFleet(
  { url }: Service,
  options: { readonly nodes: readonly VirtualNode[]; readonly behaviour: VirtualBehaviour },
): VirtualFleet {
  const fleet = new VirtualFleet({ url, ...options });
  onTestFinished(() => fleet.stop());
  return fleet;
}

async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "courier-fleet-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

function namesOf(count: number): string[] {
  return Array.from({ length: count }, (_, index) => virtualNodeName("n", index));
}

/** A server in this process, asked over HTTP. */
class Service {
  readonly #dataDir: string;
  #server: RunningServer;
  readonly token: string;

  private constructor(server: RunningServer, place: { dataDir: string; token: string }) {
    this.#server = server;
    this.#dataDir = place.dataDir;
    this.token = place.token;
  }

  static async start(dataDir?: string): Promise<Service> {
    const directory = dataDir ?? (await temporaryDirectory());
    const server = await start(directory, 0);
    const token = (await readFile(join(directory, "admin-token"), "utf8")).trim();
    const service = new Service(server, { dataDir: directory, token });
    onTestFinished(() => service.#server.stop("the test has ended"));
    return service;
  }

  get url(): string {
    return this.#server.url;
  }

  async restart(): Promise<void> {
    const { port } = new URL(this.url);
    await this.#server.stop("restart");
    this.#server = await start(this.#dataDir, Number(port));
  }

  async addJob(nodeIdentifiers: readonly string[]): Promise<string> {
    const added = await this.#ask("/courier/scheduler-api/v1/jobs", shellJob(nodeIdentifiers));
    return added.item.id;
  }

  async successCount(jobId: string): Promise<number> {
    const { item } = await this.#ask(`${instances}/${await this.#instanceOf(jobId)}`);
    return item.groups[0].counts.success;
  }

  async outputBytes(jobId: string): Promise<number[]> {
    const { items } = await this.#ask(`${instances}/${await this.#instanceOf(jobId)}/runs`);
    const sizes = items.map(async ({ runId }: { runId: string }) => {
      const chunk = await this.#ask(`/courier/state-api/v1/runs/${runId}/output`);
      return Buffer.from(chunk.data, "base64").length;
    });
    return Promise.all(sizes);
  }

  async #instanceOf(jobId: string): Promise<string> {
    const { items } = await this.#ask(`${instances}?jobId=${jobId}`);
    return items[0].id;
  }

  // The answers are the API's own; what is missing in one shows as a failed expectation.
  // oxlint-disable-next-line typescript/no-explicit-any -- reading a test's answers field by field
  async #ask(path: string, body?: object): Promise<any> {
    const response = await fetch(`${this.url}${path}`, {
      method: body === undefined ? "GET" : "POST",
      headers: { authorization: `Bearer ${this.token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(await response.text());
    return response.json();
  }
}

const instances = "/courier/state-api/v1/instances";

function start(dataDir: string, port: number): Promise<RunningServer> {
  const log = pino({ level: "silent" });
  return startServer({ dataDir, address: { host: "127.0.0.1", port }, logLevel: "silent", log });
}

let jobCount = 0;

function shellJob(nodeIdentifiers: readonly string[]): object {
  jobCount += 1;
  const step = {
    name: "step",
    interpreter: { name: "chef-platform/shell-interpreter", skill: { minVersion: "1.0.0" } },
    command: { linux: ["true"] },
  };
  const group = {
    nodeListType: "nodes",
    nodeIdentifiers,
    batchSize: { type: "percent", value: 100 },
    distributionMethod: "batching",
    successCriteria: [{ status: "success", numRuns: { type: "percent", value: 100 } }],
    timeoutSeconds: 60,
  };
  return {
    name: `fleet-${jobCount}`,
    scheduleRule: "immediate",
    target: { executionType: "sequential", groups: [group] },
    actions: { accessMode: "agent", steps: [step] },
  };
}
