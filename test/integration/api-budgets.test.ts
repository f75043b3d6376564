import { listAudit } from "@courier/store";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { databaseKinds, template, type ApiFixture } from "./api-fixture.ts";
import { at } from "./api-json.ts";
import { budgetsPath } from "./scheduler-routes.ts";
import { dbNodes, startTaggedFleet, taggedNames, type TaggedFleet } from "./tagged-fleet.ts";

describe.each(databaseKinds)("disruption budgets on %s", (kind) => {
  let fixture: ApiFixture;
  let send: TaggedFleet["send"];

  beforeAll(async () => {
    ({ fixture, send } = await startTaggedFleet(kind));
  });
  afterAll(async () => fixture.stop());

  it("are added, shown with their use, changed and deleted, and each change is audited", async () => {
    const body = { name: "databases", constraints: dbNodes, max: "34%" };
    const added = await send("POST", budgetsPath, body);
    const id = String(at(added.json, "item", "id"));
    expect(added.status).toBe(201);
    expect(at(added.json, "item")).toMatchObject({
      ...{ name: "databases", description: "", constraints: dbNodes },
      max: { type: "percent", value: 34 },
      ...{ maxCount: 1, nodeCount: 3, underChangeCount: 0, waitingCount: 0 },
    });

    const { instanceId } = await fixture.runJob(template("change", taggedNames));
    const used = await send("GET", `${budgetsPath}/databases`);
    expect(at(used.json, "item")).toMatchObject({ underChangeCount: 1, waitingCount: 2 });
    const shown = await send("GET", `/courier/state-api/v1/instances/${instanceId}`);
    expect(at(shown.json, "item", "groups", 0)).toMatchObject({
      counts: { dispatched: 2, pending: 2 },
      heldAt: expect.any(String),
    });

    const changed = await send("PUT", `${budgetsPath}/${id}`, { max: 2, name: "db" });
    expect(at(changed.json, "item")).toMatchObject({ name: "db", maxCount: 2, nodeCount: 3 });
    const listed = await send("GET", budgetsPath);
    expect(at(listed.json, "items", 0, "id")).toBe(id);
    const deleted = await send("DELETE", `${budgetsPath}/db`);
    expect(deleted.status).toBe(200);
    expect((await send("GET", `${budgetsPath}/${id}`)).status).toBe(404);

    const { items } = await listAudit(fixture.db, { page: 1, size: 50 });
    const actions = items.filter(({ object }) => object === id).map(({ action }) => action);
    expect(actions.toSorted()).toEqual(["budget.add", "budget.delete", "budget.update"]);
  });

  it("have names of their own, sound filters and a limit that lets something through", async () => {
    await send("POST", budgetsPath, { name: "taken", constraints: {}, max: 1000 });
    const again = await send("POST", budgetsPath, { name: "taken", constraints: {}, max: 1000 });
    expect(at(again.json, "error")).toMatchObject({ code: "BUDGET_NAME_TAKEN" });
    await send("POST", budgetsPath, { name: "second", constraints: {}, max: 1000 });
    const renamed = await send("PUT", `${budgetsPath}/second`, { name: "taken" });
    expect(at(renamed.json, "error", "code")).toBe("BUDGET_NAME_TAKEN");

    const attributes = [{ name: "role", operator: "MATCHES", value: ["("], namespace: ["tags"] }];
    const unsound = await send("POST", budgetsPath, {
      ...{ name: "unsound", max: 1, constraints: { attributes } },
    });
    expect(at(unsound.json, "error", "message")).toContain(
      "the body's constraints/attributes/0/value/0",
    );
    const nothing = await send("POST", budgetsPath, { name: "none", constraints: {}, max: 0 });
    expect(at(nothing.json, "error")).toMatchObject({
      code: "BODY_INVALID",
      message: "the body's max: must be at least 1, found 0",
    });
    const words = await send("POST", budgetsPath, { name: "w", constraints: {}, max: "many" });
    expect(at(words.json, "error", "message")).toContain('or a percentage such as "10%"');
  });
});
