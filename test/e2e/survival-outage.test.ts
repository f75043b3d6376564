import { startPostgresServer, whyUnavailable } from "@courier/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Fleet } from "./survival-fleet.ts";
import { jobOf, witnessLine } from "./survival-job.ts";
import { stablePort } from "./survival-port.ts";
import { attemptProcesses, signalProcess } from "./step-processes.ts";
import { Proxy } from "./survival-proxy.ts";
import { listAllRuns, readRun } from "./survival-record.ts";
import {
  executionsOn,
  finalRun,
  gatedLines,
  gatedOutput,
  openGate,
  runWithStatus,
  startFleet,
  submitToAll,
} from "./survival-setup.ts";
import { until } from "./until.ts";
import { readWitness } from "./survival-witness.ts";

const signal = new AbortController().signal;
const noPostgres = whyUnavailable("postgres");

async function stepsEnded(fleet: Fleet): Promise<void> {
  await until("no step runs", () =>
    attemptProcesses(fleet.directory).length === 0 ? true : undefined,
  );
}

describe("a node that cannot be heard of", () => {
  it("finishes its work while the network loses everything, and reports later", async () => {
    const port = await stablePort();
    const proxy = await Proxy.start(port);
    onTestFinished(() => proxy.stop());
    const fleet = await startFleet({ port, agentUrl: proxy.url });
    const steps = [{ lines: gatedLines }, { lines: [witnessLine, 'echo "second"'] }];
    const job = await submitToAll(fleet, { steps });
    const [runId = ""] = job.runIds;
    await runWithStatus(fleet, runId, "running");
    await executionsOn(fleet.node(0), 1);

    proxy.cut();
    openGate(fleet.node(0));
    await executionsOn(fleet.node(0), 2);
    await stepsEnded(fleet);
    const meanwhile = await readRun(fleet.client, runId);
    proxy.heal();
    const run = await finalRun(fleet, runId);

    expect(meanwhile.status).toBe("running");
    expect(run.status).toBe("success");
    expect(run.stdout.get("1/1")).toBe(gatedOutput);
    expect(run.stdout.get("2/1")).toBe("second\n");
    expect(readWitness(fleet.node(0))).toHaveLength(2);
  });

  it("reports what its steps did while its agent stood still", async () => {
    const fleet = await startFleet();
    const node = fleet.node(0);
    const job = await submitToAll(fleet, { steps: [{ lines: gatedLines }] });
    const [runId = ""] = job.runIds;
    await executionsOn(node, 1);
    const agentPid = node.agent.pid ?? 0;

    signalProcess(agentPid, "SIGSTOP");
    openGate(node);
    await stepsEnded(fleet);
    signalProcess(agentPid, "SIGCONT");
    const run = await finalRun(fleet, runId);

    expect(run.status).toBe("success");
    expect(run.stdout.get("1/1")).toBe(gatedOutput);
    expect(readWitness(node)).toHaveLength(1);
  });
});

describe("a database that goes away", () => {
  const note = noPostgres === undefined ? "" : ` (skipped: ${noPostgres})`;

  it.skipIf(noPostgres !== undefined)(
    `is waited for during a rollout, and nothing is lost${note}`,
    async () => {
      const postgres = await startPostgresServer();
      onTestFinished(() => postgres.dispose());
      const fleet = await startFleet({ nodeCount: 4, databaseUrl: postgres.url });
      const names = fleet.nodes.map(({ name }) => name);
      const { instanceId } = await submitToAll(fleet, {
        groups: [names, names],
        batchSize: { type: "number", value: 2 },
        steps: [{ lines: gatedLines }, { lines: ["seq 1 100"] }],
      });
      const serverPid = fleet.server.pid;
      await executionsOn(fleet.node(0), 1);

      await postgres.stop();
      for (const node of fleet.nodes) openGate(node);
      await stepsEnded(fleet);
      const answer = await fetch(`${fleet.url}/readyz`);
      const refusal = fleet.client.addJob(
        { text: JSON.stringify(jobOf({ name: "x", groups: [names], steps: [] })), format: "json" },
        { signal },
      );
      await expect(refusal).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
      await postgres.start();
      const runIds = await until("all runs are listed", async () =>
        (await listAllRuns(fleet.client, instanceId)).map((run) => run.runId),
      );
      const runs = await Promise.all(runIds.map((runId) => finalRun(fleet, runId)));

      expect(answer.status).toBe(503);
      expect(fleet.server.pid).toBe(serverPid);
      expect(runs.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => "success"));
      expect(runs.map(({ stdout }) => stdout.get("1/1"))).toEqual(
        Array.from({ length: 8 }, () => gatedOutput),
      );
      expect(fleet.nodes.map((node) => readWitness(node).length)).toEqual([2, 2, 2, 2]);
    },
  );
});
