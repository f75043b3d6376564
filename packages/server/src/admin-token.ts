import { mintToken } from "@courier/api";
import type { Clock } from "@courier/core";
import { countTokens, insertToken, type Database } from "@courier/store";
import { writePrivateFile } from "./data-dir.ts";

/** The file in the data directory that holds the first token. */
export const adminTokenFile = "admin-token";

/**
 * On a database without tokens: creates one with the role admin and leaves its text in the data directory. The file
 * is written first, so that a crash in between leaves a file that the next start replaces, never a token nobody knows.
 */
export async function ensureAdminToken(options: {
  readonly db: Database;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly dataDir: string;
}): Promise<boolean> {
  if ((await countTokens(options.db)) > 0) return false;
  const minted = mintToken();
  await writePrivateFile(options.dataDir, adminTokenFile, `${minted.text}\n`);
  await insertToken(options.db, {
    id: options.newId(),
    name: "admin",
    prefix: minted.prefix,
    hash: minted.hash,
    role: "admin",
    createdAt: options.clock.now(),
    expiresAt: null,
  });
  return true;
}
