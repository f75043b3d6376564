import { mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  appendOutput,
  archiveName,
  deleteEndedInstances,
  deleteOldEvidence,
  FileArchives,
  findRun,
  insertEvidence,
  listEvidence,
  listOutputExtents,
  listRecordedArchives,
  listSteps,
  readOutputPiece,
  TableArchives,
  updateInstance,
  upsertSteps,
  type ArchiveStore,
  type Database,
  type StepUpsert,
} from "@courier/store";
import { describe, expect, onTestFinished, test } from "vitest";
import { at, now, onEachDatabase, only, type StoreFixture } from "./store-fixture.ts";

const sha256 = "a".repeat(64);

async function addRun(
  fixture: StoreFixture,
): Promise<{ runId: string; nodeId: string; instanceId: string }> {
  const nodeId = only(await fixture.addNodes(1));
  const { id, runs } = await fixture.addInstance([[nodeId]]);
  return { runId: only(at(runs, 0)).id, nodeId, instanceId: id };
}

async function addEvidence(
  db: Database,
  evidence: { readonly runId: string; readonly attempt?: number; readonly storedAt?: number },
): Promise<string> {
  const { runId, attempt = 1, storedAt = now } = evidence;
  const archive = archiveName({ runId, token: 1, stepNumber: 1, attempt });
  const row = { stepNumber: 1, attempt, archive, sha256, sizeBytes: 100, storedAt };
  await insertEvidence(db, { runId, ...row });
  return archive;
}

onEachDatabase("evidence", (setup) => {
  test("is recorded once, and only for runs that exist", async () => {
    const fixture = await setup();
    const { runId } = await addRun(fixture);

    const archive = await addEvidence(fixture.db, { runId });
    await addEvidence(fixture.db, { runId, storedAt: now + 5 });
    await addEvidence(fixture.db, { runId, attempt: 2 });
    await addEvidence(fixture.db, { runId: crypto.randomUUID() });

    const second = archiveName({ runId, token: 1, stepNumber: 1, attempt: 2 });
    expect(await listEvidence(fixture.db, { runId })).toEqual([
      { stepNumber: 1, attempt: 1, archive, sha256, sizeBytes: 100, storedAt: now },
      { stepNumber: 1, attempt: 2, archive: second, sha256, sizeBytes: 100, storedAt: now },
    ]);
    expect(await listEvidence(fixture.db, { runId, stepNumber: 1, attempt: 2 })).toHaveLength(1);
    expect(await listRecordedArchives(fixture.db, [archive, "other"])).toEqual(new Set([archive]));
  });

  test("is forgotten when it is old, or when there is too much, oldest first", async () => {
    const fixture = await setup();
    const { runId } = await addRun(fixture);
    const archives: string[] = [];
    for (const attempt of [1, 2, 3, 4]) {
      archives.push(await addEvidence(fixture.db, { runId, attempt, storedAt: now + attempt }));
    }
    const forget = async (before: number, bytesMax: number, limit = 10): Promise<string[]> =>
      await deleteOldEvidence(fixture.db, { before, bytesMax, limit });

    expect(await forget(now, 1000)).toEqual([]);
    expect(await forget(now + 2, 1000)).toEqual(archives.slice(0, 1));
    expect(await forget(now, 150, 1)).toEqual(archives.slice(1, 2));
    expect(await forget(now, 150)).toEqual(archives.slice(2, 3));
    expect(await forget(now, 150)).toEqual([]);
  });

  test("goes with its run", async () => {
    const fixture = await setup();
    const { runId, instanceId } = await addRun(fixture);
    const archive = await addEvidence(fixture.db, { runId });
    await fixture.db.transaction(async (tx) => {
      await updateInstance(tx, {
        ...{ id: instanceId, from: ["running"], now },
        set: { status: "success", finishedAt: now },
      });
    });

    await deleteEndedInstances(fixture.db, { finishedBefore: now + 1, limit: 1 });

    expect(await listRecordedArchives(fixture.db, [archive])).toEqual(new Set());
  });

  test("a step tells what its attempts left", async () => {
    const fixture = await setup();
    const { runId } = await addRun(fixture);
    const artifacts = [
      { attempt: 1, fileCount: 2, leftOutCount: 1, sizeBytes: 9, sha256, reason: "too\u0000large" },
    ];
    const step: StepUpsert = {
      ...{ runId, stepNumber: 1, attemptCount: 1, exitCode: 0, reason: "" },
      status: "success",
      ...{ interpreterPath: "", interpreterVersion: "", startedAt: now, finishedAt: now },
      ...{ outputBytes: 0, outputDroppedBytes: 0, updatedAt: now },
    };

    await upsertSteps(fixture.db, [
      { ...step, artifacts },
      { ...step, stepNumber: 2 },
    ]);

    expect((await listSteps(fixture.db, runId)).map((row) => row.artifacts)).toEqual([
      artifacts,
      undefined,
    ]);
  });

  test("output of one attempt is read piece by piece, in the order of its bytes", async () => {
    const fixture = await setup();
    const { runId, nodeId } = await addRun(fixture);
    const token = (await findRun(fixture.db, runId))?.token ?? 0;
    const chunk = { runId, token, stepNumber: 1, attempt: 1, stream: "stdout" } as const;
    await appendOutput(fixture.db, [
      {
        ...{ nodeId, now },
        chunks: [
          { ...chunk, offset: 3, data: Buffer.from("defg") },
          { ...chunk, offset: 0, data: Buffer.from("abc") },
          { ...chunk, attempt: 2, offset: 0, data: Buffer.from("other") },
        ],
      },
    ]);

    expect(await listOutputExtents(fixture.db, chunk)).toEqual([
      { offset: 0, bytes: 3 },
      { offset: 3, bytes: 4 },
    ]);
    const piece = await readOutputPiece(fixture.db, { ...chunk, offset: 3 });
    expect(Buffer.from(piece ?? []).toString()).toBe("defg");
    expect(await readOutputPiece(fixture.db, { ...chunk, offset: 1 })).toBeUndefined();
  });

  describe("archives as rows", () => {
    archiveCases(async () => new TableArchives((await setup()).db));
  });
});

describe("archives as files", () => {
  const directory = (): string => {
    const path = mkdtempSync(join(tmpdir(), "courier-archives-"));
    onTestFinished(() => rmSync(path, { recursive: true, force: true }));
    return path;
  };

  archiveCases(async () => await Promise.resolve(new FileArchives(join(directory(), "evidence"))));

  test("goes on behind what a crash left of the last part", async () => {
    const path = directory();
    const name = "496f0d9a.1.1.1";
    const archives = new FileArchives(path);
    await append(archives, name, ["abc", "def"]);
    truncateSync(join(path, "incoming", `${name}.part`), 4);

    const again = new FileArchives(path);
    expect(await again.receivedBytes(name)).toBe(4);
    await again.append(name, { offset: 4, data: Buffer.from("ef") });
    await again.finish(name);

    expect(await textOf(again, name)).toBe("abcdef");
    expect(readdirSync(path).toSorted()).toEqual(["49", "incoming"]);
  });

  test("a disk that cannot be written is the store being unavailable, with the reason", async () => {
    const path = directory();
    writeFileSync(join(path, "file"), "");
    const archives = new FileArchives(join(path, "file"));

    await expect(archives.append("a.1.1.1", { offset: 0, data: Buffer.from("x") })).rejects.toThrow(
      expect.objectContaining({
        code: "STORE_UNAVAILABLE",
        message: expect.stringContaining("an archive cannot be written: E") as string,
      }),
    );
  });
});

/** What every archive store promises. */
function archiveCases(open: () => Promise<ArchiveStore>): void {
  const name = archiveName({ runId: crypto.randomUUID(), token: 1, stepNumber: 1, attempt: 1 });

  test("grow part by part, each in its place only", async () => {
    const archives = await open();

    await append(archives, name, ["abc", "def"]);
    await archives.append(name, { offset: 3, data: Buffer.from("again"), now });
    await archives.append(name, { offset: 99, data: Buffer.from("far"), now });

    expect(await archives.receivedBytes(name)).toBe(6);
    expect(await textOf(archives, name)).toBe("abcdef");
  });

  test("take a part that comes twice at the same time once", async () => {
    const archives = await open();
    await append(archives, name, ["abc"]);
    const part = { offset: 3, data: Buffer.from("defghi"), now };

    await Promise.all([1, 2, 3, 4].map(async () => await archives.append(name, part)));

    expect(await textOf(archives, name)).toBe("abcdefghi");
  });

  test("are read from any place on, before and after they are finished", async () => {
    const archives = await open();
    await append(archives, name, ["abc", "def"]);

    expect(await textOf(archives, name, 4)).toBe("ef");
    await archives.finish(name);
    await archives.finish(name);

    expect(await textOf(archives, name, 2)).toBe("cdef");
    expect(await archives.receivedBytes(name)).toBe(6);
  });

  test("are listed with the time of their bytes, and gone when they are removed", async () => {
    const archives = await open();
    const names = ["a", "b", "c"].map((first) => name.replace(/^./, first));
    for (const one of names) await append(archives, one, ["abc"]);
    await archives.finish(at(names, 0));

    expect((await listAll(archives)).toSorted()).toEqual(names.toSorted());
    for (const one of names) await archives.remove(one);
    await archives.remove(at(names, 0));

    expect(await listAll(archives)).toEqual([]);
    expect(await archives.receivedBytes(at(names, 0))).toBe(0);
  });
}

async function append(
  archives: ArchiveStore,
  name: string,
  parts: readonly string[],
): Promise<void> {
  let offset = 0;
  for (const part of parts) {
    await archives.append(name, { offset, data: Buffer.from(part), now });
    offset += part.length;
  }
}

async function textOf(archives: ArchiveStore, name: string, start?: number): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of archives.read(name, start)) parts.push(part);
  return Buffer.concat(parts).toString();
}

async function listAll(archives: ArchiveStore): Promise<string[]> {
  const names: string[] = [];
  let cursor = "";
  do {
    const { archives: found, next } = await archives.list(cursor);
    for (const archive of found) {
      expect(archive.receivedAt).toBeGreaterThan(0);
      names.push(archive.name);
    }
    cursor = next;
  } while (cursor !== "");
  return names;
}
