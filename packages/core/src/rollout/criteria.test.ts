import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { judgeCriteria, measureCriteria, type Criterion } from "./criteria.ts";
import { endedCount, failedCount, noRuns, type RunCounts } from "./run-counts.ts";

function atMostFail(type: "number" | "percent", value: number): Criterion {
  return { status: "failure", numRuns: { type, value } };
}

function atLeastSucceed(type: "number" | "percent", value: number): Criterion {
  return { status: "success", numRuns: { type, value } };
}

function standing(criterion: Criterion, nodes: number, counts: Partial<RunCounts>): string {
  return judgeCriteria([criterion], { ...noRuns, ...counts }, nodes).standing;
}

describe("the table of README.md", () => {
  test.each([
    { name: "50 nodes, 10 % may fail", rule: atMostFail("percent", 10), nodes: 50, allowed: 5 },
    { name: "3 of 25 may fail", rule: atMostFail("number", 3), nodes: 25, allowed: 3 },
    { name: "25 nodes, 10 % may fail", rule: atMostFail("percent", 10), nodes: 25, allowed: 2 },
    { name: "25 nodes, 90 % succeed", rule: atLeastSucceed("percent", 90), nodes: 25, allowed: 2 },
    { name: "22 of 25 succeed", rule: atLeastSucceed("number", 22), nodes: 25, allowed: 3 },
    { name: "3 nodes, all succeed", rule: atLeastSucceed("percent", 100), nodes: 3, allowed: 0 },
    { name: "nothing may fail", rule: atMostFail("number", 0), nodes: 4, allowed: 0 },
  ])("$name: lost at failure $allowed + 1", ({ rule, nodes, allowed }) => {
    expect(standing(rule, nodes, { failure: allowed })).toBe("open");
    expect(standing(rule, nodes, { failure: allowed + 1 })).toBe("lost");
    expect(standing(rule, nodes, { failure: allowed, success: nodes - allowed })).toBe("met");
  });
});

test.each(["failure", "timeout", "undeliverable", "unknown", "canceled"] as const)(
  "counts %s as a run that did not succeed",
  (outcome) => {
    expect(standing(atMostFail("number", 0), 2, { [outcome]: 1 })).toBe("lost");
    expect(standing(atLeastSucceed("percent", 100), 2, { [outcome]: 1 })).toBe("lost");
  },
);

test("counts a skipped run as neither failed nor succeeded", () => {
  expect(standing(atMostFail("number", 0), 2, { skipped: 2 })).toBe("met");
  expect(standing(atLeastSucceed("percent", 100), 2, { skipped: 1 })).toBe("lost");
});

test("wants every run to succeed when there are no criteria", () => {
  expect(judgeCriteria([], { ...noRuns, success: 3 }, 3).standing).toBe("met");
  expect(judgeCriteria([], { ...noRuns, success: 2 }, 3).standing).toBe("open");
  expect(judgeCriteria([], { ...noRuns, success: 2, failure: 1 }, 3).standing).toBe("lost");
});

test("loses as soon as one of several criteria is lost, and is met only when all are", () => {
  const criteria = [atLeastSucceed("number", 1), atMostFail("number", 1)];

  expect(judgeCriteria(criteria, { ...noRuns, success: 3, failure: 2 }, 6).standing).toBe("lost");
  expect(judgeCriteria(criteria, { ...noRuns, success: 3, failure: 1 }, 6).standing).toBe("open");
  expect(judgeCriteria(criteria, { ...noRuns, success: 5, failure: 1 }, 6).standing).toBe("met");
});

test("says in numbers why it is lost", () => {
  expect(judgeCriteria([atMostFail("percent", 10)], { ...noRuns, failure: 6 }, 50)).toEqual({
    standing: "lost",
    reason: "at most 5 of 50 runs may fail, 6 did",
  });
  expect(judgeCriteria([], { ...noRuns, success: 1, timeout: 1 }, 3)).toEqual({
    standing: "lost",
    reason: "3 of 3 runs must succeed, at most 2 can",
  });
});

test("measures each criterion by itself", () => {
  const criteria = [atLeastSucceed("percent", 90), atMostFail("number", 1)];

  expect(measureCriteria(criteria, { ...noRuns, success: 20, timeout: 2 }, 25)).toEqual([
    { status: "success", limit: 23, count: 20, standing: "open" },
    { status: "failure", limit: 1, count: 2, standing: "lost" },
  ]);
  expect(measureCriteria([], { ...noRuns, success: 3 }, 3)).toEqual([
    { status: "success", limit: 3, count: 3, standing: "met" },
  ]);
});

const outcomes = [
  "success",
  "failure",
  "timeout",
  "canceled",
  "skipped",
  "undeliverable",
  "unknown",
] as const;

const anyCriteria: fc.Arbitrary<Criterion[]> = fc.array(
  fc.record({
    status: fc.constantFrom("success", "failure"),
    numRuns: fc.record({
      type: fc.constantFrom("number", "percent"),
      value: fc.integer({ min: 0, max: 100 }),
    }),
  }),
  { maxLength: 3 },
);

/** A whole rollout: how each run ends, in order. */
const anyHistory = fc.array(fc.constantFrom(...outcomes), { minLength: 1, maxLength: 40 });

function standingsAlong(criteria: readonly Criterion[], history: readonly string[]): string[] {
  const counts: Record<string, number> & RunCounts = { ...noRuns };
  const standings = [judgeCriteria(criteria, counts, history.length).standing as string];
  for (const outcome of history) {
    counts[outcome] = (counts[outcome] ?? 0) + 1;
    standings.push(judgeCriteria(criteria, counts, history.length).standing);
  }
  return standings;
}

describe("for every history of a group", () => {
  test("what is lost stays lost and what is met stays met", () => {
    fc.assert(
      fc.property(anyCriteria, anyHistory, (criteria, history) => {
        const standings = standingsAlong(criteria, history);

        const settled = standings.findIndex((standing) => standing !== "open");
        expect(new Set(standings.slice(settled)).size).toBe(1);
      }),
    );
  });

  test("has a verdict when every run has ended", () => {
    fc.assert(
      fc.property(anyCriteria, anyHistory, (criteria, history) => {
        expect(standingsAlong(criteria, history).at(-1)).not.toBe("open");
      }),
    );
  });

  test("is open exactly while the rest could still decide either way", () => {
    fc.assert(
      fc.property(anyCriteria, anyHistory, fc.nat(40), (criteria, history, ended) => {
        const begun = history.slice(0, ended);
        const rest = history.length - begun.length;
        const best = standingsAlong(criteria, [...begun, ...repeat("success", rest)]).at(-1);
        const worst = standingsAlong(criteria, [...begun, ...repeat("failure", rest)]).at(-1);

        const now = standingsAlong(criteria, history)[begun.length];

        expect(now === "lost").toBe(best === "lost");
        expect(now === "met").toBe(worst === "met");
      }),
    );
  });
});

function repeat(outcome: (typeof outcomes)[number], count: number): (typeof outcomes)[number][] {
  return Array.from({ length: count }, () => outcome);
}

test("counts add up", () => {
  const counts: RunCounts = {
    inFlight: 100,
    success: 1,
    failure: 2,
    timeout: 4,
    canceled: 8,
    skipped: 16,
    undeliverable: 32,
    unknown: 64,
  };

  expect(failedCount(counts)).toBe(2 + 4 + 8 + 32 + 64);
  expect(endedCount(counts)).toBe(127);
});
