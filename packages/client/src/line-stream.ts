import type { Readable } from "node:stream";

import { streamLineBytesMax } from "./limits.ts";
import { UnreachableError } from "./service-error.ts";
import { transportFailure } from "./transport-failure.ts";

/**
 * Yields the lines of a byte stream without their ends (LF or CRLF). A stream that breaks, or stays silent for longer than
 * `silenceMs`, throws a retryable error. A last line without an end is not complete and is not yielded.
 */
export async function* readLines(
  stream: Readable,
  options: { readonly url: string; readonly signal: AbortSignal; readonly silenceMs?: number },
): AsyncGenerator<string, void, undefined> {
  const silence = watchSilence(stream, options);
  const abort = (): void => {
    stream.destroy();
  };
  options.signal.addEventListener("abort", abort, { once: true });
  try {
    yield* splitLines(stream, silence.touch);
  } catch (error) {
    options.signal.throwIfAborted();
    if (error instanceof UnreachableError) throw error;
    throw transportFailure(options.url, error);
  } finally {
    options.signal.removeEventListener("abort", abort);
    silence.end();
    stream.destroy();
  }
  options.signal.throwIfAborted();
}

async function* splitLines(
  stream: Readable,
  touch: () => void,
): AsyncGenerator<string, void, undefined> {
  let rest: Buffer[] = [];
  let restBytes = 0;
  for await (const part of stream) {
    touch();
    // Without an encoding a Readable of the HTTP parser yields Buffers.
    const bytes = part as Buffer;
    let start = 0;
    for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, start)) {
      yield decodeLine([...rest, bytes.subarray(start, end)]);
      rest = [];
      restBytes = 0;
      start = end + 1;
    }
    rest.push(bytes.subarray(start));
    restBytes += bytes.length - start;
    if (restBytes > streamLineBytesMax) {
      const message = `a line of the stream is longer than ${streamLineBytesMax} bytes`;
      throw new UnreachableError(message, { isTransient: false });
    }
  }
}

function decodeLine(parts: readonly Buffer[]): string {
  const line = Buffer.concat(parts).toString("utf8");
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}

function watchSilence(
  stream: Readable,
  options: { readonly url: string; readonly silenceMs?: number },
): { touch: () => void; end: () => void } {
  const { silenceMs } = options;
  if (silenceMs === undefined) return { touch: () => undefined, end: () => undefined };
  const timer = setTimeout(() => {
    const message = `cannot reach ${options.url}: nothing was heard for ${silenceMs / 1000} s`;
    stream.destroy(new UnreachableError(message, { isTransient: true }));
  }, silenceMs);
  return {
    touch: () => {
      timer.refresh();
    },
    end: () => {
      clearTimeout(timer);
    },
  };
}
