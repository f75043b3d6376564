import { listAudit, takePlannedTargets } from "@courier/store";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ApiFixture, databaseKinds, jobsPath, template, type Answer } from "./api-fixture.ts";
import { at } from "./api-json.ts";
import { rulesPath } from "./scheduler-routes.ts";

const nodesPath = "/node/management/v1/nodes";

describe.each(databaseKinds)("planning a job on %s", (kind) => {
  let fixture: ApiFixture;
  let operator: string;
  let manager: string;
  const ids = new Map<string, string>();

  beforeAll(async () => {
    fixture = await ApiFixture.start({ kind });
    operator = await fixture.token("operator");
    manager = await fixture.token("node-manager");
    for (const name of ["web-1", "web-2", "web-3", "db-1"]) {
      const node = await fixture.enrol(name);
      ids.set(name, node.nodeId);
      if (name !== "web-3") await node.connect();
      await tag(name, name.startsWith("web") ? "web" : "db");
    }
  });
  afterAll(async () => fixture.stop());

  async function tag(name: string, role: string): Promise<void> {
    const body = { tags: { role } };
    await fixture.send("POST", `${nodesPath}/${name}/tags/modify`, { token: manager, body });
  }

  function onRole(name: string, role: string, more: object = {}): object {
    const attributes = [{ name: "role", operator: "=", value: [role], namespace: ["tags"] }];
    const group = { nodeListType: "filter", filter: { constraints: { attributes } }, ...more };
    return { ...template(name, []), target: { groups: [group] } };
  }

  async function plan(body: object | string, more: { query?: string; contentType?: string } = {}) {
    const { query = "", ...asked } = more;
    const viewer = await fixture.token("viewer");
    return fixture.send("POST", `${jobsPath}/plan${query}`, { token: viewer, body, ...asked });
  }

  async function hashOf(body: object | string, contentType?: string): Promise<string> {
    const answer = await plan(body, contentType === undefined ? {} : { contentType });
    expect(answer.status).toBe(200);
    return String(at(answer.json, "item", "hash"));
  }

  function add(body: object, hash: string, headers = {}): Promise<Answer> {
    return fixture.send("POST", `${jobsPath}?plan=${hash}`, { token: operator, body, headers });
  }

  it("says which node runs in which batch, what the thresholds mean, and what to expect", async () => {
    const body = onRole("a plan", "web", {
      batchSize: { type: "number", value: 2 },
      successCriteria: [{ status: "failure", numRuns: { type: "percent", value: 34 } }],
      timeoutSeconds: 60,
    });

    const { json } = await plan(body);

    expect(at(json, "item", "groups", 0)).toEqual({
      ...{ groupNumber: 0, nodeListType: "filter", nodeCount: 3, onlineCount: 2 },
      ...{ distributionMethod: "batching", windowSize: null, atOnceCount: 2 },
      batches: [
        { batchNumber: 1, nodeCount: 2, onlineCount: 2, atOnceCount: 2 },
        { batchNumber: 2, nodeCount: 1, onlineCount: 0, atOnceCount: 1 },
      ],
      thresholds: {
        ...{ successesNeeded: 0, failuresAllowed: 1, failuresToLose: 2, failuresToHalt: null },
        haltsAt: {},
      },
      meaning: expect.arrayContaining([
        "succeeds when at most 1 fail",
        "fails when the 2nd of 3 fails",
      ]),
      nodes: ["web-1", "web-2", "web-3"].map((name, position) => ({
        ...{ nodeId: ids.get(name), name, position },
        batchNumber: position < 2 ? 1 : 2,
        budgetIds: [],
        enrollmentLevel: "enrolled",
        healthStatus: name === "web-3" ? "offline" : "online",
      })),
    });
    expect(at(json, "item")).toMatchObject({ nodeCount: 3, runCount: 3, nodesInSeveralGroups: [] });
    expect(at(json, "item", "warnings")).toContainEqual({
      ...{ pointer: "/target/groups/0", line: 1, column: expect.any(Number) },
      message: expect.stringContaining("1 node is offline: the group waits for it until its 60 s"),
    });
  });

  it("lists the next occurrences, with what moves them and what blocks them", async () => {
    const body = {
      ...template("scheduled", ["web-1"]),
      scheduleRule: "DTSTART;TZID=Europe/Berlin:20270326T023000\nRRULE:FREQ=DAILY",
      exceptionRules: [{ rrule: "DTSTART:20270330T000000Z\nRRULE:FREQ=YEARLY", duration: 60 }],
    };

    const { json } = await plan(body, { query: "?count=4" });

    expect(at(json, "item", "schedule")).toEqual({
      estimates: [
        "2027-03-26T01:30:00.000Z",
        "2027-03-27T01:30:00.000Z",
        "2027-03-28T01:00:00.000Z",
        "2027-03-29T00:30:00.000Z",
      ],
      blocked_by_exceptions: [],
      notes: [expect.stringContaining("does not exist in Europe/Berlin")],
    });
    const more = await plan(body, { query: "?count=5" });
    expect(at(more.json, "item", "schedule", "blocked_by_exceptions")).toEqual([
      {
        time: "2027-03-30T00:30:00.000Z",
        reason: expect.stringContaining("until 2027-03-30T01:00"),
      },
    ]);
  });

  it("has one hash for a job, whatever its format, the order of its keys and nodes, and the time", async () => {
    const body = template("one hash", ["web-1", "web-2"]);
    const first = await hashOf(body);

    await fixture.clock.advance(60_000);

    expect(first).toMatch(/^p1-[0-9a-f]{16}-[0-9a-f]{32}$/);
    expect(await hashOf(template("one hash", ["web-2", String(ids.get("web-1"))]))).toBe(first);
    const reversed = Object.fromEntries(Object.entries(body).toReversed());
    expect(await hashOf(`# a comment\n${JSON.stringify(reversed)}`, "application/yaml")).toBe(
      first,
    );
    expect(await hashOf(template("one hash", ["web-1"]))).not.toBe(first);
    expect(await hashOf(template("another", ["web-1", "web-2"]))).not.toBe(first);
  });

  it("stores nothing", async () => {
    const before = (await listAudit(fixture.db, { page: 1, size: 1 })).total;

    await plan(template("not stored", ["web-1"]));

    const list = await fixture.send("GET", `${jobsPath}?name=not+stored`, { token: operator });
    expect(at(list.json, "totalItems")).toBe(0);
    expect((await listAudit(fixture.db, { page: 1, size: 1 })).total).toBe(before);
  });

  it("says what add-job will refuse: a name that is taken, nodes that do not exist", async () => {
    await fixture.send("POST", jobsPath, { token: operator, body: template("taken", ["web-1"]) });

    const taken = await plan(template("taken", ["web-1"]));
    const unknown = await plan(template("unknown", ["ghost"]));

    expect(at(taken.json, "item", "warnings", 0, "pointer")).toBe("/name");
    expect(at(unknown.json, "error", "code")).toBe("NODE_UNKNOWN");
  });

  it("adds a job that is as it was planned, for exactly those nodes, and records the plan", async () => {
    const body = onRole("as planned", "web");
    const hash = await hashOf(body);

    const added = await add(body, hash);

    expect(added.status).toBe(201);
    const path = `/courier/state-api/v1/instances?jobId=${String(at(added.json, "item", "id"))}`;
    const list = await fixture.until(
      () => fixture.send("GET", path, { token: operator }),
      ({ json }) => at(json, "totalItems") === 1,
    );
    const runs = await fixture.send(
      "GET",
      `/courier/state-api/v1/instances/${String(at(list.json, "items", 0, "id"))}/runs`,
      { token: operator },
    );
    expect(at(runs.json, "totalItems")).toBe(3);
    const { items } = await listAudit(fixture.db, { page: 1, size: 1000 });
    expect(items.find(({ detail }) => detail.includes("as planned"))?.detail).toBe(
      JSON.stringify({ name: "as planned", plan: hash }),
    );
  });

  it("refuses a job whose targets have drifted, names the nodes, and stores nothing", async () => {
    const body = onRole("drifted", "web");
    const hash = await hashOf(body);
    await tag("db-1", "web");
    await tag("web-2", "db");

    const refused = await add(body, hash);
    const back = async (): Promise<void> => {
      await tag("db-1", "db");
      await tag("web-2", "web");
    };
    await back();
    const added = await add(body, hash);

    expect(refused.status).toBe(409);
    expect(at(refused.json, "error")).toMatchObject({
      code: "PLAN_DRIFTED",
      message: `the targets drifted from plan ${hash}`,
      details: [
        { pointer: "/target/groups/0", message: "1 node added: db-1; 1 node removed: web-2" },
      ],
    });
    expect(added.status).toBe(201);
  });

  it("refuses a job whose template has drifted, and names the fields", async () => {
    const hash = await hashOf(onRole("edited", "web", { timeoutSeconds: 60 }));

    const refused = await add(onRole("edited", "web", { timeoutSeconds: 61 }), hash);

    expect(at(refused.json, "error")).toMatchObject({
      code: "PLAN_DRIFTED",
      message: `the template drifted from plan ${hash}`,
      details: [
        { pointer: "/target/groups/0/timeoutSeconds", message: "differs from what was planned" },
      ],
    });
  });

  it("says what it can about a plan that it does not remember", async () => {
    const body = onRole("forgotten", "web");
    const [version, ofTemplate] = (await hashOf(body)).split("-");

    const refused = await add(body, `${version}-${ofTemplate}-${"0".repeat(32)}`);

    expect(at(refused.json, "error", "details")).toEqual([
      {
        ...{ pointer: "/target/groups/0", line: 1, column: expect.any(Number) },
        message:
          "stands for 3 nodes now, which may be others than were planned; what exactly was planned is not known any more (a service remembers its last plans until it is restarted): compare the saved plan with a new one",
      },
    ]);
  });

  it("answers a repeated key with the first answer, also when the targets have drifted since", async () => {
    const body = onRole("repeated", "web");
    const hash = await hashOf(body);
    const first = await add(body, hash, { "idempotency-key": "plan-1" });
    await tag("db-1", "web");

    const second = await add(body, hash, { "idempotency-key": "plan-1" });
    await tag("db-1", "db");

    expect([first.status, second.status]).toEqual([201, 200]);
    expect(second.json).toEqual(first.json);
  });

  it("holds an immediate job back in a freeze, says so, and fires it for the planned nodes", async () => {
    const admin = await fixture.token("admin");
    const opened = new Date(fixture.clock.now() - 1000).toISOString().replaceAll(/[-:]|\.\d+/g, "");
    const rrule = `DTSTART:${opened}\nRRULE:FREQ=YEARLY;COUNT=1`;
    const rule = { name: "freeze", rrule, duration: 1 };
    const made = await fixture.send("POST", rulesPath, { token: admin, body: rule });
    expect(made.status).toBe(201);
    const body = onRole("frozen", "web");
    const planned = await plan(body);

    const added = await add(body, String(at(planned.json, "item", "hash")));
    await tag("web-1", "db");
    await fixture.clock.advance(70_000);
    const path = `/courier/state-api/v1/instances?jobId=${String(at(added.json, "item", "id"))}`;
    const list = await fixture.until(
      () => fixture.send("GET", path, { token: operator }),
      ({ json }) => at(json, "totalItems") === 1,
    );
    await tag("web-1", "web");

    expect(at(planned.json, "item", "warnings", 0)).toMatchObject({
      pointer: "/scheduleRule",
      message: expect.stringMatching(
        /^does not start at once: held back by .*freeze.*; it starts at 20/,
      ),
    });
    expect(at(planned.json, "item", "schedule", "blocked_by_exceptions", 0, "reason")).toContain(
      "freeze",
    );
    const instanceId = String(at(list.json, "items", 0, "id"));
    const runs = await fixture.send("GET", `/courier/state-api/v1/instances/${instanceId}/runs`, {
      token: operator,
    });
    expect(at(runs.json, "totalItems")).toBe(3);
  });

  it("forgets the plan of a job whose template is replaced", async () => {
    const body = { ...onRole("replaced", "web"), scheduleRule: "immediate" };
    const frozen = { name: "again", duration: 1, rrule: "RRULE:FREQ=MINUTELY" };
    const admin = await fixture.token("admin");
    const made = await fixture.send("POST", rulesPath, { token: admin, body: frozen });
    const added = await add(body, await hashOf(body));
    const jobId = String(at(added.json, "item", "id"));

    const changed = await fixture.send("PUT", `${jobsPath}/${jobId}`, {
      token: operator,
      body: onRole("replaced", "db"),
    });

    expect([made.status, added.status, changed.status]).toEqual([201, 201, 200]);
    expect((await takePlannedTargets(fixture.db, [jobId])).size).toBe(0);
    const rulePath = `${rulesPath}/${String(at(made.json, "item", "id"))}`;
    await fixture.send("DELETE", rulePath, { token: admin });
  });

  it.each([
    ["?plan=nonsense", "the query's plan"],
    ["?plam=1", "plam"],
  ])("refuses the query %s", async (query, part) => {
    const body = template("wrong query", ["web-1"]);

    const answer = await fixture.send("POST", jobsPath + query, { token: operator, body });

    expect(at(answer.json, "error", "code")).toBe("REQUEST_INVALID");
    expect(at(answer.json, "error", "message")).toContain(part);
  });
});
