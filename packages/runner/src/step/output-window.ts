import { outputChunkBytesMax } from "@courier/protocol";

/** Bytes [start, end) of a stream. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Which bytes of a stream are to be sent next, at most one chunk. While the step runs only the first half of the quota
 * is; what lies beyond waits for the end, when it is known whether it belongs to the last half or is dropped.
 */
export function nextRange(stream: {
  readonly size: number;
  readonly sentOffset: number;
  readonly isFinal: boolean;
  readonly quotaBytes: number;
}): ByteRange | undefined {
  const { size, sentOffset, isFinal, quotaBytes } = stream;
  const headBytes = Math.ceil(quotaBytes / 2);
  const tailStart = Math.max(size - (quotaBytes - headBytes), headBytes);
  const headEnd = isFinal && size <= quotaBytes ? size : Math.min(size, headBytes);
  if (sentOffset < headEnd) return chunk(sentOffset, headEnd);
  if (!isFinal) return undefined;
  const start = Math.max(sentOffset, size <= quotaBytes ? size : tailStart);
  return start < size ? chunk(start, size) : undefined;
}

/** How many bytes of a stream that ended at `size` the quota drops. */
export function droppedBytes(size: number, quotaBytes: number): number {
  return Math.max(0, size - quotaBytes);
}

function chunk(start: number, end: number): ByteRange {
  return { start, end: Math.min(end, start + outputChunkBytesMax) };
}
