import { describe, expect, it, onTestFinished } from "vitest";
import { jobOf, witnessLine } from "./survival-job.ts";
import { attemptProcesses } from "./step-processes.ts";
import { readRun } from "./survival-record.ts";
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
import { mountSmallDisk, whyNoSmallDisk, type SmallDisk } from "./survival-small-disk.ts";
import { until } from "./until.ts";
import { readWitness } from "./survival-witness.ts";

const signal = new AbortController().signal;
const reason = whyNoSmallDisk();
const note = reason === undefined ? "" : ` (skipped: ${reason})`;

function smallDisk(): SmallDisk {
  const disk = mountSmallDisk();
  onTestFinished(() => disk.dispose());
  return disk;
}

describe.skipIf(reason !== undefined)(`a full disk${note}`, () => {
  it("of the server: says so, loses nothing, and goes on when there is space", async () => {
    const disk = smallDisk();
    const fleet = await startFleet({ nodeCount: 2, serverDataDir: disk.directory });
    const job = await submitToAll(fleet, {
      batchSize: { type: "number", value: 1 },
      steps: [{ lines: [...gatedLines, "seq 1 2000"] }],
    });
    const serverPid = fleet.server.pid;
    await runWithStatus(fleet, job.runIds[0] ?? "", "running");
    await executionsOn(fleet.node(0), 1);

    disk.fill();
    for (const node of fleet.nodes) openGate(node);
    await until("no step runs", () =>
      attemptProcesses(fleet.directory).length === 0 ? true : undefined,
    );
    const template = jobOf({
      name: "x",
      groups: [["node-1"]],
      steps: [{ lines: [`: ${"x".repeat(20_000)}`] }],
    });
    const refusal = fleet.client.addJob(
      { text: JSON.stringify(template), format: "json" },
      { signal },
    );
    await expect(refusal).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
      message: expect.stringMatching(/disk|full|space/i),
    });
    const meanwhile = await readRun(fleet.client, job.runIds[0] ?? "");
    disk.free();
    const runs = await Promise.all(job.runIds.map((runId) => finalRun(fleet, runId)));

    expect(meanwhile.status).toBe("running");
    expect(fleet.server.pid).toBe(serverPid);
    expect(runs.map(({ status }) => status)).toEqual(["success", "success"]);
    const counted = Array.from({ length: 2000 }, (_, index) => `${index + 1}\n`).join("");
    for (const { stdout } of runs) expect(stdout.get("1/1")).toBe(gatedOutput + counted);
    expect(fleet.nodes.map((node) => readWitness(node).length)).toEqual([1, 1]);
  });

  it("of a node: says so, keeps what ran until it can be told, and goes on when there is space", async () => {
    const disk = smallDisk();
    const fleet = await startFleet({ nodeDataDir: disk.directory });
    const node = fleet.node(0);
    // So many steps that neither the run nor its result fits into what is left of the journal's last block.
    const rest = Array.from({ length: 40 }, () => ({ lines: [witnessLine, "echo later"] }));
    const steps = [{ lines: gatedLines.slice(0, -1), retryCount: 2 }, ...rest];
    const job = await submitToAll(fleet, { steps });
    const [runId = ""] = job.runIds;
    await runWithStatus(fleet, runId, "running");
    await executionsOn(node, 1);

    disk.fill();
    openGate(node);
    await until("no step runs", () =>
      attemptProcesses(disk.directory).length === 0 ? true : undefined,
    );
    const late = await submitToAll(fleet, { steps });
    const refused = await finalRun(fleet, late.runIds[0] ?? "");
    const meanwhile = await readRun(fleet.client, runId);
    disk.free();
    const run = await finalRun(fleet, runId);
    const next = await submitToAll(fleet, { steps: rest.slice(0, 1) });
    const after = await finalRun(fleet, next.runIds[0] ?? "");

    expect(refused.status).toBe("failure");
    expect(refused.reason).toMatch(/refused by the node: .*journal.*ENOSPC/);
    expect(meanwhile.status).toBe("running");
    expect(run.steps[0]).toMatchObject({ status: "success", numAttempts: 1 });
    expect(run.stdout.get("1/1")).toBe("waiting\n");
    // The second step needs space for its script; it had none unless the first one's end had to wait for it as well.
    expect(run.status === "success" ? "ENOSPC" : run.reason).toContain("ENOSPC");
    expect(after.status).toBe("success");
    const attempts = readWitness(node).map(
      (one) => `${one.runId} ${one.stepNumber} ${one.attempt}`,
    );
    expect(attempts).toEqual([...new Set(attempts)]);
  });
});
