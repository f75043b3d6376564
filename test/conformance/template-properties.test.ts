import { canonicaliseTemplate, canonicalJson } from "@courier/core";
import {
  formatProblems,
  validateBody,
  validateTemplate,
  type CanonicalJob,
  type JobTemplate,
  type Step,
  type TargetGroup,
  type TemplateFormat,
} from "@courier/schema";
import { stringify as stringifyToml } from "@iarna/toml";
import fc from "fast-check";
import { expect, test } from "vitest";
import { stringify as stringifyYaml } from "yaml";

// Text without NUL, which no template may hold, and without lone surrogates, which are not text.
const text = fc
  .string({ unit: "grapheme", maxLength: 20 })
  .filter((value) => !value.includes("\0") && !/^<[A-Z]/.test(value));
const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9 _-]{0,20}$/);
const variableName = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_]{0,10}$/);
const seconds = fc.integer({ min: 0, max: 86_400 });
const amount = fc.oneof(
  fc.record({ type: fc.constant("number" as const), value: fc.integer({ min: 1, max: 1000 }) }),
  fc.record({
    type: fc.constant("percent" as const),
    value: fc.integer({ min: 1, max: 1000 }).map((value) => value / 10),
  }),
);

const ramp = fc.record({
  type: fc.constant("ramp" as const),
  value: fc.array(
    fc.oneof(
      fc.integer({ min: 1, max: 1000 }),
      fc.integer({ min: 1, max: 1000 }).map((value) => `${value / 10}%`),
    ),
    { minLength: 1, maxLength: 5 },
  ),
});

const group: fc.Arbitrary<TargetGroup> = fc.record(
  {
    nodeListType: fc.constant("nodes" as const),
    nodeIdentifiers: fc.array(name, { maxLength: 3 }),
    batchSize: fc.oneof(amount, ramp),
    distributionMethod: fc.constantFrom("batching" as const, "rolling" as const),
    successCriteria: fc.array(
      fc.record({
        status: fc.constantFrom("success" as const, "failure" as const),
        numRuns: amount,
      }),
      { minLength: 1, maxLength: 2 },
    ),
    earlyTermination: fc.boolean(),
    soakSeconds: fc.integer({ min: 0, max: 1000 }),
    haltOn: fc.constantFrom(
      { failure: "12.5%", timeout: 1 },
      { unreachable: { type: "percent" as const, value: 3 } },
    ),
    timeoutSeconds: seconds,
    minReady: amount,
    offlinePolicy: fc.constantFrom("wait" as const, "fail" as const, "skip" as const),
    onEmpty: fc.constantFrom("fail" as const, "succeed" as const),
  },
  { requiredKeys: ["nodeListType", "nodeIdentifiers"] },
);

const shellStep: fc.Arbitrary<Step> = fc.record(
  {
    name,
    interpreter: fc.constant({ name: "chef-platform/shell-interpreter" }),
    command: fc.record(
      {
        linux: fc.array(text, { minLength: 1, maxLength: 3 }),
        darwin: fc.array(text, { minLength: 1, maxLength: 2 }),
      },
      { requiredKeys: ["linux"] },
    ),
    description: text,
    inputs: fc.dictionary(
      variableName.map((key) => `env.${key}`),
      text,
      { maxKeys: 3 },
    ),
    retryCount: fc.integer({ min: 0, max: 9 }),
    failureBehavior: fc.record({
      action: fc.constantFrom("retryThenFail" as const, "retryThenIgnore" as const),
      retryBackoffStrategy: fc.record({
        type: fc.constantFrom("none" as const, "linear" as const, "polynomial" as const),
        delaySeconds: fc.integer({ min: 0, max: 36_000 }).map((value) => value / 10),
        arguments: fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 3 }),
      }),
    }),
    outputFieldRules: fc.dictionary(
      variableName,
      fc.record({ sourceType: fc.constant("output" as const), sensitive: fc.boolean() }),
      { maxKeys: 2 },
    ),
    conditions: fc.array(
      fc.record({ inputName: variableName, operator: fc.constant("eq" as const), value: text }),
      { maxLength: 2 },
    ),
  },
  { requiredKeys: ["name", "interpreter", "command"] },
);

const template: fc.Arbitrary<JobTemplate> = fc.record(
  {
    name,
    scheduleRule: fc.constantFrom("immediate", "RRULE:FREQ=DAILY;COUNT=3", "CRON:0 3 * * *"),
    description: text,
    timeZone: fc.constantFrom("UTC", "Europe/Berlin"),
    overlapPolicy: fc.constantFrom("queue" as const, "skip" as const),
    target: fc.record({
      executionType: fc.constantFrom("sequential" as const, "parallel" as const),
      groups: fc.array(group, { minLength: 1, maxLength: 3 }),
    }),
    actions: fc.record({ steps: fc.array(shellStep, { minLength: 1, maxLength: 3 }) }),
  },
  { requiredKeys: ["name", "scheduleRule", "target", "actions"] },
);

const formats: readonly TemplateFormat[] = ["json", "yaml", "toml"];

const serialisers: Readonly<Record<TemplateFormat, (job: unknown) => string>> = {
  json: (job) => JSON.stringify(job, null, 2),
  yaml: (job) => stringifyYaml(job),
  // TOML has no null; a missing field has the same meaning.
  toml: (job) => stringifyToml(JSON.parse(JSON.stringify(job, withoutNull))),
};

function withoutNull(_key: string, value: unknown): unknown {
  return value === null ? undefined : value;
}

/** The order of keys in a file means nothing. */
function reversedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversedKeys);
  if (typeof value !== "object" || value === null) return value;
  const entries: [string, unknown][] = Object.entries(value).toReversed();
  return Object.fromEntries(entries.map(([key, entry]) => [key, reversedKeys(entry)]));
}

const roundTrip = fc.record({
  source: template,
  format: fc.constantFrom(...formats),
  isReversed: fc.boolean(),
});

test("a canonical job comes back byte-identical from JSON, YAML and TOML", async () => {
  await fc.assert(
    fc.asyncProperty(roundTrip, async ({ source, format, isReversed }) => {
      const job: CanonicalJob = canonicaliseTemplate(source);
      const written = serialisers[format](isReversed ? reversedKeys(job) : job);

      const result = await validateTemplate(written, format);

      if (!result.ok) throw new Error(`${formatProblems(result.problems, format)}\n${written}`);
      expect(canonicalJson(canonicaliseTemplate(result.template))).toBe(canonicalJson(job));
    }),
    { numRuns: 300 },
  );
});

test("what canonicalisation yields fits the canonical schema", () => {
  fc.assert(
    fc.property(template, (source) => {
      expect(validateBody("canonical-job", canonicaliseTemplate(source))).toMatchObject({
        ok: true,
      });
    }),
  );
});

interface Mutation {
  /** What is changed, by its keys. */
  readonly path: readonly (string | number)[];
  readonly kind: "rename" | "retype" | "remove";
}

// Unlike anything in the template, so that its line in any format is found by searching the text.
const markerKey = "qqMarkerKeyZz";
const markerNumber = 987_654_321;

/** A template that uses every kind of field; maps with names of the user's own are not listed as fields. */
const fullTemplate: JobTemplate = {
  name: "full",
  description: "uses every kind of field",
  scheduleRule: "immediate",
  exceptionRules: [{ rrule: "RRULE:FREQ=DAILY", duration: 5 }],
  timeZone: "UTC",
  misfirePolicy: "skip",
  overlapPolicy: "allow",
  allowManualExecution: false,
  ignoreExceptions: true,
  target: {
    executionType: "parallel",
    groups: [
      {
        nodeListType: "nodes",
        nodeIdentifiers: ["a", "b"],
        batchSize: { type: "number", value: 2 },
        distributionMethod: "rolling",
        successCriteria: [{ status: "success", numRuns: { type: "percent", value: 90 } }],
        earlyTermination: true,
        timeoutSeconds: 60,
        offlinePolicy: "skip",
        onEmpty: "succeed",
      },
    ],
  },
  actions: {
    accessMode: "agent",
    steps: [
      {
        name: "step",
        description: "text",
        interpreter: { name: "chef-platform/shell-interpreter", skill: { minVersion: "1.0.0" } },
        command: { linux: ["true"] },
        expectedInputs: { A: { default: "x", required: true } },
        outputFieldRules: { B: { sourceType: "output", extractMethod: "content" } },
        conditions: [{ inputName: "A", operator: "eq", value: "x", negate: false }],
        retryCount: 1,
        failureBehavior: {
          action: "retryThenFail",
          retryBackoffStrategy: { type: "linear", delaySeconds: 1, arguments: [1] },
        },
        limits: { cores: 0, cpu: 1, timeoutSeconds: 5 },
      },
    ],
  },
};

const required = new Set(
  "name scheduleRule target actions groups nodeListType nodeIdentifiers steps interpreter command rrule duration status numRuns inputName operator value sourceType".split(
    " ",
  ),
);

function mutationsOf(value: unknown, path: readonly (string | number)[]): readonly Mutation[] {
  if (Array.isArray(value)) {
    return value.flatMap((entry, index) => mutationsOf(entry, [...path, index]));
  }
  if (typeof value !== "object" || value === null) {
    // A wrong number where a number may stand is no wrong type.
    return typeof value === "number" ? [] : [{ path, kind: "retype" }];
  }
  return Object.entries(value).flatMap(([key, entry]: [string, unknown]) => {
    const inner = [...path, key];
    const ownName = /^[A-Z]$/.test(key);
    return [
      ...(ownName ? [] : [{ path: inner, kind: "rename" } as const]),
      ...(required.has(key) ? [{ path: inner, kind: "remove" } as const] : []),
      ...mutationsOf(entry, inner),
    ];
  });
}

function mutate(source: unknown, { path, kind }: Mutation): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return markerNumber;
  if (Array.isArray(source)) {
    return source.map((entry: unknown, index) =>
      index === key ? mutate(entry, { path: rest, kind }) : entry,
    );
  }
  if (typeof source !== "object" || source === null) throw new Error("the path leads nowhere");
  const entries: [string, unknown][] = Object.entries(source);
  return Object.fromEntries(
    entries.flatMap(([name_, entry]): [string, unknown][] => {
      if (name_ !== key) return [[name_, entry]];
      if (rest.length > 0 || kind === "retype")
        return [[name_, mutate(entry, { path: rest, kind })]];
      return kind === "rename" ? [[markerKey, entry]] : [];
    }),
  );
}

function pointerTo({ path, kind }: Mutation): string {
  const keys = kind === "retype" ? path : path.slice(0, -1);
  return [...keys, ...(kind === "rename" ? [markerKey] : [])].map((key) => `/${key}`).join("");
}

/** Every line on which the marker stands: an inline table may repeat a table's name in its own lines. */
function markedLines(written: string, kind: Mutation["kind"]): readonly number[] {
  const marker = kind === "rename" ? /qqMarkerKeyZz/ : /987_?654_?321/;
  return written.split("\n").flatMap((line, index) => (marker.test(line) ? [index + 1] : []));
}

test("any single mistake is found with its pointer and its line", async () => {
  const mutations = mutationsOf(fullTemplate, []);
  expect(mutations.length).toBeGreaterThan(100);

  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...mutations),
      fc.constantFrom(...formats),
      async (mutation, format) => {
        const written = serialisers[format](mutate(fullTemplate, mutation));

        const result = await validateTemplate(written, format);

        const problems = result.ok ? [] : result.problems;
        const found = problems.find((problem) => problem.pointer === pointerTo(mutation));
        expect(found, `${JSON.stringify(problems)}\n${written}`).toBeDefined();
        if (mutation.kind !== "remove") {
          expect(markedLines(written, mutation.kind)).toContain(found?.line);
        }
      },
    ),
    { numRuns: 500 },
  );
});
