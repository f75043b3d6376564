import { mkdir, open, rename } from "node:fs/promises";
import { join } from "node:path";
import { CourierError } from "@courier/core";

/** Creates the data directory for its owner alone; throws with one clear line when it cannot be used. */
export async function prepareDataDir(dataDir: string): Promise<void> {
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw unusable(dataDir, cause);
  }
}

/** Writes a file that only its owner reads: whole or not at all, and on disk when this resolves. */
export async function writePrivateFile(dataDir: string, name: string, text: string): Promise<void> {
  const temporary = join(dataDir, `.${name}.new`);
  try {
    const file = await open(temporary, "w", 0o600);
    try {
      await file.chmod(0o600);
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, join(dataDir, name));
  } catch (cause) {
    throw unusable(dataDir, cause);
  }
}

function unusable(dataDir: string, cause: unknown): CourierError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new CourierError(
    "USAGE",
    `--data-dir ${JSON.stringify(dataDir)} cannot be used: ${reason}`,
    {
      cause,
    },
  );
}
