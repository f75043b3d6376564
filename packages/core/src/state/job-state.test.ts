import fc from "fast-check";
import { expect, test } from "vitest";
import { jobTransitions, transitionJob, type JobEvent, type JobStatus } from "./job-state.ts";
import { statesOf, terminalStates } from "./machine.ts";

const events: readonly JobEvent[] = ["deactivate", "activate", "complete", "cancel"];

test("has exactly the statuses of semantics.md section 6", () => {
  expect(statesOf(jobTransitions)).toEqual(["active", "inactive", "completed", "canceled"]);
  expect(terminalStates(jobTransitions)).toEqual(["completed", "canceled"]);
});

test("stays where it ended, whatever happens in whatever order", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...events), { maxLength: 30 }), (happening) => {
      let status: JobStatus = "active";
      let ended: JobStatus | undefined;
      for (const event of happening) {
        const next = transitionJob(status, event);
        if (next.ok) status = next.state;
        if (status === "completed" || status === "canceled") ended ??= status;
      }

      if (ended !== undefined) expect(status).toBe(ended);
    }),
  );
});
