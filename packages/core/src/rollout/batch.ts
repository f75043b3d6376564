/** A part of a group that a batching rollout starts together. */
export interface NumberedBatch {
  /** From 1. */
  readonly number: number;
  /** Positions of its nodes, `end` exclusive. */
  readonly start: number;
  readonly end: number;
}

/** The batch that holds a position, from the sizes of a group's batches, of which the last one repeats. */
export function batchAt(
  sizes: readonly [number, ...number[]],
  { position, nodeCount }: { readonly position: number; readonly nodeCount: number },
): NumberedBatch {
  let start = 0;
  let number = 1;
  let size = sizes[0];
  for (const next of sizes.slice(1)) {
    if (position < start + size) break;
    start += size;
    number += 1;
    size = next;
  }
  // What is left has one size: how far into it the position lies needs no loop.
  const repeats = Math.max(0, Math.floor((position - start) / size));
  start += repeats * size;
  return { number: number + repeats, start, end: Math.min(nodeCount, start + size) };
}

/** How many batches a group of this many nodes has. */
export function batchCount(sizes: readonly [number, ...number[]], nodeCount: number): number {
  return nodeCount === 0 ? 0 : batchAt(sizes, { position: nodeCount - 1, nodeCount }).number;
}
