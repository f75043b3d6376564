import { validateBody } from "@courier/schema";
import { findRun } from "@courier/store";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ApiFixture, databaseKinds, template } from "./api-fixture.ts";
import { at } from "./api-json.ts";
import type { NodeStandIn } from "./api-node-stand-in.ts";

const state = "/courier/state-api/v1/instances";

describe.each(databaseKinds)("explain on %s", (kind) => {
  let fixture: ApiFixture;
  let token: string;
  let nodes: NodeStandIn[];

  beforeEach(async () => {
    fixture = await ApiFixture.start({ kind });
    token = await fixture.token("viewer");
    nodes = [];
    for (const name of ["web-1", "web-2", "web-3"]) nodes.push(await fixture.enrol(name));
    await node(0).connect();
    await node(1).connect();
  });
  afterEach(async () => fixture.stop());

  function node(index: number): NodeStandIn {
    return nodes[index] ?? expect.fail(`node ${index} was enrolled`);
  }

  async function explain(instanceId: string): Promise<unknown> {
    const { status, json } = await fixture.send("GET", `${state}/${instanceId}/explain`, { token });
    expect(status).toBe(200);
    expect(validateBody("instance-explanation", json)).toMatchObject({ ok: true });
    return at(json, "item");
  }

  it("names what an open instance waits for, the nodes, and what releases it", async () => {
    const { instanceId } = await fixture.runJob(template("open", ["web-1", "web-3"]));
    await node(0).report({
      type: "started",
      ...(await node(0).runOf(instanceId)),
      at: fixture.clock.now(),
    });

    const item = await explain(instanceId);

    expect(at(item, "summary")).toBe("group 0: last 2 runs; 1 on offline nodes");
    expect(at(item, "groups", 0, "waits")).toMatchObject([
      { kind: "last-runs", count: 2, examples: [] },
      {
        kind: "delivery",
        count: 1,
        releasedBy: expect.stringMatching(/^the return of the node; the group's time is up at 2/),
        examples: [{ nodeName: "web-3", nodeId: node(2).nodeId }],
      },
      { kind: "execution", count: 1, examples: [{ nodeName: "web-1" }] },
    ]);
  });

  it("says until when a node that restarts is waited for, and what the run ends as then", async () => {
    const groups = [{ nodeListType: "nodes", nodeIdentifiers: ["web-1"] }];
    const { instanceId } = await fixture.runJob({ ...template("boots", []), target: { groups } });
    const run = await node(0).runOf(instanceId);
    await node(0).beginRestart(run);
    expect(at(await explain(instanceId), "groups", 0, "waits", 1)).toMatchObject({
      ...{ kind: "boot", until: null },
      releasedBy: "the node's return after its boot; the group has no timeoutSeconds",
    });
    await node(0).disconnect();

    const wait = at(await explain(instanceId), "groups", 0, "waits", 1);

    const until = String(at(wait, "until"));
    expect(wait).toMatchObject({
      ...{ kind: "boot", message: "1 run is restarting the node" },
      releasedBy: `the node's return after its boot; without it the run ends unknown at ${until}`,
    });
    expect(Date.parse(until) - fixture.clock.now()).toBeGreaterThan(59 * 60_000);
    fixture.clock.jump(Date.parse(until) - fixture.clock.now() + 1);
    // As often as the service looks for such runs.
    await fixture.clock.advance(5_000);
    const ended = await fixture.until(
      () => findRun(fixture.db, run.runId),
      (found) => found?.finishedAt !== null,
    );
    expect(ended).toMatchObject({
      status: "unknown",
      reason: "the node was executing this run and has not been seen for 60 minutes",
    });
  });

  it("names the group's limit of a restart when it comes before the service's verdict", async () => {
    const { instanceId } = await fixture.runJob(template("boots", ["web-1"]));
    await node(0).beginRestart(await node(0).runOf(instanceId));
    await node(0).disconnect();

    const wait = at(await explain(instanceId), "groups", 0, "waits", 1);

    const until = String(at(wait, "until"));
    expect(wait).toMatchObject({
      kind: "boot",
      releasedBy: `the node's return after its boot; the group's time is up at ${until}`,
    });
    expect(Date.parse(until) - fixture.clock.now()).toBeLessThan(60_000);
  });

  it("says of a job which instance is open, and that its schedule is over", async () => {
    const { jobId, instanceId } = await fixture.runJob(template("job", ["web-3"]));

    const path = `/courier/scheduler-api/v1/jobs/${jobId}/explain`;
    const { json } = await fixture.send("GET", path, { token });

    expect(validateBody("job-explanation", json)).toMatchObject({ ok: true });
    expect(at(json, "item")).toMatchObject({
      openInstanceIds: [instanceId],
      waits: [{ kind: "over", releasedBy: "scheduler jobs create-manual-job" }],
    });
  });

  it("says of an ended instance which criterion was lost, and folds what failed alike", async () => {
    const { instanceId } = await fixture.runJob(template("ended", ["web-1", "web-2"]));
    for (const one of [node(0), node(1)]) {
      const stderr = `warning\n${one.nodeId}: no space left on device (${one === node(0) ? 3 : 44})\n`;
      await one.fail(await one.runOf(instanceId), { stderr, exitCode: 1 });
    }
    await fixture.until(
      () => explain(instanceId),
      (item) => at(item, "status") === "failure",
    );

    const group = at(await explain(instanceId), "groups", 0);

    expect(at(group, "waits")).toEqual([]);
    expect(at(group, "criteria")).toEqual([
      {
        status: "success",
        limit: 2,
        count: 0,
        standing: "lost",
        message: "at least 2 of 2 runs must succeed: 0 did",
      },
    ]);
    expect(at(group, "failures")).toEqual([
      {
        status: "failure",
        stepNumber: 1,
        reason: 'step 1 "sleep": exit code 1',
        line: "<uuid>: no space left on device (<n>)",
        count: 2,
        nodeNames: ["web-1", "web-2"],
        message: "2 nodes: step 1 \"sleep\": exit code 1, '<uuid>: no space left on device (<n>)'",
      },
    ]);
    expect(at(group, "unfoldedCount")).toBe(0);
    expect(at(group, "firstFailures", 0)).toMatchObject({ nodeName: "web-1", status: "failure" });
  });
});
