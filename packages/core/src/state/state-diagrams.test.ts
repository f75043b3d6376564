import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { groupTransitions, transitionGroup } from "./group-state.ts";
import { instanceTransitions, transitionInstance } from "./instance-state.ts";
import { statesOf, terminalStates, type Transition, type TransitionTable } from "./machine.ts";
import { jobTransitions, transitionJob } from "./job-state.ts";
import { runTransitions, transitionRun } from "./run-state.ts";
import { stepTransitions, transitionStep } from "./step-state.ts";

const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");

/** The lines of the mermaid diagram below the heading `### name`. */
function diagramLines(name: string): string[] {
  const section = readme.split(`\n### ${name}\n`)[1] ?? "";
  const diagram = /```mermaid\nstateDiagram-v2\n([\s\S]*?)```/.exec(section)?.[1] ?? "";
  return diagram
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .toSorted();
}

function tableLines<State extends string, Event extends string>(
  table: TransitionTable<State, Event>,
  initial: string = "pending",
): string[] {
  const moves = statesOf(table).flatMap((state) =>
    Object.entries(table[state]).map(([event, next]) => `${state} --> ${String(next)}: ${event}`),
  );
  const ends = terminalStates(table).map((state) => `${state} --> [*]`);
  return [`[*] --> ${initial}`, ...moves, ...ends].toSorted();
}

describe("the diagrams of README.md show exactly the transitions of the tables", () => {
  test("job", () => {
    expect(diagramLines("job")).toEqual(tableLines(jobTransitions, "active"));
  });

  test("instance", () => {
    expect(diagramLines("instance")).toEqual(tableLines(instanceTransitions));
  });

  test("group", () => {
    expect(diagramLines("group")).toEqual(tableLines(groupTransitions));
  });

  test("run", () => {
    expect(diagramLines("run")).toEqual(tableLines(runTransitions));
  });

  test("step", () => {
    expect(diagramLines("step")).toEqual(tableLines(stepTransitions));
  });
});

/** Every state with every event through the object's one function: what the diagram draws is accepted, all else refused. */
function everyPair<State extends string, Event extends string>(
  name: string,
  table: TransitionTable<State, Event>,
  transition: (state: State, event: Event) => Transition<State>,
): void {
  const drawn = diagramLines(name).map((line) => /^(\w+) --> (\w+): (\w+)$/.exec(line));
  // Every event is drawn, and no other name is: the comparison above holds tables and diagrams together.
  const events = [...new Set(drawn.flatMap((move) => move?.[3] ?? []))] as Event[];
  for (const state of statesOf(table)) {
    for (const event of events) {
      const to = drawn.find((move) => move?.[1] === state && move[3] === event)?.[2];
      const refusal = { ok: false, reason: `${state} does not accept ${event}` };
      expect(transition(state, event)).toEqual(
        to === undefined ? refusal : { ok: true, state: to },
      );
    }
  }
}

describe("every state with every event goes where the diagram says, or is refused", () => {
  test("job", () => everyPair("job", jobTransitions, transitionJob));

  test("instance", () => everyPair("instance", instanceTransitions, transitionInstance));

  test("group", () => everyPair("group", groupTransitions, transitionGroup));

  test("run", () => everyPair("run", runTransitions, transitionRun));

  test("step", () => everyPair("step", stepTransitions, transitionStep));
});
