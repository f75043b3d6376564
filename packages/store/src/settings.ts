import type { Db } from "./database.ts";
import { reading, writing } from "./handle.ts";

/** The value of a setting. */
export async function readSetting(db: Db, key: string): Promise<string | undefined> {
  const row = await reading(db)
    .selectFrom("settings")
    .select("value")
    .where("key", "=", key)
    .executeTakeFirst();
  return row?.value;
}

/** Sets a setting unless it is set; returns the value that is stored now. */
export async function insertSettingIfAbsent(db: Db, key: string, value: string): Promise<string> {
  const kysely = writing(db);
  await kysely
    .insertInto("settings")
    .values({ key, value })
    .onConflict((conflict) => conflict.column("key").doNothing())
    .execute();
  // A setting is never changed or deleted: what is there now is what everyone sees.
  const stored = await kysely
    .selectFrom("settings")
    .select("value")
    .where("key", "=", key)
    .executeTakeFirstOrThrow();
  return stored.value;
}
