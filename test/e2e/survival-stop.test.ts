import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { witnessLine } from "./survival-job.ts";
import { attemptProcesses, pidsOfRun } from "./step-processes.ts";
import {
  executionsOn,
  finalRun,
  gatedLines,
  gatedOutput,
  openGate,
  startFleet,
  submitToAll,
  submitToBegin,
} from "./survival-setup.ts";
import { until } from "./until.ts";

const signal = new AbortController().signal;

/**
 * A step that does not want to end: it and its children ignore SIGTERM, one child leaves the session, one becomes a
 * daemon that nobody is the parent of. The witness is told when all of them are there.
 */
const stubbornLines: readonly string[] = [
  'rm -f "$HOME/outsider" "$HOME/daemon"',
  "trap '' TERM HUP INT",
  "sleep 300 & sleep 300 &",
  'setsid sh -c \'trap "" TERM; echo $$ > "$HOME/outsider"; sleep 300\' &',
  '(setsid sh -c \'trap "" TERM; echo $$ > "$HOME/daemon"; while :; do sleep 300; done\' < /dev/null > /dev/null 2>&1 &)',
  'until [ -s "$HOME/outsider" ] && [ -s "$HOME/daemon" ]; do sleep 0.02; done',
  "echo stubborn",
  witnessLine,
  "while :; do sleep 300 || true; done",
];

function pidIn(home: string, name: string): number {
  return Number(readFileSync(join(home, name), "utf8"));
}

describe("what is stopped", () => {
  it("leaves no process behind when an instance is canceled", async () => {
    const fleet = await startFleet({ nodeCount: 2 });
    const job = await submitToAll(fleet, { steps: [{ lines: stubbornLines, retryCount: 5 }] });
    for (const node of fleet.nodes) await executionsOn(node, 1);
    const before = job.runIds.flatMap(pidsOfRun);

    await fleet.client.cancelInstance(job.instanceId, { signal });
    const instance = await until("the instance is canceled", async () => {
      const { item } = await fleet.client.getInstance(job.instanceId, { signal });
      return item.status === "canceled" ? item : undefined;
    });
    const after = job.runIds.flatMap(pidsOfRun);
    const runs = await Promise.all(job.runIds.map((runId) => finalRun(fleet, runId)));

    for (const { home } of fleet.nodes) {
      expect(before).toContain(pidIn(home, "outsider"));
      expect(before).toContain(pidIn(home, "daemon"));
    }
    expect(after).toEqual([]);
    expect(instance.groups.map(({ counts }) => counts.canceled)).toEqual([2]);
    expect(runs.map(({ status }) => status)).toEqual(["canceled", "canceled"]);
    expect(runs.map(({ stdout }) => stdout.get("1/1"))).toEqual(["stubborn\n", "stubborn\n"]);
  });

  it("leaves the other runs alone when one run is canceled", async () => {
    const fleet = await startFleet({ nodeCount: 2 });
    const job = await submitToAll(fleet, { steps: [{ lines: gatedLines }] });
    const [canceledId = "", otherId = ""] = job.runIds;
    for (const node of fleet.nodes) await executionsOn(node, 1);
    const [script] = attemptProcesses(fleet.directory).filter(
      ({ kind, attempt }) => kind === "script" && attempt.startsWith(otherId),
    );

    await fleet.client.cancelRun(canceledId, { signal });
    const canceled = await finalRun(fleet, canceledId);
    const left = pidsOfRun(canceledId);
    expect(pidsOfRun(otherId)).toContain(script?.pid);
    openGate(fleet.node(1));
    const other = await finalRun(fleet, otherId);

    expect(canceled.status).toBe("canceled");
    expect(left).toEqual([]);
    expect(other.status).toBe("success");
    expect(other.stdout.get("1/1")).toBe(gatedOutput);
  });

  it("leaves no process behind when a group's time is up", async () => {
    const fleet = await startFleet();
    const { runId } = await submitToBegin(fleet, stubbornLines);

    const run = await finalRun(fleet, runId);

    expect(pidsOfRun(runId)).toEqual([]);
    expect(run.status).toBe("timeout");
    expect(run.stdout.get("1/1")).toBe("stubborn\n");
  });

  it("stays stopped when its agent was away while the cancel was asked for", async () => {
    const fleet = await startFleet();
    const job = await submitToAll(fleet, { steps: [{ lines: gatedLines }] });
    const [runId = ""] = job.runIds;
    await executionsOn(fleet.node(0), 1);

    await fleet.node(0).agent.end("SIGKILL");
    await fleet.client.cancelInstance(job.instanceId, { signal });
    fleet.node(0).agent.start();
    const run = await finalRun(fleet, runId);

    expect(pidsOfRun(runId)).toEqual([]);
    expect(run.status).toBe("canceled");
  });
});
