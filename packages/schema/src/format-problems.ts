import type { Problem } from "./generated/problem.ts";

/** The text that a person gets: one line for each problem, `file:line:column  pointer  message`. */
export function formatProblems(problems: readonly Problem[], fileName: string): string {
  return problems
    .map(({ line, column, pointer, message }) =>
      [`${fileName}:${line}:${column}`, pointer, message].filter((part) => part !== "").join("  "),
    )
    .join("\n");
}
