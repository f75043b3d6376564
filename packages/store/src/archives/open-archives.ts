import { join } from "node:path";
import type { Database } from "../database.ts";
import type { ArchiveStore } from "./archive-store.ts";
import { FileArchives } from "./file-archives.ts";
import { TableArchives } from "./table-archives.ts";

/** Where this database's archives are: beside SQLite as files, in PostgreSQL, which replicas share, as rows. */
export function openArchives(db: Database, dataDir: string): ArchiveStore {
  return db.dialect === "sqlite"
    ? new FileArchives(join(dataDir, "evidence"))
    : new TableArchives(db);
}
