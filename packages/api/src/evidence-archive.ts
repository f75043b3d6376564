import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { createGzip } from "node:zlib";
import { CourierError } from "@courier/core";
import { tarEnd, tarHead, tarPadding, type OutputStream } from "@courier/protocol";
import {
  listOutputExtents,
  readOutputPiece,
  type ArchiveStore,
  type AttemptStream,
  type Db,
  type EvidenceRow,
  type OutputExtent,
} from "@courier/store";

/** One attempt's evidence, put together when it is asked for. */
export interface EvidenceSource {
  readonly db: Db;
  readonly archives: ArchiveStore;
  readonly runId: string;
  readonly stepNumber: number;
  readonly attempt: number;
  /** `evidence.json`. */
  readonly facts: string;
  /** Unix seconds. */
  readonly modifiedAt: number;
  /** What the node handed in, if it has. */
  readonly stored: EvidenceRow | undefined;
}

/** An archive of which size and digest are known before its first byte is sent. */
export interface EvidenceArchive {
  readonly sizeBytes: number;
  readonly sha256: Buffer;
  /** Read only as fast as it is taken. */
  open(): Readable;
}

/**
 * A gzip tar of two members one after the other, which every reader takes for one: what the service knows (facts and
 * output), packed now, and the node's archive as it was handed in. It is read twice, once for its digest: so what is damaged is
 * found before anything is sent, and the reader can tell whether all of it arrived.
 */
export async function evidenceArchive(source: EvidenceSource): Promise<EvidenceArchive> {
  const streams = await Promise.all([streamOf(source, "stdout"), streamOf(source, "stderr")]);
  const open = (): Readable => Readable.from(bytesOf(source, streams), { objectMode: false });
  const hash = createHash("sha256");
  let sizeBytes = 0;
  for await (const part of open()) {
    // Without an encoding a stream yields Buffers.
    hash.update(part as Buffer);
    sizeBytes += (part as Buffer).length;
  }
  return { sizeBytes, sha256: hash.digest(), open };
}

interface StoredStream {
  readonly key: AttemptStream;
  readonly extents: readonly OutputExtent[];
}

async function streamOf(source: EvidenceSource, stream: OutputStream): Promise<StoredStream> {
  const { db, runId, stepNumber, attempt } = source;
  const key = { runId, stepNumber, attempt, stream };
  return { key, extents: await listOutputExtents(db, key) };
}

async function* bytesOf(
  source: EvidenceSource,
  streams: readonly StoredStream[],
): AsyncGenerator<Uint8Array, void, void> {
  // Pipe carries no error of what it reads from over to what it writes to.
  const entries = Readable.from(entriesOf(source, streams), { objectMode: false });
  const gzip = createGzip();
  entries.once("error", (error) => gzip.destroy(error));
  gzip.once("close", () => entries.destroy());
  for await (const part of entries.pipe(gzip)) yield part as Buffer;
  if (source.stored !== undefined) yield* checkedArchive(source.archives, source.stored);
}

async function* entriesOf(
  source: EvidenceSource,
  streams: readonly StoredStream[],
): AsyncGenerator<Uint8Array, void, void> {
  const { facts, modifiedAt, stored } = source;
  const text = Buffer.from(facts);
  yield latin1(tarHead({ path: "evidence.json", size: text.length, modifiedAt }));
  yield text;
  yield latin1(tarPadding(text.length));
  for (const { key, extents } of streams) {
    const pieces = piecesOf(extents);
    const size = pieces.reduce((sum, piece) => sum + sizeOf(piece), 0);
    yield latin1(tarHead({ path: key.stream, size, modifiedAt }));
    for (const piece of pieces) {
      yield typeof piece === "string"
        ? Buffer.from(piece)
        : await pieceBytes(source.db, { ...key, ...piece });
    }
    yield latin1(tarPadding(size));
  }
  // Otherwise the node's archive goes on, and ends it.
  if (stored === undefined) yield latin1(tarEnd);
}

/** A piece of output, from `skip` on, or what stands for bytes that are missing. */
type Piece = (OutputExtent & { readonly skip: number }) | string;

function piecesOf(extents: readonly OutputExtent[]): readonly Piece[] {
  const pieces: Piece[] = [];
  let position = 0;
  for (const { offset, bytes } of extents) {
    if (offset > position) pieces.push(`\n[courier: ${offset - position} bytes dropped here]\n`);
    const skip = Math.max(0, position - offset);
    if (skip < bytes) pieces.push({ offset, bytes, skip });
    position = Math.max(position, offset + bytes);
  }
  return pieces;
}

function sizeOf(piece: Piece): number {
  return typeof piece === "string" ? Buffer.byteLength(piece) : piece.bytes - piece.skip;
}

async function pieceBytes(
  db: Db,
  piece: AttemptStream & OutputExtent & { readonly skip: number },
): Promise<Uint8Array> {
  const data = await readOutputPiece(db, piece);
  if (data?.length === piece.bytes) return data.subarray(piece.skip);
  throw new CourierError("EVIDENCE_NOT_FOUND", "the output was deleted while it was read");
}

async function* checkedArchive(
  archives: ArchiveStore,
  { archive, sha256 }: EvidenceRow,
): AsyncGenerator<Uint8Array, void, void> {
  const hash = createHash("sha256");
  for await (const piece of archives.read(archive)) {
    hash.update(piece);
    yield piece;
  }
  if (hash.digest("hex") === sha256) return;
  throw new CourierError("EVIDENCE_DAMAGED", `archive ${archive} does not match its digest`);
}

function latin1(text: string): Buffer {
  return Buffer.from(text, "latin1");
}
