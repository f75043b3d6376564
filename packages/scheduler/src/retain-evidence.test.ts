import {
  archiveName,
  insertEvidence,
  listEvidence,
  TableArchives,
  type ArchiveStore,
} from "@courier/store";
import { SchedulerBench, temporaryDatabase, type TemporaryDatabase } from "@courier/testkit";
import { pino } from "pino";
import { afterEach, beforeEach, expect, test } from "vitest";
import { evidenceRetentionMs, orphanedArchiveMs } from "./limits.ts";
import { deleteExpiredEvidence, sweepArchives } from "./retain-evidence.ts";

const day = 24 * 60 * 60 * 1000;
const now = 1_800_000_000_000;

let temporary: TemporaryDatabase;
let bench: SchedulerBench;
let archives: ArchiveStore;
let runId: string;

beforeEach(async () => {
  temporary = await temporaryDatabase("sqlite");
  bench = new SchedulerBench({ db: temporary.database, log: pino({ level: "silent" }) });
  await bench.start(1);
  archives = new TableArchives(temporary.database);
  runId = (await bench.runOf(await bench.fire({ groups: [{ nodes: [0] }] }), 0)).id;
});

afterEach(async () => {
  await bench.dispose();
  await temporary.dispose();
});

/** An archive with bytes, and its record unless it is an orphan. */
async function addArchive(
  attempt: number,
  storedAt: number,
  options: { readonly isOrphan?: boolean } = {},
): Promise<string> {
  const archive = archiveName({ runId, token: 1, stepNumber: 1, attempt });
  await archives.append(archive, { offset: 0, data: Buffer.from("bytes"), now: storedAt });
  if (options.isOrphan === true) return archive;
  const row = { stepNumber: 1, attempt, archive, sha256: "", sizeBytes: 5, storedAt };
  await insertEvidence(temporary.database, { runId, ...row });
  return archive;
}

test("deletes artifacts with their bytes when they have been kept long enough", async () => {
  const old = await addArchive(1, now - evidenceRetentionMs - 1);
  const young = await addArchive(2, now - day);

  const deletedCount = await deleteExpiredEvidence(temporary.database, { archives, now });

  expect(deletedCount).toBe(1);
  expect(await archives.receivedBytes(old)).toBe(0);
  expect(await archives.receivedBytes(young)).toBe(5);
  expect(await listEvidence(temporary.database, { runId })).toMatchObject([{ attempt: 2 }]);
});

test("sweeps bytes that belong to no attempt once no node can be handing them in", async () => {
  const abandoned = await addArchive(1, now - orphanedArchiveMs - 1, { isOrphan: true });
  const arriving = await addArchive(2, now - day, { isOrphan: true });
  const kept = await addArchive(3, now - 10 * day);

  const next = await sweepArchives(temporary.database, { archives, now, cursor: "" });

  expect(next).toBe("");
  expect(await archives.receivedBytes(abandoned)).toBe(0);
  expect(await archives.receivedBytes(arriving)).toBe(5);
  expect(await archives.receivedBytes(kept)).toBe(5);
});
