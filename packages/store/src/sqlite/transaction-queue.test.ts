import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Session } from "../handle.ts";
import { openSqliteEngine, type SqliteEngine } from "./sqlite-engine.ts";

async function setup(): Promise<{ engine: SqliteEngine; keys: () => Promise<string[]> }> {
  const directory = mkdtempSync(join(tmpdir(), "courier-queue-"));
  const engine = await openSqliteEngine(directory);
  onTestFinished(async () => {
    await engine.close();
    rmSync(directory, { recursive: true });
  });
  const keys = async (): Promise<string[]> => {
    const rows = await engine.reader.selectFrom("settings").select("key").orderBy("key").execute();
    return rows.map(({ key }) => key);
  };
  return { engine, keys };
}

function insert(key: string): (session: Session) => Promise<string> {
  return async ({ kysely }) => {
    await kysely.insertInto("settings").values({ key, value: "" }).execute();
    return key;
  };
}

describe("transactions that wait together", () => {
  it("are all stored, and each caller gets its own result", async () => {
    const { engine, keys } = await setup();

    const results = await Promise.all(
      ["a", "b", "c"].map((key) => engine.transaction(insert(key))),
    );

    expect(results).toEqual(["a", "b", "c"]);
    expect(await keys()).toEqual(["a", "b", "c"]);
  });

  it("do not fail with one of them, whose changes are undone", async () => {
    const { engine, keys } = await setup();
    const first = engine.transaction(insert("a"));

    const failing = engine.transaction(async (session) => {
      await insert("b")(session);
      throw new Error("changed my mind");
    });
    const last = engine.transaction(insert("c"));

    await expect(failing).rejects.toThrow("changed my mind");
    await Promise.all([first, last]);
    expect(await keys()).toEqual(["a", "c"]);
  });

  it("are told of their success only after the common commit", async () => {
    const { engine, keys } = await setup();
    const seen: string[][] = [];

    const first = engine.transaction(insert("a")).then(async () => seen.push(await keys()));
    const second = engine.transaction(insert("b")).then(async () => seen.push(await keys()));
    await Promise.all([first, second]);

    expect(seen).toEqual([
      ["a", "b"],
      ["a", "b"],
    ]);
  });

  it("fail together, with nothing stored, when their commit is impossible", async () => {
    const { engine, keys } = await setup();
    await engine.transaction(insert("a"));
    const first = engine.transaction(insert("b"));
    const breaking = engine.transaction(async (session) => {
      await insert("c")(session);
      // What SQLite itself does when the disk is full: the whole transaction is gone.
      engine.connection.exec("ROLLBACK");
      throw new Error("disk full");
    });

    const ended = await Promise.allSettled([first, breaking]);

    const reason = new Error("disk full");
    expect(ended).toEqual([
      { status: "rejected", reason },
      { status: "rejected", reason },
    ]);
    expect(await keys()).toEqual(["a"]);
    await expect(engine.transaction(insert("d"))).resolves.toBe("d");
  });
});
