import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { resolveAmount, resolveBatchSize } from "./amount.ts";

describe("resolveAmount", () => {
  test.each([
    { value: 10, nodes: 50, up: 5, down: 5 },
    { value: 10, nodes: 25, up: 3, down: 2 },
    { value: 90, nodes: 25, up: 23, down: 22 },
    { value: 7, nodes: 100, up: 7, down: 7 },
    { value: 29, nodes: 100, up: 29, down: 29 },
    // As binary fractions 161.00000000000003 and 68.99999999999999.
    { value: 64.4, nodes: 250, up: 161, down: 161 },
    { value: 18.4, nodes: 375, up: 69, down: 69 },
    { value: 33, nodes: 3, up: 1, down: 0 },
    { value: 34, nodes: 3, up: 2, down: 1 },
    { value: 100, nodes: 7, up: 7, down: 7 },
    { value: 0, nodes: 7, up: 0, down: 0 },
    { value: 1, nodes: 100_000, up: 1000, down: 1000 },
    { value: 50, nodes: 1, up: 1, down: 0 },
  ])("$value % of $nodes is $up up and $down down", ({ value, nodes, up, down }) => {
    expect(resolveAmount({ type: "percent", value }, nodes, "up")).toBe(up);
    expect(resolveAmount({ type: "percent", value }, nodes, "down")).toBe(down);
  });

  test("takes a number as it is, even beyond the node count", () => {
    expect(resolveAmount({ type: "number", value: 9 }, 3, "up")).toBe(9);
    expect(resolveAmount({ type: "number", value: 0 }, 3, "down")).toBe(0);
  });

  test("agrees with exact integer arithmetic for every percentage with one decimal", () => {
    const anyCase = fc.record({
      tenths: fc.integer({ min: 0, max: 1000 }),
      nodes: fc.integer({ min: 0, max: 200_000 }),
    });
    fc.assert(
      fc.property(anyCase, ({ tenths, nodes }) => {
        const exactDown = Number((BigInt(nodes) * BigInt(tenths)) / 1000n);
        const isWhole = (BigInt(nodes) * BigInt(tenths)) % 1000n === 0n;
        const share = { type: "percent", value: tenths / 10 } as const;

        expect(resolveAmount(share, nodes, "down")).toBe(exactDown);
        expect(resolveAmount(share, nodes, "up")).toBe(isWhole ? exactDown : exactDown + 1);
      }),
    );
  });
});

describe("resolveBatchSize", () => {
  test.each([
    { amount: { type: "percent", value: 10 }, nodes: 3, size: 1 },
    { amount: { type: "percent", value: 0 }, nodes: 10, size: 1 },
    { amount: { type: "percent", value: 34 }, nodes: 3, size: 2 },
    { amount: { type: "number", value: 2 }, nodes: 5, size: 2 },
    { amount: { type: "number", value: 0 }, nodes: 5, size: 1 },
    { amount: { type: "number", value: 50 }, nodes: 5, size: 50 },
    { amount: undefined, nodes: 5, size: 5 },
    { amount: undefined, nodes: 0, size: 1 },
  ] as const)("$amount of $nodes nodes is $size", ({ amount, nodes, size }) => {
    expect(resolveBatchSize(amount, nodes)).toBe(size);
  });
});
