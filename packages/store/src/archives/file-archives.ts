import { constants, createReadStream, type Stats } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { hasCode } from "@courier/core";
import { unavailable } from "../store-error.ts";
import type { ArchiveStore, StoredArchive } from "./archive-store.ts";

/** Unfinished archives are here, finished ones in a directory per first two characters of their name. */
const incoming = "incoming";

/** Archives as files below a directory that this process owns. */
export class FileArchives implements ArchiveStore {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async receivedBytes(name: string): Promise<number> {
    return (await sizeOf(this.#finished(name))) ?? (await sizeOf(this.#unfinished(name))) ?? 0;
  }

  async append(
    name: string,
    part: { readonly offset: number; readonly data: Uint8Array },
  ): Promise<void> {
    await translating("an archive cannot be written", async () => {
      if ((await sizeOf(this.#finished(name))) !== undefined) return;
      await mkdir(join(this.#directory, incoming), { recursive: true, mode: 0o700 });
      const file = await open(this.#unfinished(name), constants.O_RDWR | constants.O_CREAT, 0o600);
      try {
        const { size } = await file.stat();
        if (size !== part.offset) return;
        try {
          await writeAt(file, part);
        } catch (error) {
          // Half a part (a full disk) would be taken for a whole one's place.
          await file.truncate(size);
          throw error;
        }
      } finally {
        await file.close();
      }
    });
  }

  async finish(name: string): Promise<void> {
    await translating("an archive cannot be kept", async () => {
      if ((await sizeOf(this.#unfinished(name))) === undefined) return;
      const file = await open(this.#unfinished(name), "r");
      try {
        await file.sync();
      } finally {
        await file.close();
      }
      await mkdir(this.#shard(name), { recursive: true, mode: 0o700 });
      await rename(this.#unfinished(name), this.#finished(name));
      await syncDirectory(this.#shard(name));
    });
  }

  async *read(name: string, start = 0): AsyncGenerator<Uint8Array, void, void> {
    const isFinished = (await sizeOf(this.#finished(name))) !== undefined;
    const path = isFinished ? this.#finished(name) : this.#unfinished(name);
    const stream = createReadStream(path, { start });
    try {
      // Without an encoding a stream yields Buffers.
      for await (const part of stream) yield part as Buffer;
    } catch (error) {
      throw unavailable("an archive cannot be read", error);
    }
  }

  async remove(name: string): Promise<void> {
    await translating("an archive cannot be removed", async () => {
      await rm(this.#finished(name), { force: true });
      await rm(this.#unfinished(name), { force: true });
    });
  }

  /** One directory at a time; the cursor is its name. */
  async list(
    cursor: string,
  ): Promise<{ readonly archives: readonly StoredArchive[]; readonly next: string }> {
    const directories = (await namesIn(this.#directory)).toSorted();
    const [directory, next = ""] = directories.filter((name) => name >= cursor);
    if (directory === undefined) return { archives: [], next: "" };
    const path = join(this.#directory, directory);
    const archives: StoredArchive[] = [];
    for (const file of await namesIn(path)) {
      const receivedAt = await modifiedAt(join(path, file));
      const name = file.replace(/\.(?:tar\.gz|part)$/, "");
      if (receivedAt !== undefined) archives.push({ name, receivedAt });
    }
    return { archives, next };
  }

  #unfinished(name: string): string {
    return join(this.#directory, incoming, `${name}.part`);
  }

  #finished(name: string): string {
    return join(this.#shard(name), `${name}.tar.gz`);
  }

  #shard(name: string): string {
    return join(this.#directory, name.slice(0, 2));
  }
}

/** By place, not behind the end: of a part that comes twice at the same time both write the same. */
async function writeAt(
  file: FileHandle,
  { offset, data }: { readonly offset: number; readonly data: Uint8Array },
): Promise<void> {
  let written = 0;
  while (written < data.length) {
    const rest = data.length - written;
    written += (await file.write(data, written, rest, offset + written)).bytesWritten;
  }
}

async function translating(what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw unavailable(what, error);
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  return (await statOf(path))?.size;
}

async function modifiedAt(path: string): Promise<number | undefined> {
  return (await statOf(path))?.mtimeMs;
}

async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function namesIn(path: string): Promise<readonly string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function isMissing(error: unknown): boolean {
  return hasCode(error, "ENOENT");
}
