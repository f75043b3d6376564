import { expect, test } from "vitest";
import type { JobTemplate } from "../generated/job-template.ts";
import { findWarnings } from "./find-warnings.ts";

test("warns about sensitive values that are written in the template, not about those that are made", () => {
  const template: JobTemplate = {
    name: "job",
    scheduleRule: "immediate",
    target: { groups: [] },
    actions: {
      steps: [
        {
          name: "step",
          interpreter: { name: "chef-platform/shell-interpreter" },
          command: { linux: ["true"] },
          inputs: { "A/B": "hunter2", MADE: "{{.TOKEN}}", FREE: "x" },
          expectedInputs: {
            "A/B": { sensitive: true },
            MADE: { sensitive: true },
            WRITTEN: { sensitive: true, default: "hunter2" },
            FREE: { default: "x" },
          },
        },
      ],
    },
  };

  expect(findWarnings(template).map(({ pointer }) => pointer)).toEqual([
    "/actions/steps/0/inputs/A~1B",
    "/actions/steps/0/expectedInputs/WRITTEN/default",
  ]);
});
