import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ApiFixture, databaseKinds, jobsPath, template } from "./api-fixture.ts";
import { at, keysOf } from "./api-json.ts";

const instant = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;
const uuid4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const pagination = {
  itemsPerPage: 10,
  nextLink: "",
  page: 1,
  pageItemCount: 1,
  previousLink: "",
  startIndex: 1,
  totalItems: 1,
  totalPages: 1,
};

describe.each(databaseKinds)("the JSON shapes of the original's pages on %s", (kind) => {
  let fixture: ApiFixture;
  let token: string;
  let walk: { jobId: string; instanceId: string; runId: string; nodeId: string };

  beforeAll(async () => {
    fixture = await ApiFixture.start({ kind });
    token = await fixture.token("viewer");
    const node = await fixture.enrol("web-1");
    await node.connect();
    const job = await fixture.runJob(template("shapes", [node.nodeId]));
    const run = await node.runOf(job.instanceId);
    await node.succeed(run);
    walk = { ...job, runId: run.runId, nodeId: node.nodeId };
  });
  afterAll(async () => fixture.stop());

  async function get(path: string): Promise<unknown> {
    const answer = await fixture.send("GET", path, { token });
    expect(answer.status).toBe(200);
    return answer.json;
  }

  it("has add-job's item", async () => {
    const operator = await fixture.token("operator");
    const body = template("shape of add-job", [walk.nodeId]);

    const { status, json } = await fixture.send("POST", jobsPath, { token: operator, body });

    expect(status).toBe(201);
    expect(json).toEqual({
      item: {
        exceptionReasons: [],
        id: expect.stringMatching(uuid4),
        nextExecutionTime: expect.stringMatching(instant),
      },
    });
    expect(keysOf(at(json, "item"))).toEqual(["exceptionReasons", "id", "nextExecutionTime"]);
  });

  it("filters instances and runs by time, and jobs by activity and name", async () => {
    const state = "/courier/state-api/v1";
    const instances = `${state}/instances?job-id=${walk.jobId}`;
    const runs = `${state}/instances/${walk.instanceId}/runs`;
    const count = async (path: string): Promise<unknown> => at(await get(path), "totalItems");
    const future = "2999-01-01T00:00:00Z";

    expect(await count(`${instances}&run-after=1999-12-31T23:59:59%2B02:00`)).toBe(1);
    expect(await count(`${instances}&run-after=${future}`)).toBe(0);
    expect(await count(`${instances}&runBefore=${future}`)).toBe(1);
    expect(await count(`${runs}?run-before=${future}&groupNum=0`)).toBe(1);
    expect(await count(`${runs}?run-after=${future}`)).toBe(0);
    // By name: what another test has added is active until it has fired.
    expect(await count(`${jobsPath}?name=shapes&active=true`)).toBe(0);
    expect(await count(`${jobsPath}?name=shapes&active=false`)).toBe(1);
    const named = at(await get(`${jobsPath}?sortKey=name&sortOrder=desc`), "items");
    const names = Array.isArray(named) ? named.map((job) => String(at(job, "name"))) : [];
    expect(names).toEqual([...names].sort().reverse());
    for (const wrong of ["yesterday", "2024-13-01T00:00:00Z"]) {
      const answer = await fixture.send("GET", `${runs}?run-after=${wrong}`, { token });
      expect([answer.status, at(answer.json, "error", "code")]).toEqual([400, "REQUEST_INVALID"]);
    }
  });

  it("has list-all's instance, key by key", async () => {
    const json = await get(`/courier/state-api/v1/instances?job-id=${walk.jobId}`);

    expect(json).toEqual({
      items: [
        {
          actionSpec: {
            accessMode: "agent",
            steps: [
              {
                command: { linux: ["sleep 10"] },
                conditions: [],
                description: "",
                expectedInputs: {},
                failureBehavior: {
                  action: "retryThenFail",
                  retryBackoffStrategy: { arguments: [], delaySeconds: 0, type: "none" },
                },
                inputs: {},
                interpreter: {
                  name: "chef-platform/shell-interpreter",
                  skill: { maxVersion: "", minVersion: "1.0.0" },
                },
                limits: { cores: 0, cpu: 1, timeoutSeconds: 0 },
                name: "sleep",
                outputFieldRules: {},
                retryCount: 0,
              },
            ],
          },
          createdAt: expect.stringMatching(instant),
          id: walk.instanceId,
          jobId: walk.jobId,
          jobName: "shapes",
          lastUpdatedBy: expect.any(String),
          status: "success",
          targetSpec: {
            executionType: "sequential",
            groups: [
              {
                batchSize: { type: "percent", value: 100 },
                distributionMethod: "batching",
                filter: null,
                filterId: "00000000-0000-0000-0000-000000000000",
                listId: "00000000-0000-0000-0000-000000000000",
                nodeIdentifiers: [walk.nodeId],
                nodeListType: "nodes",
                successCriteria: [{ numRuns: { type: "percent", value: 100 }, status: "success" }],
                timeoutSeconds: 60,
              },
            ],
          },
          updatedAt: expect.stringMatching(instant),
        },
      ],
      pagination,
      totalItems: 1,
    });
  });

  it("has list-instance-runs' run, key by key", async () => {
    const json = await get(`/courier/state-api/v1/instances/${walk.instanceId}/runs`);

    expect(json).toEqual({
      items: [
        {
          groupNumber: 0,
          lastUpdateTime: expect.stringMatching(instant),
          nodeId: walk.nodeId,
          nodeName: "web-1",
          receivedTime: expect.stringMatching(instant),
          runId: walk.runId,
          status: "success",
        },
      ],
      pagination: { ...pagination, itemsPerPage: 1000 },
      totalItems: 1,
    });
  });

  it("has list-steps' step, key by key", async () => {
    const json = await get(`/courier/state-api/v1/runs/${walk.runId}/steps`);

    expect(json).toEqual({
      items: [
        {
          inputs: "",
          interpreterPath: "/bin/bash",
          interpreterVersion: "5.2",
          name: "sleep",
          numAttempts: 1,
          outputs: "",
          reason: "",
          status: "success",
          stepNumber: 1,
        },
      ],
      pagination: { ...pagination, itemsPerPage: 1000 },
      totalItems: 1,
    });
  });

  it("has ours: get-instance with its groups, get-run, get-job, get-node", async () => {
    const instance = await get(`/courier/state-api/v1/instances/${walk.instanceId}`);
    const run = await get(`/courier/state-api/v1/runs/${walk.runId}`);
    const job = await get(`${jobsPath}/${walk.jobId}`);
    const node = await get("/node/management/v1/nodes/web-1");

    expect(at(instance, "item", "groups")).toEqual([
      {
        groupNumber: 0,
        status: "success",
        reason: "",
        nodeCount: 1,
        startedAt: expect.stringMatching(instant),
        finishedAt: expect.stringMatching(instant),
        batchNumber: 1,
        soakUntil: null,
        heldAt: null,
        haltCause: null,
        counts: {
          success: 1,
          failure: 0,
          timeout: 0,
          canceled: 0,
          skipped: 0,
          undeliverable: 0,
          unknown: 0,
          dispatched: 0,
          pending: 0,
        },
      },
    ]);
    expect(at(run, "item")).toMatchObject({
      instanceId: walk.instanceId,
      jobId: walk.jobId,
      nodeName: "web-1",
      reportedStatus: null,
      status: "success",
    });
    expect(at(job, "item")).toMatchObject({
      id: walk.jobId,
      name: "shapes",
      nextExecutionTime: "0001-01-01T00:00:00Z",
      status: "completed",
    });
    expect(at(node, "item")).toMatchObject({
      agentVersion: "9.9.9",
      enrollmentLevel: "enrolled",
      healthStatus: "online",
      id: walk.nodeId,
      name: "web-1",
    });
  });

  it("answers every list in the schema that its document names", async () => {
    const { validateBody } = await import("@courier/schema");
    const { instanceId, runId } = walk;

    const lists = [
      ["job-list", jobsPath],
      ["instance-list", "/courier/state-api/v1/instances"],
      ["run-list", `/courier/state-api/v1/instances/${instanceId}/runs`],
      ["step-list", `/courier/state-api/v1/runs/${runId}/steps`],
      ["node-list", "/node/management/v1/nodes"],
      ["job-response", `${jobsPath}/${walk.jobId}`],
      ["instance-response", `/courier/state-api/v1/instances/${instanceId}`],
      ["run-response", `/courier/state-api/v1/runs/${runId}`],
      ["node-response", `/node/management/v1/nodes/${walk.nodeId}`],
    ] as const;

    for (const [name, path] of lists) {
      const result = validateBody(name, await get(path));
      expect([name, result.ok]).toEqual([name, true]);
    }
  });
});
