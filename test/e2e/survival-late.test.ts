import { describe, expect, it } from "vitest";
import type { Fleet, FleetNode } from "./survival-fleet.ts";
import {
  finalRun,
  gatedLines,
  openGate,
  startFleet,
  submitToAll,
  submitToBegin,
} from "./survival-setup.ts";
import { pidsOfRun } from "./step-processes.ts";
import { until } from "./until.ts";

const signal = new AbortController().signal;

/** Resolves when the agent is dead and all that it has said is recorded. */
async function endAgent(fleet: Fleet, node: FleetNode): Promise<void> {
  await node.agent.end("SIGKILL");
  await until("the node is offline", async () => {
    const { item } = await fleet.client.getNode(node.nodeId, { signal });
    return item.healthStatus === "offline" ? true : undefined;
  });
}

describe("a node that is away", () => {
  it("gets its run when it returns before the group's deadline", async () => {
    const fleet = await startFleet();
    const node = fleet.node(0);
    await endAgent(fleet, node);
    const job = await submitToAll(fleet, { steps: [{ lines: ["true"] }], timeoutSeconds: 600 });
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
    const { instanceId, runId } = await submitToBegin(fleet, gatedLines, () =>
      endAgent(fleet, node),
    );
    const verdict = await finalRun(fleet, runId);

    openGate(node);
    await until("the step has ended", () => (pidsOfRun(runId).length === 0 ? true : undefined));
    node.agent.start();
    const late = await until("the node has reported", async () => {
      const { item } = await fleet.client.getRun(runId, { signal });
      return item.reportedStatus === null ? undefined : item;
    });
    const { items } = await fleet.client.listInstanceRuns(instanceId, {}, { signal });

    expect(verdict.status).toBe("timeout");
    expect(late).toMatchObject({ status: "timeout", finishedAt: expect.any(String) as string });
    const { reportedStatus, reportedAt } = late;
    expect(items).toMatchObject([{ runId, status: "timeout", reportedStatus, reportedAt }]);
  });
});
