import { describe, expect, it } from "vitest";
import {
  executionsOn,
  finalRun,
  gatedLines,
  openGate,
  startFleet,
  submitToAll,
} from "./survival-setup.ts";
import { pidsOfRun } from "./survival-processes.ts";
import { until } from "./survival-until.ts";

const signal = new AbortController().signal;

/** In this time a step must have begun, also on a busy machine. */
const timeoutSeconds = 10;

/** The group's time, the time that a node has to confirm a stop, and some more. */
const verdictLimitMs = 90_000;

describe("a node that is away", () => {
  it("gets its run when it returns before the group's deadline", async () => {
    const fleet = await startFleet();
    const node = fleet.node(0);
    await node.agent.end("SIGKILL");
    await until("the node is offline", async () => {
      const { item } = await fleet.client.getNode(node.nodeId, { signal });
      return item.healthStatus === "offline" ? true : undefined;
    });
    const job = await submitToAll(fleet, { steps: [{ lines: ["true"] }], timeoutSeconds: 60 });
    const [runId = ""] = job.runIds;
    const before = await fleet.client.getRun(runId, { signal });

    node.agent.start();
    const run = await finalRun(fleet, runId);

    expect(before.item.status).toBe("dispatched");
    expect(run.status).toBe("success");
  });

  it("is heard when it reports after the verdict, which stays", async () => {
    const fleet = await startFleet();
    const node = fleet.node(0);
    const job = await submitToAll(fleet, { steps: [{ lines: gatedLines }], timeoutSeconds });
    const [runId = ""] = job.runIds;
    await executionsOn(node, 1);
    await node.agent.end("SIGKILL");
    const verdict = await finalRun(fleet, runId, verdictLimitMs);

    openGate(node);
    await until("the step has ended", () => (pidsOfRun(runId).length === 0 ? true : undefined));
    node.agent.start();
    const late = await until("the node has reported", async () => {
      const { item } = await fleet.client.getRun(runId, { signal });
      return item.reportedStatus === null ? undefined : item;
    });
    const { items } = await fleet.client.listInstanceRuns(job.instanceId, {}, { signal });

    expect(verdict.status).toBe("timeout");
    expect(late).toMatchObject({ status: "timeout", finishedAt: expect.any(String) as string });
    const { reportedStatus, reportedAt } = late;
    expect(items).toMatchObject([{ runId, status: "timeout", reportedStatus, reportedAt }]);
  });
});
