import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { JournalFile } from "./journal-file.ts";
import type { JournalRecord } from "./journal-record.ts";

let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "journal-"));
  path = join(directory, "journal.jsonl");
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

function acked(n: number): JournalRecord {
  return { type: "acked", runId: `run-${n}`, token: n };
}

async function opened(): Promise<{ journal: JournalFile; records: readonly JournalRecord[] }> {
  return await JournalFile.open(path, () => []);
}

test("gives back what was appended, in order, under the same id", async () => {
  const { journal, records } = await opened();
  await Promise.all([1, 2, 3].map((n) => journal.append([acked(n)])));
  await journal.close();

  const again = await opened();

  expect(records).toEqual([]);
  expect(again.records).toEqual([acked(1), acked(2), acked(3)]);
  expect(again.journal.journalId).toBe(journal.journalId);
  await again.journal.close();
});

test("forgets a torn last line wherever it was torn, and appends behind what is whole", async () => {
  const { journal } = await opened();
  await journal.append([acked(1)]);
  const wholeBytes = statSync(path).size;
  await journal.append([acked(2)]);
  await journal.close();
  const full = readFileSync(path);

  for (let bytes = full.length - 1; bytes >= wholeBytes; bytes -= 1) {
    truncateSync(path, bytes);
    const torn = await opened();
    await torn.journal.append([acked(3)]);
    await torn.journal.close();
    const after = await opened();
    await after.journal.close();
    expect(after.records).toEqual([acked(1), acked(3)]);
    truncateSync(path, wholeBytes);
    appendFileSync(path, full.subarray(wholeBytes));
  }
});

test("a journal whose first line was torn is a new journal", async () => {
  const { journal } = await opened();
  await journal.close();
  truncateSync(path, 10);

  const again = await opened();

  expect(again.journal.journalId).not.toBe(journal.journalId);
  await again.journal.close();
});

test("refuses a journal that is damaged in the middle", async () => {
  const { journal } = await opened();
  await journal.close();
  appendFileSync(path, "garbage\n");

  await expect(opened()).rejects.toThrow("journal line 2 is damaged");
});

test("is rewritten with what is alive when it has grown", async () => {
  const live = [acked(7)];
  const { journal } = await JournalFile.open(path, () => live);
  const padding = "x".repeat(1000);
  for (let n = 0; n < 400; n += 1) {
    await journal.append([{ type: "acked", runId: padding, token: n }]);
  }
  live.push(acked(8));
  await journal.append([acked(8)]);
  await journal.close();

  const again = await opened();

  expect(statSync(path).size).toBeLessThan(200_000);
  expect(again.records[0]).toEqual(acked(7));
  expect(again.records.at(-1)).toEqual(acked(8));
  expect(again.journal.journalId).toBe(journal.journalId);
  await again.journal.close();
});
