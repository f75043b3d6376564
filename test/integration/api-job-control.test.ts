import { listAudit } from "@courier/store";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ApiFixture, jobsPath, template, type Answer } from "./api-fixture.ts";
import { at } from "./api-json.ts";
import { rulesPath } from "./scheduler-routes.ts";

const daily = "RRULE:FREQ=DAILY;BYHOUR=3;BYMINUTE=0;BYSECOND=0";
const noTime = "0001-01-01T00:00:00Z";

describe("the control of jobs", () => {
  let fixture: ApiFixture;
  let admin: string;
  let operator: string;

  beforeEach(async () => {
    fixture = await ApiFixture.start();
    const node = await fixture.enrol("web-1");
    await node.connect();
    admin = await fixture.token("admin");
    operator = await fixture.token("operator");
  });

  afterEach(async () => fixture.stop());

  async function send(method: string, path: string, body?: object): Promise<Answer> {
    const asked = body === undefined ? {} : { body };
    return fixture.send(method, path, { token: operator, ...asked });
  }

  /** Updates a job if it still has this ETag. */
  async function put(path: string, body: object, etag: string): Promise<Answer> {
    return fixture.send("PUT", path, { token: operator, body, headers: { "if-match": etag } });
  }

  async function startOnce(path: string, key: string): Promise<Answer> {
    const headers = { "idempotency-key": key };
    return fixture.send("POST", path, { token: operator, body: {}, headers });
  }

  async function add(name: string, change: object = { scheduleRule: daily }): Promise<string> {
    const added = await send("POST", jobsPath, { ...template(name, ["web-1"]), ...change });
    if (added.status !== 201) throw new Error(added.text);
    return String(at(added.json, "item", "id"));
  }

  async function get(jobId: string): Promise<Answer> {
    return send("GET", `${jobsPath}/${jobId}`);
  }

  async function freeze(minutes = 10_000): Promise<string> {
    const body = { name: "freeze", rrule: "RRULE:FREQ=DAILY;COUNT=1", duration: minutes };
    const added = await fixture.send("POST", rulesPath, { token: admin, body });
    return String(at(added.json, "item", "id"));
  }

  function errorOf(answer: Answer): unknown[] {
    return [answer.status, at(answer.json, "error", "code"), at(answer.json, "error", "message")];
  }

  describe("updating", () => {
    it("replaces the template, takes back a job as it was read, and gives it a new version", async () => {
      const jobId = await add("first");
      const read = await get(jobId);
      const item = at(read.json, "item") as object;

      const updated = await send("PUT", `${jobsPath}/${jobId}`, { ...item, description: "new" });

      expect(updated.status).toBe(200);
      expect(at(updated.json, "item", "description")).toBe("new");
      expect(at(updated.json, "item", "nextExecutionTime")).toBe(
        at(read.json, "item", "nextExecutionTime"),
      );
      expect([read.headers.get("etag"), updated.headers.get("etag")]).toEqual(['"1"', '"2"']);
      const audit = await listAudit(fixture.db, { page: 1, size: 1 });
      expect(audit.items[0]).toMatchObject({ action: "job.update", object: jobId });
    });

    it("is refused with an ETag that is not the job's any more, and changes nothing", async () => {
      const jobId = await add("first");
      const path = `${jobsPath}/${jobId}`;
      const body = { ...template("second", ["web-1"]), scheduleRule: daily };
      const matching = await put(path, body, '"1"');

      const stale = await put(path, { ...body, name: "third" }, '"1"');
      const any = await put(path, body, "*");

      expect(matching.status).toBe(200);
      expect(errorOf(stale)).toEqual([
        412,
        "JOB_CHANGED",
        `job ${jobId} has changed meanwhile: its ETag is "2", the request expects "1"; nothing was changed`,
      ]);
      expect(any.status).toBe(200);
      expect(at((await get(jobId)).json, "item", "name")).toBe("second");
    });

    it("refuses a name that is taken, the body of another job, and a template that is wrong", async () => {
      const [first, second] = [await add("first"), await add("second")];
      const path = `${jobsPath}/${second}`;
      const body = { ...template("second", ["web-1"]), scheduleRule: daily };

      const taken = await send("PUT", path, { ...body, name: "first" });
      const foreign = await send("PUT", path, { ...body, id: first });
      const wrong = await send("PUT", path, { ...body, scheduleRule: "RRULE:FREQ=HOURY" });
      const unknown = await send("PUT", path, { ...body, ...template("second", ["nobody"]) });

      expect(errorOf(taken)).toEqual([
        409,
        "JOB_NAME_TAKEN",
        `job name "first" is taken by job ${first}; nothing was changed`,
      ]);
      expect(foreign.status).toBe(400);
      expect(at(foreign.json, "error", "details", 0, "pointer")).toBe("/id");
      expect(at(wrong.json, "error", "details", 0, "pointer")).toBe("/scheduleRule");
      expect(errorOf(unknown).slice(0, 2)).toEqual([422, "NODE_UNKNOWN"]);
    });

    it("does not touch instances, and does not run a completed job again unless its schedule changes", async () => {
      const { jobId, instanceId } = await fixture.runJob(template("once", ["web-1"]));
      const path = `${jobsPath}/${jobId}`;
      const changed = { ...template("renamed", ["web-1"]), description: "later" };

      const same = await send("PUT", path, changed);
      const instance = await send("GET", `/courier/state-api/v1/instances/${instanceId}`);
      const other = await send("PUT", path, { ...changed, scheduleRule: daily });

      expect(at(same.json, "item", "status")).toBe("completed");
      expect(at(same.json, "item", "nextExecutionTime")).toBe(noTime);
      expect(at(instance.json, "item", "jobName")).not.toBe("renamed");
      expect(at(other.json, "item", "status")).toBe("active");
      expect(at(other.json, "item", "nextExecutionTime")).not.toBe(noTime);
    });

    it("keeps a schedule that has ended when nothing but the steps changes", async () => {
      const soon = new Date(fixture.clock.now() + 2_000).toISOString().replace(/\.\d+|[-:]/g, "");
      const past = `DTSTART:${soon}\nRRULE:FREQ=DAILY;COUNT=1`;
      const jobId = await add("past", { scheduleRule: past });
      await fixture.until(
        () => get(jobId),
        ({ json }) => at(json, "item", "status") === "completed",
      );
      const body = { ...template("past", ["web-1"]), scheduleRule: past, description: "new" };

      expect((await send("PUT", `${jobsPath}/${jobId}`, body)).status).toBe(200);
    });
  });

  describe("activating and deactivating", () => {
    it("takes the next time away and computes it again; twice is as good as once", async () => {
      const jobId = await add("switch");
      const move = async (event: string): Promise<unknown[]> => {
        const answer = await send("POST", `${jobsPath}/${jobId}/${event}`);
        return [at(answer.json, "item", "status"), at(answer.json, "item", "nextExecutionTime")];
      };
      const next = at((await get(jobId)).json, "item", "nextExecutionTime");

      expect(await move("deactivate")).toEqual(["inactive", noTime]);
      expect(await move("deactivate")).toEqual(["inactive", noTime]);
      expect(await move("activate")).toEqual(["active", next]);
      expect(await move("activate")).toEqual(["active", next]);
    });

    it("is refused for a job that is over, and says what can be done", async () => {
      const { jobId } = await fixture.runJob(template("once", ["web-1"]));
      const canceled = await add("canceled");
      await send("POST", `${jobsPath}/${canceled}/cancel`);

      expect(errorOf(await send("POST", `${jobsPath}/${jobId}/activate`))).toEqual([
        409,
        "JOB_STATE_CONFLICT",
        `job "${jobId}" is completed, which does not accept activate; give it another scheduleRule with update-job, or start it with create-manual-job`,
      ]);
      expect(errorOf(await send("POST", `${jobsPath}/${canceled}/activate`))).toEqual([
        409,
        "JOB_STATE_CONFLICT",
        `job "${canceled}" is canceled, which does not accept activate; add it under another name, or start it with create-manual-job`,
      ]);
    });
  });

  describe("canceling and deleting", () => {
    it("stops the schedule, and instances under way only when told so", async () => {
      const { jobId, instanceId } = await fixture.runJob(template("long", ["web-1"]));
      const cancel = `${jobsPath}/${jobId}/cancel`;

      const schedule = await send("POST", cancel);
      const all = await send("POST", `${cancel}?instances=true`);
      const recurring = await send("POST", `${jobsPath}/${await add("daily")}/cancel`);

      expect(at(schedule.json, "item")).toEqual({
        canceledInstanceIds: [],
        id: jobId,
        openInstanceIds: [instanceId],
        status: "completed",
      });
      expect(at(all.json, "item", "canceledInstanceIds")).toEqual([instanceId]);
      expect(at(recurring.json, "item", "status")).toBe("canceled");
    });

    it("deletes a job while an instance goes on, whose history stays, and frees its name", async () => {
      const { jobId, instanceId } = await fixture.runJob(template("gone", ["web-1"]));

      const deleted = await send("DELETE", `${jobsPath}/${jobId}`);

      expect(at(deleted.json, "item")).toEqual({ id: jobId, openInstanceIds: [instanceId] });
      expect(errorOf(await get(jobId)).slice(0, 2)).toEqual([404, "JOB_NOT_FOUND"]);
      expect((await send("DELETE", `${jobsPath}/${jobId}`)).status).toBe(404);
      const instance = await send("GET", `/courier/state-api/v1/instances/${instanceId}`);
      expect(at(instance.json, "item", "status")).toBe("running");
      await add("gone");
    });

    it("lets what waits never start", async () => {
      const jobId = await add("held", { scheduleRule: daily, overlapPolicy: "allow" });
      await freeze();
      const waits = await send("POST", `${jobsPath}/${jobId}/start`, {});

      await send("POST", `${jobsPath}/${jobId}/cancel`);

      expect(waits.status).toBe(202);
      const pastDue = await send("GET", `${jobsPath}/past-due`);
      expect(at(pastDue.json, "totalItems")).toBe(0);
    });
  });

  describe("starting", () => {
    it("makes an instance of a completed job, once per key", async () => {
      const { jobId } = await fixture.runJob({
        ...template("again", ["web-1"]),
        overlapPolicy: "allow",
      });
      const path = `${jobsPath}/${jobId}/start`;

      const first = await startOnce(path, "k");
      const again = await startOnce(path, "k");

      expect([first.status, again.status]).toEqual([201, 200]);
      expect(again.headers.get("idempotency-replayed")).toBe("true");
      expect(at(again.json, "item", "id")).toBe(at(first.json, "item", "id"));
      const instances = await send("GET", `/courier/state-api/v1/instances?jobId=${jobId}`);
      expect(at(instances.json, "totalItems")).toBe(2);
    });

    it("is refused when only the schedule may, and beside an instance that the overlap policy protects", async () => {
      const scheduled = await add("scheduled", {
        scheduleRule: daily,
        allowManualExecution: false,
      });
      const { jobId } = await fixture.runJob({
        ...template("busy", ["web-1"]),
        overlapPolicy: "skip",
      });

      expect(errorOf(await send("POST", `${jobsPath}/${scheduled}/start`, {}))).toEqual([
        409,
        "JOB_NOT_MANUAL",
        `job "${scheduled}" has allowManualExecution false: only its schedule starts it`,
      ]);
      expect(errorOf(await send("POST", `${jobsPath}/${jobId}/start`, {})).slice(0, 2)).toEqual([
        409,
        "JOB_OVERLAPS",
      ]);
    });
  });

  describe("global exceptions", () => {
    it("hold back jobs that are added, and those that exist, and say why", async () => {
      const before = await add("before");
      await freeze();
      const added = await send("POST", jobsPath, template("during", ["web-1"]));
      const existing = await fixture.until(
        () => get(before),
        ({ json }) => at(json, "item", "exceptionReasons", 0) !== undefined,
      );

      expect(at(added.json, "item", "exceptionReasons", 0)).toContain(
        'is blocked by global exception "freeze" until ',
      );
      expect(at(existing.json, "item", "exceptionReasons", 0)).toContain(
        'are blocked by global exception "freeze" until ',
      );
      const pastDue = await send("GET", `${jobsPath}/past-due`);
      expect(at(pastDue.json, "items", 0, "name")).toBe("during");
      expect(at(pastDue.json, "totalItems")).toBe(1);
    });

    it("are overridden by admins only, which is on record", async () => {
      await freeze();
      const body = { ...template("urgent", ["web-1"]), ignoreExceptions: true };
      const jobId = await add("held", { scheduleRule: daily });
      const start = { ignoreExceptions: true };

      const refused = await send("POST", jobsPath, body);
      const added = await fixture.send("POST", jobsPath, { token: admin, body });
      const refusedStart = await send("POST", `${jobsPath}/${jobId}/start`, start);
      const path = `${jobsPath}/${jobId}/start`;
      const started = await fixture.send("POST", path, { token: admin, body: start });

      expect(errorOf(refused)).toEqual([
        403,
        "FORBIDDEN",
        'token "test operator" has the role operator; ignoreExceptions needs admin',
      ]);
      expect(refusedStart.status).toBe(403);
      expect(at(added.json, "item", "exceptionReasons")).toEqual([]);
      expect(started.status).toBe(201);
      const { items } = await listAudit(fixture.db, { page: 1, size: 100 });
      const overriding = items.filter(({ detail }) => detail.includes('"ignoreExceptions":true'));
      expect(overriding.map(({ action }) => action)).toEqual(["job.start", "job.add"]);
    });

    it("are refused when they can never open, and when their name is taken", async () => {
      const rule = { name: "freeze", duration: 5 };
      const post = (body: object): Promise<Answer> =>
        fixture.send("POST", rulesPath, { token: admin, body });
      await freeze();

      const never = await post({ ...rule, rrule: "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30" });
      const taken = await post({ ...rule, rrule: "RRULE:FREQ=DAILY" });

      expect(errorOf(never)).toEqual([
        400,
        "BODY_INVALID",
        "the body's rrule: the rule never occurs from now on: no date matches, or its last time has passed",
      ]);
      expect(errorOf(taken).slice(0, 2)).toEqual([409, "EXCEPTION_NAME_TAKEN"]);
    });

    it("are changed by name, keep what a change leaves out, and are gone once deleted", async () => {
      const id = await freeze();
      const body = { rrule: "RRULE:FREQ=DAILY;COUNT=1", duration: 1 };

      const path = `${rulesPath}/freeze`;
      const updated = await fixture.send("PUT", path, { token: admin, body });
      const deleted = await fixture.send("DELETE", path, { token: admin });

      expect(at(updated.json, "item", "id")).toBe(id);
      expect(at(updated.json, "item", "name")).toBe("freeze");
      expect(at(updated.json, "item", "duration")).toBe(1);
      expect(at(deleted.json, "item", "id")).toBe(id);
      expect((await send("GET", path)).status).toBe(404);
      expect(at((await send("GET", rulesPath)).json, "totalItems")).toBe(0);
    });
  });

  describe("times", () => {
    it("are estimated with what is blocked on the way", async () => {
      const jobId = await add("estimated");
      await freeze(3 * 24 * 60);

      const { json } = await send("GET", `${jobsPath}/${jobId}/estimate-run-times?count=2`);

      expect(Object.keys(json as object)).toEqual(["blocked_by_exceptions", "estimates", "notes"]);
      expect(at(json, "estimates", 1)).toMatch(/T03:00:00\.000Z$/);
      expect(at(json, "blocked_by_exceptions", 2, "reason")).toMatch(
        /^global exception "freeze" until /,
      );
      expect(at(json, "blocked_by_exceptions", 3)).toBeUndefined();
    });

    it("of a job that does not run by itself come with a note", async () => {
      const inactive = await add("inactive");
      await send("POST", `${jobsPath}/${inactive}/deactivate`);
      const { jobId } = await fixture.runJob(template("once", ["web-1"]));

      const waits = await send("GET", `${jobsPath}/${inactive}/estimate-run-times?count=1`);
      const over = await send("GET", `${jobsPath}/${jobId}/estimate-run-times`);

      expect(at(waits.json, "notes")).toEqual([
        "the job is inactive: it does not run before it is activated",
      ]);
      expect(at(waits.json, "estimates", 0)).toBeDefined();
      expect(over.json).toEqual({
        blocked_by_exceptions: [],
        estimates: [],
        notes: ["the job is completed: it does not run again by itself"],
      });
    });

    it("that were missed are listed", async () => {
      const rule = { scheduleRule: "RRULE:FREQ=MINUTELY", overlapPolicy: "skip" };
      const jobId = await add("minutely", rule);
      const listed = await fixture.until(
        async () => {
          await fixture.clock.advance(10_000);
          return send("GET", `${jobsPath}/${jobId}/missed-occurrences`);
        },
        ({ json }) => at(json, "totalItems") === 1,
      );

      expect(at(listed.json, "items", 0)).toMatchObject({
        cause: "overlapPolicy",
        count: 1,
        jobId,
        reason: "an instance of the job has not ended, and its overlapPolicy is skip",
      });
    });
  });
});
