import { listAudit } from "@courier/store";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ApiFixture, jobsPath, newPublicKey, template } from "./api-fixture.ts";
import { at } from "./api-json.ts";
import {
  managementPath as management,
  managementRoutes,
  secondParameters,
} from "./management-routes.ts";
import type { RouteCase } from "./route-case.ts";
import {
  budgetsPath as budgets,
  rulesPath as rules,
  schedulerRoutes,
  createBudgets,
  createRules,
} from "./scheduler-routes.ts";

const nowhere = "00000000-0000-4000-8000-000000000000";
const state = "/courier/state-api/v1";
const tokens = "/courier/access-api/v1/tokens";

const read = { method: "GET", role: "viewer", forbidden: "node-manager" } as const;
const paging = { query: "?page=0" };

/** Every route that needs a token. `:job`, `:instance`, `:run` stand for what the walk has made. */
const routes: readonly RouteCase[] = [
  { ...read, path: jobsPath, invalid: paging },
  { ...read, path: `${jobsPath}/:job`, notFound: "JOB_NOT_FOUND" },
  {
    method: "POST",
    path: jobsPath,
    role: "operator",
    forbidden: "viewer",
    body: template("access", ["web-1"]),
    invalid: { body: { name: "" } },
  },
  {
    method: "POST",
    path: `${jobsPath}/validate`,
    role: "viewer",
    forbidden: "node-manager",
    body: template("access", ["web-1"]),
    invalid: { body: { name: "" } },
  },
  ...schedulerRoutes,
  {
    method: "POST",
    path: `${jobsPath}/plan`,
    role: "viewer",
    forbidden: "node-manager",
    body: template("access", ["web-1"]),
    invalid: { query: "?count=0", body: { name: "" } },
  },
  { ...read, path: `${state}/instances`, invalid: { query: "?status=happy" } },
  { ...read, path: `${state}/instances/:instance`, notFound: "INSTANCE_NOT_FOUND" },
  {
    ...read,
    path: `${state}/instances/:instance/runs`,
    notFound: "INSTANCE_NOT_FOUND",
    invalid: { query: "?group-number=-1" },
  },
  { ...read, path: `${state}/instances/:instance/events`, notFound: "INSTANCE_NOT_FOUND" },
  { ...read, path: `${state}/instances/:instance/explain`, notFound: "INSTANCE_NOT_FOUND" },
  {
    method: "POST",
    path: `${state}/instances/:other/cancel`,
    role: "operator",
    forbidden: "viewer",
    notFound: "INSTANCE_NOT_FOUND",
  },
  {
    method: "POST",
    path: `${state}/instances/:paused/pause`,
    role: "operator",
    forbidden: "viewer",
    notFound: "INSTANCE_NOT_FOUND",
  },
  {
    method: "POST",
    path: `${state}/instances/:paused/resume`,
    role: "operator",
    forbidden: "viewer",
    notFound: "INSTANCE_NOT_FOUND",
  },
  {
    method: "POST",
    path: `${state}/instances/:instance/rerun`,
    role: "operator",
    forbidden: "viewer",
    body: { status: ["success"] },
    notFound: "INSTANCE_NOT_FOUND",
    invalid: { body: { status: ["failed"] } },
  },
  { ...read, path: `${state}/runs/:run`, notFound: "RUN_NOT_FOUND" },
  { ...read, path: `${state}/runs/:run/steps`, notFound: "RUN_NOT_FOUND", invalid: paging },
  {
    ...read,
    path: `${state}/runs/:run/output`,
    notFound: "RUN_NOT_FOUND",
    invalid: { query: "?follow=perhaps" },
  },
  {
    method: "POST",
    path: `${state}/runs/:otherRun/cancel`,
    role: "operator",
    forbidden: "viewer",
    notFound: "RUN_NOT_FOUND",
  },
  {
    method: "POST",
    path: `${state}/runs/:run/retry`,
    body: {},
    invalid: { body: { fromStep: 0 } },
    role: "operator",
    forbidden: "viewer",
    notFound: "RUN_NOT_FOUND",
  },
  ...managementRoutes,
  {
    method: "POST",
    path: `${management}/enrollment-keys`,
    role: "node-manager",
    forbidden: "operator",
    body: { uses: 3 },
    invalid: { body: { uses: 0 } },
  },
  { method: "GET", path: tokens, role: "admin", forbidden: "operator", invalid: paging },
  {
    method: "POST",
    path: tokens,
    role: "admin",
    forbidden: "operator",
    body: { name: "ci", role: "operator" },
    invalid: { body: { name: "ci", role: "root" } },
  },
  {
    method: "DELETE",
    path: `${tokens}/:token`,
    role: "admin",
    forbidden: "operator",
    notFound: "TOKEN_NOT_FOUND",
  },
  { method: "GET", path: "/metrics", role: "viewer" },
];

describe("every route", () => {
  let fixture: ApiFixture;
  const made = new Map<string, string>();

  beforeAll(async () => {
    fixture = await ApiFixture.start();
    const node = await fixture.enrol("web-1");
    await node.connect();
    const job = await fixture.runJob(template("walk", ["web-1"]));
    const run = await node.runOf(job.instanceId);
    await node.succeed(run);
    const other = await fixture.runJob(template("for an instance's cancel", ["web-1"]));
    const paused = await fixture.runJob(template("for a pause", ["web-1"]));
    const third = await fixture.runJob(template("for a run's cancel", ["web-1"]));
    const otherRun = await node.runOf(third.instanceId);
    const admin = await fixture.token("admin");
    const idle = await fixture.send("POST", jobsPath, {
      token: admin,
      body: { ...template("idle", ["web-1"]), scheduleRule: "CRON:0 0 1 1 *" },
    });
    const gone = await fixture.runJob(template("to delete", ["web-1"]));
    const token = await fixture.send("POST", tokens, {
      token: admin,
      body: { name: "to revoke", role: "viewer" },
    });
    const otherNode = await fixture.enrol("web-archived");
    const guarded = { token: admin, body: { name: "guarded", approvalNeeded: true } };
    await fixture.send("POST", `${management}/cohorts`, guarded);
    const newNode = await fixture.enrol("web-new", undefined, { cohortId: "guarded" });
    for (const [name, id] of Object.entries({
      ...(await createSets(admin)),
      otherNode: otherNode.nodeId,
      newNode: newNode.nodeId,
      ...(await createBudgets(fixture, admin)),
      ...(await createRules(fixture, admin)),
      job: job.jobId,
      idleJob: String(at(idle.json, "item", "id")),
      otherJob: gone.jobId,
      instance: job.instanceId,
      paused: paused.instanceId,
      run: run.runId,
      other: other.instanceId,
      otherRun: otherRun.runId,
      node: node.nodeId,
      token: String(at(token.json, "item", "id")),
    })) {
      made.set(`:${name}`, id);
    }
  });
  afterAll(async () => fixture.stop());

  /** Two sets of each kind: one to read and change, and one to delete. */
  async function createSets(token: string): Promise<Record<string, string>> {
    const ids: Record<string, string> = {};
    const own = { filter: { constraints: {} }, list: { nodeIds: [] }, cohort: {} };
    for (const [kind, rest] of Object.entries(own)) {
      for (const name of [kind, `other${kind.charAt(0).toUpperCase()}${kind.slice(1)}`]) {
        const body = { name, ...rest };
        const answer = await fixture.send("POST", `${management}/${kind}s`, { token, body });
        ids[name] = String(at(answer.json, "item", `${kind}Id`));
      }
    }
    return ids;
  }

  function pathOf(route: RouteCase, id?: string): string {
    return route.path.replace(/:\w+/, (name) => id ?? made.get(name) ?? name);
  }

  function expectError(
    answer: { status: number; json: unknown; headers: Headers },
    code: string,
  ): void {
    expect(at(answer.json, "error", "code")).toBe(code);
    expect(at(answer.json, "error", "requestId")).toBe(answer.headers.get("x-request-id"));
    expect(Object.keys(at(answer.json, "error") ?? {})).toEqual([
      "code",
      "message",
      "details",
      "requestId",
    ]);
  }

  describe.each(routes)("$method $path", (route) => {
    const { method, role, body } = route;
    const withBody = body === undefined ? {} : { body };

    it(`answers a token whose role allows it${isChange(route) ? ", and audits the change" : ""}`, async () => {
      const token = await fixture.token(role);
      const { total: before } = await listAudit(fixture.db, { page: 1, size: 1 });

      const answer = await fixture.send(method, pathOf(route), { token, ...withBody });

      expect([200, 201, 202, 204]).toContain(answer.status);
      const { total } = await listAudit(fixture.db, { page: 1, size: 1 });
      expect(auditedCounts(route)).toContain(total - before);
    });

    it("refuses a request without a token", async () => {
      const answer = await fixture.send(method, pathOf(route), withBody);

      expect(answer.status).toBe(401);
      expect(answer.headers.get("www-authenticate")).toBe("Bearer");
      expectError(answer, "UNAUTHENTICATED");
    });

    if (route.forbidden !== undefined) {
      const { forbidden } = route;
      it(`refuses a ${forbidden}`, async () => {
        const token = await fixture.token(forbidden);

        const answer = await fixture.send(method, pathOf(route), { token, ...withBody });

        expect(answer.status).toBe(403);
        expectError(answer, "FORBIDDEN");
      });
    }

    if (route.notFound !== undefined) {
      const { notFound } = route;
      it("does not find what does not exist", async () => {
        const token = await fixture.token(role);

        const answer = await fixture.send(method, pathOf(route, nowhere), { token, ...withBody });

        expect(answer.status).toBe(404);
        expectError(answer, notFound);
        expect(at(answer.json, "error", "message")).toContain(nowhere);
      });
    }

    if (route.invalid !== undefined) {
      const { invalid } = route;
      it("names what is wrong with an invalid request", async () => {
        const token = await fixture.token(role);
        const asked = invalid.body === undefined ? {} : { body: invalid.body };

        const answer = await fixture.send(method, `${pathOf(route)}${invalid.query ?? ""}`, {
          token,
          ...asked,
        });

        expect(answer.status).toBe(400);
        expect(at(answer.json, "error", "details")).not.toEqual([]);
      });
    }
  });

  it("is in the table above", async () => {
    const { json } = await fixture.send("GET", "/openapi.json");
    const documented = Object.entries(at(json, "paths") ?? {}).flatMap(([path, methods]) =>
      Object.keys(methods as object).map((method) => `${method.toUpperCase()} ${path}`),
    );
    // Held to the same in api-evidence.test.ts.
    const evidence = `${state}/runs/{runId}/steps/{stepNumber}/attempts/{attemptNumber}/evidence`;
    const open = ["/healthz", "/readyz", "/openapi.json"].map((path) => `GET ${path}`);

    const covered = routes.map(({ method, path }) => {
      const named = path.replace(/:\w+/, () => `{${parameter(path)}}`);
      const { namespace, cohort } = secondParameters;
      return `${method} ${named.replace(namespace, "attributes/{namespace}/").replace(cohort, "cohort/{cohortId}")}`;
    });

    // In api-logins.test.ts.
    const logins = ["login", "jwt"].map(
      (path) => `POST /platform/user-accounts/v1/user/api-token/${path}`,
    );
    const others = [`GET ${evidence}`, `PUT ${evidence}`, `POST ${management}/enroll`, ...logins];
    expect(documented.sort()).toEqual([...covered, ...open, ...others].sort());
  });

  it.each(["/healthz", "/readyz", "/openapi.json"])("answers %s without a token", async (path) => {
    expect((await fixture.send("GET", path)).status).toBe(200);
  });

  it("admits a node by its key alone, again for the same key pair, and no other by its name", async () => {
    const token = await fixture.token("admin");
    const key = await fixture.send("POST", `${management}/enrollment-keys`, { token, body: {} });
    const body = { key: at(key.json, "item", "key"), name: "web-2", publicKey: newPublicKey() };

    const first = await fixture.send("POST", `${management}/enroll`, { body });
    const again = await fixture.send("POST", `${management}/enroll`, { body });
    const stranger = { ...body, publicKey: newPublicKey() };
    const refused = await fixture.send("POST", `${management}/enroll`, { body: stranger });

    expect(first.status).toBe(201);
    expect(at(first.json, "item", "serverPublicKey")).toBe("c2VydmVy");
    expect(again.json).toEqual(first.json);
    expect([403, 409]).toContain(refused.status);
  });
});

/** Whether a route changes something; these only answer, with a body for the question. */
function isChange({ method, path }: RouteCase): boolean {
  return method !== "GET" && !/\/(validate|plan|details|run)$/.test(path);
}

/** How many entries of the audit a request may add: none where what these ask for may be so already. */
function auditedCounts(route: RouteCase): readonly number[] {
  if (!isChange(route)) return [0];
  return /\/(activate|unarchive|nodes\/approve)$/.test(route.path) ? [0, 1] : [1];
}

function parameter(path: string): string {
  if (path.startsWith(jobsPath)) return "jobId";
  if (path.startsWith(`${state}/instances`)) return "instanceId";
  if (path.startsWith(`${state}/runs`)) return "runId";
  if (/\/(filter|list|cohort)s\//.test(path)) return "setId";
  if (path.startsWith(rules)) return "ruleId";
  if (path.startsWith(budgets)) return "budgetId";
  return path.startsWith(tokens) ? "tokenId" : "nodeId";
}
