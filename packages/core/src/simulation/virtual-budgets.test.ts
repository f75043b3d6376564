import { describe, expect, test } from "vitest";
import { HeldPositions, VirtualBudgets } from "./virtual-budgets.ts";

describe("a virtual budget", () => {
  test("counts a node until the last of its runs has ended", () => {
    const budgets = new VirtualBudgets([1]);
    const node = { nodeId: "same", budgets: [0] };

    budgets.take(node);
    budgets.take(node);
    budgets.giveBack(node);
    expect(budgets.room(0)).toBe(0);
    expect(budgets.fullFor(node)).toBeUndefined();
    expect(budgets.fullFor({ nodeId: "other", budgets: [0] })).toBe(0);
    budgets.giveBack(node);
    expect(budgets.room(0)).toBe(1);
  });
});

describe("held positions", () => {
  test("are tried in their order, whenever they came and whatever budget they wait for", () => {
    const held = new HeldPositions();
    for (const [budget, position] of [
      [0, 7],
      [1, 4],
      [0, 2],
      [1, 6],
    ] as const) {
      held.add(budget, position);
    }
    const tried: number[] = [];

    const tryOne = (position: number): boolean => tried.push(position) > 0;

    held.tryFirst(() => 1, tryOne);
    expect(tried).toEqual([2, 4]);
    held.tryFirst(() => 1, tryOne);
    expect(tried).toEqual([2, 4, 6, 7]);
    expect(held.count).toBe(0);
  });

  test("are as many of each budget as it has room for, and the others keep their place", () => {
    const held = new HeldPositions();
    for (const position of [1, 2, 3]) held.add(0, position);
    const tried: number[] = [];
    const tryOne = (position: number): boolean => tried.push(position) > 0;

    held.tryFirst(() => 1, tryOne);
    expect([tried, held.count]).toEqual([[1], 2]);
    held.tryFirst(() => 5, tryOne);
    expect([tried, held.count]).toEqual([[1, 2, 3], 0]);
  });

  test("that could not be tried any more wait on in their order", () => {
    const held = new HeldPositions();
    for (const position of [1, 2, 3, 4]) held.add(0, position);

    held.tryFirst(
      () => 3,
      (position) => position < 2,
    );

    const left: number[] = [];
    expect(held.count).toBe(2);
    held.tryFirst(
      () => 9,
      (position) => left.push(position) > 0,
    );
    expect(left).toEqual([3, 4]);
  });
});
