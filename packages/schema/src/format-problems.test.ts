import { expect, test } from "vitest";
import { formatProblems } from "./format-problems.ts";

test("gives each problem one line with its place", () => {
  const problems = [
    { pointer: "/name", line: 2, column: 9, message: "must not be empty" },
    { pointer: "", line: 7, column: 1, message: "invalid JSON" },
  ];

  expect(formatProblems(problems, "job.json")).toBe(
    "job.json:2:9  /name  must not be empty\njob.json:7:1  invalid JSON",
  );
});
