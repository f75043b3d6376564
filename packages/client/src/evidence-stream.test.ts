import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { evidenceStream, type EvidenceStream } from "./evidence-stream.ts";

const content = Buffer.from("content");

function streamOf(
  stream: Readable,
  options: { readonly digestOf?: string; readonly signal?: AbortSignal } = {},
): EvidenceStream {
  const { digestOf = "content", signal = new AbortController().signal } = options;
  const digest = createHash("sha256").update(digestOf).digest("base64");
  const headers = { "content-length": "7", "repr-digest": `sha-256=:${digest}:` };
  return evidenceStream({ stream, headers }, signal);
}

async function readAll({ bytes }: EvidenceStream): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of bytes) parts.push(part);
  return Buffer.concat(parts).toString();
}

test("gives the bytes when they are those that were announced", async () => {
  const evidence = streamOf(Readable.from([content.subarray(0, 3), content.subarray(3)]));

  expect(evidence.sizeBytes).toBe(7);
  expect(evidence.sha256).toBe(createHash("sha256").update(content).digest("hex"));
  expect(await readAll(evidence)).toBe("content");
});

test("throws at the end when they are not", async () => {
  const evidence = streamOf(Readable.from([content]), { digestOf: "other" });

  await expect(readAll(evidence)).rejects.toMatchObject({ code: "EVIDENCE_DAMAGED" });
});

test("tells of a transfer that broke off that it may be tried again", async () => {
  const broken = Readable.from(
    (function* () {
      yield content;
      throw new Error("aborted");
    })(),
  );

  await expect(readAll(streamOf(broken))).rejects.toMatchObject({
    code: "SERVICE_UNREACHABLE",
    message: "the transfer broke off: aborted; try again",
    retryable: true,
  });
});

test("ends with the reason of whoever aborted it", async () => {
  const stopping = new AbortController();
  const stream = new Readable({ read: () => undefined });
  const reading = readAll(streamOf(stream, { signal: stopping.signal }));

  stopping.abort(new Error("interrupted"));

  await expect(reading).rejects.toThrow("interrupted");
  expect(stream.destroyed).toBe(true);
});
