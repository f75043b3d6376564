import { expect, it } from "vitest";
import { noteWarnings } from "./warnings.ts";

async function notesOf(...warnings: Parameters<typeof noteWarnings>[1]): Promise<string> {
  const lines: string[] = [];
  const context = {
    note: async (line: string) => void lines.push(line),
    paintError: (text: string) => text,
  };
  await noteWarnings(context, warnings, "job.json");
  return lines.join("\n");
}

it("says each warning on a line of its own, with its place", async () => {
  const place = { pointer: "/name", line: 1, column: 2 };

  expect(await notesOf({ ...place, message: "a" }, { pointer: "", message: "b" })).toBe(
    "warning: job.json:1:2 /name: a\nwarning: job.json: b",
  );
});

it("keeps control characters of a template's keys off the terminal", async () => {
  const pointer = "/actions/steps/0/inputs/a\u001b[2J";

  expect(await notesOf({ pointer, message: "stands again" })).toBe(
    "warning: job.json /actions/steps/0/inputs/a·[2J: stands again",
  );
});
