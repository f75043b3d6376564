import { assertNever, type Values } from "@courier/core";
import type {
  Assignment,
  AttemptArtifacts,
  RunResult,
  StepReport,
  StopOutcome,
} from "@courier/protocol";
import type {
  AcceptedRecord,
  AttemptRecord,
  JournalRecord,
  RetryRecord,
  StepEndedRecord,
} from "../journal/journal-record.ts";

import { skippedStep } from "./step-report.ts";

/** Where the step that is being worked on stands. */
export type CurrentAttempt =
  | { readonly kind: "launched"; readonly record: AttemptRecord; readonly stepStartedAt: number }
  | {
      readonly kind: "waiting";
      readonly stepNumber: number;
      readonly attempt: number;
      readonly retryAt: number;
      readonly stepStartedAt: number;
    };

/** All that the journal says about one run; the same after a crash as before. */
export interface RunState {
  readonly runId: string;
  readonly token: number;
  /** Absent for a run that was stopped before it arrived, or is acknowledged. */
  readonly assignment: Assignment | undefined;
  readonly stop: StopOutcome | undefined;
  readonly startedAt: number | undefined;
  /** Every launch, in order: whose run directories exist. */
  readonly launches: readonly AttemptRecord[];
  readonly current: CurrentAttempt | undefined;
  /** What earlier attempts of the current step left. */
  readonly artifacts: readonly AttemptArtifacts[];
  /** Steps that have ended, in order. */
  readonly endedSteps: readonly StepReport[];
  /** What the ended steps have produced, the latest value of each name. */
  readonly values: Values;
  /** Produced by steps that the run leaves out, and not known to the service. */
  readonly lostValues: ReadonlySet<string>;
  /** Sensitive values of attempts that were not the last of their step. */
  readonly secrets: readonly string[];
  readonly result: RunResult | undefined;
  readonly isAcked: boolean;
}

/**
 * What one more record makes of a run. Records of an older token change nothing; a newer token starts anew. A record
 * that is applied already changes nothing: a rewritten journal may hold one twice.
 */
export function applyRecord(before: RunState | undefined, record: JournalRecord): RunState {
  if (before !== undefined && record.token < before.token) return before;
  const state =
    before === undefined || record.token > before.token
      ? emptyState(record.runId, record.token)
      : before;
  switch (record.type) {
    case "accepted":
      return state.assignment === undefined ? accept(state, record) : state;
    case "stop":
      return { ...state, stop: state.stop ?? record.outcome };
    case "attempt":
      return launched(state, record);
    case "retry":
      return waiting(state, record);
    case "step-ended":
      if (record.step.stepNumber <= state.endedSteps.length) return state;
      return stepEnded(state, record);
    case "result":
      return { ...state, current: undefined, result: state.result ?? record.result };
    case "acked":
      return { ...emptyState(state.runId, state.token), isAcked: true };
    default:
      return assertNever(record, "journal record");
  }
}

/** Steps before the one that the run starts from have ended when it arrives. */
function accept(state: RunState, { assignment, at }: AcceptedRecord): RunState {
  const { fromStep = 1 } = assignment;
  const skipped = Array.from({ length: fromStep - 1 }, (_, index) =>
    skippedStep({ stepNumber: index + 1, reason: `the run starts from step ${fromStep}`, at }),
  );
  const values = mapValues(assignment.values ?? {}, (text) => ({ text, isSensitive: false }));
  const lostValues = new Set(assignment.lostValues);
  return { ...state, assignment, endedSteps: skipped, values, lostValues };
}

function stepEnded(state: RunState, { step, values = {} }: StepEndedRecord): RunState {
  return {
    ...state,
    current: undefined,
    artifacts: [],
    endedSteps: [...state.endedSteps, step],
    values: { ...state.values, ...values },
    lostValues: new Set([...state.lostValues].filter((name) => !Object.hasOwn(values, name))),
  };
}

function emptyState(runId: string, token: number): RunState {
  return {
    runId,
    token,
    assignment: undefined,
    stop: undefined,
    startedAt: undefined,
    launches: [],
    current: undefined,
    artifacts: [],
    endedSteps: [],
    values: {},
    lostValues: new Set(),
    secrets: [],
    result: undefined,
    isAcked: false,
  };
}

function waiting(state: RunState, record: RetryRecord): RunState {
  const { current } = state;
  const { stepNumber, attempt, retryAt } = record;
  if (current?.kind !== "launched" || current.record.stepNumber !== stepNumber) return state;
  if (current.record.attempt !== attempt) return state;
  const { stepStartedAt } = current;
  const artifacts = [
    ...state.artifacts,
    ...(record.artifacts === undefined ? [] : [record.artifacts]),
  ];
  return {
    ...state,
    current: { kind: "waiting", stepNumber, attempt, retryAt, stepStartedAt },
    artifacts,
    secrets: [...state.secrets, ...(record.secrets ?? [])],
  };
}

function launched(state: RunState, record: AttemptRecord): RunState {
  if (state.launches.some((known) => isSameLaunch(known, record))) return state;
  const isSameStep =
    state.current !== undefined && stepNumberOf(state.current) === record.stepNumber;
  const stepStartedAt = isSameStep ? (state.current?.stepStartedAt ?? record.at) : record.at;
  return {
    ...state,
    startedAt: state.startedAt ?? record.at,
    launches: [...state.launches, record],
    current: { kind: "launched", record, stepStartedAt },
  };
}

function isSameLaunch(left: AttemptRecord, right: AttemptRecord): boolean {
  return (
    left.stepNumber === right.stepNumber &&
    left.attempt === right.attempt &&
    left.launch === right.launch
  );
}

function stepNumberOf(current: CurrentAttempt): number {
  return current.kind === "launched" ? current.record.stepNumber : current.stepNumber;
}

function mapValues<From, To>(
  record: Readonly<Record<string, From>>,
  toValue: (value: From) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, toValue(value)]));
}
