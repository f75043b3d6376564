import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import { jobTemplate } from "./cli-templates.ts";
import { startStack, textAt, valueAt, type Stack } from "./stack.ts";

let stack: Stack;
let directory: string;

beforeAll(async () => {
  stack = await startStack({ runnerNames: ["web-1", "web-2"] });
  directory = await mkdtemp(join(tmpdir(), "courier-pause-"));
});

afterEach(async () => {
  await stack.endLeftovers();
});

afterAll(async () => {
  await stack.stop();
  await rm(directory, { recursive: true });
});

/** Starts a job, a node at a time, whose step waits for a file; returns its instance's id. */
async function startHeld(name: string): Promise<{ readonly id: string; readonly gate: string }> {
  const gate = join(directory, name);
  const lines = [`until [ -e '${gate}' ]; do sleep 0.1; done`];
  const template = jobTemplate({ name, nodes: ["web-1", "web-2"], batchSize: 1, lines });
  return { id: await stack.startJob(template), gate };
}

async function statuses(id: string): Promise<string> {
  const runs = await stack.json(["state", "instance", "list-instance-runs", "--instanceId", id]);
  return `${textAt(runs, ["items", 0, "status"])}, ${textAt(runs, ["items", 1, "status"])}`;
}

async function until(id: string, wanted: string): Promise<void> {
  while ((await statuses(id)) !== wanted);
}

describe("state instance pause", () => {
  it("holds the next batch back over the death of the service, until it is resumed", async () => {
    const { id, gate } = await startHeld("held");
    const paused = await stack.json(["state", "instance", "pause", "--instanceId", id]);
    await stack.stopServer("SIGKILL");
    await writeFile(gate, "");
    await stack.startServer();

    await until(id, "success, pending");
    const got = await stack.json(["state", "instance", "get-instance", "--instanceId", id]);
    expect(valueAt(got, ["item", "pausedAt"])).toBe(textAt(paused, ["item", "pausedAt"]));
    expect(valueAt(got, ["item", "status"])).toBe("running");

    await stack.json(["state", "instance", "resume", "--instanceId", id]);
    const watched = await stack.json(["state", "instance", "watch", "--instanceId", id]);
    expect(valueAt(watched, ["item"])).toMatchObject({ status: "success", pausedAt: null });
    expect(await statuses(id)).toBe("success, success");
  });

  it("can be canceled, and says then that there is nothing to resume", async () => {
    const { id } = await startHeld("canceled");
    await stack.json(["state", "instance", "pause", "--instanceId", id]);

    await stack.json(["state", "instance", "cancel", "--instanceId", id]);
    await stack.cli(["state", "instance", "watch", "--instanceId", id]);
    const { code, stderr } = await stack.cli(["state", "instance", "resume", "--instanceId", id]);

    expect(await statuses(id)).toBe("canceled, canceled");
    expect(code).toBe(5);
    expect(valueAt(JSON.parse(stderr), ["error"])).toMatchObject({
      code: "INSTANCE_ENDED",
      message: `instance "${id}" has ended; there is nothing left to resume`,
    });
  });
});
