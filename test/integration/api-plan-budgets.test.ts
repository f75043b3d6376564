import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ApiFixture, databaseKinds, template, type Answer } from "./api-fixture.ts";
import { at } from "./api-json.ts";
import { budgetsPath } from "./scheduler-routes.ts";

const management = "/node/management/v1";
const dbNodes = {
  attributes: [{ name: "role", operator: "=", value: ["db"], namespace: ["tags"] }],
};

describe.each(databaseKinds)("disruption budgets in a plan on %s", (kind) => {
  let fixture: ApiFixture;
  let admin: string;
  const names = ["db-1", "db-2", "db-3", "web-1"];

  beforeAll(async () => {
    fixture = await ApiFixture.start({ kind });
    admin = await fixture.token("admin");
    for (const name of names) {
      await fixture.enrol(name);
      const body = { tags: { role: name.split("-")[0] } };
      const tagged = await send("POST", `${management}/nodes/${name}/tags/modify`, body);
      expect(tagged.status).toBe(200);
    }
  });
  afterAll(async () => fixture.stop());

  async function send(method: string, path: string, body?: object): Promise<Answer> {
    return fixture.send(method, path, { token: admin, ...(body === undefined ? {} : { body }) });
  }

  it("says what they mean for its batches, which nodes count, and that there is no room now", async () => {
    await send("POST", budgetsPath, { name: "plan-db", constraints: dbNodes, max: 1 });
    const other = { ...dbNodes.attributes[0], value: ["cache"] };
    await send("POST", budgetsPath, {
      ...{ name: "plan-none", max: 1 },
      constraints: { attributes: [other] },
    });
    const planOf = async (): Promise<Answer> =>
      send("POST", "/courier/scheduler-api/v1/jobs/plan", template("planned", names));

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

    await fixture.runJob(template("uses it up", names));
    const busy = await planOf();
    expect(JSON.stringify(at(busy.json, "item", "warnings"))).toContain(
      "lets nothing start now: 1 node is under change, at most 1 may be",
    );
    // The same template on the same nodes: what a budget is used for does not change the hash.
    expect(at(busy.json, "item", "hash")).toBe(at(idle.json, "item", "hash"));
  });
});
