import { link, lstat, open as openFile, rename, rm } from "node:fs/promises";
import { CourierError, hasCode } from "@courier/core";

/** Throws when there is a file already that may not be replaced: before anything is transferred. */
export async function refuseExisting(
  path: string,
  options: { readonly isForced: boolean },
): Promise<void> {
  if (options.isForced || !(await exists(path))) return;
  throw alreadyThere(path);
}

/**
 * Writes a file as its bytes arrive and puts it in its place when all of them are there: a transfer that breaks off
 * leaves nothing. Without `isForced` a file that came into being meanwhile stays. Returns the size, bytes.
 */
export async function saveFile(
  path: string,
  open: () => Promise<AsyncIterable<Uint8Array>>,
  options: { readonly isForced: boolean },
): Promise<number> {
  const temporary = `${path}.${process.pid}.part`;
  try {
    const sizeBytes = await writeAll(temporary, open);
    if (options.isForced) await rename(temporary, path);
    else await place(temporary, path);
    return sizeBytes;
  } catch (cause) {
    if (cause instanceof CourierError || !(cause instanceof Error && "code" in cause)) throw cause;
    if (cause.code === "EEXIST") throw alreadyThere(path, cause);
    throw new CourierError("USAGE", `cannot write "${path}": ${cause.message}`, { cause });
  } finally {
    await rm(temporary, { force: true });
  }
}

/** A link, unlike a rename, replaces nothing; where there are no links a moment's race is accepted. */
async function place(temporary: string, path: string): Promise<void> {
  try {
    await link(temporary, path);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code !== "EPERM" && code !== "ENOTSUP") throw error;
    await refuseExisting(path, { isForced: false });
    await rename(temporary, path);
  }
}

/** The file comes first: a transfer that nobody takes would be left open. */
async function writeAll(
  path: string,
  open: () => Promise<AsyncIterable<Uint8Array>>,
): Promise<number> {
  const file = await openFile(path, "wx", 0o600);
  let sizeBytes = 0;
  try {
    for await (const part of await open()) {
      await file.appendFile(part);
      sizeBytes += part.length;
    }
  } finally {
    await file.close();
  }
  return sizeBytes;
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return false;
    const message = error instanceof Error ? error.message : String(error);
    throw new CourierError("USAGE", `cannot write "${path}": ${message}`, { cause: error });
  }
}

function alreadyThere(path: string, cause?: unknown): CourierError {
  const message = `"${path}" exists; give another --output, or --force to replace it`;
  return new CourierError("USAGE", message, { cause });
}
