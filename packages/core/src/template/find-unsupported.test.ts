import type { JobTemplate } from "@courier/schema";
import { expect, test } from "vitest";
import { canonicaliseTemplate } from "./canonicalise.ts";
import { findUnsupported } from "./find-unsupported.ts";

function unsupportedIn(accessMode: "agent" | "agentless"): readonly string[] {
  const template: JobTemplate = {
    name: "hello",
    scheduleRule: "immediate",
    target: { groups: [{ nodeListType: "nodes", nodeIdentifiers: ["web-1"] }] },
    actions: { accessMode, steps: [] },
  };
  return findUnsupported(canonicaliseTemplate(template)).map(
    ({ pointer, message }) => `${pointer} ${message}`,
  );
}

test("finds nothing in a job for agents", () => {
  expect(unsupportedIn("agent")).toEqual([]);
});

test("names the access mode", () => {
  expect(unsupportedIn("agentless")).toEqual([
    '/actions/accessMode access mode "agentless" is not supported by this version',
  ]);
});
