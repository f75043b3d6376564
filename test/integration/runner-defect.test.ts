import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SystemClock } from "@courier/runner";
import { afterEach, beforeEach, expect, test } from "vitest";
import { assignment, setup, type RunnerFixture } from "./runner-fixture.ts";

let fixture: RunnerFixture;

beforeEach(async () => {
  fixture = await setup();
});

afterEach(async () => {
  await fixture.dispose();
});

test("a defect of the agent ends the run as unknown, with what the step has written until then", async () => {
  const { server, witness } = fixture;
  // A heartbeat asks for the time, too.
  server.heartbeatIntervalMs = 600_000;
  /** Stands for the defect: fails once, when the agent judges the step that has written the witness. */
  class FailingClock extends SystemClock {
    #hasFailed = false;

    override now(): number {
      if (this.#hasFailed || !existsSync(witness)) return super.now();
      this.#hasFailed = true;
      throw new Error("this is a defect");
    }
  }
  await fixture.agent({ clock: new FailingClock() });
  const gate = join(fixture.directory, "gate");
  const script = `mkfifo ${gate}; echo written; read line < ${gate}; echo more; echo done > ${witness}`;
  const run = assignment([script, "true"]);

  server.assign(run);
  // The agent follows the step: what it asks the time for next is its judgement.
  await server.waitFor((message) => message.type === "output");
  writeFileSync(gate, "go\n");
  const result = await server.result(run.runId);

  const reason = "the agent failed while it executed the run: this is a defect";
  expect(result).toMatchObject({ status: "unknown", reason });
  expect(result.steps).toMatchObject([
    { status: "failure", attemptCount: 1, reason },
    { status: "skipped", attemptCount: 0, reason: "the run ended before this step: unknown" },
  ]);
  expect(server.text(run.runId)).toBe("written\nmore\n");
});
