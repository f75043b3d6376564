import { describe, expect, it } from "vitest";
import { attemptProcesses } from "./step-processes.ts";
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

describe("a step that runs while something is restarted", () => {
  it("goes on while the server is killed, and is executed once", async () => {
    const fleet = await startFleet();
    const node = fleet.node(0);
    const job = await submitToAll(fleet, { steps: [{ lines: gatedLines, retryCount: 3 }] });
    const [runId = ""] = job.runIds;
    await executionsOn(node, 1);
    const processes = attemptProcesses(fleet.directory);

    await fleet.server.restart("SIGKILL");
    await runWithStatus(fleet, runId, "running");
    expect(attemptProcesses(fleet.directory)).toEqual(processes);
    openGate(node);
    const run = await finalRun(fleet, runId);

    expect(run.status).toBe("success");
    expect(run.steps.map(({ numAttempts }) => numAttempts)).toEqual([1]);
    expect(run.stdout.get("1/1")).toBe(gatedOutput);
    expect(readWitness(node)).toHaveLength(1);
  });

  it.each(["SIGKILL", "SIGTERM"] as const)(
    "goes on while its agent is ended with %s, and is taken over",
    async (signal) => {
      const fleet = await startFleet();
      const node = fleet.node(0);
      const job = await submitToAll(fleet, { steps: [{ lines: [...gatedLines, "exit 7"] }] });
      const [runId = ""] = job.runIds;
      await executionsOn(node, 1);
      const processes = attemptProcesses(fleet.directory);

      await node.agent.restart(signal);
      expect(attemptProcesses(fleet.directory)).toEqual(processes);
      openGate(node);
      const run = await finalRun(fleet, runId);

      expect(processes.map(({ kind }) => kind).toSorted()).toEqual(["script", "wrapper"]);
      expect(run.status).toBe("failure");
      expect(run.reason).toContain("exit code 7");
      expect(run.stdout.get("1/1")).toBe(gatedOutput);
      expect(readWitness(node)).toHaveLength(1);
    },
  );

  it("may end while its agent is away: exit code and output wait for it", async () => {
    const fleet = await startFleet();
    const node = fleet.node(0);
    const job = await submitToAll(fleet, { steps: [{ lines: [...gatedLines, "exit 7"] }] });
    const [runId = ""] = job.runIds;
    await executionsOn(node, 1);

    await node.agent.end("SIGKILL");
    openGate(node);
    await until("the step has ended", () =>
      attemptProcesses(fleet.directory).length === 0 ? true : undefined,
    );
    node.agent.start();
    const run = await finalRun(fleet, runId);

    expect(run.status).toBe("failure");
    expect(run.reason).toContain("exit code 7");
    expect(run.stdout.get("1/1")).toBe(gatedOutput);
    expect(readWitness(node)).toHaveLength(1);
  });
});

describe("a server that is told to end", () => {
  it("drains: what is under way is recorded, and the next one finishes the rollout", async () => {
    const fleet = await startFleet({ nodeCount: 4 });
    const job = await submitToAll(fleet, {
      batchSize: { type: "number", value: 2 },
      steps: [{ lines: gatedLines }],
    });
    await executionsOn(fleet.node(0), 1);
    await executionsOn(fleet.node(1), 1);

    openGate(fleet.node(0));
    const exitCode = await fleet.server.end("SIGTERM");
    for (const node of fleet.nodes) openGate(node);
    fleet.server.start();
    const runs = await Promise.all(job.runIds.map((runId) => finalRun(fleet, runId)));

    expect(exitCode).toBe(0);
    expect(runs.map(({ status }) => status)).toEqual(Array.from({ length: 4 }, () => "success"));
    expect(runs.map(({ stdout }) => stdout.get("1/1"))).toEqual(
      Array.from({ length: 4 }, () => gatedOutput),
    );
    expect(fleet.nodes.map((node) => readWitness(node).length)).toEqual([1, 1, 1, 1]);
  });
});
