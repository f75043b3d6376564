import { sql } from "kysely";
import type { Db } from "../database.ts";
import { atomically, reading, writing } from "../handle.ts";
import { archivesPerSweep } from "../limits.ts";
import type { ArchiveStore, StoredArchive } from "./archive-store.ts";

/** Archives as rows of a table of their own: every replica of the service has them. */
export class TableArchives implements ArchiveStore {
  readonly #db: Db;

  constructor(db: Db) {
    this.#db = db;
  }

  async receivedBytes(name: string): Promise<number> {
    return await receivedBytes(this.#db, name);
  }

  async append(
    name: string,
    part: { readonly offset: number; readonly data: Uint8Array; readonly now: number },
  ): Promise<void> {
    await atomically(this.#db, async (tx) => {
      if ((await receivedBytes(tx, name)) !== part.offset) return;
      // Primary key of evidence_chunks: of two that append at once one is left alone.
      await writing(tx)
        .insertInto("evidence_chunks")
        .values({
          archive: name,
          byte_offset: part.offset,
          data: Buffer.from(part.data.buffer, part.data.byteOffset, part.data.byteLength),
          received_at: part.now,
        })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    });
  }

  /** Rows are durable when they are written. */
  async finish(): Promise<void> {
    await Promise.resolve();
  }

  async *read(name: string, start = 0): AsyncGenerator<Uint8Array, void, void> {
    let position = await firstOffset(this.#db, { name, start });
    for (;;) {
      // Primary key of evidence_chunks; one piece in memory at a time.
      const row = await reading(this.#db)
        .selectFrom("evidence_chunks")
        .select(["byte_offset", "data"])
        .where("archive", "=", name)
        .where("byte_offset", ">=", position)
        .orderBy("byte_offset")
        .limit(1)
        .executeTakeFirst();
      if (row === undefined) return;
      const skipped = Math.max(0, start - row.byte_offset);
      position = row.byte_offset + row.data.length;
      if (skipped < row.data.length) yield row.data.subarray(skipped);
    }
  }

  async remove(name: string): Promise<void> {
    await writing(this.#db).deleteFrom("evidence_chunks").where("archive", "=", name).execute();
  }

  async list(
    cursor: string,
  ): Promise<{ readonly archives: readonly StoredArchive[]; readonly next: string }> {
    // Index evidence_chunks_first.
    const rows = await reading(this.#db)
      .selectFrom("evidence_chunks")
      .select(["archive", "received_at"])
      .where("byte_offset", "=", sql.lit(0))
      .where("archive", ">", cursor)
      .orderBy("archive")
      .limit(archivesPerSweep)
      .execute();
    const archives = rows.map((row) => ({ name: row.archive, receivedAt: row.received_at }));
    const isLast = rows.length < archivesPerSweep;
    return { archives, next: isLast ? "" : (rows.at(-1)?.archive ?? "") };
  }
}

async function receivedBytes(db: Db, name: string): Promise<number> {
  // Primary key of evidence_chunks.
  const last = await reading(db)
    .selectFrom("evidence_chunks")
    .select(["byte_offset", sql<number>`length(data)`.as("bytes")])
    .where("archive", "=", name)
    .orderBy("byte_offset", "desc")
    .limit(1)
    .executeTakeFirst();
  return last === undefined ? 0 : last.byte_offset + Number(last.bytes);
}

async function firstOffset(
  db: Db,
  { name, start }: { readonly name: string; readonly start: number },
): Promise<number> {
  const row = await reading(db)
    .selectFrom("evidence_chunks")
    .select("byte_offset")
    .where("archive", "=", name)
    .where("byte_offset", "<=", start)
    .orderBy("byte_offset", "desc")
    .limit(1)
    .executeTakeFirst();
  return row?.byte_offset ?? 0;
}
