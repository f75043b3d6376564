import fc from "fast-check";
import { expect, test } from "vitest";
import {
  failureKindsMax,
  foldFailures,
  listFolds,
  noFailures,
  type Failure,
} from "./fold-failures.ts";

function failure(change: Partial<Failure> = {}): Failure {
  return {
    status: "failure",
    stepNumber: 1,
    reason: 'step 1 "fill": exit code 1',
    stderr: "no space left on device\n",
    nodeName: "web-1",
    ...change,
  };
}

function fold(failures: readonly Failure[]) {
  return listFolds(foldFailures(noFailures, failures));
}

test("folds what is the same into one, with the first nodes", () => {
  const failures = Array.from({ length: 17 }, (_, index) =>
    failure({ nodeName: `web-${index + 1}`, stderr: `web-${index + 1}: no space left\n` }),
  );

  expect(fold(failures)).toEqual([
    {
      status: "failure",
      stepNumber: 1,
      reason: 'step 1 "fill": exit code 1',
      line: "<node>: no space left",
      count: 17,
      nodeNames: ["web-1", "web-2", "web-3", "web-4", "web-5"],
    },
  ]);
});

test("shows the line as it was written when all wrote the same", () => {
  const failures = ["a", "b"].map((nodeName) => failure({ nodeName, stderr: "port 80 is taken" }));

  expect(fold(failures)[0]?.line).toBe("port 80 is taken");
});

test.each<{ readonly what: string; readonly change: Partial<Failure> }>([
  { what: "outcome", change: { status: "timeout" } },
  { what: "step", change: { stepNumber: 2 } },
  { what: "exit code", change: { reason: 'step 1 "fill": exit code 2' } },
  { what: "last line", change: { stderr: "read-only file system" } },
])("keeps apart what differs in $what", ({ change }) => {
  expect(fold([failure(), failure(change)])).toHaveLength(2);
});

test("lists first what most nodes have in common", () => {
  const failures = [failure({ stepNumber: 2 }), failure(), failure()];

  expect(fold(failures).map(({ stepNumber, count }) => [stepNumber, count])).toEqual([
    [1, 2],
    [2, 1],
  ]);
});

test("remembers a bounded number of kinds, and counts the rest", () => {
  const failures = Array.from({ length: 10_000 }, (_, index) =>
    failure({ stderr: `${"x".repeat(index % 150)}!` }),
  );

  const folded = foldFailures(noFailures, failures);

  expect(folded.folds.size).toBe(failureKindsMax);
  const counted = listFolds(folded).reduce((sum, { count }) => sum + count, folded.otherCount);
  expect(counted).toBe(10_000);
});

const anyFailure: fc.Arbitrary<Failure> = fc.record({
  status: fc.constantFrom("failure", "timeout", "unknown"),
  stepNumber: fc.constantFrom(null, 1, 2),
  reason: fc.constantFrom("", "exit code 1"),
  stderr: fc.constantFrom("", "a\n", "b 1\n", "b 2\n"),
  nodeName: fc.constantFrom("n1", "n2"),
});

test("loses no failure and does not depend on how they come in parts", () => {
  fc.assert(
    fc.property(fc.array(anyFailure), fc.nat(), (failures, cut) => {
      const at = failures.length === 0 ? 0 : cut % failures.length;

      const whole = foldFailures(noFailures, failures);
      const parts = foldFailures(
        foldFailures(noFailures, failures.slice(0, at)),
        failures.slice(at),
      );

      expect(parts).toEqual(whole);
      const counted = listFolds(whole).reduce((sum, { count }) => sum + count, 0);
      expect(counted + whole.otherCount).toBe(failures.length);
    }),
  );
});
