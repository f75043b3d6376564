import { isGroupFinal, isRunOutcome, judgeCriteria } from "@courier/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { anyCase, anyEvent, anySpec, calm, play } from "./rollout-cases.ts";
import { Rollout } from "./rollout-model.ts";

test("every rollout ends, with one outcome for each node", () => {
  fc.assert(
    fc.property(anyCase, ({ spec, nodeCount, events, outcome }) => {
      const rollout = new Rollout(spec, nodeCount);

      play(rollout, events);
      calm(rollout, outcome);

      expect(isGroupFinal(rollout.status)).toBe(true);
      expect(rollout.runs.filter((status) => isRunOutcome(status)).length).toBe(nodeCount);
    }),
    { numRuns: 2000 },
  );
});

test("nothing changes any more after the end", () => {
  fc.assert(
    fc.property(anyCase, fc.array(anyEvent, { maxLength: 10 }), (one, more) => {
      const rollout = new Rollout(one.spec, one.nodeCount);
      play(rollout, one.events);
      calm(rollout, one.outcome);
      const end = [rollout.status, ...rollout.runs];

      for (const event of more) rollout.happen(event);

      expect([rollout.status, ...rollout.runs]).toEqual(end);
    }),
  );
});

test("under earlyTermination nothing starts after the run that lost the criteria", () => {
  const anyLost = anyCase.map((one) => ({
    ...one,
    spec: { ...one.spec, earlyTermination: true, timeoutSeconds: 0 },
  }));
  fc.assert(
    fc.property(anyLost, ({ spec, nodeCount, events }) => {
      const rollout = new Rollout(spec, nodeCount);
      rollout.settle();
      let begunWhenLost: number | undefined;
      for (const event of events) {
        rollout.happen(event);
        const isLost =
          judgeCriteria(rollout.rules.criteria, rollout.counts(), nodeCount).standing === "lost";
        const begun = rollout.runs.filter((status) => !["pending", "skipped"].includes(status));
        // Runs that are cancelled one by one before the group has begun are not counted: none of them starts.
        if (isLost && rollout.status !== "waiting") begunWhenLost ??= begun.length;
        if (rollout.halt === "criteria") expect(begun.length).toBe(begunWhenLost);
      }
    }),
    { numRuns: 500 },
  );
});

test("a time limit ends a rollout whose nodes never answer", () => {
  fc.assert(
    fc.property(anySpec, fc.integer({ min: 1, max: 40 }), fc.nat(40), (spec, nodeCount, online) => {
      const rollout = new Rollout({ ...spec, timeoutSeconds: 60 }, nodeCount);
      rollout.happen({ kind: "online", count: online });

      rollout.happen({ kind: "pass", ms: 60_000 });

      expect(rollout.runs.filter((status) => status === "pending")).toEqual([]);
      if (rollout.isBusy) expect(rollout.halt).toBe("timeout");
      else expect(isGroupFinal(rollout.status)).toBe(true);
    }),
  );
});

test("a rolling window is refilled as soon as a run ends", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 40 }), (size, count) => {
      const rollout = new Rollout(
        {
          distributionMethod: "rolling",
          batchSize: { type: "number", value: size },
          successCriteria: [],
          timeoutSeconds: 0,
        },
        count,
      );
      rollout.settle();
      for (let ended = 0; ended < count; ended += 1) {
        expect(rollout.counts().inFlight).toBe(Math.min(size, count - ended));

        rollout.happen({ kind: "end", pick: ended, outcome: "success" });
      }

      expect(rollout.status).toBe("success");
    }),
  );
});

test("nothing starts once a haltOn is reached, and the group fails", () => {
  const anyHalting = anyCase.map((one) => ({
    ...one,
    spec: { ...one.spec, haltOn: { failure: { type: "number", value: 2 } as const } },
  }));
  fc.assert(
    fc.property(anyHalting, ({ spec, nodeCount, events, outcome }) => {
      const rollout = new Rollout(spec, nodeCount);
      rollout.settle();
      let begunWhenReached: number | undefined;
      for (const event of events) {
        rollout.happen(event);
        const begun = rollout.runs.filter((status) => !["pending", "skipped"].includes(status));
        const isReached = rollout.counts().failure >= 2;
        if (isReached) begunWhenReached ??= begun.length;
        // Runs that are cancelled before they have begun are the only other way out of `pending`.
        if (rollout.halt === "haltOn") expect(begun.length).toBe(begunWhenReached);
      }
      calm(rollout, outcome);
      if (rollout.counts().failure >= 2 && rollout.halt !== "cancel") {
        expect(rollout.status).toBe("failure");
      }
    }),
    { numRuns: 500 },
  );
});

test("a time limit ends a rollout also while it soaks", () => {
  const rollout = new Rollout(
    {
      distributionMethod: "batching",
      batchSize: { type: "ramp", value: [1, 2] },
      soakSeconds: 50,
      successCriteria: [],
      timeoutSeconds: 60,
    },
    4,
  );
  rollout.settle();
  rollout.happen({ kind: "pass", ms: 20_000 });
  rollout.happen({ kind: "end", pick: 0, outcome: "success" });
  expect(rollout.soakUntil).toBe(rollout.now + 50_000);

  rollout.happen({ kind: "pass", ms: 40_000 });

  expect(rollout.halt).toBe("timeout");
  expect(rollout.status).toBe("failure");
});
