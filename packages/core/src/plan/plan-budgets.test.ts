import type { JobTemplate } from "@courier/schema";
import { describe, expect, test } from "vitest";
import { canonicaliseTemplate } from "../template/canonicalise.ts";
import { countAtOnce, describeBudgets, findBudgetWarnings } from "./plan-budgets.ts";
import type { PlannedBudget, PlannedGroup, PlannedJob, PlannedNode } from "./planned-target.ts";

type Group = Partial<JobTemplate["target"]["groups"][number]>;

/** A job of one group of 12 nodes. */
function plan(
  group: Group,
  budgets: readonly PlannedBudget[],
  absent: { readonly offline?: readonly string[]; readonly unapproved?: readonly string[] } = {},
) {
  const { offline = [], unapproved = [] } = absent;
  const nodes: PlannedNode[] = Array.from({ length: 12 }, (_, index) => {
    const id = `n${index}`;
    const isUnapproved = unapproved.includes(id);
    const isOnline = !offline.includes(id) && !isUnapproved;
    return { id, name: id, isOnline, isUnapproved, kernelName: "Linux", skills: [] };
  });
  const job = canonicaliseTemplate({
    name: "job",
    scheduleRule: "immediate",
    target: {
      groups: [{ nodeListType: "savedList", listId: "some", timeoutSeconds: 60, ...group }],
    },
    actions: {
      steps: [
        {
          name: "step",
          interpreter: { name: "chef-platform/shell-interpreter" },
          command: { linux: ["true"] },
        },
      ],
    },
  });
  const planned = job.target.groups.map((each): PlannedGroup => ({ group: each, nodes }));
  return { job, groups: planned, budgets } satisfies PlannedJob;
}

function budget(more: Partial<PlannedBudget> & { readonly first: number }): PlannedBudget {
  const { first, ...rest } = more;
  const nodeIds = new Set(Array.from({ length: first }, (_, index) => `n${index}`));
  return { id: "b", name: "db", maxCount: 3, nodeCount: 25, underChangeCount: 0, nodeIds, ...rest };
}

function atOnce({ groups, budgets }: PlannedJob): readonly number[] {
  return groups.flatMap((group) => countAtOnce(group, budgets));
}

function sentences({ groups, budgets }: PlannedJob): readonly string[] {
  return groups.flatMap((group) => describeBudgets(group, budgets));
}

function warnings(planned: PlannedJob): readonly string[] {
  return findBudgetWarnings(planned).map(({ pointer, message }) => `${pointer}: ${message}`);
}

const batchOf = (value: number): Group => ({ batchSize: { type: "number", value } });

describe("a plan under disruption budgets", () => {
  test("says in numbers what a budget means for a group", () => {
    const planned = plan({}, [budget({ first: 12 })]);

    expect(atOnce(planned)).toEqual([3]);
    expect(sentences(planned)).toEqual([
      'has 12 nodes that count for budget "db", at most 3 of 25 nodes at once',
      "has 3 runs in flight at most, because of budgets",
    ]);
    expect(warnings(planned)).toEqual([
      '/target/groups/0/batchSize: up to 12 nodes of budget "db" would start at once, it lets 3: the others wait for their turn, and that counts into the group\'s 60 s',
    ]);
  });

  test("counts each batch by its own nodes", () => {
    const planned = plan({ ...batchOf(5), timeoutSeconds: 0 }, [budget({ first: 6 })]);

    expect(atOnce(planned)).toEqual([3, 5, 2]);
    expect(sentences(planned)).toEqual([
      'has 6 nodes that count for budget "db", at most 3 of 25 nodes at once',
    ]);
    expect(warnings(planned)).toEqual([
      '/target/groups/0/batchSize: up to 5 nodes of budget "db" would start at once, it lets 3: the others wait for their turn',
    ]);
  });

  test("says nothing of a budget when none of its nodes are in a group, and warns of nothing when all fit", () => {
    expect(sentences(plan({}, [budget({ first: 0 })]))).toEqual([]);
    expect(warnings(plan({}, [budget({ first: 0, underChangeCount: 3 })]))).toEqual([]);
    expect(warnings(plan(batchOf(3), [budget({ first: 12 })]))).toEqual([]);
  });

  test("holds a node to all of its budgets", () => {
    const budgets = [budget({ first: 12 }), budget({ first: 2, id: "c", name: "eu", maxCount: 1 })];

    // One of the two, and two others.
    expect(atOnce(plan({}, budgets))).toEqual([3]);
    expect(atOnce(plan(batchOf(2), budgets))).toEqual([1, 2, 2, 2, 2, 2]);
  });

  test("measures the window of a rolling group", () => {
    const rolling = { distributionMethod: "rolling", timeoutSeconds: 0 } as const;

    const narrow = plan({ ...rolling, ...batchOf(2) }, [budget({ first: 12 })]);
    expect(atOnce(narrow)).toEqual([2]);
    expect(warnings(narrow)).toEqual([]);
    const wide = plan({ ...rolling, ...batchOf(8) }, [budget({ first: 7 })]);
    // Five that are in no budget and three that are.
    expect(atOnce(wide)).toEqual([8]);
    expect(warnings(wide)).toEqual([
      '/target/groups/0/batchSize: up to 7 nodes of budget "db" would start at once, it lets 3: the others wait for their turn',
    ]);
  });

  test("warns of a budget that is used up, at the border and beyond", () => {
    const batches = batchOf(1);
    expect(warnings(plan(batches, [budget({ first: 1, underChangeCount: 2 })]))).toEqual([]);
    expect(warnings(plan(batches, [budget({ first: 1, underChangeCount: 3 })]))).toEqual([
      '/target/groups/0: budget "db" lets nothing start now: 3 nodes are under change, at most 3 may be',
    ]);
    expect(
      warnings(plan(batches, [budget({ first: 1, maxCount: 1, underChangeCount: 1 })])),
    ).toEqual([
      '/target/groups/0: budget "db" lets nothing start now: 1 node is under change, at most 1 may be',
    ]);
  });

  test("warns of nodes that are offline and use a budget while the group waits for them", () => {
    const offline = ["n0", "n1", "n11"];
    const db = budget({ first: 6 });

    expect(warnings(plan(batchOf(1), [db], { offline }))).toEqual([
      '/target/groups/0: 2 nodes that are offline can take 2 of the 3 places of budget "db" while the group waits for them (offlinePolicy: wait)',
    ]);
    expect(warnings(plan(batchOf(1), [db], { offline, unapproved: ["n2"] }))).toEqual([
      '/target/groups/0: 3 nodes that are offline or wait for approval can take 3 of the 3 places of budget "db" while the group waits for them (offlinePolicy: wait)',
    ]);
    expect(warnings(plan(batchOf(1), [db], { unapproved: ["n2"] }))).toEqual([
      '/target/groups/0: 1 node that waits for approval can take 1 of the 3 places of budget "db" while the group waits for it (offlinePolicy: wait)',
    ]);
    expect(warnings(plan({ ...batchOf(1), offlinePolicy: "fail" }, [db], { offline }))).toEqual([]);
  });
});
