import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { programPath, startStack, type Stack } from "../e2e/stack.ts";

async function runExample(name: string, env: Readonly<Record<string, string>>): Promise<string> {
  const path = fileURLToPath(new URL(`../../examples/plan/${name}`, import.meta.url));
  const { stdout } = await promisify(execFile)("sh", [path], {
    env: { PATH: process.env["PATH"], COURIER_CLI: programPath("courier-cli"), ...env },
  });
  return stdout;
}

describe("the scripts of examples/plan on real nodes", () => {
  let stack: Stack;

  beforeAll(async () => {
    stack = await startStack();
    for (const [index, role] of ["web", "web", "db"].entries()) {
      await stack.startRunner(`demo-${index + 1}`, ["--tag", `role=${role}`]);
    }
  });

  afterAll(async () => {
    await stack.stop();
  });

  it("plan-and-add.sh adds what was planned, and nothing else", async () => {
    const env = { COURIER_URL: stack.url, COURIER_TOKEN: stack.adminToken };

    expect(await runExample("plan-and-add.sh", env)).toBe(
      [
        "batches: 1 demo-1, 2 demo-2",
        "runs in 2 batches of 1: the next one starts when all of one have ended",
        "succeeds when none fails",
        "fails when the 1st of 2 fails",
        "refused with exit code 5: 1 node added: demo-3",
        "added as planned: success",
        "",
      ].join("\n"),
    );
  });
});

it("simulate.sh plays a rollout without a service", async () => {
  expect(await runExample("simulate.sh", {})).toMatchInlineSnapshot(`
    "succeeds in 100 % of 1000 rounds
    a change that breaks every node reaches 11 of 100 nodes before the rollout halts
    at most 11 of 100 runs fail, whatever happens
    "
  `);
});
