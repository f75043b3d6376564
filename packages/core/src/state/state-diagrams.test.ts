import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { groupTransitions } from "./group-state.ts";
import { instanceTransitions } from "./instance-state.ts";
import { statesOf, terminalStates, type TransitionTable } from "./machine.ts";
import { runTransitions } from "./run-state.ts";
import { stepTransitions } from "./step-state.ts";

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
): string[] {
  const moves = statesOf(table).flatMap((state) =>
    Object.entries(table[state]).map(([event, next]) => `${state} --> ${String(next)}: ${event}`),
  );
  const ends = terminalStates(table).map((state) => `${state} --> [*]`);
  return ["[*] --> pending", ...moves, ...ends].toSorted();
}

describe("the diagrams of README.md show exactly the transitions of the tables", () => {
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
