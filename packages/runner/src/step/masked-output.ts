import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { hasCode } from "@courier/core";
import type { OutputStream } from "@courier/protocol";
import { maskChunkBytes } from "../limits.ts";
import { Redactor, type SecretMask } from "../redact/redactor.ts";
import { maskedDirectory, outputFlags, outputPath } from "./run-directory.ts";

const streams: readonly OutputStream[] = ["stdout", "stderr"];

/** Path of the masked copy of an output file: all that may leave the node of it. */
export function maskedPath(runDirectory: string, stream: OutputStream): string {
  return join(maskedDirectory(runDirectory), stream);
}

/** Path of what is sent of the output of an attempt that was prepared: the masked copy where there is one. */
export function sentPath(runDirectory: string, stream: OutputStream): string {
  const isMasked = existsSync(maskedDirectory(runDirectory));
  return isMasked ? maskedPath(runDirectory, stream) : outputPath(runDirectory, stream);
}

/** Makes an attempt one whose output is masked; before anything of it is executed. */
export function beginMaskedOutput(runDirectory: string): void {
  mkdirSync(maskedDirectory(runDirectory), { recursive: true, mode: 0o700 });
  for (const stream of streams)
    writeFileSync(maskedPath(runDirectory, stream), "", { mode: 0o600 });
}

/**
 * Copies the output of one attempt to where it is sent from, with its secrets masked. The copy depends on what the step wrote
 * and on the secrets alone: an agent that begins it anew writes the same bytes, so that offsets keep their meaning.
 */
export class MaskedOutput {
  readonly #runDirectory: string;
  readonly #copies: readonly MaskedCopy[];
  #copying: Promise<void> = Promise.resolve();

  constructor(runDirectory: string, secrets: SecretMask) {
    this.#runDirectory = runDirectory;
    beginMaskedOutput(runDirectory);
    this.#copies = streams.map((stream) => new MaskedCopy(runDirectory, stream, secrets));
  }

  /** Copies what has been written since. */
  advance(): Promise<void> {
    return this.#then(async () => {
      for (const copy of this.#copies) await copy.advance();
    });
  }

  /** Copies the rest; nothing is copied afterwards. */
  finish(): Promise<void> {
    return this.#then(async () => {
      for (const copy of this.#copies) await copy.finish();
    });
  }

  /** Puts one sentence in place of all that the step wrote. */
  withhold(reason: string): void {
    const text = `(output withheld: ${reason})\n`;
    writeFileSync(maskedPath(this.#runDirectory, "stdout"), "");
    writeFileSync(maskedPath(this.#runDirectory, "stderr"), text);
  }

  /** One copying at a time. */
  #then(action: () => Promise<void>): Promise<void> {
    this.#copying = this.#copying.then(action);
    return this.#copying;
  }
}

class MaskedCopy {
  readonly #from: string;
  readonly #to: string;
  readonly #redactor: Redactor;
  #readBytes = 0;
  #writtenBytes = 0;

  constructor(runDirectory: string, stream: OutputStream, secrets: SecretMask) {
    this.#from = outputPath(runDirectory, stream);
    this.#to = maskedPath(runDirectory, stream);
    this.#redactor = new Redactor(secrets);
  }

  async advance(): Promise<void> {
    const from = await openIfExists(this.#from);
    if (from === undefined) return;
    try {
      // What is written meanwhile comes next time: a process that never stops writing must not be waited for.
      const { size } = await from.stat();
      while (this.#readBytes < size) {
        const buffer = Buffer.alloc(Math.min(maskChunkBytes, size - this.#readBytes));
        const { bytesRead } = await from.read(buffer, 0, buffer.length, this.#readBytes);
        if (bytesRead === 0) return;
        this.#readBytes += bytesRead;
        await this.#append(this.#redactor.push(buffer.subarray(0, bytesRead)));
      }
    } finally {
      await from.close();
    }
  }

  async finish(): Promise<void> {
    await this.advance();
    await this.#append(this.#redactor.end());
  }

  async #append(bytes: Buffer): Promise<void> {
    if (bytes.length === 0) return;
    const file = await open(this.#to, "r+");
    try {
      await file.write(bytes, 0, bytes.length, this.#writtenBytes);
      this.#writtenBytes += bytes.length;
    } finally {
      await file.close();
    }
  }
}

async function openIfExists(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, outputFlags);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}
