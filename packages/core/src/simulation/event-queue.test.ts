import fc from "fast-check";
import { expect, test } from "vitest";
import { EventQueue } from "./event-queue.ts";

test("gives events by time, and those of one time in their order", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20), { maxLength: 60 }), (times) => {
      const queue = new EventQueue<number>();
      for (const [index, at] of times.entries()) queue.add(at, index);

      const taken: [number | undefined, number | undefined][] = [];
      while (queue.nextAt !== undefined) taken.push([queue.nextAt, queue.take()]);

      const expected = times.map((at, index): [number, number] => [at, index]);
      expect(taken).toEqual(expected.toSorted((a, b) => a[0] - b[0] || a[1] - b[1]));
      expect(queue.take()).toBeUndefined();
    }),
  );
});
