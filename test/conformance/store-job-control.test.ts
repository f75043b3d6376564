import { randomUUID } from "node:crypto";
import {
  advanceExceptionState,
  changeJob,
  claimJobsBehind,
  claimJobsToReview,
  claimWaitingStarts,
  deleteExceptionRule,
  deleteJob,
  deleteOldMissedOccurrences,
  deleteWaitingStart,
  findExceptionRule,
  findJob,
  findJobIdByName,
  findWaitingStart,
  insertExceptionRule,
  insertIdempotency,
  insertInstance,
  insertJob,
  insertMissedOccurrences,
  insertWaitingStart,
  listExceptionRules,
  listJobs,
  listMissedOccurrences,
  listOpenInstanceIdsOfJob,
  listPastDueJobs,
  lockJob,
  postponeWaitingStart,
  purgeDeletedJobs,
  queueOccurrence,
  readExceptions,
  reviewWaitingStarts,
  setJobFired,
  trimMissedOccurrences,
  updateExceptionRule,
  updateInstance,
  type ExceptionRuleRow,
  type MissedOccurrences,
  withdrawWaitingStart,
  type WaitingStart,
} from "@courier/store";
import { expect, test } from "vitest";
import { at, newInstance, newJob, now, onEachDatabase, only } from "./store-fixture.ts";

const page = { page: 1, size: 10 };

function rule(change: Partial<ExceptionRuleRow> = {}): ExceptionRuleRow {
  const id = randomUUID();
  return {
    id,
    name: `rule ${id}`,
    description: "why",
    rrule: "RRULE:FREQ=DAILY",
    duration: 60,
    timeZone: "UTC",
    anchoredAt: now,
    createdAt: now,
    updatedAt: now,
    updatedBy: "token",
    ...change,
  };
}

function waiting(jobId: string, change: Partial<WaitingStart> = {}): WaitingStart {
  return {
    id: randomUUID(),
    jobId,
    nominalAt: -now,
    askedBy: "token",
    ignoresExceptions: false,
    notBefore: now,
    reason: "freeze",
    createdAt: now,
    ...change,
  };
}

function missed(jobId: string, change: Partial<MissedOccurrences> = {}): MissedOccurrences {
  return {
    jobId,
    cause: "exception",
    reason: "blocked by freeze",
    firstAt: now - 10,
    lastAt: now - 5,
    count: 2,
    recordedAt: now,
    ...change,
  };
}

onEachDatabase("global exceptions", (setup) => {
  test("are stored, found by id and name, listed newest first, changed and deleted", async () => {
    const { db } = await setup();
    const first = rule({ name: "first" });
    const second = rule({ name: "second", createdAt: now + 1 });

    expect(await insertExceptionRule(db, first)).toBe(true);
    expect(await insertExceptionRule(db, second)).toBe(true);
    expect(await insertExceptionRule(db, rule({ name: "first" }))).toBe(false);
    const changed = { ...first, name: "renamed", duration: 5, updatedAt: now + 2 };
    expect(await updateExceptionRule(db, changed)).toBe(true);
    expect(await updateExceptionRule(db, rule())).toBe(false);

    expect(await findExceptionRule(db, first.id)).toEqual(changed);
    expect(await findExceptionRule(db, "renamed")).toEqual(changed);
    expect((await listExceptionRules(db, page)).items).toEqual([second, changed]);
    expect(await deleteExceptionRule(db, second.id)).toBe(true);
    expect(await deleteExceptionRule(db, second.id)).toBe(false);
    expect((await listExceptionRules(db, page)).total).toBe(1);
  });

  test("cost a database without any one row, and come with the version of their state", async () => {
    const { db } = await setup();
    const before = await readExceptions(db);
    const row = rule();
    await db.transaction(async (tx) => {
      await advanceExceptionState(tx, now);
      await insertExceptionRule(tx, row);
    });

    expect(before).toEqual({ version: 0, since: 0, rules: [] });
    expect(await readExceptions(db)).toEqual({ version: 1, since: now, rules: [row] });
  });

  test("leave active jobs behind until each was computed again, in batches that may stop anywhere", async () => {
    const { db, addJob } = await setup();
    const jobs = [await addJob(), await addJob(), await addJob()];
    await addJob({ status: "inactive" });
    await db.transaction(async (tx) => await advanceExceptionState(tx, now));
    const batches: string[][] = [];
    for (let turn = 0; turn < 3; turn += 1) {
      await db.transaction(async (tx) => {
        const behind = await claimJobsBehind(tx, { version: 1, limit: 2 });
        batches.push(behind.map(({ id }) => id));
        for (const { id, status, nextExecutionAt } of behind) {
          await setJobFired(tx, { id, status, nextExecutionAt, exceptionsVersion: 1, now });
        }
      });
    }

    const [one, two, three] = jobs.map(({ id }) => id);
    expect(batches).toEqual([[one, two], [three], []]);
  });

  test("keep the time of the first change while a job does not know it", async () => {
    const { db, addJob } = await setup();
    const job = await addJob();
    const states: [number, number][] = [];
    const changeAt = async (time: number): Promise<void> => {
      await db.transaction(async (tx) => await advanceExceptionState(tx, time));
      const { version, since } = await readExceptions(db);
      states.push([version, since]);
    };
    await changeAt(now);
    await changeAt(now + 1);
    const { id, status, nextExecutionAt } = job;
    await setJobFired(db, { id, status, nextExecutionAt, exceptionsVersion: 2, now });
    await changeAt(now + 2);

    expect(states).toEqual([
      [1, now],
      [2, now],
      [3, now + 2],
    ]);
  });

  test("name the jobs that are to be looked at again", async () => {
    const { db, addJob } = await setup();
    const blocked = await addJob({ nextExecutionAt: null, reviewAt: now, blocked: '[{"a":1}]' });
    await addJob({ nextExecutionAt: null, reviewAt: now + 1 });
    await addJob({ status: "inactive", reviewAt: now });

    const review = await db.transaction(
      async (tx) => await claimJobsToReview(tx, { now, limit: 9 }),
    );

    expect(review).toEqual([blocked]);
  });
});

onEachDatabase("changes of jobs", (setup) => {
  test("make the version grow, and replace only what they name", async () => {
    const { db, addJob } = await setup();
    const job = await addJob();

    await db.transaction(async (tx) => {
      const locked = await lockJob(tx, job.id);
      await changeJob(tx, {
        id: locked?.id ?? "",
        set: { name: "new", queuedAt: 7 },
        now: now + 1,
      });
    });

    const changed = { ...job, name: "new", queuedAt: 7, version: 2, updatedAt: now + 1 };
    expect(await findJob(db, job.id)).toEqual(changed);
    expect(await findJobIdByName(db, "new")).toBe(job.id);
    expect(await db.transaction(async (tx) => await lockJob(tx, "none"))).toBeUndefined();
  });

  test("that delete a job free its name and leave its instances", async () => {
    const { db, addJob } = await setup();
    const job = await addJob({ name: "deploy" });
    const instance = newInstance(job.id);
    await insertInstance(db, { instance, groups: [] });

    await deleteJob(db, { id: job.id, status: "canceled", now });

    expect(await findJob(db, job.id)).toBeUndefined();
    expect((await listJobs(db, page)).total).toBe(0);
    expect(await insertJob(db, newJob({ name: "deploy" }))).toEqual({ ok: true });
    expect(await listOpenInstanceIdsOfJob(db, job.id)).toEqual([instance.id]);
  });

  test("are purged when nothing belongs to the job any more", async () => {
    const { db, addJob } = await setup();
    const [kept, gone] = [await addJob(), await addJob()];
    await insertInstance(db, { instance: newInstance(kept.id), groups: [] });
    const key = { tokenId: "t", key: "k", bodyHash: "h", instanceId: null, createdAt: now };
    await insertIdempotency(db, { ...key, jobId: gone.id });
    await insertMissedOccurrences(db, [missed(gone.id)]);
    for (const { id } of [kept, gone]) await deleteJob(db, { id, status: "canceled", now });

    const early = await purgeDeletedJobs(db, { before: now, limit: 9 });
    const late = await purgeDeletedJobs(db, { before: now + 1, limit: 9 });

    expect([early, late]).toEqual([0, 1]);
    expect((await listMissedOccurrences(db, { ...page, jobId: gone.id })).total).toBe(0);
  });
});

onEachDatabase("past-due jobs", (setup) => {
  test("are those that were due, that an exception holds back, or that wait for an instance", async () => {
    const { db, addJob } = await setup();
    const rule = { scheduleRule: "RRULE:FREQ=DAILY" };
    const late = await addJob({ ...rule, nextExecutionAt: now - 5 });
    const held = await addJob({ nextExecutionAt: now + 100, createdAt: now - 1 });
    const queued = await addJob({ ...rule, nextExecutionAt: now + 200 });
    await queueOccurrence(db, { id: queued.id, nominalAt: now - 2 });
    const asked = await addJob({ ...rule, nextExecutionAt: null, status: "completed" });
    await insertWaitingStart(db, waiting(asked.id));
    await addJob({ ...rule, nextExecutionAt: now + 1 });
    await addJob({ ...rule, nextExecutionAt: now - 1, status: "inactive" });
    const deleted = await addJob({ ...rule, nextExecutionAt: now - 1 });
    await deleteJob(db, { id: deleted.id, status: "canceled", now });

    const { items, total } = await listPastDueJobs(db, { ...page, deadline: now });

    expect(total).toBe(4);
    expect(new Set(items.map(({ id }) => id))).toEqual(
      new Set([late.id, held.id, queued.id, asked.id]),
    );
  });
});

onEachDatabase("waiting starts", (setup) => {
  test("are one per job, and found by job and by id", async () => {
    const { db, addJob } = await setup();
    const { id: jobId } = await addJob();
    const start = waiting(jobId, { ignoresExceptions: true, notBefore: null });

    expect(await insertWaitingStart(db, start)).toBe(true);
    expect(await insertWaitingStart(db, waiting(jobId))).toBe(false);

    expect(await findWaitingStart(db, { jobId })).toEqual(start);
    expect(await findWaitingStart(db, { id: start.id })).toEqual(start);
    await deleteWaitingStart(db, jobId);
    expect(await findWaitingStart(db, { jobId })).toBeUndefined();
  });

  test("are withdrawn by the id of their instance, once", async () => {
    const { db, addJob } = await setup();
    const { id: jobId } = await addJob();
    const start = waiting(jobId);
    await insertWaitingStart(db, start);

    expect(await withdrawWaitingStart(db, jobId)).toBe(false);
    expect(await withdrawWaitingStart(db, start.id)).toBe(true);
    expect(await withdrawWaitingStart(db, start.id)).toBe(false);
    expect(await findWaitingStart(db, { jobId })).toBeUndefined();
  });

  test("are due at their time, or when no instance of their job is open", async () => {
    const { db, addJob } = await setup();
    const [timed, early, blocked] = [await addJob(), await addJob(), await addJob()];
    const instance = newInstance(blocked.id);
    await insertInstance(db, { instance, groups: [] });
    const starts = [
      waiting(timed.id),
      waiting(early.id, { notBefore: now + 1 }),
      waiting(blocked.id, { notBefore: null }),
    ];
    for (const start of starts) await insertWaitingStart(db, start);
    const claim = async (): Promise<string[]> =>
      await db.transaction(async (tx) =>
        (await claimWaitingStarts(tx, { now, limit: 9 })).map(({ jobId }) => jobId),
      );

    const first = await claim();
    const set = { status: "success", finishedAt: now } as const;
    await updateInstance(db, { id: instance.id, from: ["running"], set, now });
    const second = await claim();
    await reviewWaitingStarts(db, now);
    const third = await claim();
    await postponeWaitingStart(db, { id: at(starts, 0).id, notBefore: now + 9, reason: "later" });
    const fourth = await claim();

    expect(first).toEqual([timed.id]);
    expect(second).toEqual([timed.id, blocked.id]);
    expect(third).toEqual([timed.id, early.id, blocked.id]);
    expect(fourth).toEqual([early.id, blocked.id]);
  });
});

onEachDatabase("missed occurrences", (setup) => {
  test("are listed newest first, per job", async () => {
    const { db } = await setup();
    const rows = [missed("a"), missed("b"), missed("a", { cause: "overlapPolicy", count: 1 })];
    await insertMissedOccurrences(db, rows);

    const listed = await listMissedOccurrences(db, { ...page, jobId: "a" });

    expect(listed).toEqual({ items: [rows[2], rows[0]], total: 2 });
  });

  test("are kept for a time, and a thousand per job", async () => {
    const { db } = await setup();
    await insertMissedOccurrences(db, [missed("old", { recordedAt: now - 9 })]);
    for (let part = 0; part < 11; part += 1) {
      const rows = Array.from({ length: 100 }, (_, index) =>
        missed("busy", { firstAt: part * 100 + index }),
      );
      await insertMissedOccurrences(db, rows);
    }

    expect(await deleteOldMissedOccurrences(db, { before: now, limit: 9 })).toBe(1);
    expect(await trimMissedOccurrences(db, { since: now, limit: 60 })).toBe(60);
    expect(await trimMissedOccurrences(db, { since: now, limit: 60 })).toBe(40);
    expect(await trimMissedOccurrences(db, { since: now, limit: 60 })).toBe(0);
    const oldest = await listMissedOccurrences(db, { page: 1000, size: 1, jobId: "busy" });
    expect(oldest.total).toBe(1000);
    expect(only(oldest.items).firstAt).toBe(100);
  });
});
