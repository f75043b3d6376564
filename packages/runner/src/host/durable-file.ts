import { open, rename } from "node:fs/promises";
import { dirname } from "node:path";

/** Replaces a file so that after a crash either the old or the new content is there, whole. */
export async function writeDurably(
  path: string,
  content: string,
  options: { readonly mode: number },
): Promise<void> {
  const temporary = `${path}.new`;
  const file = await open(temporary, "w", options.mode);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  await syncDirectory(dirname(path));
}

/** Makes a directory's entries (creations, renames) survive a power cut. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
