import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { databaseKinds, template, type Answer, type ApiFixture } from "./api-fixture.ts";
import { at } from "./api-json.ts";
import { budgetsPath } from "./scheduler-routes.ts";
import { dbNodes, startTaggedFleet, taggedNames, type TaggedFleet } from "./tagged-fleet.ts";

describe.each(databaseKinds)("disruption budgets in a plan on %s", (kind) => {
  let fixture: ApiFixture;
  let send: TaggedFleet["send"];

  beforeAll(async () => {
    ({ fixture, send } = await startTaggedFleet(kind));
  });
  afterAll(async () => fixture.stop());

  it("says what they mean for its batches, which nodes count, and that there is no room now", async () => {
    await send("POST", budgetsPath, { name: "plan-db", constraints: dbNodes, max: 1 });
    const other = { ...dbNodes.attributes[0], value: ["cache"] };
    await send("POST", budgetsPath, {
      ...{ name: "plan-none", max: 1 },
      constraints: { attributes: [other] },
    });
    const planOf = async (): Promise<Answer> =>
      send("POST", "/courier/scheduler-api/v1/jobs/plan", template("planned", taggedNames));

    const idle = await planOf();
    expect(at(idle.json, "item", "budgets")).toEqual([
      {
        ...{ budgetId: expect.any(String), name: "plan-db" },
        ...{ maxCount: 1, nodeCount: 3, plannedNodeCount: 3, underChangeCount: 0 },
      },
    ]);
    const budgetId = String(at(idle.json, "item", "budgets", 0, "budgetId"));
    expect(at(idle.json, "item", "groups", 0)).toMatchObject({
      atOnceCount: 2,
      batches: [{ nodeCount: 4, atOnceCount: 2 }],
      meaning: expect.arrayContaining([
        'has 3 nodes that count for budget "plan-db", at most 1 of 3 nodes at once',
        "has 2 runs in flight at most, because of budgets",
      ]),
    });
    const nodes = at(idle.json, "item", "groups", 0, "nodes") as { name: string }[];
    expect(nodes.filter(({ name }) => name === "web-1")).toMatchObject([{ budgetIds: [] }]);
    expect(nodes.filter(({ name }) => name === "db-2")).toMatchObject([{ budgetIds: [budgetId] }]);

    await fixture.runJob(template("uses it up", taggedNames));
    const busy = await planOf();
    expect(JSON.stringify(at(busy.json, "item", "warnings"))).toContain(
      "lets nothing start now: 1 node is under change, at most 1 may be",
    );
    // The same template on the same nodes: what a budget is used for does not change the hash.
    expect(at(busy.json, "item", "hash")).toBe(at(idle.json, "item", "hash"));
  });
});
