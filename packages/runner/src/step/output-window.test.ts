import { outputChunkBytesMax } from "@courier/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { droppedBytes, nextRange, type ByteRange } from "./output-window.ts";

/** Everything that is sent of a stream that grows to each size in turn and ends at the last. */
function sentRanges(sizes: readonly number[], quotaBytes: number): ByteRange[] {
  const ranges: ByteRange[] = [];
  let sentOffset = 0;
  sizes.forEach((size, index) => {
    const isFinal = index === sizes.length - 1;
    for (;;) {
      const range = nextRange({ size, sentOffset, isFinal, quotaBytes });
      if (range === undefined) return;
      ranges.push(range);
      sentOffset = range.end;
    }
  });
  return ranges;
}

const growth = fc
  .array(fc.nat({ max: 300_000 }), { minLength: 1, maxLength: 8 })
  .map((sizes) => sizes.toSorted((left, right) => left - right));
const quota = fc.integer({ min: 1, max: 300_000 });

test("sends each byte at most once, in order, in chunks that fit", () => {
  fc.assert(
    fc.property(growth, quota, (sizes, quotaBytes) => {
      let end = 0;
      for (const range of sentRanges(sizes, quotaBytes)) {
        expect(range.start).toBeGreaterThanOrEqual(end);
        expect(range.end - range.start).toBeGreaterThan(0);
        expect(range.end - range.start).toBeLessThanOrEqual(outputChunkBytesMax);
        end = range.end;
      }
    }),
  );
});

test("sends everything but what the quota drops: the first half and the last", () => {
  fc.assert(
    fc.property(growth, quota, (sizes, quotaBytes) => {
      const size = sizes.at(-1) ?? 0;
      const ranges = sentRanges(sizes, quotaBytes);

      const sent = ranges.reduce((total, range) => total + range.end - range.start, 0);
      expect(sent).toBe(size - droppedBytes(size, quotaBytes));
      if (size > 0) expect(ranges.at(-1)?.end).toBe(quotaBytes === 1 && size > 1 ? 1 : size);
    }),
  );
});

test("never sends more than half the quota before the end is known", () => {
  const range = nextRange({ size: 1000, sentOffset: 50, isFinal: false, quotaBytes: 100 });

  expect(range).toBeUndefined();
});
