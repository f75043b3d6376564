import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { groupTransitions, isGroupFinal, transitionGroup } from "./group-state.ts";
import { instanceTransitions, isInstanceFinal, transitionInstance } from "./instance-state.ts";
import { sourcesOf, statesOf, step, terminalStates, type TransitionTable } from "./machine.ts";
import { isRunOutcome, runOutcomes, runTransitions, transitionRun } from "./run-state.ts";
import { stepTransitions, transitionStep } from "./step-state.ts";

/** The statuses of semantics.md section 6: on the way, then final. */
const machines = [
  {
    name: "instance",
    table: instanceTransitions,
    open: ["pending", "running", "cancelling"],
    final: ["success", "failure", "canceled"],
  },
  {
    name: "group",
    table: groupTransitions,
    open: ["pending", "waiting", "running"],
    final: ["success", "failure", "skipped", "canceled"],
  },
  {
    name: "run",
    table: runTransitions,
    open: ["pending", "dispatched", "running"],
    final: ["success", "failure", "timeout", "canceled", "skipped", "undeliverable", "unknown"],
  },
  {
    name: "step",
    table: stepTransitions,
    open: ["pending", "running", "active"],
    final: ["success", "failure", "timeout", "canceled", "skipped"],
  },
] satisfies readonly {
  name: string;
  table: TransitionTable<string, string>;
  open: readonly string[];
  final: readonly string[];
}[];

type AnyTable = TransitionTable<string, string>;

function eventsOf(table: AnyTable): string[] {
  return [...new Set(statesOf(table).flatMap((state) => Object.keys(table[state] ?? {})))];
}

function reachable(table: AnyTable, from: string): Set<string> {
  const reached = new Set([from]);
  for (const state of reached) {
    for (const next of Object.values(table[state] ?? {})) if (next !== undefined) reached.add(next);
  }
  return reached;
}

describe.each(machines)("the $name machine", ({ table: typed, open, final }) => {
  const table: AnyTable = typed;
  const anyState = fc.constantFrom(...statesOf(table));
  const anyEvent = fc.constantFrom(...eventsOf(table));

  test("has exactly the statuses of semantics.md section 6", () => {
    expect(statesOf(table).toSorted()).toEqual([...open, ...final].toSorted());
    expect(terminalStates(table).toSorted()).toEqual([...final].toSorted());
  });

  test("leaves a terminal state by no event", () => {
    fc.assert(
      fc.property(anyState, anyEvent, (state, event) => {
        const next = step(table, state, event);

        if (final.includes(state)) expect(next.ok).toBe(false);
      }),
    );
  });

  test("stays where it ended, whatever happens in whatever order", () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 30 }), (events) => {
        let state = "pending";
        let ended: string | undefined;
        for (const event of events) {
          const next = step(table, state, event);
          if (next.ok) state = next.state;
          if (ended === undefined && final.includes(state)) ended = state;
        }

        if (ended !== undefined) expect(state).toBe(ended);
      }),
    );
  });

  test.each(open)("can end from %s", (state) => {
    const ends = [...reachable(table, state)].filter((reached) => final.includes(reached));

    expect(ends).not.toEqual([]);
  });

  test("can get everywhere from pending", () => {
    expect([...reachable(table, "pending")].toSorted()).toEqual(statesOf(table).toSorted());
  });

  test("never gets back to where it was", () => {
    for (const state of statesOf(table)) {
      for (const next of Object.values(table[state] ?? {})) {
        expect(reachable(table, next ?? "").has(state)).toBe(false);
      }
    }
  });

  test("names in sourcesOf exactly the states that accept the event", () => {
    fc.assert(
      fc.property(anyState, anyEvent, (state, event) => {
        expect(sourcesOf(table, event).includes(state)).toBe(step(table, state, event).ok);
      }),
    );
  });
});

test("rejects an event with a sentence that names state and event", () => {
  expect(transitionRun("success", "fail")).toEqual({
    ok: false,
    reason: "success does not accept fail",
  });
});

describe("the table of a run", () => {
  test.each([
    ["pending", "dispatch", "dispatched"],
    ["pending", "cancel", "canceled"],
    ["pending", "skip", "skipped"],
    ["pending", "bounce", "undeliverable"],
    ["dispatched", "start", "running"],
    ["dispatched", "bounce", "undeliverable"],
    ["dispatched", "lose", "unknown"],
    ["dispatched", "succeed", "success"],
    ["running", "expire", "timeout"],
    ["running", "lose", "unknown"],
  ] as const)("%s + %s = %s", (state, event, next) => {
    expect(transitionRun(state, event)).toEqual({ ok: true, state: next });
  });

  test.each([
    ["pending", "start"],
    ["pending", "succeed"],
    ["running", "bounce"],
    ["running", "skip"],
    ["running", "dispatch"],
    ["unknown", "succeed"],
  ] as const)("%s refuses %s", (state, event) => {
    expect(transitionRun(state, event).ok).toBe(false);
  });

  test("knows its outcomes", () => {
    const judged = statesOf(runTransitions).filter((state) => isRunOutcome(state));

    expect(judged.toSorted()).toEqual([...runOutcomes].toSorted());
  });
});

describe("the table of a group", () => {
  test.each([
    ["pending", "await", "waiting"],
    ["pending", "start", "running"],
    ["pending", "skip", "skipped"],
    ["waiting", "start", "running"],
    ["waiting", "succeed", "success"],
    ["waiting", "fail", "failure"],
    ["running", "cancel", "canceled"],
  ] as const)("%s + %s = %s", (state, event, next) => {
    expect(transitionGroup(state, event)).toEqual({ ok: true, state: next });
  });

  test("refuses to skip what has started", () => {
    expect(transitionGroup("running", "skip").ok).toBe(false);
  });

  test("knows its final statuses", () => {
    expect(statesOf(groupTransitions).filter((state) => isGroupFinal(state))).toEqual(
      terminalStates(groupTransitions),
    );
  });
});

describe("the table of an instance", () => {
  test.each([
    ["pending", "start", "running"],
    ["pending", "requestCancel", "cancelling"],
    ["running", "requestCancel", "cancelling"],
    ["cancelling", "confirmCancel", "canceled"],
    ["pending", "fail", "failure"],
  ] as const)("%s + %s = %s", (state, event, next) => {
    expect(transitionInstance(state, event)).toEqual({ ok: true, state: next });
  });

  test.each([
    ["cancelling", "succeed"],
    ["cancelling", "fail"],
    ["running", "confirmCancel"],
    ["success", "requestCancel"],
  ] as const)("%s refuses %s", (state, event) => {
    expect(transitionInstance(state, event).ok).toBe(false);
  });

  test("knows its final statuses", () => {
    expect(statesOf(instanceTransitions).filter((state) => isInstanceFinal(state))).toEqual(
      terminalStates(instanceTransitions),
    );
  });
});

describe("the table of a step", () => {
  test.each([
    ["pending", "start", "running"],
    ["pending", "fail", "failure"],
    ["running", "reboot", "active"],
    ["active", "succeed", "success"],
    ["running", "expire", "timeout"],
  ] as const)("%s + %s = %s", (state, event, next) => {
    expect(transitionStep(state, event)).toEqual({ ok: true, state: next });
  });

  test("refuses to succeed before it started", () => {
    expect(transitionStep("pending", "succeed").ok).toBe(false);
  });
});
