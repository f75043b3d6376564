import type { Values } from "@courier/core";
import type {
  Assignment,
  AttemptArtifacts,
  RunResult,
  StepReport,
  StopOutcome,
} from "@courier/protocol";

/** First line of a journal: names it, so that the service notices when an old one is lost. */
export interface JournalHeader {
  readonly type: "journal";
  readonly version: 1;
  readonly journalId: string;
}

/** The run is on this node's disk; from here on (runId, token) is never taken for new. */
export interface AcceptedRecord {
  readonly type: "accepted";
  readonly runId: string;
  readonly token: number;
  readonly at: number;
  readonly assignment: Assignment;
}

/** The service wants the run ended; also kept for a run that never arrived. */
export interface StopRecord {
  readonly type: "stop";
  readonly runId: string;
  readonly token: number;
  readonly at: number;
  readonly outcome: StopOutcome;
}

/** One launch of one attempt is about to be executed; it is never executed again. */
export interface AttemptRecord {
  readonly type: "attempt";
  readonly runId: string;
  readonly token: number;
  readonly at: number;
  readonly stepNumber: number;
  readonly attempt: number;
  readonly launch: number;
  readonly bootId: string;
  /** Where the step's relative names begin. */
  readonly directory?: string;
  /** Set when the step runs as somebody else than the agent. */
  readonly userId?: number;
}

/** An attempt failed and another one follows at `retryAt`. */
export interface RetryRecord {
  readonly type: "retry";
  readonly runId: string;
  readonly token: number;
  readonly at: number;
  readonly stepNumber: number;
  readonly attempt: number;
  readonly retryAt: number;
  /** What the failed attempt left. */
  readonly artifacts?: AttemptArtifacts;
  /** Sensitive values that the attempt produced: later output is masked by them too. */
  readonly secrets?: readonly string[];
}

/** A step has ended and the run goes on. */
export interface StepEndedRecord {
  readonly type: "step-ended";
  readonly runId: string;
  readonly token: number;
  readonly step: StepReport;
  /** What it produced for the steps after it. */
  readonly values?: Values;
}

/** The run has ended; kept until the service acknowledges it. */
export interface ResultRecord {
  readonly type: "result";
  readonly runId: string;
  readonly token: number;
  readonly result: RunResult;
}

/** The service has recorded the result. All that is kept is that this run was here. */
export interface AckedRecord {
  readonly type: "acked";
  readonly runId: string;
  readonly token: number;
}

/** A line of the journal after the first. */
export type JournalRecord =
  | AcceptedRecord
  | StopRecord
  | AttemptRecord
  | RetryRecord
  | StepEndedRecord
  | ResultRecord
  | AckedRecord;
