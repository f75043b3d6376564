import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { programPath, startStack, type Stack } from "../e2e/stack.ts";

describe("the scripts of examples/control on real nodes", () => {
  let stack: Stack;

  beforeAll(async () => {
    stack = await startStack({ runnerNames: ["demo-1", "demo-2"] });
  });

  afterEach(async () => {
    await stack.endLeftovers();
  });

  afterAll(async () => {
    await stack.stop();
  });

  async function runExample(name: string): Promise<string> {
    const path = fileURLToPath(new URL(`../../examples/control/${name}`, import.meta.url));
    const { stdout } = await promisify(execFile)("sh", [path], {
      env: {
        PATH: process.env["PATH"],
        COURIER_CLI: programPath("courier-cli"),
        COURIER_URL: stack.url,
        COURIER_TOKEN: stack.adminToken,
      },
    });
    return stdout;
  }

  it("pause.sh holds the second batch back and lets it go on", async () => {
    expect(await runExample("pause.sh")).toBe(
      "paused: success, pending\nresumed: success, success\n",
    );
  });

  it("rerun.sh executes again what failed", async () => {
    expect(await runExample("rerun.sh")).toBe(
      [
        "the first instance ended with exit code 1",
        "the rerun of 2 runs ended success",
        "the retry of one run ended success",
        "the first instance has 2 reruns and is still failure",
        "",
      ].join("\n"),
    );
  });
});
