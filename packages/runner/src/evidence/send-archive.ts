import { sign } from "node:crypto";
import { open } from "node:fs/promises";
import { evidencePartBytesMax, evidenceText } from "@courier/protocol";
import { evidenceRequestTimeoutMs } from "../limits.ts";
import type { NodeIdentity } from "../session/identity.ts";
import { sendRequest } from "../session/send-request.ts";
import type { SpooledArchive } from "./evidence-spool.ts";
import { sha256Of } from "./pack-artifacts.ts";

/** Where archives go, and as whom. */
export interface EvidenceTarget {
  /** Base URL of the service. */
  readonly url: string;
  readonly caPem?: string | undefined;
  readonly identity: NodeIdentity;
}

/** What came of handing an archive in. */
export type SendOutcome =
  | { readonly kind: "stored" }
  /** Trying again later may help. */
  | { readonly kind: "failed"; readonly reason: string }
  /** The service will never take it. */
  | { readonly kind: "refused"; readonly reason: string };

/**
 * Hands an archive in, part by part: each answer says where to go on, so that a transfer that broke off continues there.
 * The service compares the whole with the signed digest.
 */
export async function sendArchive(
  archive: SpooledArchive,
  { url, caPem, identity }: EvidenceTarget,
  signal: AbortSignal,
): Promise<SendOutcome> {
  const { key, path, sizeBytes } = archive;
  const sha256 = await sha256Of(path);
  const { nodeId, privateKey } = identity;
  const text = Buffer.from(evidenceText({ nodeId, ...key, sizeBytes, sha256 }));
  const authorization = `Courier-Node ${nodeId}:${sign(null, text, privateKey).toString("base64")}`;
  const base = `${url.replace(/\/+$/, "")}/courier/state-api/v1/runs/${key.runId}`;
  const place = `${base}/steps/${key.stepNumber}/attempts/${key.attempt}/evidence`;
  const query = `token=${key.token}&sizeBytes=${sizeBytes}&sha256=${sha256}`;
  const file = await open(path, "r");
  try {
    let offset = 0;
    while (!signal.aborted) {
      const length = Math.min(evidencePartBytesMax, sizeBytes - offset);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset);
      const part = buffer.subarray(0, bytesRead);
      const answer = await put(`${place}?${query}&offset=${offset}`, {
        part,
        authorization,
        caPem,
        signal,
      });
      if (answer.kind !== "taken") return answer;
      if (answer.isStored) return { kind: "stored" };
      if (!isWithin(answer.nextOffset, sizeBytes)) {
        return { kind: "failed", reason: `the service asks for offset ${answer.nextOffset}` };
      }
      offset = answer.nextOffset;
    }
    return { kind: "failed", reason: "the agent stops" };
  } finally {
    await file.close();
  }
}

function isWithin(offset: number, sizeBytes: number): boolean {
  return Number.isSafeInteger(offset) && offset >= 0 && offset < sizeBytes;
}

type PartAnswer =
  | Exclude<SendOutcome, { readonly kind: "stored" }>
  | { readonly kind: "taken"; readonly nextOffset: number; readonly isStored: boolean };

async function put(
  url: string,
  request: {
    readonly part: Buffer;
    readonly authorization: string;
    readonly caPem: string | undefined;
    readonly signal: AbortSignal;
  },
): Promise<PartAnswer> {
  const { part, authorization, caPem, signal } = request;
  const headers = { authorization, "content-type": "application/octet-stream" };
  const content = { method: "PUT", headers, body: part } as const;
  const limits = {
    ...{ timeoutMs: evidenceRequestTimeoutMs, answerBytesMax: 64 * 1024 },
    ...{ signal, caPem },
  };
  try {
    const { status, body } = await sendRequest(url, content, limits);
    return status === 200 ? takenFrom(body) : refusalOf(status, body);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { kind: "failed", reason: reason === "" ? "the request failed" : reason };
  }
}

function takenFrom(data: unknown): PartAnswer {
  const item = fieldOf(data, "item");
  const nextOffset = fieldOf(item, "nextOffset");
  const isStored = fieldOf(item, "isStored");
  if (typeof nextOffset === "number" && typeof isStored === "boolean") {
    return { kind: "taken", nextOffset, isStored };
  }
  return { kind: "failed", reason: "the answer is not that of a courier-server" };
}

/** What a later try can mend: a service that is busy, stopping, or out of space. */
function refusalOf(status: number, data: unknown): PartAnswer {
  const message = fieldOf(fieldOf(data, "error"), "message");
  const reason = typeof message === "string" ? message : `HTTP ${status}`;
  const isPassing = status >= 500 || status === 429 || status === 408 || status < 400;
  return { kind: isPassing ? "failed" : "refused", reason };
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
