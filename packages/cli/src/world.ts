import type { Readable, Writable } from "node:stream";

/** A stream of the process; the last two exist on terminals only. */
export interface OutputSink extends Writable {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

/** Everything of the process that commands may touch; tests pass their own. */
export interface World {
  readonly stdin: Readable;
  readonly stdout: OutputSink;
  readonly stderr: OutputSink;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where `~` points. */
  readonly homeDirectory: string;
  /** Aborts with an `Interrupted` on Ctrl-C. */
  readonly signal: AbortSignal;
  /** Unix time, ms. */
  readonly now: () => number;
  /** Resolves after `ms`; rejects with the signal's reason when it aborts first. */
  readonly delay: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** Exit code after Ctrl-C: 128 + SIGINT. */
export const interruptedExitCode = 130;

/** The person pressed Ctrl-C. */
export class Interrupted extends Error {
  constructor() {
    super("interrupted");
    this.name = "Interrupted";
  }
}

/** The reader of our output went away (`| head`): nothing more to do, and nothing is wrong. */
export class OutputClosed extends Error {
  constructor() {
    super("output closed");
    this.name = "OutputClosed";
  }
}

/** Writes and waits until the stream takes more; throws `OutputClosed` when nobody reads any more. */
export async function writeFully(sink: Writable, data: string | Uint8Array): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    sink.write(data, (error) => {
      if (error === null || error === undefined) resolve();
      else reject(isBrokenPipe(error) ? new OutputClosed() : error);
    });
  });
}

/** Where the exit code tells more than the text: resolves also when nobody reads the text any more. */
export async function unlessClosed(writing: Promise<void>): Promise<void> {
  try {
    await writing;
  } catch (error) {
    if (!(error instanceof OutputClosed)) throw error;
  }
}

/** True for the error of writing to a pipe without a reader. */
export function isBrokenPipe(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "EPIPE" || code === "ERR_STREAM_DESTROYED";
}
