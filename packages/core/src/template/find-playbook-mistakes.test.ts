import { expect, test } from "vitest";
import { canonicaliseTemplate } from "./canonicalise.ts";
import { findMistakes } from "./find-mistakes.ts";

function mistakesIn(name: string, playbook: string): readonly string[] {
  const job = canonicaliseTemplate({
    name: "site",
    scheduleRule: "immediate",
    target: { groups: [{ nodeListType: "nodes", nodeIdentifiers: ["web-1"] }] },
    actions: {
      steps: [
        {
          name: "play",
          interpreter: { name },
          command: { exec: "run", args: { playbook } },
          inputs: { PLACE: "site.yml" },
          expectedInputs: { PLACE: { type: "string" } },
        },
      ],
    },
  });
  return findMistakes(job).map(({ pointer, message }) => `${pointer} ${message}`);
}

const ansible = "chef-platform/ansible-interpreter";

test.each(["/srv/site.yml", "https://h/{{ .PLACE }}", "{{.PLACE}}"])("lets %s be", (playbook) => {
  expect(mistakesIn(ansible, playbook)).toEqual([]);
});

test("names the place of a playbook that no node could get, and the remedy", () => {
  expect(mistakesIn(ansible, "s3://bucket/{{ .PLACE }}")).toEqual([
    "/actions/steps/0/command/args/playbook a playbook cannot be fetched from an S3 address, which needs credentials that nodes do not have: give a presigned https URL of the object",
  ]);
  expect(mistakesIn(ansible, "https://{{.PLACE}}@h/site.yml")).toEqual([
    expect.stringContaining("must not hold a user name or password"),
  ]);
});

test("says nothing of the commands of other interpreters", () => {
  expect(mistakesIn("acme/mine", "s3://bucket/site.yml")).toEqual([]);
});
