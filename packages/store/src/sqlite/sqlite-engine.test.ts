import { migrations } from "../migrations/migrate.ts";
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { DatabaseHandle } from "../handle.ts";
import { insertSettingIfAbsent, readSetting } from "../settings.ts";
import { openSqliteEngine, type SqliteEngine } from "./sqlite-engine.ts";

test("makes a directory and files that only their owner can read", async () => {
  const parent = await temporaryDirectory();
  const dataDir = join(parent, "a", "b");
  const { engine } = await open(dataDir);
  await insertSettingIfAbsent(new DatabaseHandle(engine), "key", "value");

  const names = (await readdir(dataDir)).toSorted();
  const modes = await Promise.all(names.map(async (name) => await modeOf(join(dataDir, name))));

  expect(names).toEqual([
    "courier.db",
    "courier.db-shm",
    "courier.db-wal",
    "courier.lock",
    "courier.pid",
  ]);
  expect(new Set(modes)).toEqual(new Set(["600"]));
  expect(await modeOf(dataDir)).toBe("700");
});

test("runs with a write-ahead log, full synchronisation and foreign keys", async () => {
  const { engine } = await open(await temporaryDirectory());
  const pragmas = ["journal_mode", "synchronous", "foreign_keys"];

  const values = pragmas.map((name) => engine.connection.all(`PRAGMA ${name}`, []));

  expect(values).toMatchObject([
    [{ journal_mode: "wal" }],
    [{ synchronous: 2 }],
    [{ foreign_keys: 1 }],
  ]);
});

test("refuses a directory that this process has open already, and keeps its lock", async () => {
  const dataDir = await temporaryDirectory();
  const { database } = await open(dataDir);

  await expect(openSqliteEngine(dataDir)).rejects.toThrow(`in use by process ${process.pid}`);
  await expect(openSqliteEngine(dataDir)).rejects.toThrow(`in use by process ${process.pid}`);
  expect(await insertSettingIfAbsent(database, "key", "value")).toBe("value");
});

test("refuses a directory whose owner is just writing its pid", async () => {
  const dataDir = await temporaryDirectory();
  await open(dataDir);
  await writeFile(join(dataDir, "courier.pid"), "");

  await expect(openSqliteEngine(dataDir)).rejects.toThrow("in use by process (unknown)");
});

test("refuses a directory that cannot be made", async () => {
  await expect(openSqliteEngine("/etc/passwd/nowhere")).rejects.toMatchObject({
    code: "STORE_UNAVAILABLE",
  });
});

test("refuses a file that is no database, and lets go of the directory", async () => {
  const dataDir = await temporaryDirectory();
  await writeFile(join(dataDir, "courier.db"), "this is not a database".repeat(100));

  await expect(openSqliteEngine(dataDir)).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });

  await rm(join(dataDir, "courier.db"));
  await open(dataDir);
});

test("refuses a schema that is newer than this build", async () => {
  const dataDir = await temporaryDirectory();
  const { engine } = await open(dataDir);
  const known = migrations.length;
  engine.connection.run(`INSERT INTO schema_migrations VALUES (${known + 1}, 'future', 'x')`, []);
  await engine.close();

  await expect(openSqliteEngine(dataDir)).rejects.toMatchObject({
    code: "STORE_UNAVAILABLE",
    message: `the database has schema ${known + 1}, this build knows schemas up to ${known}: start a newer courier-server`,
  });
});

test("refuses a schema whose past differs from this build's", async () => {
  const dataDir = await temporaryDirectory();
  const { engine } = await open(dataDir);
  engine.connection.run("UPDATE schema_migrations SET checksum = 'x'", []);
  await engine.close();

  await expect(openSqliteEngine(dataDir)).rejects.toThrow("migration 1 (initial) of the database");
});

test("fails a transaction when the disk is full, keeps nothing of it, and goes on when there is room", async () => {
  const { engine, database } = await open(await temporaryDirectory());
  const [{ page_count: pages } = { page_count: 0 }] = engine.connection.all(
    "PRAGMA page_count",
    [],
  ) as {
    page_count: number;
  }[];
  engine.connection.exec(`PRAGMA max_page_count = ${pages + 10}`);
  const large = "x".repeat(20_000);

  const filling = database.transaction(async (tx) => {
    for (let index = 0; index < 10; index += 1) {
      await insertSettingIfAbsent(tx, `key ${index}`, large);
    }
  });

  await expect(filling).rejects.toMatchObject({
    code: "STORE_UNAVAILABLE",
    message: "the database failed: database or disk is full",
    cause: { errcode: 13 },
  });
  expect(await readSetting(database, "key 0")).toBeUndefined();
  await expect(
    insertSettingIfAbsent(database, "single", "x".repeat(100_000)),
  ).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });

  engine.connection.exec("PRAGMA max_page_count = 1000000");

  expect(await insertSettingIfAbsent(database, "key 0", large)).toBe(large);
});

async function open(dataDir: string): Promise<{ engine: SqliteEngine; database: DatabaseHandle }> {
  const engine = await openSqliteEngine(dataDir);
  onTestFinished(async () => await engine.close());
  return { engine, database: new DatabaseHandle(engine) };
}

async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "courier-store-"));
  onTestFinished(async () => await rm(directory, { recursive: true, force: true }));
  return directory;
}

async function modeOf(path: string): Promise<string> {
  return ((await stat(path)).mode & 0o777).toString(8);
}
