import { expect, test } from "vitest";
import { schemas } from "./generated/schemas.ts";
import { problemsMax } from "./limits.ts";
import { validateBody, type SchemaName } from "./validators.ts";

test.each(Object.keys(schemas))("compiles the schema document %s", (name) => {
  // The keys of the registry are its names.
  const result = validateBody(name as SchemaName, undefined);

  expect(result.ok).toBe(false);
});

test("returns the same data when it is valid", () => {
  const body = { key: "k", name: "web-1", publicKey: "p" };

  const result = validateBody("node-enroll-request", body);

  expect(result.ok && result.value).toBe(body);
});

test("names every violation of a body by its pointer", () => {
  const result = validateBody("node-enroll-request", { key: 5, nam: "web-1", publicKey: "" });

  expect(result).toEqual({
    ok: false,
    problems: [
      {
        pointer: "/nam",
        message: 'unknown field "nam", did you mean "name"?',
        didYouMean: "name",
        allowed: ["key", "name", "publicKey", "attributes"],
      },
      {
        pointer: "/key",
        message: "expected a string, found the number 5",
        expected: "a string",
      },
      { pointer: "/publicKey", message: "must not be empty" },
    ],
  });
});

test("accepts the run list of the seed but not a further key in a run", () => {
  const run = {
    groupNumber: 0,
    lastUpdateTime: "2024-03-27T15:00:09.185273Z",
    nodeId: "03ba18c0-68b2-43ba-93fd-b6952443421e",
    receivedTime: "2024-03-27T14:58:57.226555Z",
    runId: "496f0d9a-f0be-4cb7-8cbb-2285b5c42045",
    status: "success",
  };

  expect(validateBody("run", run).ok).toBe(true);
  expect(validateBody("run", { ...run, nodeTitle: "web-1" }).ok).toBe(false);
});

test("lists no more problems than the limit", () => {
  const steps = Array.from({ length: problemsMax * 3 }, () => 5);

  const result = validateBody("step-list", { items: steps, pagination: {}, totalItems: 0 });

  expect(result.ok ? 0 : result.problems.length).toBe(problemsMax);
});
