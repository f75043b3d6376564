import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { canonicaliseTemplate } from "@courier/core";
import {
  changeJob,
  findJob,
  insertJob,
  listInstances,
  listMissedOccurrences,
  lockJob,
  openDatabase,
  type Database,
  type Db,
} from "@courier/store";
import { startPostgresServer, whyUnavailable } from "@courier/testkit";
import { expect, it, onTestFinished } from "vitest";
import { Random } from "../simulation/random.ts";
import { Member } from "./survival-member.ts";
import { until } from "./until.ts";

/** COURIER_KILL_SEED replays the kills of one seed, as far as processes can be replayed. */
const seed = Number(process.env["COURIER_KILL_SEED"] ?? 20_261_125);

/** Servers killed while the jobs recur: every second one occurrence each. */
const killCount = 12;

const overlapPolicies = ["allow", "allow", "queue", "queue", "skip", "skip"] as const;

// Two things hold this, and each alone is enough: that a due job is claimed by one transaction, and that (job, nominal time) is
// unique. The test turns red without both; what each does alone is held by store-jobs.test.ts and store-instances.test.ts.
const reason = whyUnavailable("postgres");

it.skipIf(reason !== undefined)(
  `two servers on one PostgreSQL, killed at random with seed ${seed}, fire each occurrence once or record that it was left out${reason === undefined ? "" : `: left out, ${reason}`}`,
  async () => {
    const { db, servers } = await twoServers();
    const firstAt = Math.ceil(Date.now() / 1_000) * 1_000 + 2_000;
    const jobIds = await addRecurringJobs(db, firstAt);

    await until("the jobs recur", () => haveOccurredAfter(db, jobIds, firstAt));
    await killAtRandom(servers);
    const lastKillAt = Date.now();
    await until("they still do", () => haveOccurredAfter(db, jobIds, lastKillAt));
    await db.transaction((tx) => deactivate(tx, jobIds));
    await until("all instances are over", () => isOver(db, jobIds));

    for (const jobId of jobIds) {
      const times = await recorded(db, jobId);
      expect(times).toEqual(times.map((_, n) => firstAt + n * 1_000));
      expect(times.at(-1)).toBeGreaterThan(lastKillAt);
    }
    for (const server of servers) await server.end("SIGTERM");
    expect(servers.map(({ log }) => errorsIn(log))).toEqual([[], []]);
  },
);

interface Two {
  readonly db: Database;
  readonly servers: readonly Member[];
}

async function twoServers(): Promise<Two> {
  const directory = await mkdtemp(join(tmpdir(), "courier-two-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const postgres = await startPostgresServer();
  onTestFinished(() => postgres.dispose());
  const servers = ["one", "two"].map((name) => {
    const args = ["start", "--listen", "127.0.0.1:0", "--data-dir", join(directory, name)];
    const member = new Member({
      program: "courier-server",
      args: [...args, "--database-url", postgres.url],
      ...{ env: {}, readyField: "url" },
    });
    onTestFinished(() => member.retire());
    member.start();
    return member;
  });
  for (const server of servers) await server.ready();
  const db = await openDatabase({ databaseUrl: postgres.url, poolSize: 2 });
  onTestFinished(() => db.close());
  return { db, servers };
}

/** Jobs as the service stores them; a target without nodes, which succeeds at once, keeps machines out of it. */
async function addRecurringJobs(db: Database, firstAt: number): Promise<string[]> {
  const start = new Date(firstAt).toISOString().slice(0, 19).replaceAll(/[-:]/g, "");
  const scheduleRule = `DTSTART:${start}Z\nRRULE:FREQ=SECONDLY`;
  const ids: string[] = [];
  for (const overlapPolicy of overlapPolicies) {
    const id = randomUUID();
    const template = canonicaliseTemplate({
      ...{ name: id, scheduleRule, overlapPolicy },
      target: {
        executionType: "sequential",
        groups: [{ nodeListType: "filter", filter: { constraints: {} }, onEmpty: "succeed" }],
      },
      actions: { steps: [nothing] },
    });
    await insertJob(db, {
      ...{ id, name: id, description: "", status: "active", scheduleRule },
      ...{ template: JSON.stringify(template), nextExecutionAt: firstAt },
      ...{ createdAt: firstAt, updatedAt: firstAt, createdBy: "test" },
    });
    ids.push(id);
  }
  return ids;
}

const nothing = {
  name: "nothing",
  interpreter: { name: "chef-platform/shell-interpreter" },
  command: { linux: ["true"] },
};

/** Kills one server after the other, now and then before the other is back. */
async function killAtRandom(servers: readonly Member[]): Promise<void> {
  const random = new Random(seed);
  for (let kill = 0; kill < killCount; kill += 1) {
    await delay(random.between(100, 1_500));
    const server = random.pick(servers);
    const isBack = random.chance(0.7);
    if (isBack) await server.ready();
    await server.end("SIGKILL");
    server.start();
  }
  for (const server of servers) await server.ready();
}

/** True when each job has fired or left out an occurrence after an instant (Unix ms). */
async function haveOccurredAfter(
  db: Database,
  jobIds: readonly string[],
  instant: number,
): Promise<true | undefined> {
  const last = await Promise.all(jobIds.map(async (id) => (await recorded(db, id)).at(-1) ?? 0));
  return last.every((at) => at > instant) ? true : undefined;
}

/** The schedules end; what is queued still starts. */
async function deactivate(tx: Db, jobIds: readonly string[]): Promise<void> {
  for (const id of jobIds) {
    await lockJob(tx, id);
    const set = { status: "inactive", nextExecutionAt: null } as const;
    await changeJob(tx, { id, set, now: Date.now() });
  }
}

async function isOver(db: Database, jobIds: readonly string[]): Promise<true | undefined> {
  for (const jobId of jobIds) {
    if ((await findJob(db, jobId))?.queuedAt !== null) return undefined;
    const { items } = await listInstances(db, { jobId, page: 1, size: 1_000 });
    if (items.some(({ finishedAt }) => finishedAt === null)) return undefined;
  }
  return true;
}

/** Every nominal time of a job that is in the database, fired or left out, as often as it is there. */
async function recorded(db: Database, jobId: string): Promise<number[]> {
  const page = { jobId, page: 1, size: 1_000 };
  const fired = (await listInstances(db, page)).items.map(({ nominalAt }) => nominalAt);
  const missed = (await listMissedOccurrences(db, page)).items.flatMap(({ firstAt, count }) =>
    Array.from({ length: count }, (_, n) => firstAt + n * 1_000),
  );
  return [...fired, ...missed].toSorted((a, b) => a - b);
}

function errorsIn(log: string): string[] {
  return log.split("\n").filter((line) => /"level":(?:50|60|"error"|"fatal")/.test(line));
}
