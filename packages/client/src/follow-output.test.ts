import { Readable } from "node:stream";

import { describe, expect, it } from "vitest";

import { readOutput, type OutputEvent } from "./follow-output.ts";
import { UnreachableError } from "./service-error.ts";

interface Chunk {
  readonly offset: number;
  readonly text: string;
  readonly stream?: "stdout" | "stderr";
  readonly attempt?: number;
}

type Connect = () => Promise<Readable>;

function connection(chunks: readonly Chunk[]): Connect {
  const lines = chunks.map(({ offset, text, stream = "stdout", attempt = 1 }) => {
    const data = Buffer.from(text, "latin1").toString("base64");
    return `${JSON.stringify({ stepNumber: 1, attempt, stream, offset, data })}\n`;
  });
  return () => Promise.resolve(Readable.from(lines.map((line) => Buffer.from(line))));
}

async function read(connections: readonly Connect[], isFollowing: boolean) {
  const left = [...connections];
  const events = readOutput({
    url: "http://test",
    open: () => {
      const connect = left.shift();
      if (connect === undefined) throw new Error("nobody expected another connection");
      return connect();
    },
    isEnded: () => Promise.resolve(left.length === 0),
    isFollowing,
    pace: { random: () => 0, delay: () => Promise.resolve() },
    signal: new AbortController().signal,
  });
  const shown: string[] = [];
  for await (const event of events) shown.push(show(event));
  return shown;
}

function show(event: OutputEvent): string {
  if (event.kind !== "output") return event.kind;
  const gap = event.gapBytes === 0 ? "" : `(${event.gapBytes} missing) `;
  return `${event.stream} ${event.attempt} @${event.offset} ${gap}${event.bytes.toString("latin1")}`;
}

describe("readOutput", () => {
  it("keeps bytes that are no text, and streams and attempts apart", async () => {
    const chunks: Chunk[] = [
      { offset: 0, text: "\u00ff\u0000a" },
      { offset: 0, text: "err", stream: "stderr" },
      { offset: 3, text: "b" },
      { offset: 0, text: "again", attempt: 2 },
    ];

    expect(await read([connection(chunks)], false)).toEqual([
      "stdout 1 @0 \u00ff\u0000a",
      "stderr 1 @0 err",
      "stdout 1 @3 b",
      "stdout 2 @0 again",
    ]);
  });

  it("tells how much is missing where something is missing", async () => {
    const chunks = [
      { offset: 0, text: "head" },
      { offset: 1004, text: "tail" },
    ];

    expect(await read([connection(chunks)], false)).toEqual([
      "stdout 1 @0 head",
      "stdout 1 @1004 (1000 missing) tail",
    ]);
  });

  it("delivers each byte once when the connection breaks and the service starts over", async () => {
    const first = connection([{ offset: 0, text: "abc" }]);
    const second = connection([
      { offset: 0, text: "ab" },
      { offset: 2, text: "cde" },
    ]);
    const down: Connect = () => Promise.reject(new UnreachableError("down", { isTransient: true }));

    expect(await read([first, down, down, second], true)).toEqual([
      "stdout 1 @0 abc",
      "interrupted",
      "resumed",
      "stdout 1 @3 de",
    ]);
  });

  it("fails at once when the first connection fails", async () => {
    const down = new UnreachableError("down", { isTransient: true });

    await expect(read([() => Promise.reject(down)], true)).rejects.toBe(down);
  });
});
