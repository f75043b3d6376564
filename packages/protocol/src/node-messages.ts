import type { NodeSkill, RunOutcome, StepStatus } from "@courier/core";

/** One of a step's two byte streams. */
export type OutputStream = "stdout" | "stderr";

/** What a node's journal says about a run that the service has not acknowledged as ended. */
export interface JournalledRun {
  readonly runId: string;
  readonly token: number;
  readonly state: "accepted" | "running" | "ended";
}

/** First message of a node on a connection: proves its identity and tells what its journal holds. */
export interface Hello {
  readonly type: "hello";
  readonly protocolVersion: number;
  readonly nodeId: string;
  /** Signature (base64) by the node's Ed25519 key over `challengeText(...)`. */
  readonly signature: string;
  /** Random (base64); the service signs it in `welcome`. */
  readonly nonce: string;
  readonly agentVersion: string;
  /** Identity of the node's operating system boot; changes with every reboot. */
  readonly bootId: string;
  /** Identity of the journal; a new one means that the old journal is lost. */
  readonly journalId: string;
  readonly maxConcurrentRuns: number;
  readonly attributes: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Interpreters that the node can execute steps with, and its agent; agents before this field leave it out. */
  readonly skills?: readonly NodeSkill[];
  readonly runs: readonly JournalledRun[];
}

/** Sent on its own timer, also while steps keep the node busy. */
export interface Heartbeat {
  readonly type: "heartbeat";
  /** The node's clock, Unix ms. */
  readonly at: number;
}

/** The run is in the node's journal, on disk. */
export interface Accepted {
  readonly type: "accepted";
  readonly runId: string;
  readonly token: number;
}

/** The run's first step is about to start. */
export interface Started {
  readonly type: "started";
  readonly runId: string;
  readonly token: number;
  readonly at: number;
}

/** What the node kept of the artifacts of one attempt. Reported only when the attempt left some. */
export interface AttemptArtifacts {
  /** 1-based. */
  readonly attempt: number;
  readonly fileCount: number;
  readonly leftOutCount: number;
  /** Of the packed archive; 0 when there is none. */
  readonly sizeBytes: number;
  /** Of the packed archive, hex; empty when there is none. */
  readonly sha256: string;
  /** What is left out and why, or why there is no archive; empty when everything is kept. */
  readonly reason: string;
}

/** What is known about one step of a run, latest state wins. */
export interface StepReport {
  /** 1-based (as in the original's list-steps). */
  readonly stepNumber: number;
  readonly status: StepStatus;
  /** Attempts begun so far. */
  readonly attemptCount: number;
  readonly exitCode: number | null;
  readonly reason: string;
  readonly interpreterPath: string;
  readonly interpreterVersion: string;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  /** Bytes that the last attempt wrote to both streams, and how many of them the quota dropped. */
  readonly outputBytes: number;
  readonly outputDroppedBytes: number;
  /** By attempt, in order; absent when no attempt left any. */
  readonly artifacts?: readonly AttemptArtifacts[];
  /** The variables that the step got and produced, JSON objects with sensitive values masked; left out when there are none. */
  readonly inputs?: string;
  readonly outputs?: string;
}

/** A step of a run changed; for live display only, the `result` repeats the final state of all steps. */
export interface StepChanged {
  readonly type: "step";
  readonly runId: string;
  readonly token: number;
  readonly step: StepReport;
}

/** A piece of a step attempt's output. `offset` counts the bytes the step wrote: a jump is a visible gap. */
export interface OutputChunk {
  readonly type: "output";
  readonly runId: string;
  readonly token: number;
  readonly stepNumber: number;
  /** 1-based. */
  readonly attempt: number;
  readonly stream: OutputStream;
  readonly offset: number;
  /** Bytes, base64. */
  readonly data: string;
}

/** The run has ended on the node. Kept in the node's journal until acknowledged. */
export interface RunResult {
  readonly type: "result";
  readonly runId: string;
  readonly token: number;
  readonly status: Extract<RunOutcome, "success" | "failure" | "timeout" | "canceled" | "unknown">;
  readonly reason: string;
  readonly startedAt: number | null;
  readonly finishedAt: number;
  readonly steps: readonly StepReport[];
}

/** Anything about a run that the service records. */
export type RunReport = Accepted | Started | StepChanged | OutputChunk | RunResult;

/** Anything that a node sends. A frame is a JSON array of these, in order. */
export type NodeMessage = Hello | Heartbeat | RunReport;
