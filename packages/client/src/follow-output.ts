import type { Readable } from "node:stream";

import type { OutputChunk } from "@courier/schema";

import { isRecord, parseJson } from "./json.ts";
import { streamSilenceMs } from "./limits.ts";
import { readLines } from "./line-stream.ts";
import { Outage, type OutageEvent } from "./outage.ts";
import type { Pace } from "./retry-policy.ts";
import { UnreachableError } from "./service-error.ts";

/** A piece of output. `gapBytes` bytes of the same stream were dropped just before it. */
export interface OutputPiece {
  readonly kind: "output";
  readonly stepNumber: number;
  readonly attempt: number;
  readonly stream: "stdout" | "stderr";
  readonly offset: number;
  readonly gapBytes: number;
  readonly bytes: Buffer;
}

/** What a reader of output is told. */
export type OutputEvent = OutputPiece | OutageEvent;

/** What `readOutput` needs of its caller. */
export interface OutputOptions {
  readonly url: string;
  readonly open: () => Promise<Readable>;
  /** Tells whether the run is final; asked when a followed stream ends, because a service that stops ends it too. */
  readonly isEnded: () => Promise<boolean>;
  readonly isFollowing: boolean;
  readonly pace: Pace;
  readonly signal: AbortSignal;
}

/** Yields every byte of a run's output once and in order of arrival, through outages; gaps carry their size. */
export async function* readOutput(
  options: OutputOptions,
): AsyncGenerator<OutputEvent, void, undefined> {
  const positions: Positions = new Map();
  const outage = new Outage({ ...options, isPatient: false });
  for (;;) {
    try {
      const stream = await options.open();
      yield* outage.end();
      yield* readPieces(stream, positions, options);
      if (!options.isFollowing || (await options.isEnded())) return;
      throw new UnreachableError(`${options.url} closed the output stream`, { isTransient: true });
    } catch (error) {
      yield* outage.survive(error);
    }
  }
}

/** How far each stream of each attempt has been read, bytes. */
type Positions = Map<string, number>;

async function* readPieces(
  stream: Readable,
  positions: Positions,
  options: OutputOptions,
): AsyncGenerator<OutputPiece, void, undefined> {
  for await (const line of readLines(stream, { ...options, silenceMs: streamSilenceMs })) {
    if (line.trim() === "") continue;
    const piece = takeNew(readChunk(line, options.url), positions);
    if (piece !== undefined) yield piece;
  }
}

/** Cuts off what an earlier connection delivered already. */
function takeNew(chunk: OutputChunk, positions: Positions): OutputPiece | undefined {
  const key = `${chunk.stepNumber} ${chunk.attempt} ${chunk.stream}`;
  const read = positions.get(key) ?? 0;
  const bytes = Buffer.from(chunk.data, "base64");
  const end = chunk.offset + bytes.length;
  if (end <= read) return undefined;
  positions.set(key, end);
  const offset = Math.max(chunk.offset, read);
  return {
    kind: "output",
    stepNumber: chunk.stepNumber,
    attempt: chunk.attempt,
    stream: chunk.stream,
    offset,
    gapBytes: offset - read,
    bytes: bytes.subarray(offset - chunk.offset),
  };
}

function readChunk(line: string, url: string): OutputChunk {
  const chunk = parseJson(line);
  if (
    !isRecord(chunk) ||
    typeof chunk["data"] !== "string" ||
    typeof chunk["offset"] !== "number"
  ) {
    throw new UnreachableError(`${url} sent a line that is not output`, { isTransient: false });
  }
  // The service serialises chunks with the schema that the type is generated from.
  return chunk as unknown as OutputChunk;
}
