import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { open, readFile, rename, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { hasCode } from "@courier/core";
import { syncDirectory } from "../host/durable-file.ts";
import { journalCompactBytes } from "../limits.ts";
import type { JournalHeader, JournalRecord } from "./journal-record.ts";

interface PendingAppend {
  readonly lines: string;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** What a journal held when it was opened. */
export interface OpenedJournal {
  readonly journal: JournalFile;
  readonly records: readonly JournalRecord[];
}

/**
 * Append-only JSON lines. An append resolves when it is on disk; appends that arrive while one is being written share
 * the next write. A rejected append has left nothing behind (a full disk may be tried again).
 */
export class JournalFile {
  readonly journalId: string;
  readonly #path: string;
  /** What is worth keeping when the file is rewritten; must include every record from the moment it is appended. */
  readonly #liveRecords: () => Iterable<JournalRecord>;
  #file: FileHandle;
  #bytes: number;
  #compactAtBytes = 0;
  #pending: PendingAppend[] = [];
  #later = "";
  #writing: Promise<void> | undefined;

  private constructor(
    file: FileHandle,
    bytes: number,
    options: {
      readonly path: string;
      readonly journalId: string;
      readonly liveRecords: () => Iterable<JournalRecord>;
    },
  ) {
    this.#file = file;
    this.#bytes = bytes;
    this.#path = options.path;
    this.journalId = options.journalId;
    this.#liveRecords = options.liveRecords;
    this.#compactAtBytes = Math.max(journalCompactBytes, bytes * 2);
  }

  /** Opens or creates a journal. A torn last line (the crash came while it was written) was never promised: it is cut off. */
  static async open(
    path: string,
    liveRecords: () => Iterable<JournalRecord>,
  ): Promise<OpenedJournal> {
    const text = await readIfExists(path);
    const whole = text.slice(0, text.lastIndexOf("\n") + 1);
    const [header, ...records] = whole.split("\n").slice(0, -1).map(parseLine);
    if (header?.type !== "journal") return await JournalFile.#create(path, liveRecords);
    const file = await open(path, constants.O_WRONLY | constants.O_DSYNC);
    const bytes = Buffer.byteLength(whole);
    await file.truncate(bytes);
    const { journalId } = header;
    const journal = new JournalFile(file, bytes, { path, journalId, liveRecords });
    return { journal, records: records.filter((record) => record.type !== "journal") };
  }

  static async #create(
    path: string,
    liveRecords: () => Iterable<JournalRecord>,
  ): Promise<OpenedJournal> {
    const journalId = randomUUID();
    const { file, bytes } = await createFile(path, journalId, []);
    const journal = new JournalFile(file, bytes, { path, journalId, liveRecords });
    return { journal, records: [] };
  }

  /** Resolves when the records are on disk, in order after all earlier ones. */
  append(records: readonly JournalRecord[]): Promise<void> {
    const lines = linesOf(records);
    return new Promise((resolve, reject) => {
      this.#pending.push({ lines, resolve, reject });
      this.#writing ??= this.#write();
    });
  }

  /** Adds records to the next write, whenever that comes; for what may be lost in a crash without harm. */
  appendLater(records: readonly JournalRecord[]): void {
    this.#later += linesOf(records);
  }

  /** Rewrites the file with what is live now, so that what is over is gone from it; when the disk has no room, later. */
  async rewrite(): Promise<void> {
    this.#compactAtBytes = 0;
    await this.append([]).catch(() => undefined);
  }

  /** Waits for the appends under way. */
  async close(): Promise<void> {
    if (this.#later !== "") await this.append([]).catch(() => undefined);
    await this.#writing;
    await this.#file.close();
  }

  /** Begins when the current turn is over, so that a run's arrival and its first attempt share one write. */
  async #write(): Promise<void> {
    await new Promise(setImmediate);
    while (this.#pending.length > 0) {
      const batch = this.#pending;
      this.#pending = [];
      // What is live includes what is being appended: once it is rewritten, the batch is on disk.
      const isRewritten = this.#bytes > this.#compactAtBytes && (await this.#compact());
      if (isRewritten) for (const append of batch) append.resolve();
      else await this.#writeBatch(batch);
    }
    this.#writing = undefined;
  }

  async #writeBatch(batch: readonly PendingAppend[]): Promise<void> {
    const later = this.#later;
    this.#later = "";
    try {
      const buffer = Buffer.from(later + batch.map((append) => append.lines).join(""));
      await writeFully(this.#file, buffer, this.#bytes);
      this.#bytes += buffer.length;
    } catch (error) {
      this.#later = later + this.#later;
      await this.#cutOff();
      for (const append of batch) append.reject(error);
      return;
    }
    for (const append of batch) append.resolve();
  }

  /** Half a batch must not stay: its first lines would be believed after a restart although they were refused. */
  async #cutOff(): Promise<void> {
    try {
      await this.#file.truncate(this.#bytes);
    } catch {
      // The next append overwrites from the same offset; only a crash before it could show the refused lines, and a
      // run that was refused but is known after a restart is executed at most once all the same.
    }
  }

  /** Rewrites the file with what is worth keeping. False when it failed: then the old file goes on being used. */
  async #compact(): Promise<boolean> {
    try {
      const { file, bytes } = await createFile(this.#path, this.journalId, this.#liveRecords());
      const old = this.#file;
      this.#file = file;
      this.#bytes = bytes;
      await old.close();
      return true;
    } catch {
      // A full disk, say: the old file is untouched; tried again when it has grown as much once more.
      return false;
    } finally {
      this.#compactAtBytes = Math.max(journalCompactBytes, this.#bytes * 2);
    }
  }
}

/** Writes a new journal beside the old one and puts it in its place; returns it open. */
async function createFile(
  path: string,
  journalId: string,
  records: Iterable<JournalRecord>,
): Promise<{ readonly file: FileHandle; readonly bytes: number }> {
  const header: JournalHeader = { type: "journal", version: 1, journalId };
  const lines = [header, ...records].map((record) => `${JSON.stringify(record)}\n`);
  const buffer = Buffer.from(lines.join(""));
  const temporary = `${path}.new`;
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_DSYNC;
  const file = await open(temporary, flags, 0o600);
  try {
    await writeFully(file, buffer, 0);
    await file.sync();
    await rename(temporary, path);
  } catch (error) {
    await file.close();
    throw error;
  }
  // The new file is in place now and must be the one that is written to, even if this fails (a dying disk).
  await syncDirectory(dirname(path)).catch(() => undefined);
  return { file, bytes: buffer.length };
}

/** O_DSYNC makes each write durable by itself: one trip to the disk instead of a write and an fdatasync. */
async function writeFully(file: FileHandle, buffer: Buffer, position: number): Promise<void> {
  let written = 0;
  while (written < buffer.length) {
    const { bytesWritten } = await file.write(buffer, written, undefined, position + written);
    written += bytesWritten;
  }
}

function linesOf(records: readonly JournalRecord[]): string {
  return records.map((record) => `${JSON.stringify(record)}\n`).join("");
}

async function readIfExists(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return "";
    throw error;
  }
}

function parseLine(line: string, index: number): JournalHeader | JournalRecord {
  try {
    // Only this class writes the file, each line whole or cut off: what parses is what was written.
    return JSON.parse(line) as JournalHeader | JournalRecord;
  } catch (cause) {
    throw new Error(`journal line ${index + 1} is damaged; move the file away to start anew`, {
      cause,
    });
  }
}
