import { createHash } from "node:crypto";
import { CourierError } from "@courier/core";
import { evidenceArchiveBytesMax } from "@courier/protocol";
import type { EvidenceUploadResponse } from "@courier/schema";
import { archiveName, insertEvidence, listEvidence, type FoundRun } from "@courier/store";
import type { ApiContext } from "./api-context.ts";
import type { SignedArchive } from "./node-signature.ts";

/**
 * Takes one part of an archive. The answer says where the next one begins, whatever was sent, so that a node that
 * lost its place finds it again. With the last part the whole is compared with its digest, made durable, and recorded.
 */
export async function takePart(
  context: ApiContext,
  part: {
    readonly run: FoundRun;
    readonly archive: SignedArchive;
    readonly offset: number;
    readonly data: Uint8Array;
  },
): Promise<EvidenceUploadResponse> {
  const { db, archives, clock } = context;
  const { run, archive, offset, data } = part;
  const { sizeBytes, stepNumber, attempt } = archive;
  refuseTooLarge(sizeBytes);
  const [known] = await listEvidence(db, { runId: run.id, stepNumber, attempt });
  if (known !== undefined) return alreadyStored(known.sha256, archive);
  const name = archiveName({ runId: run.id, ...archive });
  const room = Math.max(0, sizeBytes - offset);
  const now = clock.now();
  if (room > 0) await archives.append(name, { offset, data: data.subarray(0, room), now });
  const receivedBytes = await archives.receivedBytes(name);
  if (receivedBytes < sizeBytes) return answer(receivedBytes, false);
  await requireDigest(context, name, archive.sha256);
  await archives.finish(name);
  const { sha256 } = archive;
  await insertEvidence(db, {
    ...{ runId: run.id, stepNumber, attempt, archive: name },
    ...{ sha256, sizeBytes, storedAt: now },
  });
  return answer(sizeBytes, true);
}

function refuseTooLarge(sizeBytes: number): void {
  if (sizeBytes <= evidenceArchiveBytesMax) return;
  const message = `an archive has at most ${evidenceArchiveBytesMax} bytes, not ${sizeBytes}`;
  throw new CourierError("BODY_TOO_LARGE", message);
}

function alreadyStored(sha256: string, archive: SignedArchive): EvidenceUploadResponse {
  if (sha256 === archive.sha256) return answer(archive.sizeBytes, true);
  const message = "other artifacts of this attempt are stored already";
  throw new CourierError("EVIDENCE_REFUSED", message);
}

/** What does not match is thrown away: the next try begins anew. */
async function requireDigest(
  { archives }: ApiContext,
  name: string,
  expected: string,
): Promise<void> {
  const hash = createHash("sha256");
  for await (const piece of archives.read(name)) hash.update(piece);
  if (hash.digest("hex") === expected) return;
  await archives.remove(name);
  throw new CourierError("EVIDENCE_DAMAGED", "what arrived does not match its digest");
}

function answer(nextOffset: number, isStored: boolean): EvidenceUploadResponse {
  return { item: { nextOffset, isStored } };
}
