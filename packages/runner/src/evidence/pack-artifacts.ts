import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { open, rm, stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { artifactBytesMax, artifactFilesMax, tarEnd, tarHead, tarPadding } from "@courier/protocol";
import {
  leftOut,
  type ArtifactCandidate,
  type ArtifactContent,
  type ArtifactRecord,
  type FoundArtifacts,
  type OpenArtifact,
} from "./artifact-file.ts";
import type { SecretMask } from "../redact/redactor.ts";
import { hasChanged, maskArtifact } from "./mask-artifact.ts";
import { openArtifact } from "./open-artifact.ts";

/** An archive on disk, and what is in it. */
export interface PackedArtifacts {
  readonly records: readonly ArtifactRecord[];
  readonly sizeBytes: number;
  /** Hex. */
  readonly sha256: string;
}

/** The name of the manifest in the archive, its last entry. */
const manifestName = "artifacts.json";

const readBytes = 64 * 1024;

/** Packs what was found into a gzip tar at `target`, durable when this resolves. Files are streamed, one at a time. */
export async function packArtifacts(
  found: FoundArtifacts,
  options: {
    readonly target: string;
    readonly ownerId: number | undefined;
    /** What must not be in the archive, neither in files nor in their names. */
    readonly secrets: SecretMask;
    readonly signal: AbortSignal;
  },
): Promise<PackedArtifacts> {
  const { target, ownerId, secrets, signal } = options;
  const maskedPath = `${target}.masked`;
  const records: ArtifactRecord[] = [...found.leftOut];
  try {
    await pipeline(
      Readable.from(archiveOf(found.candidates, { records, ownerId, secrets, maskedPath })),
      createGzip(),
      createWriteStream(target, { mode: 0o600 }),
      { signal },
    );
  } finally {
    await rm(maskedPath, { force: true });
  }
  await syncFile(target);
  const { size } = await stat(target);
  const told = records.map((record) => maskedRecord(record, secrets));
  return { records: told, sizeBytes: size, sha256: await sha256Of(target) };
}

/** The digest of a file, hex. */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

async function* archiveOf(
  candidates: readonly ArtifactCandidate[],
  pack: {
    readonly records: ArtifactRecord[];
    readonly ownerId: number | undefined;
    readonly secrets: SecretMask;
    readonly maskedPath: string;
  },
): AsyncGenerator<Buffer, void, void> {
  const { records, ownerId, secrets, maskedPath } = pack;
  let bytesLeft = artifactBytesMax;
  let fileCount = 0;
  for (const candidate of candidates) {
    if (fileCount >= artifactFilesMax) {
      records.push(leftOut(candidate.path, "tooMany", `more than ${artifactFilesMax} files`));
      continue;
    }
    const opened = await openArtifact(candidate, { ownerId, bytesLeft });
    if ("outcome" in opened) {
      records.push(opened);
      continue;
    }
    const content = hasSecrets(secrets)
      ? await maskArtifact(opened, { secrets, target: maskedPath })
      : opened;
    try {
      records.push(yield* entryOf(secrets.maskText(candidate.path), content));
      bytesLeft -= content.sizeBytes;
      fileCount += 1;
    } finally {
      await content.file.close();
    }
  }
  yield* manifestOf(records.map((record) => maskedRecord(record, secrets)));
  yield Buffer.from(tarEnd, "latin1");
}

/** The head has promised a size: a file that shrinks is filled up, one that grows is cut, and both are said. */
async function* entryOf(
  path: string,
  { file, sizeBytes, modifiedAtMs, isCopyOfChanged }: ArtifactContent,
): AsyncGenerator<Buffer, ArtifactRecord, void> {
  const head = tarHead({ path, size: sizeBytes, modifiedAt: modifiedAtMs / 1000 });
  yield Buffer.from(head, "latin1");
  const hash = createHash("sha256");
  let missingBytes = sizeBytes;
  let hasEnded = false;
  while (missingBytes > 0) {
    const part = await readPart(file, hasEnded ? 0 : Math.min(readBytes, missingBytes));
    hasEnded ||= part.length === 0;
    const bytes = hasEnded ? Buffer.alloc(Math.min(readBytes, missingBytes)) : part;
    hash.update(bytes);
    missingBytes -= bytes.length;
    yield bytes;
  }
  yield Buffer.from(tarPadding(sizeBytes), "latin1");
  const isChanged = isCopyOfChanged ?? (hasEnded || (await hasChanged(file, modifiedAtMs)));
  const outcome = isChanged ? "keptChanged" : "kept";
  const detail = isChanged ? "it was written to while it was read" : "";
  return { path, outcome, sizeBytes, sha256: hash.digest("hex"), detail };
}

async function readPart(file: OpenArtifact["file"], length: number): Promise<Buffer> {
  if (length === 0) return Buffer.alloc(0);
  const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length);
  return buffer.subarray(0, bytesRead);
}

function hasSecrets({ automaton }: SecretMask): boolean {
  return automaton.lengthMax > 0;
}

/** Names and system messages may hold secrets as well. */
function maskedRecord(record: ArtifactRecord, secrets: SecretMask): ArtifactRecord {
  if (!hasSecrets(secrets)) return record;
  const { path, detail } = record;
  return { ...record, path: secrets.maskText(path), detail: secrets.maskText(detail) };
}

function* manifestOf(records: readonly ArtifactRecord[]): Generator<Buffer, void, void> {
  const text = Buffer.from(`${JSON.stringify({ files: records }, undefined, 2)}\n`);
  const head = tarHead({ path: manifestName, size: text.length, modifiedAt: 0 });
  yield Buffer.from(head, "latin1");
  yield text;
  yield Buffer.from(tarPadding(text.length), "latin1");
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, "r");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
