import fc from "fast-check";
import { expect, test } from "vitest";
import { explainRun, runWaitKinds, type InFlightFacts } from "./explain-run.ts";

const executing: InFlightFacts = {
  status: "running",
  isStopping: false,
  isNodeOnline: true,
  isNodeUnapproved: false,
  isNodeBusy: false,
  step: "none",
};

test.each<{ readonly change: Partial<InFlightFacts>; readonly kind: string }>([
  { change: {}, kind: "execution" },
  { change: { step: "retrying" }, kind: "retry" },
  { change: { step: "rebooting" }, kind: "boot" },
  { change: { step: "rebooting", isNodeOnline: false }, kind: "boot" },
  { change: { isNodeOnline: false }, kind: "return" },
  { change: { isStopping: true, isNodeOnline: false }, kind: "stop" },
  { change: { status: "dispatched" }, kind: "acceptance" },
  { change: { status: "dispatched", isNodeBusy: true }, kind: "busy" },
  { change: { status: "dispatched", isNodeBusy: true, isNodeOnline: false }, kind: "delivery" },
  {
    change: { status: "dispatched", isNodeUnapproved: true, isNodeOnline: false },
    kind: "approval",
  },
])("$change waits for $kind", ({ change, kind }) => {
  expect(explainRun({ ...executing, ...change })).toBe(kind);
});

test("every run in flight waits for exactly one thing that is listed", () => {
  const anyFacts: fc.Arbitrary<InFlightFacts> = fc.record({
    status: fc.constantFrom("dispatched", "running"),
    isStopping: fc.boolean(),
    isNodeOnline: fc.boolean(),
    isNodeUnapproved: fc.boolean(),
    isNodeBusy: fc.boolean(),
    step: fc.constantFrom("none", "retrying", "rebooting"),
  });
  fc.assert(
    fc.property(anyFacts, (facts) => {
      expect(runWaitKinds).toContain(explainRun(facts));
    }),
  );
});
