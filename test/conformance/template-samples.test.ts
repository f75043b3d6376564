import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, extname, join } from "node:path";
import { canonicaliseTemplate, canonicalJson } from "@courier/core";
import { formatProblems, validateTemplate, type CanonicalJob } from "@courier/schema";
import { describe, expect, test } from "vitest";
import { formatOf } from "./template-files.ts";

const directory =
  process.env["COURIER_SAMPLES"] ??
  join(import.meta.dirname, "../../../shared/conformance/courier-samples");
const isPresent = existsSync(directory);
const files = isPresent ? readdirSync(directory).filter((f) => formatOf(f) !== undefined) : [];
const runnable = files.filter((file) => !/^0[01]_/.test(file));
const names = [...new Set(runnable.map((file) => basename(file, extname(file))))];

/**
 * Where the published JSON and YAML of one job say different things. Each entry is a path into the canonical job with
 * the value in JSON and the value in YAML.
 */
const knownDifferences: Readonly<Record<string, readonly (readonly [string, string, string])[]>> = {
  inspec_exec: [
    ["actions.steps.0.interpreter.skill.maxVersion", "20.0.6", "16.0.0"],
    ["actions.steps.1.interpreter.skill.maxVersion", "20.9.99", "1.9.99"],
  ],
  job_reboot: [
    ["actions.steps.0.interpreter.skill.maxVersion", "1.9.99", ""],
    ["actions.steps.2.interpreter.skill.maxVersion", "1.9.99", ""],
  ],
};

async function readSample(file: string): Promise<CanonicalJob> {
  const text = readFileSync(join(directory, file), "utf8");
  const withIds = text.replaceAll(
    /--[A-Z]+ ?(?:ID|(\d))--/g,
    (_placeholder, digit: string | undefined) =>
      `00000000-0000-4000-8000-00000000000${digit ?? "9"}`,
  );
  const result = await validateTemplate(withIds, formatOf(file) ?? "json");
  if (!result.ok) throw new Error(formatProblems(result.problems, file));
  return canonicaliseTemplate(result.template);
}

function valueAt(job: unknown, path: string): unknown {
  let current = job;
  for (const key of path.split(".")) {
    current =
      typeof current === "object" && current !== null
        ? new Map(Object.entries(current)).get(key)
        : undefined;
  }
  return current;
}

function leafPaths(value: unknown, path: string): readonly string[] {
  if (typeof value !== "object" || value === null) return [path];
  return Object.entries(value).flatMap(([key, entry]) =>
    leafPaths(entry, path === "" ? key : `${path}.${key}`),
  );
}

function differences(
  json: CanonicalJob,
  yaml: CanonicalJob,
): readonly (readonly [string, unknown, unknown])[] {
  const paths = new Set([...leafPaths(json, ""), ...leafPaths(yaml, "")]);
  return [...paths]
    .map((path) => [path, valueAt(json, path), valueAt(yaml, path)] as const)
    .filter(([, inJson, inYaml]) => inJson !== inYaml);
}

describe.skipIf(!isPresent)(
  `published samples${isPresent ? "" : `: left out, there is no ${directory}; COURIER_SAMPLES names another place`}`,
  () => {
    test.each(runnable)("%s is accepted as it is", async (file) => {
      await expect(readSample(file)).resolves.toMatchObject({ description: expect.any(String) });
    });

    test.each(names)("%s means the same in JSON and in YAML", async (name) => {
      const json = await readSample(`${name}.json`);
      const yaml = await readSample(`${name}.yaml`);

      expect(differences(json, yaml)).toEqual(knownDifferences[name] ?? []);
      if (knownDifferences[name] === undefined) {
        expect(canonicalJson(json)).toBe(canonicalJson(yaml));
      }
    });

    test.each(files.filter((file) => /^0[01]_/.test(file)))(
      "%s is refused and its placeholders are named",
      async (file) => {
        const text = readFileSync(join(directory, file), "utf8");

        const result = await validateTemplate(text, formatOf(file) ?? "json");

        const shown = result.ok ? "" : formatProblems(result.problems, file);
        expect(shown).toContain("placeholder <STRING> must be replaced by a value of your own");
      },
    );

    test("the empty JSON template shows its first placeholder and where JSON ends", async () => {
      const file = "00_empty-job-template.json";
      const text = readFileSync(join(directory, file), "utf8");

      const result = await validateTemplate(text, "json");

      expect(result.ok ? "" : formatProblems(result.problems, file)).toMatchInlineSnapshot(`
        "00_empty-job-template.json:2:11  placeholder <STRING> must be replaced by a value of your own, and so must every other one in this file
        00_empty-job-template.json:7:34  invalid JSON: not a JSON value; text needs double quotes, found "|""
      `);
    });

    test("the minimal YAML template shows each of its placeholders", async () => {
      const file = "01_job-with-minimum-details.yaml";
      const text = readFileSync(join(directory, file), "utf8");

      const result = await validateTemplate(text, "yaml");

      expect(result.ok ? "" : formatProblems(result.problems, file)).toMatchInlineSnapshot(`
        "01_job-with-minimum-details.yaml:2:7  /name  placeholder <STRING> must be replaced by a value of your own
        01_job-with-minimum-details.yaml:3:14  /description  placeholder <STRING> must be replaced by a value of your own
        01_job-with-minimum-details.yaml:5:15  /scheduleRule  placeholder <STRING> must be replaced by a value of your own
        01_job-with-minimum-details.yaml:7:18  /target/executionType  placeholder <STRING> must be replaced by a value of your own
        01_job-with-minimum-details.yaml:9:21  /target/groups/0/timeoutSeconds  placeholder <INTEGER> must be replaced by a value of your own
        01_job-with-minimum-details.yaml:11:13  /target/groups/0/batchSize/type  placeholder <STRING> must be replaced by a value of your own
        01_job-with-minimum-details.yaml:12:14  /target/groups/0/batchSize/value  placeholder <INTEGER> must be replaced by a value of your own
        01_job-with-minimum-details.yaml:13:25  /target/groups/0/distributionMethod  placeholder <ENUM> must be replaced by a value of your own
        01_job-with-minimum-details.yaml:15:15  /target/groups/0/successCriteria/0/status  placeholder <ENUM> must be replaced by a value of your own
        01_job-with-minimum-details.yaml:17:15  /target/groups/0/successCriteria/0/numRuns/type  placeholder <ENUM> must be replaced by a value of your own
        01_job-with-minimum-details.yaml:18:16  /target/groups/0/successCriteria/0/numRuns/value  placeholder <INTEGER> must be replaced by a value of your own
        01_job-with-minimum-details.yaml:19:19  /target/groups/0/nodeListType  placeholder <ENUM> must be replaced by a value of your own
        01_job-with-minimum-details.yaml:20:13  /target/groups/0/listId  placeholder <STRING> must be replaced by a value of your own
        01_job-with-minimum-details.yaml:21:15  /target/groups/0/filterId  placeholder <INTEGER> must be replaced by a value of your own
        01_job-with-minimum-details.yaml:23:7  /target/groups/0/nodeIdentifiers/0  placeholder <STRING> must be replaced by a value of your own
        01_job-with-minimum-details.yaml:28:11  /actions/steps/0/name  placeholder <STRING> must be replaced by a value of your own
        01_job-with-minimum-details.yaml:30:13  /actions/steps/0/interpreter/name  placeholder <STRING> must be replaced by a value of your own
        01_job-with-minimum-details.yaml:32:21  /actions/steps/0/interpreter/skill/minVersion  placeholder <STRING> must be replaced by a value of your own
        01_job-with-minimum-details.yaml:33:21  /actions/steps/0/interpreter/skill/maxVersion  placeholder <STRING> must be replaced by a value of your own
        01_job-with-minimum-details.yaml:38:17  /actions/steps/0/retryCount  placeholder <INTEGER> must be replaced by a value of your own
        01_job-with-minimum-details.yaml:45:23  /actions/steps/0/failureBehavior/retryBackoffStrategy/delaySeconds  placeholder <INTEGER> must be replaced by a value of your own"
      `);
    });
  },
);
