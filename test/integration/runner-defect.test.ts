import { existsSync } from "node:fs";
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
  const run = assignment([`echo written; echo done > ${witness}`, "true"]);

  server.assign(run);
  const result = await server.result(run.runId);

  const reason = "the agent failed while it executed the run: this is a defect";
  expect(result).toMatchObject({ status: "unknown", reason });
  expect(result.steps).toMatchObject([
    { status: "failure", attemptCount: 1, reason },
    { status: "skipped", attemptCount: 0, reason: "the run ended before this step: unknown" },
  ]);
  expect(server.text(run.runId)).toBe("written\n");
});
