import { describe, expect, it } from "vitest";
import { runOutcomes, runTransitions } from "./run-state.ts";
import { statesOf } from "./machine.ts";
import { settleStep } from "./settle-step.ts";
import { stepTransitions } from "./step-state.ts";

const open = statesOf(stepTransitions).filter((s) => Object.keys(stepTransitions[s]).length > 0);
const final = statesOf(stepTransitions).filter((s) => !open.includes(s));

describe("settleStep", () => {
  it.each(statesOf(runTransitions))("keeps what the node recorded as final in a %s run", (run) => {
    for (const status of final) {
      expect(settleStep(run, { status, reason: "told" })).toEqual({ status, reason: "told" });
    }
  });

  it.each(runOutcomes)("leaves no step open in a run that ended %s", (run) => {
    for (const recorded of [undefined, ...open.map((status) => ({ status, reason: "" }))]) {
      expect(final).toContain(settleStep(run, recorded).status);
    }
  });

  it.each(["pending", "dispatched", "running"] as const)(
    "shows steps of a %s run as they are",
    (run) => {
      expect(settleStep(run, undefined)).toEqual({ status: "pending", reason: "" });
      expect(settleStep(run, { status: "running", reason: "" }).status).toBe("running");
    },
  );

  it("does not claim that a step of a lost run was not executed", () => {
    expect(settleStep("unknown", undefined).reason).toBe(
      "whether this step was executed cannot be known",
    );
  });
});
