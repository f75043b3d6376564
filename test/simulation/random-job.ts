import type { Amount, CanonicalGroup, CanonicalJob, CanonicalStep } from "@courier/schema";
import type { Random } from "./random.ts";

const zeroId = "00000000-0000-0000-0000-000000000000";

const step: CanonicalStep = {
  command: { linux: ["true"] },
  conditions: [],
  description: "",
  expectedInputs: {},
  failureBehavior: {
    action: "retryThenFail",
    retryBackoffStrategy: { arguments: [], delaySeconds: 0, type: "none" },
  },
  inputs: {},
  interpreter: {
    name: "chef-platform/shell-interpreter",
    skill: { maxVersion: "", minVersion: "" },
  },
  limits: { cores: 0, cpu: 1, timeoutSeconds: 0 },
  name: "step",
  outputFieldRules: {},
  retryCount: 0,
};

/** A job with random rollout rules over random nodes. */
export function randomJob(random: Random, name: string, nodeIds: readonly string[]): CanonicalJob {
  const groupCount = random.between(1, 3);
  return {
    name,
    description: "",
    scheduleRule: "immediate",
    exceptionRules: [],
    target: {
      executionType: random.pick(["sequential", "parallel"]),
      groups: Array.from({ length: groupCount }, () => randomGroup(random, nodeIds)),
    },
    actions: { accessMode: "agent", steps: [step] },
  };
}

function randomGroup(random: Random, nodeIds: readonly string[]): CanonicalGroup {
  const timeoutSeconds = random.pick([0, 5, 20, 60]);
  const hasQuorum = timeoutSeconds > 0 && random.chance(0.2);
  return {
    nodeListType: "nodes",
    nodeIdentifiers: nodeIds.filter(() => random.chance(0.7)),
    filter: null,
    filterId: zeroId,
    listId: zeroId,
    ...randomPace(random),
    successCriteria: [
      { status: "success", numRuns: { type: "percent", value: random.pick([0, 30, 70, 100]) } },
    ],
    timeoutSeconds,
    ...(random.chance(0.3) ? { earlyTermination: true } : {}),
    ...(hasQuorum ? { minReady: { type: "percent", value: random.between(1, 100) } } : {}),
    ...(random.chance(0.3) ? { offlinePolicy: random.pick(["fail", "skip"]) } : {}),
    ...(random.chance(0.3) ? { onEmpty: "succeed" } : {}),
    ...(random.chance(0.3) ? { haltOn: { [random.pick(haltKinds)]: randomLimit(random) } } : {}),
  };
}

const haltKinds = ["failure", "unreachable", "timeout"] as const;

function randomLimit(random: Random): Amount {
  return random.pick([
    { type: "number", value: random.between(1, 3) },
    { type: "percent", value: random.between(1, 60) },
  ]);
}

type Pace = Pick<CanonicalGroup, "batchSize" | "distributionMethod" | "soakSeconds">;

/** A window, batches of one size, or a ramp; the latter two may soak. */
function randomPace(random: Random): Pace {
  const batchSize: Amount = random.pick([
    { type: "number", value: random.between(1, 4) },
    { type: "percent", value: random.between(1, 100) },
  ]);
  if (random.chance(0.4)) return { batchSize, distributionMethod: "rolling" };
  const ramp = { type: "ramp" as const, value: [1, random.between(1, 3), "50%"] };
  return {
    batchSize: random.chance(0.5) ? ramp : batchSize,
    distributionMethod: "batching",
    ...(random.chance(0.5) ? { soakSeconds: random.between(1, 15) } : {}),
  };
}
