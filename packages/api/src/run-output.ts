import { isRunOutcome } from "@courier/core";
import type { OutputChunk } from "@courier/schema";
import { findRun, listOutput, type Db, type OutputRow } from "@courier/store";
import { outputChunksPerRead } from "./limits.ts";
import type { LiveStream } from "./live-streams.ts";

/** Which output of which run. */
export interface OutputRequest {
  readonly runId: string;
  readonly stepNumber?: number;
}

/** A run's stored output, one JSON line per chunk, in order of arrival. */
export async function* storedOutput(
  db: Db,
  request: OutputRequest,
): AsyncGenerator<string, void, void> {
  for await (const page of pagesAfter(db, request, undefined)) yield page.text;
}

/** Like `storedOutput`, and what comes next, until the run has ended and everything is sent. */
export async function* followedOutput(
  db: Db,
  live: LiveStream,
  request: OutputRequest,
): AsyncGenerator<string, void, void> {
  let after: number | undefined;
  for (;;) {
    // Asked before reading: an end seen now means that all output is stored already.
    const run = await findRun(db, request.runId);
    const isEnded = run === undefined || isRunOutcome(run.status);
    for await (const page of pagesAfter(db, request, after)) {
      after = page.last;
      yield page.text;
    }
    if (isEnded || !live.isOpen) return;
    if ((await live.next()) === "silence" && live.isOpen) yield "\n";
  }
}

interface OutputPage {
  readonly text: string;
  readonly last: number;
}

async function* pagesAfter(
  db: Db,
  request: OutputRequest,
  start: number | undefined,
): AsyncGenerator<OutputPage, void, void> {
  let after = start;
  for (;;) {
    const { items } = await listOutput(db, {
      ...request,
      ...(after === undefined ? {} : { after }),
      limit: outputChunksPerRead,
    });
    const last = items.at(-1);
    if (last === undefined) return;
    after = last.seq;
    yield { text: items.map(line).join(""), last: last.seq };
    if (items.length < outputChunksPerRead) return;
  }
}

function line(row: OutputRow): string {
  const chunk: OutputChunk = {
    stepNumber: row.stepNumber,
    attempt: row.attempt,
    stream: row.stream,
    offset: row.offset,
    data: Buffer.from(row.data.buffer, row.data.byteOffset, row.data.byteLength).toString("base64"),
  };
  return `${JSON.stringify(chunk)}\n`;
}
