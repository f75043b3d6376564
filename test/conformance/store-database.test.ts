import {
  type Database,
  type Db,
  insertSettingIfAbsent,
  listAudit,
  openDatabase,
  readSetting,
} from "@courier/store";
import { startPostgresServer, whyUnavailable } from "@courier/testkit";
import { describe, expect, onTestFinished, test } from "vitest";
import { onEachDatabase } from "./store-fixture.ts";

onEachDatabase("the database", (setup) => {
  test("keeps nothing of a transaction that fails", async () => {
    const { db } = await setup();
    const failure = new Error("changed my mind");

    const outcome = db.transaction(async (tx) => {
      await insertSettingIfAbsent(tx, "a", "1");
      throw failure;
    });

    await expect(outcome).rejects.toBe(failure);
    expect(await readSetting(db, "a")).toBeUndefined();
  });

  test("keeps other callers' statements out of a transaction", async () => {
    const { db } = await setup();
    const entered = signal();
    const left = signal();

    const failing = db.transaction(async (tx) => {
      await insertSettingIfAbsent(tx, "inside", "1");
      entered.fire();
      await left.fired;
      throw new Error("rolled back");
    });
    await entered.fired;
    const seenMeanwhile = await readSetting(db, "inside");
    const outside = insertSettingIfAbsent(db, "outside", "2");
    left.fire();

    await expect(failing).rejects.toThrow("rolled back");
    await outside;
    expect(seenMeanwhile).toBeUndefined();
    expect(await readSetting(db, "inside")).toBeUndefined();
    expect(await readSetting(db, "outside")).toBe("2");
  });

  test("reads what a transaction has written only through it, until it commits", async () => {
    const { db } = await setup();

    const seen = await db.transaction(async (tx) => {
      await insertSettingIfAbsent(tx, "a", "1");
      return [await readSetting(tx, "a"), await readSetting(db, "a")];
    });

    expect(seen).toEqual(["1", undefined]);
    expect(await readSetting(db, "a")).toBe("1");
  });

  test("refuses a transaction that is used after its end", async () => {
    const { db } = await setup();
    let leaked: Db | undefined;
    await db.transaction(async (tx) => {
      leaked = tx;
    });

    await expect(insertSettingIfAbsent(leaked ?? db, "a", "1")).rejects.toThrow("has ended");
  });

  test("goes on after a statement that failed", async () => {
    const { db } = await setup();
    const tooBig = db.transaction(async (tx) => await listAudit(tx, { page: 1, size: -1e300 }));

    await expect(tooBig).rejects.toThrow();
    await db.ping();
    expect(await insertSettingIfAbsent(db, "a", "1")).toBe("1");
  });

  test("opens again with its data, and can be closed twice", async () => {
    const { db, options } = await setup();
    await insertSettingIfAbsent(db, "a", "1");
    await db.close();
    await db.close();
    await expect(db.ping()).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    await expect(db.transaction(async () => {})).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
    });

    const again = await openDatabase(options);
    onTestFinished(async () => await again.close());

    expect(await readSetting(again, "a")).toBe("1");
  });

  test("waits for the running transaction when it is closed", async () => {
    const { db, options } = await setup();
    const entered = signal();
    const writing = db.transaction(async (tx) => {
      entered.fire();
      await insertSettingIfAbsent(tx, "a", "1");
      await insertSettingIfAbsent(tx, "b", "2");
    });
    await entered.fired;

    await Promise.all([writing, db.close()]);

    const again = await openDatabase(options);
    onTestFinished(async () => await again.close());
    expect(await readSetting(again, "b")).toBe("2");
  });
});

const reason = whyUnavailable("postgres");
const title = reason === undefined ? "a PostgreSQL server" : `a PostgreSQL server: ${reason}`;

describe.skipIf(reason !== undefined)(title, () => {
  test("may be migrated by several processes at once", async () => {
    const server = await startPostgresServer();
    onTestFinished(async () => await server.dispose());

    const databases = await Promise.all(
      [1, 2, 3, 4].map(async () => await openDatabase({ databaseUrl: server.url, poolSize: 2 })),
    );

    await Promise.all(databases.map(async (database) => await database.close()));
    expect(databases).toHaveLength(4);
  });

  test("may go and come back", async () => {
    const server = await startPostgresServer();
    const database = await openDatabase({ databaseUrl: server.url, poolSize: 2 });
    onTestFinished(async () => {
      await database.close();
      await server.dispose();
    });
    const inFlight = await startTransaction(database);
    await insertSettingIfAbsent(database, "a", "1");

    await server.stop();
    inFlight.goOn();

    await expect(inFlight.outcome).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    await expect(readSetting(database, "a")).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    await expect(database.transaction(async () => {})).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
    });
    await expect(openDatabase({ databaseUrl: server.url })).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
    });

    await server.start();

    expect(await readSetting(database, "a")).toBe("1");
    expect(await insertSettingIfAbsent(database, "b", "2")).toBe("2");
  });
});

async function startTransaction(
  database: Database,
): Promise<{ goOn: () => void; outcome: Promise<string> }> {
  const entered = signal();
  const left = signal();
  const outcome = database.transaction(async (tx) => {
    await insertSettingIfAbsent(tx, "lost", "1");
    entered.fire();
    await left.fired;
    return await insertSettingIfAbsent(tx, "lost too", "1");
  });
  // The test looks at it later; until then its rejection is not unhandled.
  outcome.catch(() => {});
  await entered.fired;
  return { goOn: left.fire, outcome };
}

interface Signal {
  readonly fired: Promise<void>;
  readonly fire: () => void;
}

function signal(): Signal {
  let fire = (): void => {};
  const fired = new Promise<void>((resolve) => {
    fire = resolve;
  });
  return { fired, fire: () => fire() };
}
