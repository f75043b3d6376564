import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Fleet } from "./survival-fleet.ts";
import {
  executionsOn,
  finalRun,
  gatedLines,
  openGate,
  startFleet,
  submitToAll,
} from "./survival-setup.ts";
import { mountSmallDisk, whyNoSmallDisk, type SmallDisk } from "./survival-small-disk.ts";
import { until } from "./until.ts";

const signal = new AbortController().signal;
const reason = whyNoSmallDisk();
const note = reason === undefined ? "" : ` (skipped: ${reason})`;

/** Leaves more than one part holds, and tells its digest. */
const leavingLines = [
  'head -c 1300000 /dev/urandom > "$COURIER_ARTIFACTS/data"',
  'sha256sum < "$COURIER_ARTIFACTS/data"',
];

function smallDisk(): SmallDisk {
  const disk = mountSmallDisk();
  onTestFinished(() => disk.dispose());
  return disk;
}

/** The digests of the artifact: as the step told it, and as it is in the evidence. */
async function digests(fleet: Fleet, runId: string): Promise<readonly [string, string]> {
  const attempt = { runId, stepNumber: 1, attemptNumber: 1 };
  const parts: Uint8Array[] = [];
  const evidence = await fleet.client.openEvidence(attempt, { signal });
  for await (const part of evidence.bytes) parts.push(part);
  const read = (path: string): Buffer =>
    execFileSync("tar", ["-xzO", "--", path], { input: Buffer.concat(parts), maxBuffer: 1e8 });
  const told = /[0-9a-f]{64}/.exec(read("stdout").toString())?.[0] ?? "";
  return [told, createHash("sha256").update(read("artifacts/data")).digest("hex")];
}

async function handedIn(fleet: Fleet, runId: string): Promise<void> {
  await until("the artifacts are handed in", async () => {
    const { items } = await fleet.client.listSteps(runId, { size: 10 }, { signal });
    return items[0]?.artifacts?.[0]?.state === "stored" ? true : undefined;
  });
}

describe("artifacts", () => {
  it("arrive whole, and once, however often service and agent are killed meanwhile", async () => {
    const fleet = await startFleet();
    const node = fleet.node(0);
    const job = await submitToAll(fleet, { steps: [{ lines: [...gatedLines, ...leavingLines] }] });
    const [runId = ""] = job.runIds;
    await executionsOn(node, 1);

    openGate(node);
    for (let round = 0; round < 3; round += 1) {
      await Promise.all([fleet.server.restart("SIGKILL"), node.agent.restart("SIGKILL")]);
    }
    const run = await finalRun(fleet, runId);
    await handedIn(fleet, runId);

    expect(run).toMatchObject({ status: "success", steps: [{ numAttempts: 1 }] });
    const [told, kept] = await digests(fleet, runId);
    expect(kept).toBe(told);
  });
});

describe.skipIf(reason !== undefined)(`artifacts and a full disk${note}`, () => {
  it("of the server: they wait on the node, and arrive when there is space", async () => {
    const disk = smallDisk();
    const fleet = await startFleet({ serverDataDir: disk.directory });
    const node = fleet.node(0);
    const job = await submitToAll(fleet, { steps: [{ lines: [...gatedLines, ...leavingLines] }] });
    const [runId = ""] = job.runIds;
    await executionsOn(node, 1);

    disk.fill();
    openGate(node);
    await until("the artifacts are packed", () =>
      filesBelow(fleet.directory).some((name) => name.startsWith(runId) && name.endsWith(".gz"))
        ? true
        : undefined,
    );
    disk.free();
    const run = await finalRun(fleet, runId);
    await handedIn(fleet, runId);

    expect(run.status).toBe("success");
    const [told, kept] = await digests(fleet, runId);
    expect(kept).toBe(told);
  });

  it("of the node: they are not kept, the step says so, and its outcome stays", async () => {
    const disk = smallDisk();
    const fleet = await startFleet({ nodeDataDir: disk.directory });
    const node = fleet.node(0);
    // Nothing is written after the gate: there is no space for it.
    const lines = ['echo small > "$COURIER_ARTIFACTS/small"', ...gatedLines.slice(0, -1)];
    const job = await submitToAll(fleet, { steps: [{ lines }] });
    const [runId = ""] = job.runIds;
    await executionsOn(node, 1);

    disk.fill();
    openGate(node);
    await node.agent.wrote("artifacts cannot be packed");
    disk.free();
    const run = await finalRun(fleet, runId);

    expect(run.status).toBe("success");
    expect(run.steps[0]?.artifacts).toMatchObject([
      { state: "failed", fileCount: 0, reason: expect.stringContaining("ENOSPC") as string },
    ]);
  });
});

function filesBelow(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" }).map(
    (path) => path.split("/").at(-1) ?? "",
  );
}
