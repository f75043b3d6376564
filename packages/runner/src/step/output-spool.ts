import { open } from "node:fs/promises";
import type { OutputChunk, OutputStream } from "@courier/protocol";
import { sentPath } from "./masked-output.ts";
import { droppedBytes, nextRange } from "./output-window.ts";
import { fileSize, outputFlags, type AttemptKey } from "./run-directory.ts";

/** One output file of one attempt, or its masked copy: the file is the spool, offsets say what was sent and what is acknowledged. */
export class OutputSpool {
  readonly key: AttemptKey;
  readonly stream: OutputStream;
  readonly #path: string;
  readonly #quotaBytes: number;
  #size = 0;
  #isFinal = false;
  #sentOffset = 0;
  #ackedOffset = 0;
  #unackedBytes = 0;

  constructor(
    key: AttemptKey,
    stream: OutputStream,
    options: { readonly path: string; readonly quotaBytes: number },
  ) {
    this.key = key;
    this.stream = stream;
    this.#path = options.path;
    this.#quotaBytes = options.quotaBytes;
  }

  get size(): number {
    return this.#size;
  }

  get droppedBytes(): number {
    return droppedBytes(this.#size, this.#quotaBytes);
  }

  /** Sent and not acknowledged, bytes. */
  get unackedBytes(): number {
    return this.#unackedBytes;
  }

  get hasMore(): boolean {
    return this.#next() !== undefined;
  }

  /** Everything that will ever be sent is acknowledged. */
  get isDone(): boolean {
    return this.#isFinal && !this.hasMore && this.#ackedOffset >= this.#sentOffset;
  }

  /** Looks at the file again. After the final look later bytes (of a daemon that was left alive) do not count. */
  refresh(options: { readonly isFinal: boolean } = { isFinal: false }): void {
    if (this.#isFinal) return;
    this.#size = fileSize(this.#path);
    this.#isFinal = options.isFinal;
  }

  /** Reads the next chunk and counts it as sent; undefined when there is none now. */
  async read(): Promise<OutputChunk | undefined> {
    const range = this.#next();
    if (range === undefined) return undefined;
    const data = await this.#bytes(range.start, range.end - range.start);
    // Shorter than its size said: somebody truncated it. What is missing will never come.
    if (data.length === 0) {
      this.#size = Math.min(this.#size, range.start);
      return undefined;
    }
    this.#sentOffset = range.start + data.length;
    this.#unackedBytes += data.length;
    const { runId, token, stepNumber, attempt } = this.key;
    const { stream } = this;
    const offset = range.start;
    const encoded = data.toString("base64");
    return { type: "output", runId, token, stepNumber, attempt, stream, offset, data: encoded };
  }

  /** The service has recorded everything below `nextOffset`. */
  acknowledge(nextOffset: number): void {
    this.#ackedOffset = Math.max(this.#ackedOffset, nextOffset);
    this.#sentOffset = Math.max(this.#sentOffset, this.#ackedOffset);
    this.#unackedBytes = Math.min(this.#unackedBytes, this.#sentOffset - this.#ackedOffset);
  }

  /** The file cannot be read: what was not sent will never be. */
  giveUp(): void {
    this.#size = Math.min(this.#size, this.#sentOffset);
    this.#isFinal = true;
  }

  /** The connection is lost: what was not acknowledged is to be sent again. */
  rewind(): void {
    this.#sentOffset = this.#ackedOffset;
    this.#unackedBytes = 0;
  }

  #next(): { readonly start: number; readonly end: number } | undefined {
    return nextRange({
      size: this.#size,
      sentOffset: this.#sentOffset,
      isFinal: this.#isFinal,
      quotaBytes: this.#quotaBytes,
    });
  }

  async #bytes(offset: number, length: number): Promise<Buffer> {
    const file = await open(this.#path, outputFlags);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  }
}

/** Both streams of an attempt that has ended, with everything still to be sent. */
export function endedOutput(
  key: AttemptKey,
  options: { readonly runDirectory: string; readonly quotaBytes: number },
): readonly OutputSpool[] {
  return (["stdout", "stderr"] as const).map((stream) => {
    const path = sentPath(options.runDirectory, stream);
    const spool = new OutputSpool(key, stream, { path, quotaBytes: options.quotaBytes });
    spool.refresh({ isFinal: true });
    return spool;
  });
}
