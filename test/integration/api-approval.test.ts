import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ApiFixture, databaseKinds, jobsPath, newPublicKey, template } from "./api-fixture.ts";
import type { Answer } from "./api-fixture.ts";
import { at } from "./api-json.ts";

const base = "/node/management/v1";

describe.each(databaseKinds)("approval, cohorts and attributes of nodes on %s", (kind) => {
  let fixture: ApiFixture;
  let manager: string;

  beforeAll(async () => {
    fixture = await ApiFixture.start({ kind });
    manager = await fixture.token("node-manager");
    for (const name of ["web-1", "web-2"]) await fixture.enrol(name);
    await send("POST", "/cohorts", { name: "guarded", approvalNeeded: true });
    await send("POST", "/cohorts", { name: "open" });
  });
  afterAll(async () => fixture.stop());

  async function send(method: string, path: string, body?: object): Promise<Answer> {
    const asked = body === undefined ? {} : { body };
    return fixture.send(method, base + path, { token: manager, ...asked });
  }

  async function levelOf(name: string): Promise<unknown> {
    return at((await send("GET", `/nodes/${name}`)).json, "item", "enrollmentLevel");
  }

  async function membersOf(cohort: string): Promise<unknown> {
    return at((await send("GET", `/cohorts/${cohort}`)).json, "item", "nodeIds");
  }

  it("a node that is admitted to a cohort with approval stays admitted until it is approved, once", async () => {
    const { nodeId } = await fixture.enrol("new-1", newPublicKey(), { cohortId: "guarded" });
    const before = await levelOf("new-1");
    const approved = await send("POST", "/nodes/new-1/approve");
    const again = await send("POST", "/nodes/new-1/approve");

    expect(before).toBe("admitted");
    expect(await membersOf("guarded")).toContain(nodeId);
    expect(at(approved.json, "item", "enrollmentLevel")).toBe("enrolled");
    expect(again.status).toBe(409);
    expect(at(again.json, "error", "code")).toBe("NODE_ALREADY_APPROVED");
  });

  it("approves several, those that need it and those that do not, and none when one is unknown", async () => {
    await fixture.enrol("new-2", newPublicKey(), { cohortId: "guarded" });
    const wrong = await send("POST", "/nodes/approve", { nodeIds: ["new-2", "nobody"] });
    const before = await levelOf("new-2");
    const approved = await send("POST", "/nodes/approve", ["new-2", "web-1"]);

    expect([wrong.status, before]).toEqual([422, "admitted"]);
    expect(at(approved.json, "items", 0, "enrollmentLevel")).toBe("enrolled");
    expect(at(approved.json, "items", 1, "name")).toBe("web-1");
  });

  it("puts a node into the cohort of its key, without approval where none is asked for", async () => {
    const { nodeId } = await fixture.enrol("new-3", newPublicKey(), { cohortId: "open" });

    expect(await levelOf("new-3")).toBe("enrolled");
    expect(await membersOf("open")).toContain(nodeId);
  });

  it("says in an explanation that a run waits for approval", async () => {
    await fixture.enrol("new-4", newPublicKey(), { cohortId: "guarded" });
    const { instanceId } = await fixture.runJob(template("waits", ["new-4"]));
    const token = await fixture.token("viewer");
    const path = `/courier/state-api/v1/instances/${instanceId}/explain`;
    const explained = await fixture.until(
      () => fixture.send("GET", path, { token }),
      ({ text }) => text.includes('"approval"'),
    );

    expect(explained.text).toContain("1 run waits for nodes that are admitted and not approved");
    expect(explained.text).toContain("management node approve-node");
  });

  it("says in a plan which nodes wait for approval", async () => {
    await fixture.enrol("new-6", newPublicKey(), { cohortId: "guarded" });
    const body = template("planned", ["new-6", "web-1"]);

    const planned = await fixture.send("POST", `${jobsPath}/plan`, {
      token: await fixture.token("viewer"),
      body,
    });

    const states = [0, 1].map((index) => {
      const node = at(planned.json, "item", "groups", 0, "nodes", index);
      return [at(node, "name"), at(node, "enrollmentLevel"), at(node, "healthStatus")].join(" ");
    });
    expect(states.toSorted()).toEqual(["new-6 admitted offline", "web-1 enrolled offline"]);
    const until = "the group waits for it until its 60 s are over (offlinePolicy: wait)";
    const warnings = [
      `1 node is offline: ${until}`,
      `1 node waits for approval (courier-cli management node approve-node): ${until}`,
    ].map((message) => expect.objectContaining({ pointer: "/target/groups/0", message }));
    expect(at(planned.json, "item", "warnings")).toEqual(expect.arrayContaining(warnings));
  });

  it("says of a run that is not to wait that its node was not approved", async () => {
    await fixture.enrol("new-5", newPublicKey(), { cohortId: "guarded" });
    const groups = [
      { nodeListType: "nodes", nodeIdentifiers: ["new-5", "web-1"], offlinePolicy: "fail" },
    ];
    const { instanceId } = await fixture.runJob({ ...template("fails", []), target: { groups } });
    const token = await fixture.token("viewer");
    const path = `/courier/state-api/v1/instances/${instanceId}/runs`;
    const ended = await fixture.until(
      async () => {
        // Until the service counts a node as offline that may just not have come back yet.
        await fixture.clock.advance(1_000);
        return fixture.send("GET", path, { token });
      },
      ({ json }) => [0, 1].every((index) => at(json, "items", index, "status") === "undeliverable"),
    );
    const reasons = await Promise.all(
      [0, 1].map(async (index) => {
        const run = `/courier/state-api/v1/runs/${String(at(ended.json, "items", index, "runId"))}`;
        return at((await fixture.send("GET", run, { token })).json, "item", "reason");
      }),
    );

    expect(new Set(reasons)).toEqual(
      new Set([
        "the node is offline (offlinePolicy: fail)",
        "the node waits for approval (offlinePolicy: fail)",
      ]),
    );
  });

  it("refuses a key for a cohort that does not exist, and nodes whose cohort is gone", async () => {
    const unknown = await send("POST", "/enrollment-keys", { cohortId: "nowhere" });
    await send("POST", "/cohorts", { name: "short-lived" });
    const key = await send("POST", "/enrollment-keys", { cohortId: "short-lived" });
    await send("DELETE", "/cohorts/short-lived");
    const body = { key: at(key.json, "item", "key"), name: "late", publicKey: newPublicKey() };
    const late = await fixture.send("POST", `${base}/enroll`, { body });

    expect([unknown.status, at(unknown.json, "error", "code")]).toEqual([404, "COHORT_NOT_FOUND"]);
    expect(at(late.json, "error", "message")).toBe(
      "the cohort that the enrolment key admits to does not exist any more",
    );
  });

  it("moves a node from its cohorts into another", async () => {
    const { nodeId } = await fixture.enrol("mover");
    await send("POST", "/lists", { name: "rack-1", nodeIds: ["mover"] });
    await send("POST", "/cohorts/open/nodes/add", { nodeIds: ["mover", "web-1"] });
    const moved = await send("POST", "/nodes/mover/cohort/guarded");
    const nowhere = await send("POST", "/nodes/mover/cohort/nowhere");

    expect(moved.status).toBe(200);
    const left = await send("GET", "/nodes/web-1");
    expect(await membersOf("open")).not.toContain(nodeId);
    expect(await membersOf("open")).toContain(at(left.json, "item", "id"));
    expect(await membersOf("guarded")).toContain(nodeId);
    const list = await send("GET", "/lists/rack-1");
    expect(at(list.json, "item", "nodeIds")).toEqual([nodeId]);
    expect(await levelOf("mover")).toBe("enrolled");
    expect(at(nowhere.json, "error", "code")).toBe("COHORT_NOT_FOUND");
  });

  it("changes of a cohort what the body names, and of no other", async () => {
    const before = { name: "first", description: "of the shop", approvalNeeded: true };
    await send("POST", "/cohorts", before);
    await send("POST", "/lists", { name: "second", nodeIds: [] });
    const others = await send("GET", "/cohorts/open");

    const renamed = await send("PUT", "/cohorts/first", { name: "second" });
    const same = await send("PUT", "/cohorts/second", { name: "second" });
    const afterName = await send("GET", "/cohorts/second");
    const opened = await send("PUT", "/cohorts/second", { approvalNeeded: false });
    const afterAll = await send("GET", "/cohorts/second");

    expect([renamed.status, same.status, opened.status]).toEqual([200, 200, 200]);
    expect(at(afterName.json, "item")).toMatchObject({ ...before, name: "second" });
    expect(at(afterAll.json, "item")).toMatchObject({
      ...{ name: "second", description: "of the shop", approvalNeeded: false },
    });
    expect(at((await send("GET", "/cohorts/open")).json, "item")).toEqual(at(others.json, "item"));
  });

  it("refuses for a cohort the name of another", async () => {
    await send("POST", "/cohorts", { name: "double" });

    const taken = await send("PUT", "/cohorts/double", { name: "open", description: "changed" });

    expect([taken.status, at(taken.json, "error", "code")]).toEqual([409, "NODE_SET_NAME_TAKEN"]);
    const kept = await send("GET", "/cohorts/double");
    expect(at(kept.json, "item")).toMatchObject({ name: "double", description: "" });
  });

  it("keeps the name by which a job targets a cohort, and changes the rest", async () => {
    await send("POST", "/cohorts", { name: "named", nodeIds: ["web-1"] });
    const groups = [{ nodeListType: "cohorts", nodeIdentifiers: ["named"] }];
    const job = { ...template("by name", []), target: { groups }, scheduleRule: "CRON:0 0 1 1 *" };
    const added = await fixture.send("POST", jobsPath, {
      token: await fixture.token("operator"),
      body: job,
    });
    const renamed = await send("PUT", "/cohorts/named", { name: "other" });
    const changed = await send("PUT", "/cohorts/named", { name: "named", approvalNeeded: true });
    const got = await send("GET", "/cohorts/named");

    expect(added.status).toBe(201);
    expect([renamed.status, at(renamed.json, "error", "code")]).toEqual([409, "NODE_SET_IN_USE"]);
    expect(changed.status).toBe(200);
    expect(at(got.json, "item")).toMatchObject({ name: "named", approvalNeeded: true });
  });

  it("keeps attributes in namespaces of users, and refuses the platform's own", async () => {
    const path = "/nodes/web-2/attributes";
    await send("POST", `${path}/owner/modify`, { attributes: { team: "shop" } });
    await send("POST", `${path}/site/modify`, { attributes: { rack: "r12", row: "3" } });
    await send("POST", `${path}/site/modify`, [{ name: "row", value: "4" }]);
    const some = await send("POST", `${path}/site/modify`, { attributes: { rack: null } });
    const constraints = { attributes: [{ name: "row", operator: "=", value: ["4"] }] };
    const filtered = await send("POST", "/filters/run", { constraints });
    const none = await send("POST", `${path}/site/update`, { attributes: {} });
    const refused = await Promise.all(
      ["agent", "gohai", "aws", "azure", "enroll"].map((namespace) =>
        send("POST", `${path}/${namespace}/modify`, { attributes: { cpus: "4" } }),
      ),
    );

    expect(at(some.json, "item", "attributes")).toMatchObject({
      ...{ site: { row: "4" }, owner: { team: "shop" } },
    });
    expect(at(filtered.json, "items", 0, "name")).toBe("web-2");
    expect(at(none.json, "item", "attributes")).not.toHaveProperty("site");
    expect(at(none.json, "item", "attributes", "owner")).toEqual({ team: "shop" });
    expect(refused.map(({ status }) => status)).toEqual([400, 400, 400, 400, 400]);
    expect(at(refused[1]?.json, "error", "message")).toContain('"gohai" is the platform\'s own');
  });

  it("shows several nodes in the order of the question", async () => {
    const details = await send("POST", "/nodes/details", { nodeIds: ["web-2", "web-1"] });

    expect(at(details.json, "items", 0, "name")).toBe("web-2");
    expect(at(details.json, "items", 1, "name")).toBe("web-1");
    expect(at(details.json, "totalItems")).toBe(2);
  });
});
