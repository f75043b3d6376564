import { listAudit } from "@courier/store";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { jobsPath, template, type Answer } from "./api-fixture.ts";
import { at } from "./api-json.ts";
import { daily, errorOf, JobCaller } from "./job-caller.ts";
import { rulesPath } from "./scheduler-routes.ts";

describe("global exceptions", () => {
  let caller: JobCaller;

  beforeEach(async () => {
    caller = await JobCaller.start();
  });

  afterEach(async () => caller.fixture.stop());

  it("hold back jobs that are added, and those that exist, and say why", async () => {
    const before = await caller.add("before");
    await caller.freeze();
    const added = await caller.send("POST", jobsPath, template("during", ["web-1"]));
    const existing = await caller.fixture.until(
      () => caller.get(before),
      ({ json }) => at(json, "item", "exceptionReasons", 0) !== undefined,
    );

    expect(at(added.json, "item", "exceptionReasons", 0)).toContain(
      'is blocked by global exception "freeze" until ',
    );
    expect(at(existing.json, "item", "exceptionReasons", 0)).toContain(
      'are blocked by global exception "freeze" until ',
    );
    const pastDue = await caller.send("GET", `${jobsPath}/past-due`);
    expect(at(pastDue.json, "items", 0, "name")).toBe("during");
    expect(at(pastDue.json, "totalItems")).toBe(1);
  });

  it("are overridden by admins only, which is on record", async () => {
    await caller.freeze();
    const body = { ...template("urgent", ["web-1"]), ignoreExceptions: true };
    const jobId = await caller.add("held", { scheduleRule: daily });
    const start = { ignoreExceptions: true };

    const refused = await caller.send("POST", jobsPath, body);
    const added = await caller.fixture.send("POST", jobsPath, { token: caller.admin, body });
    const refusedStart = await caller.send("POST", `${jobsPath}/${jobId}/start`, start);
    const path = `${jobsPath}/${jobId}/start`;
    const started = await caller.fixture.send("POST", path, { token: caller.admin, body: start });

    expect(errorOf(refused)).toEqual([
      403,
      "FORBIDDEN",
      'token "test operator" has the role operator; ignoreExceptions needs admin',
    ]);
    expect(refusedStart.status).toBe(403);
    expect(at(added.json, "item", "exceptionReasons")).toEqual([]);
    expect(started.status).toBe(201);
    const { items } = await listAudit(caller.fixture.db, { page: 1, size: 100 });
    const overriding = items.filter(({ detail }) => detail.includes('"ignoreExceptions":true'));
    expect(overriding.map(({ action }) => action)).toEqual(["job.start", "job.add"]);
  });

  it("let a manual start wait, whose instance says so until it is there", async () => {
    const jobId = await caller.add("held");
    const id = await caller.freeze();
    const waits = await caller.send("POST", `${jobsPath}/${jobId}/start`, {});
    const instance = `/courier/state-api/v1/instances/${String(at(waits.json, "item", "id"))}`;

    const early = await caller.send("GET", instance);
    await caller.fixture.send("DELETE", `${rulesPath}/${id}`, { token: caller.admin });
    const started = await caller.fixture.until(
      () => caller.send("GET", instance),
      ({ status }) => status === 200,
    );

    expect(waits.status).toBe(202);
    expect(errorOf(early).slice(0, 2)).toEqual([404, "INSTANCE_NOT_STARTED"]);
    expect(at(early.json, "error", "message")).toContain(
      'has not started yet: held back by global exception "freeze", not before ',
    );
    expect(at(started.json, "item", "jobId")).toBe(jobId);
  });

  it("forbid reruns, which admins may override", async () => {
    const { instanceId } = await caller.fixture.runJob(template("failed", ["web-1"]));
    const path = `/courier/state-api/v1/instances/${instanceId}/rerun`;
    await caller.node.succeed(await caller.node.runOf(instanceId));
    await caller.freeze();
    const body = { status: ["success"] };
    const exempt = { ...body, ignoreExceptions: true };

    const refused = await caller.send("POST", path, body);
    const mine = await caller.send("POST", path, exempt);
    const rerun = await caller.fixture.send("POST", path, { token: caller.admin, body: exempt });

    expect(errorOf(refused).slice(0, 2)).toEqual([409, "EXCEPTION_ACTIVE"]);
    expect(at(refused.json, "error", "message")).toContain(
      'nothing is executed again now: global exception "freeze" forbids it until ',
    );
    expect([mine.status, rerun.status]).toEqual([403, 201]);
  });

  it("are refused when they can never open, and when their name is taken", async () => {
    const rule = { name: "freeze", duration: 5 };
    const post = (body: object): Promise<Answer> =>
      caller.fixture.send("POST", rulesPath, { token: caller.admin, body });
    await caller.freeze();

    const never = await post({ ...rule, rrule: "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30" });
    const taken = await post({ ...rule, rrule: "RRULE:FREQ=DAILY" });

    expect(errorOf(never)).toEqual([
      400,
      "BODY_INVALID",
      "the body's rrule: the rule never occurs: no date and time match all of its parts",
    ]);
    expect(errorOf(taken).slice(0, 2)).toEqual([409, "EXCEPTION_NAME_TAKEN"]);
  });

  it("are changed by name, keep what a change leaves out, and are gone once deleted", async () => {
    const id = await caller.freeze();
    const body = { rrule: "RRULE:FREQ=DAILY;COUNT=1", duration: 1 };

    const path = `${rulesPath}/freeze`;
    const updated = await caller.fixture.send("PUT", path, { token: caller.admin, body });
    const deleted = await caller.fixture.send("DELETE", path, { token: caller.admin });

    expect(at(updated.json, "item", "id")).toBe(id);
    expect(at(updated.json, "item", "name")).toBe("freeze");
    expect(at(updated.json, "item", "duration")).toBe(1);
    expect(at(deleted.json, "item", "id")).toBe(id);
    expect((await caller.send("GET", path)).status).toBe(404);
    expect(at((await caller.send("GET", rulesPath)).json, "totalItems")).toBe(0);
  });
});
