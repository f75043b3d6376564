import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import { CourierError } from "@courier/core";
import { UnreachableError } from "./service-error.ts";

/** An archive on its way. */
export interface EvidenceStream {
  readonly sizeBytes: number | undefined;
  /** Hex; undefined when the service did not say. */
  readonly sha256: string | undefined;
  /** The bytes as they arrive; throws at the end when they are not those that the service announced. */
  readonly bytes: AsyncIterable<Uint8Array>;
}

/** Reads the head of an answer that is an archive. */
export function evidenceStream(
  answer: {
    readonly stream: Readable;
    readonly headers: Readonly<Record<string, string>>;
  },
  signal: AbortSignal,
): EvidenceStream {
  const { stream, headers } = answer;
  const length = Number(headers["content-length"] ?? "");
  const digest = /sha-256=:([A-Za-z0-9+/=]+):/.exec(headers["repr-digest"] ?? "")?.[1];
  const sha256 = digest === undefined ? undefined : Buffer.from(digest, "base64").toString("hex");
  return {
    sizeBytes: Number.isSafeInteger(length) && length > 0 ? length : undefined,
    sha256,
    bytes: verified(stream, { sha256, signal }),
  };
}

async function* verified(
  stream: Readable,
  { sha256, signal }: { readonly sha256: string | undefined; readonly signal: AbortSignal },
): AsyncGenerator<Uint8Array, void, void> {
  const hash = createHash("sha256");
  const abort = (): void => {
    stream.destroy();
  };
  signal.addEventListener("abort", abort, { once: true });
  try {
    for await (const part of stream) {
      // Without an encoding a Readable of the HTTP parser yields Buffers.
      hash.update(part as Buffer);
      yield part as Buffer;
    }
  } catch (cause) {
    signal.throwIfAborted();
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `the transfer broke off: ${reason}; try again`;
    throw new UnreachableError(message, { isTransient: true, cause });
  } finally {
    signal.removeEventListener("abort", abort);
    stream.destroy();
  }
  signal.throwIfAborted();
  const arrived = hash.digest("hex");
  if (sha256 === undefined || arrived === sha256) return;
  throw new CourierError(
    "EVIDENCE_DAMAGED",
    `the archive arrived with SHA-256 ${arrived}, not ${sha256}`,
  );
}
