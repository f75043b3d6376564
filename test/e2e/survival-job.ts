/** A step of these tests: shell lines and how often it may be tried again. */
export interface StepSpec {
  readonly lines: readonly string[];
  readonly retryCount?: number;
}

/** What these tests vary in a job. */
export interface JobSpec {
  readonly name: string;
  /** One list of node names per group. */
  readonly groups: readonly (readonly string[])[];
  readonly steps: readonly StepSpec[];
  readonly executionType?: "sequential" | "parallel";
  readonly distributionMethod?: "batching" | "rolling";
  readonly batchSize?: { readonly type: "number" | "percent"; readonly value: number };
  readonly timeoutSeconds?: number;
}

/** A template in which no failure keeps later groups from running. */
export function jobOf(spec: JobSpec): object {
  return {
    name: spec.name,
    scheduleRule: "immediate",
    target: {
      executionType: spec.executionType ?? "sequential",
      groups: spec.groups.map((nodeIdentifiers) => groupOf(nodeIdentifiers, spec)),
    },
    actions: { accessMode: "agent", steps: spec.steps.map(stepOf) },
  };
}

function groupOf(nodeIdentifiers: readonly string[], spec: JobSpec): object {
  return {
    nodeListType: "nodes",
    nodeIdentifiers,
    distributionMethod: spec.distributionMethod ?? "rolling",
    batchSize: spec.batchSize ?? { type: "percent", value: 100 },
    successCriteria: [{ status: "failure", numRuns: { type: "percent", value: 100 } }],
    timeoutSeconds: spec.timeoutSeconds ?? 0,
  };
}

function stepOf({ lines, retryCount = 0 }: StepSpec, index: number): object {
  return {
    name: `step ${index + 1}`,
    interpreter: { name: "chef-platform/shell-interpreter" },
    command: { linux: lines, darwin: lines },
    retryCount,
  };
}

/** First line of every step: tells the node's witness, in one write, that this attempt is executed. */
export const witnessLine: string =
  'printf "%s %s %s\\n" "$COURIER_RUN_ID" "$COURIER_STEP_NUMBER" "$COURIER_ATTEMPT" >> "$HOME/witness"';
