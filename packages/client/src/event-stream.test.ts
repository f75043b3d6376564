import { Readable } from "node:stream";

import { describe, expect, it } from "vitest";

import { readEvents, type ServerEvent } from "./event-stream.ts";
import { readLines } from "./line-stream.ts";

async function eventsOf(text: string, chunkBytes: number): Promise<ServerEvent[]> {
  const bytes = Buffer.from(text);
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += chunkBytes)
    parts.push(bytes.subarray(at, at + chunkBytes));
  const lines = readLines(Readable.from(parts), {
    url: "http://test",
    signal: new AbortController().signal,
  });
  const events: ServerEvent[] = [];
  for await (const event of readEvents(lines)) events.push(event);
  return events;
}

const text =
  ': alive\n\nevent: instance\ndata: {"a":"ü€"}\n\nevent: x\r\ndata:1\r\ndata: 2\r\n\r\ndata: cut';

describe("readEvents", () => {
  it.each([1, 2, 3, 7, 1000])("reads events from chunks of %d bytes", async (chunkBytes) => {
    expect(await eventsOf(text, chunkBytes)).toEqual([
      { name: "instance", data: '{"a":"ü€"}' },
      { name: "x", data: "1\n2" },
    ]);
  });
});
