import type { TargetGroup } from "@courier/schema";
import { describe, expect, test } from "vitest";
import { canonicaliseTemplate } from "./canonicalise.ts";
import { findMistakes } from "./find-mistakes.ts";

function mistakesOf(group: Partial<TargetGroup>): readonly string[] {
  const job = canonicaliseTemplate({
    name: "job",
    scheduleRule: "immediate",
    target: { groups: [{ nodeListType: "nodes", nodeIdentifiers: ["a"], ...group }] },
    actions: {
      steps: [
        { name: "step", interpreter: { name: "chef-platform/shell-interpreter" }, command: {} },
      ],
    },
  });
  return findMistakes(job).map(({ pointer, message }) => `${pointer}  ${message}`);
}

const ramp: Partial<TargetGroup> = { batchSize: { type: "ramp", value: [1, "50%"] } };

describe("rules of a group that contradict each other", () => {
  test("a ramp in a rolling window", () => {
    expect(mistakesOf({ ...ramp, distributionMethod: "rolling" })).toEqual([
      '/target/groups/0/batchSize/type  a ramp is a list of batches, and "rolling" has none: use distributionMethod "batching", or one number or percentage',
    ]);
  });

  test("a wait after batches in a rolling window", () => {
    expect(mistakesOf({ soakSeconds: 5, distributionMethod: "rolling" })).toEqual([
      '/target/groups/0/soakSeconds  soakSeconds is the wait after a batch, and "rolling" has no batches: use distributionMethod "batching", or leave it out',
    ]);
  });

  test("a wait that outlasts the group", () => {
    expect(mistakesOf({ ...ramp, soakSeconds: 60, timeoutSeconds: 60 })).toEqual([
      "/target/groups/0/soakSeconds  the group's timeoutSeconds (60) run out before a soak of 60 s does, so that no second batch would start",
    ]);
  });

  test.each([
    [ramp],
    [{ ...ramp, soakSeconds: 59, timeoutSeconds: 60 }],
    [{ ...ramp, soakSeconds: 600 }],
    [{ soakSeconds: 0, distributionMethod: "rolling" as const }],
    [{ haltOn: { failure: 1 }, distributionMethod: "rolling" as const }],
  ])("but not %j", (group) => {
    expect(mistakesOf(group)).toEqual([]);
  });
});
