import type { CanonicalGroup, CanonicalJob } from "@courier/schema";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { planTexts } from "./plan-texts.ts";

const group: CanonicalGroup = {
  batchSize: { type: "percent", value: 100 },
  ...{ distributionMethod: "batching", filter: null, filterId: "0", listId: "0" },
  ...{ nodeIdentifiers: [], nodeListType: "savedList", timeoutSeconds: 0 },
  successCriteria: [{ numRuns: { type: "percent", value: 100 }, status: "success" }],
};

function job(more: Partial<CanonicalGroup> = {}): CanonicalJob {
  return {
    actions: { accessMode: "agent", steps: [] },
    ...{ description: "", exceptionRules: [], name: "job", scheduleRule: "immediate" },
    target: { executionType: "sequential", groups: [{ ...group, ...more }] },
  };
}

const two = { batchSize: { type: "number", value: 2 } } as const;

function targets(more: Partial<CanonicalGroup>, nodeIds: readonly string[]): string {
  return planTexts(job(more), [nodeIds]).targets;
}

describe("what a plan's hash is made from", () => {
  test("is the batches, whatever the order within one", () => {
    expect(targets(two, ["c", "a", "b"])).toBe('[[["a","c"],["b"]]]');
    expect(targets(two, ["a", "c", "b"])).toBe('[[["a","c"],["b"]]]');
    expect(targets(two, ["a", "b", "c"])).toBe('[[["a","b"],["c"]]]');
  });

  test("is the first window of a rolling group, and the order of the others", () => {
    const rolling = { ...two, distributionMethod: "rolling" } as const;

    expect(targets(rolling, ["b", "a", "d", "c"])).toBe('[[["a","b"],["d","c"]]]');
  });

  test("is not how nodes are named in the template, but how everything else is", () => {
    const named = (nodeIdentifiers: string[]) =>
      planTexts(job({ nodeListType: "nodes", nodeIdentifiers }), [["id-1"]]).template;

    expect(named(["web-1"])).toBe(named(["id-1"]));
    expect(planTexts(job({ timeoutSeconds: 1 }), [[]]).template).not.toBe(
      planTexts(job(), [[]]).template,
    );
    expect(
      planTexts(job({ nodeListType: "cohorts", nodeIdentifiers: ["a"] }), [[]]).template,
    ).not.toBe(planTexts(job({ nodeListType: "cohorts", nodeIdentifiers: ["b"] }), [[]]).template);
  });

  test("changes with every node more or less", () => {
    const anyIds = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 3 }), { minLength: 1 });
    const anySize = fc.integer({ min: 1, max: 5 });
    fc.assert(
      fc.property(anyIds, anySize, fc.nat(), (ids, value, pick) => {
        const sized = { batchSize: { type: "number", value } } as const;
        const without = ids.filter((_, index) => index !== pick % ids.length);

        expect(targets(sized, without)).not.toBe(targets(sized, ids));
        expect(targets(sized, [...ids])).toBe(targets(sized, ids));
      }),
    );
  });
});
