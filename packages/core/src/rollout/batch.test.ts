import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { resolveBatchSizes, type BatchSize } from "./amount.ts";
import { batchAt, batchCount } from "./batch.ts";

/** The sizes of all batches of a group, as a person would write them down. */
function batchesOf(size: BatchSize | undefined, nodeCount: number): number[] {
  const sizes = resolveBatchSizes(size, nodeCount);
  const batches: number[] = [];
  for (let position = 0; position < nodeCount;) {
    const { start, end } = batchAt(sizes, { position, nodeCount });
    batches.push(end - start);
    position = end;
  }
  return batches;
}

describe("a ramp", () => {
  test.each([
    { value: [1, 5, "10%", "50%", "100%"], nodes: 100, batches: [1, 5, 10, 50, 34] },
    { value: [1, 5, "10%", "50%", "100%"], nodes: 50, batches: [1, 5, 5, 25, 14] },
    { value: [1, 5, "10%", "50%", "100%"], nodes: 4, batches: [1, 3] },
    { value: [1, 5, "10%"], nodes: 50, batches: [1, 5, 5, 5, 5, 5, 5, 5, 5, 5, 4] },
    { value: ["10%"], nodes: 3, batches: [1, 1, 1] },
    { value: ["2.5%", "100%"], nodes: 100, batches: [3, 97] },
    { value: [10], nodes: 25, batches: [10, 10, 5] },
    { value: [3, 1], nodes: 6, batches: [3, 1, 1, 1] },
    { value: [1, 5], nodes: 0, batches: [] },
  ])("of $value has on $nodes nodes the batches $batches", ({ value, nodes, batches }) => {
    expect(batchesOf({ type: "ramp", value }, nodes)).toEqual(batches);
    expect(batchCount(resolveBatchSizes({ type: "ramp", value }, nodes), nodes)).toBe(
      batches.length,
    );
  });

  test("of one entry means the same as a number or a percentage", () => {
    expect(batchesOf({ type: "ramp", value: [7] }, 40)).toEqual(
      batchesOf({ type: "number", value: 7 }, 40),
    );
    expect(batchesOf({ type: "ramp", value: ["7%"] }, 40)).toEqual(
      batchesOf({ type: "percent", value: 7 }, 40),
    );
  });
});

test("batches follow each other without a gap, and a position lies in its own", () => {
  const anySizes = fc.tuple(
    fc.integer({ min: 1, max: 9 }),
    fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 5 }),
  );
  fc.assert(
    fc.property(anySizes, fc.integer({ min: 1, max: 80 }), ([first, more], nodeCount) => {
      let number = 0;
      let end = 0;
      for (let position = 0; position < nodeCount; position += 1) {
        const batch = batchAt([first, ...more], { position, nodeCount });
        expect(position).toBeGreaterThanOrEqual(batch.start);
        expect(position).toBeLessThan(batch.end);
        if (batch.number === number) continue;
        expect(batch).toMatchObject({ number: number + 1, start: end });
        ({ number, end } = batch);
      }
      expect(end).toBe(nodeCount);
    }),
  );
});
