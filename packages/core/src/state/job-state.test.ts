import fc from "fast-check";
import { expect, test } from "vitest";
import { jobTransitions, transitionJob, type JobEvent, type JobStatus } from "./job-state.ts";
import { statesOf, terminalStates } from "./machine.ts";

const events: readonly JobEvent[] = ["deactivate", "activate", "complete", "reschedule", "cancel"];

test("has exactly the statuses of semantics.md section 6", () => {
  expect(statesOf(jobTransitions)).toEqual(["active", "inactive", "completed", "canceled"]);
  expect(terminalStates(jobTransitions)).toEqual(["canceled"]);
});

test("leaves its end only for another schedule, and a cancel never", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...events), { maxLength: 30 }), (happening) => {
      let status: JobStatus = "active";
      for (const event of happening) {
        const before: JobStatus = status;
        const next = transitionJob(status, event);
        if (next.ok) status = next.state;
        if (before === "canceled") expect(status).toBe("canceled");
        if (before === "completed" && status !== before) expect(event).toBe("reschedule");
      }
    }),
  );
});
