import {
  claimDueJobs,
  findIdempotency,
  findJob,
  insertIdempotency,
  insertJob,
  listJobs,
  nextJobDueAt,
  setJobFired,
} from "@courier/store";
import { expect, test } from "vitest";
import { newJob, now, onEachDatabase } from "./store-fixture.ts";

onEachDatabase("jobs", (setup, kind) => {
  test("returns a stored job field by field", async () => {
    const { db } = await setup();
    const job = newJob({
      description: "ünï 🚚",
      template: '{"a":"\\u0000"}',
      nextExecutionAt: null,
    });

    await insertJob(db, job);

    expect(await findJob(db, job.id)).toEqual(job);
    expect(await findJob(db, "not an id")).toBeUndefined();
  });

  test("refuses a second job of a name and tells which job has it", async () => {
    const { db } = await setup();
    const job = newJob({ name: "deploy" });
    await insertJob(db, job);

    const outcome = await insertJob(db, newJob({ name: "deploy" }));

    expect(outcome).toEqual({ ok: false, reason: "name-taken", jobId: job.id });
  });

  test("lets one of two that race for a name win", async () => {
    const { db } = await setup();

    const outcomes = await Promise.all(
      ["a", "b", "c", "d"].map(async () => await insertJob(db, newJob({ name: "deploy" }))),
    );

    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1);
  });

  test("lists jobs newest first, by page, status and name", async () => {
    const { db, addJob } = await setup();
    for (const index of [1, 2, 3, 4, 5]) {
      const status = index === 2 ? "completed" : "active";
      // Two of an age: the order of arrival decides.
      await addJob({ name: `job ${index}`, createdAt: now + Math.min(index, 4), status });
    }

    const page = await listJobs(db, { page: 2, size: 2 });
    const completed = await listJobs(db, { page: 1, size: 10, status: "completed" });
    const named = await listJobs(db, { page: 1, size: 10, name: "job 4" });
    const beyond = await listJobs(db, { page: 9, size: 2 });

    expect(page.items.map(({ name }) => name)).toEqual(["job 3", "job 2"]);
    expect(page.total).toBe(5);
    expect(completed.items.map(({ name }) => name)).toEqual(["job 2"]);
    expect(named.total).toBe(1);
    expect(beyond).toEqual({ items: [], total: 5 });
  });

  test("claims active jobs that are due, oldest first, and forgets them once fired", async () => {
    const { db, addJob } = await setup();
    const late = await addJob({ nextExecutionAt: now });
    const early = await addJob({ nextExecutionAt: now - 5 });
    await addJob({ nextExecutionAt: now + 1 });
    await addJob({ nextExecutionAt: now - 9, status: "inactive" });
    await addJob({ nextExecutionAt: null });
    expect(await nextJobDueAt(db)).toBe(now - 5);

    const claimed = await db.transaction(async (tx) => {
      const jobs = await claimDueJobs(tx, { now, limit: 10 });
      for (const { id } of jobs) {
        await setJobFired(tx, { id, status: "completed", nextExecutionAt: null, now });
      }
      return jobs;
    });

    expect(claimed.map(({ id }) => id)).toEqual([early.id, late.id]);
    expect(await findJob(db, early.id)).toMatchObject({
      status: "completed",
      nextExecutionAt: null,
    });
    expect(await nextJobDueAt(db)).toBe(now + 1);
  });

  test("never gives a due job to two transactions at once", async () => {
    const { db, addJob } = await setup();
    for (let index = 0; index < 6; index += 1) await addJob();

    const claims = await Promise.all(
      [1, 2, 3].map(
        async () =>
          await db.transaction(async (tx) => {
            const jobs = await claimDueJobs(tx, { now, limit: 2 });
            for (const { id } of jobs) {
              await setJobFired(tx, { id, status: "completed", nextExecutionAt: null, now });
            }
            return jobs.map(({ id }) => id);
          }),
      ),
    );

    const ids = claims.flat();
    expect(new Set(ids).size).toBe(ids.length);
  });

  const testOnPostgres = kind === "postgres" ? test : undefined;
  testOnPostgres?.("skips due jobs that another transaction holds", async () => {
    const { db, addJob } = await setup();
    const first = await addJob({ nextExecutionAt: now - 1 });
    const second = await addJob();

    const inner = await db.transaction(async (outer) => {
      const [held] = await claimDueJobs(outer, { now, limit: 1 });
      expect(held?.id).toBe(first.id);
      return await db.transaction(async (tx) => await claimDueJobs(tx, { now, limit: 10 }));
    });

    expect(inner.map(({ id }) => id)).toEqual([second.id]);
  });

  test("does not change a job that was cancelled before it fired", async () => {
    const { db, addJob } = await setup();
    const job = await addJob({ status: "canceled" });

    await setJobFired(db, { id: job.id, status: "active", nextExecutionAt: now + 1, now });

    expect((await findJob(db, job.id))?.status).toBe("canceled");
  });

  test("keeps the first job of an idempotency key", async () => {
    const { db, addJob } = await setup();
    const { id: jobId } = await addJob();
    const key = { tokenId: "token", key: "k" };
    const row = { ...key, bodyHash: "h", jobId, instanceId: null, createdAt: now };

    expect(await insertIdempotency(db, row)).toBe(true);
    expect(await insertIdempotency(db, { ...row, bodyHash: "other" })).toBe(false);
    expect(await insertIdempotency(db, { ...row, tokenId: "another" })).toBe(true);

    expect(await findIdempotency(db, key)).toEqual({
      bodyHash: "h",
      jobId,
      instanceId: null,
    });
    expect(await findIdempotency(db, { ...key, key: "x" })).toBeUndefined();
  });
});
