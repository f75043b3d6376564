import { canonicalJson, canonicaliseTemplate } from "@courier/core";
import type { JobTemplate } from "@courier/schema";
import { insertJob } from "@courier/store";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ApiFixture, databaseKinds, jobsPath, template, type Answer } from "./api-fixture.ts";
import { at } from "./api-json.ts";

const base = "/node/management/v1";
const tagged = (value: string): object => ({
  attributes: [{ name: "role", operator: "=", value: [value], namespace: ["tags"] }],
});

describe.each(databaseKinds)("filters, lists, cohorts and tags on %s", (kind) => {
  let fixture: ApiFixture;
  let manager: string;
  let operator: string;
  const nodeIds: string[] = [];

  beforeAll(async () => {
    fixture = await ApiFixture.start({ kind });
    manager = await fixture.token("node-manager");
    operator = await fixture.token("operator");
    nodeIds.length = 0;
    for (const name of ["web-1", "web-2", "db-1"]) {
      nodeIds.push((await fixture.enrol(name)).nodeId);
    }
    for (const name of ["web-1", "web-2"]) await post(`/nodes/${name}/tags/modify`, tags("web"));
    await post("/nodes/db-1/tags/modify", tags("db"));
  });
  afterAll(async () => fixture.stop());

  async function post(path: string, body?: object): Promise<Answer> {
    return fixture.send("POST", base + path, {
      token: manager,
      ...(body === undefined ? {} : { body }),
    });
  }

  async function get(path: string): Promise<Answer> {
    return fixture.send("GET", base + path, { token: manager });
  }

  async function remove(path: string): Promise<Answer> {
    return fixture.send("DELETE", base + path, { token: manager });
  }

  async function addJob(name: string, group: object): Promise<Answer> {
    const job = template(name, []);
    const body = { ...job, target: { groups: [group] } };
    return fixture.send("POST", jobsPath, { token: operator, body });
  }

  /** The nodes of the runs that a target gets. */
  async function targetsOf(name: string, group: object): Promise<unknown[]> {
    const body = { ...template(name, []), target: { groups: [group] } };
    const { instanceId } = await fixture.runJob(body);
    const path = `/courier/state-api/v1/instances/${instanceId}/runs`;
    const runs = await fixture.send("GET", path, { token: operator });
    const items = at(runs.json, "items");
    return Array.isArray(items) ? items.map((item) => at(item, "nodeId")) : [];
  }

  it("saves a filter, runs it as it is and as a target, and deletes it", async () => {
    const created = await post("/filters", { name: "web", constraints: tagged("web") });
    const filterId = String(at(created.json, "item", "filterId"));
    const ran = await get(`/filters/${filterId}/nodes?pagination.size=1`);
    const adhoc = await post("/filters/run", { constraints: tagged("db") });
    const again = await post("/filters", { name: "web", constraints: {} });
    const targets = await targetsOf("by filter", { nodeListType: "savedFilter", filterId: "web" });
    const deleted = await remove(`/filters/${filterId}`);

    expect(created.status).toBe(201);
    expect(Object.keys(at(created.json, "item") as object)).toEqual(["filterId"]);
    expect(at(ran.json, "items", 0, "name")).toBe("web-1");
    expect(at(ran.json, "pagination", "totalPages")).toBe(2);
    expect(at(adhoc.json, "items", 0, "name")).toBe("db-1");
    expect(at(again.json, "error", "code")).toBe("NODE_SET_NAME_TAKEN");
    expect(targets).toEqual(nodeIds.slice(0, 2));
    // The job has run and is completed by now, so that nothing holds the filter any more.
    expect(deleted.json).toEqual({ item: { filterId } });
    expect((await get(`/filters/${filterId}`)).status).toBe(404);
  });

  it("keeps a list in its order, with names and ids", async () => {
    const created = await post("/lists", { name: "canaries", nodeIds: ["db-1", nodeIds[0]] });
    const listId = String(at(created.json, "item", "listId"));
    await post("/lists/canaries/nodes/add", { nodeIds: ["web-2", "db-1"] });
    await post(`/lists/${listId}/nodes/remove`, { nodeIds: ["web-1"] });
    const list = await get(`/lists/${listId}`);
    const expanded = await get(`/lists/${listId}?expand=true`);
    const targets = await targetsOf("by list", { nodeListType: "savedList", listId });

    expect(at(list.json, "item", "nodeIds")).toEqual([nodeIds[2], nodeIds[1]]);
    expect(at(list.json, "item", "nodes")).toBeUndefined();
    expect(at(expanded.json, "item", "nodes", 1, "name")).toBe("web-2");
    expect(targets).toEqual([nodeIds[2], nodeIds[1]]);
  });

  it("takes the arrays that scripts for the original send, and replaces a list's nodes", async () => {
    await post("/lists", { name: "arrays", nodeIds: [] });
    await post("/lists/arrays/nodes/add", ["db-1", "web-1"]);
    await post("/lists/arrays/nodes/remove", ["db-1"]);
    const afterRemove = await get("/lists/arrays");
    await post("/lists/arrays/nodes/modify", ["web-2", "db-1"]);
    const afterModify = await get("/lists/arrays");
    const tags = await post("/nodes/web-1/tags/modify", [{ name: "os", value: "OpenWRT" }]);
    const noTag = await post("/nodes/web-1/tags/modify", [{ name: "os" }]);
    const byKeyword = await get("/lists?keyword=ARRA");

    expect(at(afterRemove.json, "item", "nodeIds")).toEqual([nodeIds[0]]);
    expect(at(afterModify.json, "item", "nodeIds")).toEqual([nodeIds[1], nodeIds[2]]);
    expect(at(tags.json, "item", "attributes", "tags")).toEqual({ role: "web", os: "OpenWRT" });
    expect(at(noTag.json, "error", "message")).toContain(`the body's /0: expected {"name": …`);
    expect(at(byKeyword.json, "totalItems")).toBe(1);
    expect(at((await get("/lists?keyword=100%25")).json, "totalItems")).toBe(0);
  });

  it("replaces a filter's constraints under its name", async () => {
    await post("/filters", { name: "moving", constraints: tagged("web") });
    const path = `${base}/filters/moving`;
    const put = async (body: object): Promise<Answer> =>
      fixture.send("PUT", path, { token: manager, body });

    const updated = await put({ constraints: tagged("db") });
    const ran = await get("/filters/moving/nodes");
    const refused = await put({ constraints: { skills: [{ name: "s", version: ["~> 1"] }] } });

    expect(updated.status).toBe(200);
    expect(at(ran.json, "items", 0, "name")).toBe("db-1");
    expect(refused.status).toBe(400);
    expect(at((await get("/filters/moving")).json, "item", "name")).toBe("moving");
  });

  it("targets several cohorts, each node once", async () => {
    const ids = [];
    for (const [name, members] of [
      ["left", ["web-1", "web-2"]],
      ["right", ["web-2", "db-1"]],
    ] as const) {
      const created = await post("/cohorts", { name, nodeIds: members, settingId: "s" });
      ids.push(String(at(created.json, "item", "cohortId")));
    }
    const list = await get("/cohorts");
    const group = { nodeListType: "cohorts", nodeIdentifiers: [ids[0], "right"] };

    expect(at(list.json, "totalItems")).toBe(2);
    expect(at(list.json, "items", 0, "name")).toBe("right");
    expect(at(list.json, "items", 0, "settingId")).toBe("s");
    expect(await targetsOf("by cohort", group)).toEqual(nodeIds);
  });

  it("names what does not exist when the job is added", async () => {
    const answers = [
      await addJob("a", { nodeListType: "savedFilter", filterId: "nobody" }),
      await addJob("a", { nodeListType: "savedList", listId: "nobody" }),
      await addJob("a", { nodeListType: "cohorts", nodeIdentifiers: ["nobody"] }),
      await addJob("a", { nodeListType: "nodes", nodeIdentifiers: ["nobody"] }),
      await post("/lists", { name: "x", nodeIds: ["web-1", "nobody"] }),
    ];

    expect(
      answers.map(({ status, json }) => [
        status,
        at(json, "error", "code"),
        at(json, "error", "message"),
        at(json, "error", "details", 0, "pointer"),
      ]),
    ).toEqual([
      [
        422,
        "TARGET_UNKNOWN",
        'the target names a filter that does not exist: "nobody"',
        "/target/groups/0/filterId",
      ],
      [
        422,
        "TARGET_UNKNOWN",
        'the target names a list that does not exist: "nobody"',
        "/target/groups/0/listId",
      ],
      [
        422,
        "TARGET_UNKNOWN",
        'the target names a cohort that does not exist: "nobody"',
        "/target/groups/0/nodeIdentifiers/0",
      ],
      [
        422,
        "NODE_UNKNOWN",
        'the target names a node that does not exist: "nobody"',
        "/target/groups/0/nodeIdentifiers/0",
      ],
      [422, "NODE_UNKNOWN", 'the body names a node that does not exist: "nobody"', "/nodeIds/1"],
    ]);
  });

  it("refuses to delete the target of a job that can still start", async () => {
    await post("/lists", { name: "busy", nodeIds: ["web-1"] });
    const groups = [{ nodeListType: "savedList" as const, listId: "busy" }];
    const { actions } = canonicaliseTemplate(template("x", []) as JobTemplate);
    const job = canonicaliseTemplate({ name: "user of busy", target: { groups }, actions });
    await insertJob(fixture.db, {
      id: "job-id",
      name: job.name,
      description: "",
      status: "inactive",
      template: canonicalJson(job),
      scheduleRule: "RRULE:FREQ=DAILY",
      nextExecutionAt: null,
      createdAt: 1,
      updatedAt: 1,
      createdBy: "",
    });

    const refused = await remove("/lists/busy");

    expect(refused.status).toBe(409);
    expect(at(refused.json, "error", "code")).toBe("NODE_SET_IN_USE");
    expect(at(refused.json, "error", "message")).toBe(
      'list "busy" is the target of job "user of busy" (job-id)',
    );
  });

  it("refuses a filter with its mistakes at their places", async () => {
    const wrong = await post("/filters", {
      name: "wrong",
      constraints: {
        attributes: [{ name: "a", operator: "MATCHES", value: ["("] }],
        skills: [{ name: "s", version: ["~> 1"] }],
      },
    });
    const unknown = await post("/filters/run", {
      constraints: { attributes: [{ name: "a", operator: "LIKE", value: ["x"] }] },
    });
    const job = await addJob("hostile", {
      nodeListType: "filter",
      filter: { constraints: { attributes: [{ name: "a", operator: "MATCHES", value: ["(a"] }] } },
    });

    expect(wrong.status).toBe(400);
    expect(at(wrong.json, "error", "details", 0, "pointer")).toBe(
      "/constraints/attributes/0/value/0",
    );
    expect(at(wrong.json, "error", "details", 1, "pointer")).toBe(
      "/constraints/skills/0/version/0",
    );
    expect(at(unknown.json, "error", "message")).toContain(
      '"LIKE" is not allowed, expected one of "=", "!=", "MATCHES", "CONTAINS"',
    );
    expect(at(job.json, "error", "code")).toBe("TEMPLATE_INVALID");
    expect(at(job.json, "error", "details", 0, "line")).toBe(1);
  });

  it("fails or succeeds when a filter describes no node, as onEmpty says", async () => {
    const filter = { constraints: tagged("nobody") };
    const outcomes = [];
    for (const onEmpty of ["fail", "succeed"]) {
      const body = {
        ...template(`empty ${onEmpty}`, []),
        target: { groups: [{ nodeListType: "filter", filter, onEmpty }] },
      };
      const { instanceId } = await fixture.runJob(body);
      const answer = await fixture.until(
        () =>
          fixture.send("GET", `/courier/state-api/v1/instances/${instanceId}`, { token: operator }),
        ({ json }) => ["success", "failure"].includes(String(at(json, "item", "status"))),
      );
      outcomes.push([at(answer.json, "item", "status"), at(answer.json, "item", "reason")]);
    }

    expect(outcomes).toEqual([
      ["failure", expect.any(String)],
      ["success", expect.any(String)],
    ]);
  });

  it("replaces, changes and takes away tags", async () => {
    const changed = await post("/nodes/db-1/tags/modify", { tags: { rack: "7", role: null } });
    const replaced = await post("/nodes/db-1/tags/update", { tags: { role: "db" } });
    const viewer = await fixture.token("viewer");
    const path = `${base}/nodes/db-1/tags/update`;
    const forbidden = await fixture.send("POST", path, { token: viewer, body: { tags: {} } });

    expect(at(changed.json, "item", "attributes", "tags")).toEqual({ rack: "7" });
    expect(at(replaced.json, "item", "attributes", "tags")).toEqual({ role: "db" });
    expect(forbidden.status).toBe(403);
  });

  it("leaves an archived node out of lists and targets until it is taken back", async () => {
    await post("/lists", { name: "two", nodeIds: ["web-1", "web-2"] });

    const archived = await post("/nodes/web-1/archive");
    const onlyArchived = await get("/nodes?is-archived=true");
    const list = await get("/lists/two");
    const filter = await post("/filters/run", { constraints: tagged("web") });
    const unknown = await addJob("on archived", {
      nodeListType: "nodes",
      nodeIdentifiers: ["web-1"],
    });
    const back = await post("/nodes/web-1/unarchive");

    expect(at(onlyArchived.json, "items", 0, "name")).toBe("web-1");
    expect(at(archived.json, "item", "enrollmentLevel")).toBe("archived");
    expect(at(list.json, "item", "nodeIds")).toEqual([nodeIds[1]]);
    expect(at(filter.json, "totalItems")).toBe(1);
    expect(at(unknown.json, "error", "code")).toBe("NODE_UNKNOWN");
    expect(at(back.json, "item", "enrollmentLevel")).toBe("enrolled");
    expect((await post("/nodes/nobody/archive")).status).toBe(404);
  });
});

function tags(role: string): object {
  return { tags: { role } };
}
