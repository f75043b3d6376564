import type { JobTemplate, Step, TargetGroup } from "@courier/schema";
import { expect, test } from "vitest";
import { canonicalJson, canonicaliseTemplate, zeroId } from "./canonicalise.ts";

function template(change: {
  readonly job?: Partial<JobTemplate>;
  readonly group?: Partial<TargetGroup>;
  readonly step?: Partial<Step>;
}): JobTemplate {
  return {
    name: "hello",
    scheduleRule: "immediate",
    target: { groups: [{ nodeListType: "nodes", nodeIdentifiers: ["web-1"], ...change.group }] },
    actions: {
      steps: [
        {
          name: "sleep",
          interpreter: { name: "chef-platform/shell-interpreter" },
          command: { linux: ["sleep 10"] },
          ...change.step,
        },
      ],
    },
    ...change.job,
  };
}

test("emits actionSpec and targetSpec of the seed, byte for byte", () => {
  const canonical = canonicaliseTemplate(
    template({
      group: {
        timeoutSeconds: 60,
        batchSize: { value: 1, type: "number" },
        successCriteria: [{ status: "success", numRuns: { value: 100, type: "percent" } }],
        nodeIdentifiers: ["1f4c680d-4dc6-4edf-83b6-ded81388f244"],
      },
      step: {
        retryCount: 2,
        failureBehavior: {
          action: "retryThenFail",
          retryBackoffStrategy: { type: "none", delaySeconds: 0, arguments: [1, 3, 5] },
        },
        interpreter: {
          name: "chef-platform/shell-interpreter",
          skill: { minVersion: "1.0.0" },
        },
      },
    }),
  );

  expect(JSON.stringify(canonical.actions)).toBe(
    '{"accessMode":"agent","steps":[{"command":{"linux":["sleep 10"]},"conditions":[],"description":"","expectedInputs":{},"failureBehavior":{"action":"retryThenFail","retryBackoffStrategy":{"arguments":[1,3,5],"delaySeconds":0,"type":"none"}},"inputs":{},"interpreter":{"name":"chef-platform/shell-interpreter","skill":{"maxVersion":"","minVersion":"1.0.0"}},"limits":{"cores":0,"cpu":1,"timeoutSeconds":0},"name":"sleep","outputFieldRules":{},"retryCount":2}]}',
  );
  expect(JSON.stringify(canonical.target)).toBe(
    '{"executionType":"sequential","groups":[{"batchSize":{"type":"number","value":1},"distributionMethod":"batching","filter":null,"filterId":"00000000-0000-0000-0000-000000000000","listId":"00000000-0000-0000-0000-000000000000","nodeIdentifiers":["1f4c680d-4dc6-4edf-83b6-ded81388f244"],"nodeListType":"nodes","successCriteria":[{"numRuns":{"type":"percent","value":100},"status":"success"}],"timeoutSeconds":60}]}',
  );
});

test("fills every default that a minimal job leaves out", () => {
  const { target, actions, ...job } = canonicaliseTemplate(template({}));

  expect(job).toEqual({
    name: "hello",
    description: "",
    scheduleRule: "immediate",
    exceptionRules: [],
  });
  expect(target.groups[0]).toMatchObject({
    batchSize: { type: "percent", value: 100 },
    distributionMethod: "batching",
    successCriteria: [{ status: "success", numRuns: { type: "percent", value: 100 } }],
    timeoutSeconds: 0,
  });
  expect(actions.steps[0]?.failureBehavior.retryBackoffStrategy.type).toBe("none");
});

test("leaves out options of our own that equal their default and keeps the others", () => {
  const defaults = canonicaliseTemplate(
    template({
      job: {
        timeZone: "UTC",
        misfirePolicy: "runLatest",
        overlapPolicy: "queue",
        allowManualExecution: true,
      },
      group: { earlyTermination: false, offlinePolicy: "wait", onEmpty: "fail" },
    }),
  );
  const others = canonicaliseTemplate(
    template({
      job: {
        timeZone: "Europe/Berlin",
        misfirePolicy: "skip",
        overlapPolicy: "allow",
        allowManualExecution: false,
      },
      group: {
        earlyTermination: true,
        offlinePolicy: "skip",
        onEmpty: "succeed",
        minReady: { value: 1, type: "number" },
      },
    }),
  );

  expect(canonicalJson(defaults)).toBe(canonicalJson(canonicaliseTemplate(template({}))));
  expect(others).toMatchObject({
    timeZone: "Europe/Berlin",
    misfirePolicy: "skip",
    overlapPolicy: "allow",
    allowManualExecution: false,
  });
  expect(others.target.groups[0]).toMatchObject({
    earlyTermination: true,
    offlinePolicy: "skip",
    onEmpty: "succeed",
    minReady: { type: "number", value: 1 },
  });
});

test("writes ramps and haltOn in one spelling", () => {
  const canonical = canonicaliseTemplate(
    template({
      group: {
        batchSize: { value: [1, "07.50%", "100%"], type: "ramp" },
        soakSeconds: 30,
        haltOn: { unreachable: { value: 3, type: "number" }, timeout: 2, failure: "10%" },
      },
    }),
  );

  expect(canonical.target.groups[0]).toMatchObject({
    batchSize: { type: "ramp", value: [1, "7.5%", "100%"] },
    soakSeconds: 30,
  });
  expect(JSON.stringify(canonical.target.groups[0]?.haltOn)).toBe(
    '{"failure":{"type":"percent","value":10},"timeout":{"type":"number","value":2},"unreachable":{"type":"number","value":3}}',
  );
  const none = canonicaliseTemplate(template({ group: { soakSeconds: 0 } }));
  expect(canonicalJson(none)).toBe(canonicalJson(canonicaliseTemplate(template({}))));
});

test("rewrites old spellings", () => {
  const { scheduleRule: _left, ...unscheduled } = template({});
  const canonical = canonicaliseTemplate({
    ...unscheduled,
    immediate: true,
    actions: {
      steps: [
        {
          name: "old",
          interpreter: { name: "mine", min_version: "1.0.0", max_version: "2.0.0" },
          command: {},
          failureBehavior: { retryBackoffStrategy: { name: "linear" } },
          outputFieldRules: {
            required: false,
            A: { sourceType: "output", extractMethod: "regex", expression: "x" },
            B: { sourceType: "output", source: "" },
          },
        },
      ],
    },
  });
  const step = canonical.actions.steps[0];

  expect(canonical.scheduleRule).toBe("immediate");
  expect(step?.interpreter.skill).toEqual({ minVersion: "1.0.0", maxVersion: "2.0.0" });
  expect(step?.failureBehavior.retryBackoffStrategy.type).toBe("linear");
  expect(Object.keys(step?.outputFieldRules ?? {})).toEqual(["A", "B"]);
  expect(step?.outputFieldRules["B"]).toMatchObject({ extractMethod: "content", source: "stdout" });
  expect(step?.outputFieldRules["A"]).toMatchObject({ extractMethod: "regEx", source: "stdout" });
});

test.each([
  [undefined, zeroId],
  [0, zeroId],
  ["0", zeroId],
  [42, "42"],
  ["42", "42"],
])("writes filterId %j as %j", (filterId, expected) => {
  const group = filterId === undefined ? {} : { filterId };

  expect(canonicaliseTemplate(template({ group })).target.groups[0]?.filterId).toBe(expected);
});

test("takes nested and flat environment variables for the same, flat ones first", () => {
  const nested = canonicaliseTemplate(
    template({ step: { inputs: { env: { B: "2", A: "1" }, "env.B": "3", dir: "/" } } }),
  );

  expect(JSON.stringify(nested.actions.steps[0]?.inputs)).toBe(
    '{"dir":"/","env.A":"1","env.B":"3"}',
  );
});

test("lists keys in one order whatever the order in the file", () => {
  const one = template({ step: { command: { windows: ["b"], linux: ["a"] } } });
  const other = template({ step: { command: { linux: ["a"], windows: ["b"] } } });

  expect(canonicalJson(canonicaliseTemplate(one))).toBe(canonicalJson(canonicaliseTemplate(other)));
});

test("changes nothing when it canonicalises a canonical job", () => {
  const once = canonicaliseTemplate(template({ job: { overlapPolicy: "skip" } }));

  expect(canonicalJson(canonicaliseTemplate(once))).toBe(canonicalJson(once));
});
