import { expect, test } from "vitest";
import { createProcessLogger } from "./process-logger.ts";

test("says what went wrong, under every name that errors are logged by", () => {
  const lines: string[] = [];
  const logger = createProcessLogger("info", { write: (line) => lines.push(line) });

  logger.error({ error: new Error("first"), cause: new Error("second") }, "it failed");

  expect(JSON.parse(lines.join(""))).toMatchObject({
    error: { message: "first" },
    cause: { message: "second" },
    msg: "it failed",
  });
});
