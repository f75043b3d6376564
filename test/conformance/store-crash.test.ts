import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { fileURLToPath } from "node:url";
import { listAudit, openDatabase } from "@courier/store";
import { expect, onTestFinished, test } from "vitest";

test("refuses a data directory that another process owns and names that process", async () => {
  const { dataDir, child, lines } = await startWriter();
  await readUntil(lines, "ready");

  await expect(openDatabase({ dataDir })).rejects.toMatchObject({
    code: "STORE_UNAVAILABLE",
    message: `the data directory "${dataDir}" is in use by process ${child.pid}: stop it first, or choose another directory`,
  });
});

test("has everything that was committed when its process is killed, and nothing by half", async () => {
  const { dataDir, child, lines } = await startWriter();
  await readUntil(lines, "200");
  child.kill("SIGKILL");
  const lastPrinted = await lastOf(lines);

  const database = await openDatabase({ dataDir });
  onTestFinished(async () => await database.close());

  const { items, total } = await listAudit(database, { page: 1, size: 2 });
  expect(total).toBeGreaterThanOrEqual(lastPrinted * 2);
  expect(total % 2).toBe(0);
  expect(items.map(({ object, actor }) => `${object} ${actor}`)).toEqual([
    `${total / 2} second`,
    `${total / 2} first`,
  ]);
});

/** The writer uses the built package, as a server does. */
async function startWriter(): Promise<{
  dataDir: string;
  child: ChildProcess;
  lines: AsyncIterator<string>;
}> {
  const dataDir = await mkdtemp(join(tmpdir(), "courier-store-"));
  const program = fileURLToPath(new URL("store-writer-process.mjs", import.meta.url));
  const child = spawn(process.execPath, [program, dataDir], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await exited;
    await rm(dataDir, { recursive: true, force: true });
  });
  const lines: Interface = createInterface({ input: child.stdout });
  return { dataDir, child, lines: lines[Symbol.asyncIterator]() };
}

async function readUntil(lines: AsyncIterator<string>, wanted: string): Promise<void> {
  for (;;) {
    const { value, done } = await lines.next();
    if (done === true) throw new Error(`the writer ended before it printed "${wanted}"`);
    if (value === wanted) return;
  }
}

async function lastOf(lines: AsyncIterator<string>): Promise<number> {
  let last = 0;
  for (;;) {
    const { value, done } = await lines.next();
    if (done === true) return last;
    // A line without its end may be cut in the middle of its number, which then is smaller: still a lower bound.
    last = Math.max(last, Number(value));
  }
}
