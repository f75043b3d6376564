import fc from "fast-check";
import { expect, test } from "vitest";
import { assertNever } from "../assert.ts";
import { isGroupFinal, transitionGroup, type GroupStatus } from "../state/group-state.ts";
import { isRunOutcome, type RunOutcome, type RunStatus } from "../state/run-state.ts";
import { judgeCriteria } from "./criteria.ts";
import { decideGroup, type GroupDecision, type HaltCause } from "./decide-group.ts";
import { resolveGroupRules, type GroupRules, type GroupSpec } from "./group-rules.ts";
import { noRuns, type RunCounts } from "./run-counts.ts";

/** What the world does to a group between two decisions. */
type WorldEvent =
  | { readonly kind: "end"; readonly pick: number; readonly outcome: RunOutcome }
  | { readonly kind: "cancel-run"; readonly pick: number }
  | { readonly kind: "cancel-group" }
  | { readonly kind: "pass"; readonly ms: number }
  | { readonly kind: "online"; readonly count: number };

const finishEvents = {
  success: "succeed",
  failure: "fail",
  skipped: "skip",
  canceled: "cancel",
} as const;

/** A decision asked for again and again must lead to `rest` in fewer steps than this. */
const decisionsMax = 10;

/** One group with its runs; applies every decision as the scheduler does, and checks each on the way. */
class Rollout {
  readonly rules: GroupRules;
  readonly runs: RunStatus[];
  status: GroupStatus = "pending";
  halt: HaltCause | null = null;
  now = 1_000_000;
  deadlineAt: number | null = null;
  onlineCount = 0;
  readonly #seen: string[] = [];
  #cursor = 0;
  #batchEnd = 0;

  constructor(spec: GroupSpec, nodeCount: number) {
    this.rules = resolveGroupRules(spec, nodeCount);
    this.runs = Array.from({ length: nodeCount }, () => "pending");
  }

  counts(): RunCounts {
    const counts: Record<keyof RunCounts, number> = { ...noRuns };
    for (const status of this.runs) {
      if (isRunOutcome(status)) counts[status] += 1;
      else if (status !== "pending") counts.inFlight += 1;
    }
    return counts;
  }

  /** True while a node still has something to say. */
  get isBusy(): boolean {
    return this.counts().inFlight > 0;
  }

  happen(event: WorldEvent): void {
    switch (event.kind) {
      case "end":
        this.#endOne("dispatched", event.pick, event.outcome);
        break;
      case "cancel-run":
        this.#endOne("pending", event.pick, "canceled");
        break;
      case "cancel-group":
        this.halt ??= "cancel";
        break;
      case "pass":
        this.now += event.ms;
        break;
      case "online":
        this.onlineCount = event.count % (this.runs.length + 1);
        break;
      default:
        assertNever(event, "event");
    }
    this.settle();
  }

  /** Asks and applies until core says `rest`. */
  settle(): void {
    for (let asked = 0; asked < decisionsMax; asked += 1) {
      const decision = this.#ask();
      this.#seen.push(decision.kind);
      if (decision.kind === "rest") return;
      this.#apply(decision);
    }
    throw new Error(`no rest after ${decisionsMax} decisions: ${this.#seen.slice(-5).join()}`);
  }

  #ask(): GroupDecision {
    const snapshot = {
      status: this.status,
      nodeCount: this.runs.length,
      counts: this.counts(),
      cursor: this.#cursor,
      batchEnd: this.#batchEnd,
      halt: this.halt,
      deadlineAt: this.deadlineAt,
    };
    return decideGroup(this.rules, snapshot, { now: this.now, onlineCount: this.onlineCount });
  }

  #apply(decision: Exclude<GroupDecision, { kind: "rest" }>): void {
    switch (decision.kind) {
      case "await-quorum":
        this.#move("await");
        this.deadlineAt = decision.deadlineAt;
        break;
      case "start":
        this.#start(decision.count, decision.batchEnd);
        break;
      case "halt":
        this.#checkHalt(decision.cause);
        this.halt = decision.cause;
        break;
      case "drain":
        for (const [position, status] of this.runs.entries()) {
          if (status === "pending") this.runs[position] = decision.outcome;
        }
        break;
      case "finish":
        this.#checkFinish(decision.status);
        this.#move(finishEvents[decision.status]);
        break;
      default:
        assertNever(decision, "decision");
    }
  }

  #start(count: number, batchEnd: number): void {
    this.#checkStart();
    if (this.status !== "running") {
      this.#move("start");
      this.deadlineAt = this.rules.timeoutMs === 0 ? null : this.now + this.rules.timeoutMs;
    }
    let started = 0;
    let position = this.#cursor;
    for (; position < batchEnd && started < count; position += 1) {
      if (this.runs[position] !== "pending") continue;
      this.#checkBarrier(position);
      this.runs[position] = "dispatched";
      started += 1;
    }
    this.#cursor = position;
    this.#batchEnd = batchEnd;
    expect(this.counts().inFlight).toBeLessThanOrEqual(this.rules.batchSize);
  }

  #move(event: Parameters<typeof transitionGroup>[1]): void {
    const next = transitionGroup(this.status, event);
    if (!next.ok) throw new Error(next.reason);
    this.status = next.state;
  }

  #endOne(from: "pending" | "dispatched", pick: number, outcome: RunOutcome): void {
    const candidates = [...this.runs.keys()].filter((position) => this.runs[position] === from);
    const position = candidates[pick % candidates.length];
    if (position !== undefined) this.runs[position] = outcome;
  }

  #standing(): string {
    return judgeCriteria(this.rules.criteria, this.counts(), this.runs.length).standing;
  }

  #checkStart(): void {
    expect(this.halt).toBeNull();
    if (this.rules.earlyTermination) expect(this.#standing()).not.toBe("lost");
    const isFirst = this.status !== "running";
    if (isFirst) expect(this.onlineCount).toBeGreaterThanOrEqual(this.rules.minReadyCount);
    else if (this.deadlineAt !== null) expect(this.now).toBeLessThan(this.deadlineAt);
  }

  /** Batch k+1 never starts before batch k has ended. */
  #checkBarrier(position: number): void {
    if (this.rules.distributionMethod === "rolling") return;
    const batchStart = position - (position % this.rules.batchSize);
    const before = this.runs.slice(0, batchStart);
    expect(before.every((status) => isRunOutcome(status))).toBe(true);
  }

  #checkHalt(cause: HaltCause): void {
    expect(this.halt).toBe(cause === "timeout" && this.halt === "criteria" ? "criteria" : null);
    if (cause === "criteria") {
      expect(this.rules.earlyTermination).toBe(true);
      expect(this.#standing()).toBe("lost");
    }
    if (cause === "timeout" || cause === "quorum") {
      expect(this.deadlineAt).not.toBeNull();
      expect(this.now).toBeGreaterThanOrEqual(this.deadlineAt ?? Number.POSITIVE_INFINITY);
    }
    if (cause === "quorum") expect(this.onlineCount).toBeLessThan(this.rules.minReadyCount);
  }

  #checkFinish(status: GroupStatus): void {
    expect(this.runs.every((run) => isRunOutcome(run))).toBe(true);
    if (this.halt === "cancel") expect(status).toBe("canceled");
    else if (this.halt === "quorum") expect(status).toBe("failure");
    else if (this.runs.length === 0)
      expect(status).toBe(this.rules.onEmpty === "succeed" ? "success" : "failure");
    else expect(status).toBe(this.#standing() === "met" ? "success" : "failure");
  }
}

const anyAmount = fc.oneof(
  fc.record({ type: fc.constant("number" as const), value: fc.integer({ min: 1, max: 12 }) }),
  fc.record({ type: fc.constant("percent" as const), value: fc.integer({ min: 1, max: 100 }) }),
);

const anySpec: fc.Arbitrary<GroupSpec> = fc.record(
  {
    batchSize: anyAmount,
    distributionMethod: fc.constantFrom("batching", "rolling"),
    successCriteria: fc.array(
      fc.record({ status: fc.constantFrom("success", "failure"), numRuns: anyAmount }),
      { maxLength: 2 },
    ),
    timeoutSeconds: fc.constantFrom(0, 0, 1, 60),
    earlyTermination: fc.boolean(),
    minReady: fc.record({
      type: fc.constant("percent" as const),
      value: fc.integer({ min: 0, max: 100 }),
    }),
    onEmpty: fc.constantFrom("fail", "succeed"),
  },
  { requiredKeys: ["distributionMethod", "successCriteria", "timeoutSeconds"] },
);

const anyOutcome: fc.Arbitrary<RunOutcome> = fc.constantFrom(
  "success",
  "success",
  "success",
  "failure",
  "timeout",
  "undeliverable",
  "unknown",
  "canceled",
);

const anyEvent: fc.Arbitrary<WorldEvent> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant("end" as const),
      pick: fc.nat(100),
      outcome: anyOutcome,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("cancel-run" as const), pick: fc.nat(100) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("pass" as const), ms: fc.nat(20_000) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("online" as const), count: fc.nat(40) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("cancel-group" as const) }) },
);

const anyCase = fc.record({
  spec: anySpec,
  nodeCount: fc.integer({ min: 0, max: 40 }),
  events: fc.array(anyEvent, { maxLength: 80 }),
  /** How the runs end that are left when the faults stop. */
  outcome: anyOutcome,
});

function play(rollout: Rollout, events: readonly WorldEvent[]): void {
  rollout.settle();
  for (const event of events) rollout.happen(event);
}

/** The faults stop: nodes are online and every run ends. */
function calm(rollout: Rollout, outcome: RunOutcome): void {
  rollout.happen({ kind: "online", count: rollout.runs.length });
  for (let turn = 0; turn <= rollout.runs.length && rollout.isBusy; turn += 1) {
    rollout.happen({ kind: "end", pick: 0, outcome });
  }
}

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
