import { listAudit } from "@courier/store";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { jobsPath, template } from "./api-fixture.ts";
import { at } from "./api-json.ts";
import { daily, errorOf, JobCaller } from "./job-caller.ts";

const noTime = "0001-01-01T00:00:00Z";

describe("the control of jobs", () => {
  let caller: JobCaller;

  beforeEach(async () => {
    caller = await JobCaller.start();
  });

  afterEach(async () => caller.fixture.stop());

  describe("updating", () => {
    it("replaces the template, takes back a job as it was read, and gives it a new version", async () => {
      const jobId = await caller.add("first");
      const read = await caller.get(jobId);
      const item = at(read.json, "item") as object;

      const updated = await caller.send("PUT", `${jobsPath}/${jobId}`, {
        ...item,
        description: "new",
      });

      expect(updated.status).toBe(200);
      expect(at(updated.json, "item", "description")).toBe("new");
      expect(at(updated.json, "item", "nextExecutionTime")).toBe(
        at(read.json, "item", "nextExecutionTime"),
      );
      expect([read.headers.get("etag"), updated.headers.get("etag")]).toEqual(['"1"', '"2"']);
      const audit = await listAudit(caller.fixture.db, { page: 1, size: 1 });
      expect(audit.items[0]).toMatchObject({ action: "job.update", object: jobId });
    });

    it("is refused with an ETag that is not the job's any more, and changes nothing", async () => {
      const jobId = await caller.add("first");
      const path = `${jobsPath}/${jobId}`;
      const body = { ...template("second", ["web-1"]), scheduleRule: daily };
      const matching = await caller.put(path, body, '"1"');

      const stale = await caller.put(path, { ...body, name: "third" }, '"1"');
      const any = await caller.put(path, body, "*");

      expect(matching.status).toBe(200);
      expect(errorOf(stale)).toEqual([
        412,
        "JOB_CHANGED",
        `job ${jobId} has changed meanwhile: its ETag is "2", the request expects "1"; nothing was changed`,
      ]);
      expect(any.status).toBe(200);
      expect(at((await caller.get(jobId)).json, "item", "name")).toBe("second");
    });

    it("refuses a name that is taken, the body of another job, and a template that is wrong", async () => {
      const [first, second] = [await caller.add("first"), await caller.add("second")];
      const path = `${jobsPath}/${second}`;
      const body = { ...template("second", ["web-1"]), scheduleRule: daily };

      const taken = await caller.send("PUT", path, { ...body, name: "first" });
      const foreign = await caller.send("PUT", path, { ...body, id: first });
      const wrong = await caller.send("PUT", path, { ...body, scheduleRule: "RRULE:FREQ=HOURY" });
      const unknown = await caller.send("PUT", path, {
        ...body,
        ...template("second", ["nobody"]),
      });

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
      const { jobId, instanceId } = await caller.fixture.runJob(template("once", ["web-1"]));
      const path = `${jobsPath}/${jobId}`;
      const changed = { ...template("renamed", ["web-1"]), description: "later" };

      const same = await caller.send("PUT", path, changed);
      const instance = await caller.send("GET", `/courier/state-api/v1/instances/${instanceId}`);
      const other = await caller.send("PUT", path, { ...changed, scheduleRule: daily });

      expect(at(same.json, "item", "status")).toBe("completed");
      expect(at(same.json, "item", "nextExecutionTime")).toBe(noTime);
      expect(at(instance.json, "item", "jobName")).not.toBe("renamed");
      expect(at(other.json, "item", "status")).toBe("active");
      expect(at(other.json, "item", "nextExecutionTime")).not.toBe(noTime);
    });

    it("keeps a schedule that has ended when nothing but the steps changes", async () => {
      const soon = new Date(caller.fixture.clock.now() + 2_000)
        .toISOString()
        .replace(/\.\d+|[-:]/g, "");
      const past = `DTSTART:${soon}\nRRULE:FREQ=DAILY;COUNT=1`;
      const jobId = await caller.add("past", { scheduleRule: past });
      await caller.fixture.until(
        () => caller.get(jobId),
        ({ json }) => at(json, "item", "status") === "completed",
      );
      const body = { ...template("past", ["web-1"]), scheduleRule: past, description: "new" };

      expect((await caller.send("PUT", `${jobsPath}/${jobId}`, body)).status).toBe(200);
    });
  });

  describe("activating and deactivating", () => {
    it("takes the next time away and computes it again; twice is as good as once", async () => {
      const jobId = await caller.add("switch");
      const move = async (event: string): Promise<unknown[]> => {
        const answer = await caller.send("POST", `${jobsPath}/${jobId}/${event}`);
        return [at(answer.json, "item", "status"), at(answer.json, "item", "nextExecutionTime")];
      };
      const next = at((await caller.get(jobId)).json, "item", "nextExecutionTime");

      expect(await move("deactivate")).toEqual(["inactive", noTime]);
      expect(await move("deactivate")).toEqual(["inactive", noTime]);
      expect(await move("activate")).toEqual(["active", next]);
      expect(await move("activate")).toEqual(["active", next]);
    });

    it("is refused for a job that is over, and says what can be done", async () => {
      const { jobId } = await caller.fixture.runJob(template("once", ["web-1"]));
      const canceled = await caller.add("canceled");
      await caller.send("POST", `${jobsPath}/${canceled}/cancel`);

      expect(errorOf(await caller.send("POST", `${jobsPath}/${jobId}/activate`))).toEqual([
        409,
        "JOB_STATE_CONFLICT",
        `job "${jobId}" is completed, which does not accept activate; give it another scheduleRule with update-job, or start it with create-manual-job`,
      ]);
      expect(errorOf(await caller.send("POST", `${jobsPath}/${canceled}/activate`))).toEqual([
        409,
        "JOB_STATE_CONFLICT",
        `job "${canceled}" is canceled, which does not accept activate; add it under another name, or start it with create-manual-job`,
      ]);
    });
  });

  describe("canceling and deleting", () => {
    it("stops the schedule, and instances under way only when told so", async () => {
      const { jobId, instanceId } = await caller.fixture.runJob(template("long", ["web-1"]));
      const cancel = `${jobsPath}/${jobId}/cancel`;

      const schedule = await caller.send("POST", cancel);
      const all = await caller.send("POST", `${cancel}?instances=true`);
      const recurring = await caller.send(
        "POST",
        `${jobsPath}/${await caller.add("daily")}/cancel`,
      );

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
      const { jobId, instanceId } = await caller.fixture.runJob(template("gone", ["web-1"]));

      const deleted = await caller.send("DELETE", `${jobsPath}/${jobId}`);

      expect(at(deleted.json, "item")).toEqual({ id: jobId, openInstanceIds: [instanceId] });
      expect(errorOf(await caller.get(jobId)).slice(0, 2)).toEqual([404, "JOB_NOT_FOUND"]);
      expect((await caller.send("DELETE", `${jobsPath}/${jobId}`)).status).toBe(404);
      const instance = await caller.send("GET", `/courier/state-api/v1/instances/${instanceId}`);
      expect(at(instance.json, "item", "status")).toBe("running");
      await caller.add("gone");
    });

    it("lets what waits never start", async () => {
      const jobId = await caller.add("held", { scheduleRule: daily, overlapPolicy: "allow" });
      await caller.freeze();
      const waits = await caller.send("POST", `${jobsPath}/${jobId}/start`, {});

      await caller.send("POST", `${jobsPath}/${jobId}/cancel`);

      expect(waits.status).toBe(202);
      const pastDue = await caller.send("GET", `${jobsPath}/past-due`);
      expect(at(pastDue.json, "totalItems")).toBe(0);
    });
  });

  describe("an instance that waits to start", () => {
    it("is no secret, and never starts when it is canceled", async () => {
      const jobId = await caller.add("held back", { scheduleRule: daily });
      await caller.freeze();
      const waits = await caller.send("POST", `${jobsPath}/${jobId}/start`, {});
      const id = String(at(waits.json, "item", "id"));
      const path = `/courier/state-api/v1/instances/${id}`;
      const asked = [`${path}`, `${path}/runs`, `${path}/explain`, `${path}/events`];

      const answers = await Promise.all(asked.map((each) => caller.send("GET", each)));
      const paused = await caller.send("POST", `${path}/pause`);
      const second = await caller.send("POST", `${jobsPath}/${jobId}/start`, {});
      const canceled = await caller.send("POST", `${path}/cancel`);
      const again = await caller.send("POST", `${path}/cancel`);

      for (const answer of [...answers, paused]) {
        expect(errorOf(answer).slice(0, 2)).toEqual([404, "INSTANCE_NOT_STARTED"]);
      }
      expect(errorOf(second).slice(0, 2)).toEqual([409, "JOB_OVERLAPS"]);
      const item = { id, status: "canceled" };
      expect([canceled.status, at(canceled.json, "item")]).toEqual([202, item]);
      expect(errorOf(again).slice(0, 2)).toEqual([404, "INSTANCE_NOT_FOUND"]);
      expect((await caller.send("POST", `${jobsPath}/${jobId}/start`, {})).status).toBe(202);
    });
  });

  describe("starting", () => {
    it("makes an instance of a completed job, once per key", async () => {
      const { jobId } = await caller.fixture.runJob({
        ...template("again", ["web-1"]),
        overlapPolicy: "allow",
      });
      const path = `${jobsPath}/${jobId}/start`;

      const first = await caller.startOnce(path, "k");
      const again = await caller.startOnce(path, "k");

      expect([first.status, again.status]).toEqual([201, 200]);
      expect(again.headers.get("idempotency-replayed")).toBe("true");
      expect(at(again.json, "item", "id")).toBe(at(first.json, "item", "id"));
      const instances = await caller.send("GET", `/courier/state-api/v1/instances?jobId=${jobId}`);
      expect(at(instances.json, "totalItems")).toBe(2);
    });

    it("is refused when only the schedule may, and beside an instance that the overlap policy protects", async () => {
      const scheduled = await caller.add("scheduled", {
        scheduleRule: daily,
        allowManualExecution: false,
      });
      const { jobId } = await caller.fixture.runJob({
        ...template("busy", ["web-1"]),
        overlapPolicy: "skip",
      });

      expect(errorOf(await caller.send("POST", `${jobsPath}/${scheduled}/start`, {}))).toEqual([
        409,
        "JOB_NOT_MANUAL",
        `job "${scheduled}" has allowManualExecution false: only its schedule starts it`,
      ]);
      expect(
        errorOf(await caller.send("POST", `${jobsPath}/${jobId}/start`, {})).slice(0, 2),
      ).toEqual([409, "JOB_OVERLAPS"]);
    });
  });

  describe("times", () => {
    it("are estimated with what is blocked on the way", async () => {
      const jobId = await caller.add("estimated");
      await caller.freeze(3 * 24 * 60);

      const { json } = await caller.send("GET", `${jobsPath}/${jobId}/estimate-run-times?count=2`);

      expect(Object.keys(json as object)).toEqual(["blocked_by_exceptions", "estimates", "notes"]);
      expect(at(json, "estimates", 1)).toMatch(/T03:00:00\.000Z$/);
      expect(at(json, "blocked_by_exceptions", 2, "reason")).toMatch(
        /^global exception "freeze" until /,
      );
      expect(at(json, "blocked_by_exceptions", 3)).toBeUndefined();
    });

    it("of a job that does not run by itself come with a note", async () => {
      const inactive = await caller.add("inactive");
      await caller.send("POST", `${jobsPath}/${inactive}/deactivate`);
      const { jobId } = await caller.fixture.runJob(template("once", ["web-1"]));

      const waits = await caller.send("GET", `${jobsPath}/${inactive}/estimate-run-times?count=1`);
      const over = await caller.send("GET", `${jobsPath}/${jobId}/estimate-run-times`);

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
      const jobId = await caller.add("minutely", rule);
      const listed = await caller.fixture.until(
        async () => {
          await caller.fixture.clock.advance(10_000);
          return caller.send("GET", `${jobsPath}/${jobId}/missed-occurrences`);
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
