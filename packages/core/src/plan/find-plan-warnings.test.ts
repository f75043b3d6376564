import type { JobTemplate } from "@courier/schema";
import { describe, expect, test } from "vitest";
import { canonicaliseTemplate } from "../template/canonicalise.ts";
import { findPlanWarnings } from "./find-plan-warnings.ts";
import type { PlannedNode } from "./planned-target.ts";

const shell = "chef-platform/shell-interpreter";

function node(name: string, more: Partial<PlannedNode> = {}): PlannedNode {
  const skills = [{ name: shell, version: "1.2.0" }];
  const state = { isOnline: true, isUnapproved: false };
  return { id: name, name, ...state, kernelName: "Linux", skills, ...more };
}

type Group = JobTemplate["target"]["groups"][number];
type Step = JobTemplate["actions"]["steps"][number];

const plainStep: Step = {
  name: "step",
  interpreter: { name: shell },
  command: { linux: ["true"] },
  limits: { timeoutSeconds: 5 },
};

function warnings(of: {
  readonly nodes: readonly (readonly PlannedNode[])[];
  readonly group?: Partial<Group>;
  readonly step?: Partial<Step>;
  readonly executionType?: "parallel";
}): readonly string[] {
  const job = canonicaliseTemplate({
    name: "job",
    scheduleRule: "immediate",
    target: {
      executionType: of.executionType ?? "sequential",
      groups: of.nodes.map(() => ({
        ...{ nodeListType: "savedList" as const, listId: "some", timeoutSeconds: 60 },
        ...of.group,
      })),
    },
    actions: { steps: [{ ...plainStep, ...of.step }] },
  });
  const groups = job.target.groups.map((group, index) => ({ group, nodes: of.nodes[index] ?? [] }));
  return findPlanWarnings({ job, groups, budgets: [] }).map(
    ({ pointer, message }) => `${pointer}: ${message}`,
  );
}

const three = [[node("a"), node("b"), node("c")]];

describe("a plan warns", () => {
  test("about nothing when there is nothing", () => {
    expect(warnings({ nodes: three })).toEqual([]);
  });

  test.each<[string, Partial<Group>, string]>([
    [
      "criteria that can never be met",
      { successCriteria: [{ status: "success", numRuns: { type: "number", value: 4 } }] },
      "/target/groups/0/successCriteria: the group can never succeed: 4 must succeed, and it has 3, executes all its runs all the same (earlyTermination is off), and fails",
    ],
    [
      "criteria that can never fail",
      { successCriteria: [{ status: "failure", numRuns: { type: "percent", value: 100 } }] },
      "/target/groups/0/successCriteria: the group cannot fail by its criteria, whatever its runs do",
    ],
    [
      "a batch that is larger than its group",
      { batchSize: { type: "number", value: 50 } },
      "/target/groups/0/batchSize: a batch of 50 is larger than the group of 3 nodes: all start at once",
    ],
    [
      "a haltOn that is larger than its group",
      { haltOn: { failure: 2, timeout: { type: "number", value: 4 } } },
      "/target/groups/0/haltOn/timeout: never halts the group: it takes 4, and the group has 3 nodes",
    ],
    [
      "a quorum that is larger than its group",
      { minReady: { type: "number", value: 5 } },
      "/target/groups/0/minReady: 5 must be online, and the group has 3: it fails",
    ],
  ])("about %s", (_, group, warning) => {
    expect(warnings({ nodes: three, group })).toEqual([warning]);
  });

  test("about an empty group", () => {
    expect(warnings({ nodes: [[]] })).toEqual([
      "/target/groups/0: the group has no nodes now: it fails at once (onEmpty: fail)",
    ]);
    expect(warnings({ nodes: [[]], group: { onEmpty: "succeed" } })).toEqual([
      "/target/groups/0: the group has no nodes now: it succeeds at once (onEmpty: succeed)",
    ]);
  });

  test("about nodes that are offline, and the quorum that they are missing in", () => {
    const nodes = [[node("a"), node("b", { isOnline: false })]];

    expect(warnings({ nodes, group: { minReady: { type: "percent", value: 100 } } })).toEqual([
      "/target/groups/0/minReady: 2 of 2 must be online, 1 are now: the group would wait",
      "/target/groups/0: 1 node is offline: the group waits for it until its 60 s are over (offlinePolicy: wait)",
    ]);
  });

  test("about nodes that wait for approval", () => {
    const nodes = [[node("a"), node("b", { isOnline: false, isUnapproved: true })]];

    expect(warnings({ nodes, group: { offlinePolicy: "fail" } })).toEqual([
      "/target/groups/0: 1 node waits for approval (courier-cli management node approve-node): its run would end undeliverable, which counts as failed (offlinePolicy: fail)",
    ]);
  });

  test("about nodes in several groups", () => {
    const nodes = [[node("a"), node("b")], [node("b")]];

    expect(warnings({ nodes })).toEqual([
      "/target/groups: 1 node in several groups: a run in each: b (0, 1)",
    ]);
    expect(warnings({ nodes, executionType: "parallel" })).toEqual([
      "/target/groups: 1 node in several groups: a run in each, never both at the same time on one node: b (0, 1)",
    ]);
  });

  test("about steps without a limit of time, and what it means", () => {
    const step = { limits: {} };

    expect(warnings({ nodes: three, step })).toEqual([
      '/actions/steps/0/limits/timeoutSeconds: step "step" has no timeoutSeconds, one that hangs is ended by its group\'s timeoutSeconds only',
    ]);
    expect(warnings({ nodes: three, step, group: { timeoutSeconds: 0 } })).toEqual([
      '/actions/steps/0/limits/timeoutSeconds: step "step" has no timeoutSeconds, neither has group 0: one that hangs never ends',
    ]);
  });

  test("about interpreters that are not there, or of another version", () => {
    const old = node("old", { skills: [{ name: shell, version: "0.9" }] });
    const bare = node("bare", { skills: [{ name: "bash", version: "5" }] });
    const interpreter = { name: shell, skill: { minVersion: "1.0.0", maxVersion: "" } };

    expect(warnings({ nodes: [[node("a"), old, bare]], step: { interpreter } })).toEqual([
      `/actions/steps/0/interpreter/name: interpreter "${shell}" is not installed on 1 of 3 nodes: bare`,
      `/actions/steps/0/interpreter/skill: the version of interpreter "${shell}" is outside of [1.0.0, any] on 1 of 3 nodes: old (0.9)`,
    ]);
  });

  test("about nodes that never told what they have, and only about that", () => {
    const silent = node("new", { isOnline: false, kernelName: "", skills: [] });

    expect(warnings({ nodes: [[node("a"), silent]], group: { offlinePolicy: "skip" } })).toEqual([
      "/target/groups/0: 1 node is offline: its run would be skipped (offlinePolicy: skip)",
      "/target: 1 of 2 nodes never told which interpreters they have: new",
    ]);
  });

  test("about commands without a form for the system of some nodes", () => {
    const nodes = [
      [node("a"), node("b", { kernelName: "Windows_NT" }), node("c", { kernelName: "Darwin" })],
    ];
    const command = { linux: ["true"], darwin: ["true"] };

    expect(warnings({ nodes, step: { command } })).toEqual([
      "/actions/steps/0/command: the command has no form for windows, which is what 1 of 3 nodes run: b",
    ]);
  });
});
