import type { CanonicalStep } from "@courier/schema";
import type { OutputStream } from "./node-messages.ts";

/** First message on a connection: the node signs `nonce` in its `hello`. */
export interface Challenge {
  readonly type: "challenge";
  readonly protocolVersion: number;
  /** Random, base64. */
  readonly nonce: string;
}

/** The node is known; the service proves that it holds the key that the node pinned when it enrolled. */
export interface Welcome {
  readonly type: "welcome";
  /** Signature (base64) by the service's Ed25519 key over `welcomeText(...)`. */
  readonly signature: string;
  readonly serverTime: number;
  readonly heartbeatIntervalMs: number;
}

/** One run for this node to execute: at most once per (runId, token), in order of arrival. */
export interface Assignment {
  readonly runId: string;
  readonly token: number;
  readonly instanceId: string;
  readonly jobId: string;
  readonly jobName: string;
  readonly steps: readonly CanonicalStep[];
  /** The number of the first step to execute; those before it are recorded as skipped. Absent: 1. */
  readonly fromStep?: number;
  /** What the steps before `fromStep` produced in the run that this one repeats, as far as the service knows it. */
  readonly values?: Readonly<Record<string, string>>;
  /** Names of what they produced besides, and what the service does not know: a step that needs one of these fails. */
  readonly lostValues?: readonly string[];
}

/** Runs to journal, acknowledge with `accepted`, and execute. A run that the node knows already is only acknowledged again. */
export interface Assign {
  readonly type: "assign";
  readonly runs: readonly Assignment[];
}

/** Why the service wants a run stopped; becomes the run's status. */
export type StopOutcome = "canceled" | "timeout";

/** End these runs: kill the process tree, verify, report a `result`. A run that never arrived is refused from now on and reported as ended. */
export interface Stop {
  readonly type: "stop";
  readonly runs: readonly {
    readonly runId: string;
    readonly token: number;
    readonly outcome: StopOutcome;
  }[];
}

/** The service has recorded these (committed). The node may forget them. */
export interface Ack {
  readonly type: "ack";
  /** Runs whose `result` is recorded. */
  readonly results: readonly string[];
  /** Output recorded up to `nextOffset` of a stream. */
  readonly output: readonly OutputAck[];
}

/** Output of one stream is recorded up to `nextOffset`. */
export interface OutputAck {
  readonly runId: string;
  readonly stepNumber: number;
  readonly attempt: number;
  readonly stream: OutputStream;
  readonly nextOffset: number;
}

/** The connection ends; `retryable` tells whether coming back later makes sense. */
export interface Goodbye {
  readonly type: "goodbye";
  readonly code: string;
  readonly reason: string;
  readonly retryable: boolean;
}

/** Anything that the service sends. A frame is a JSON array of these, in order. */
export type ServerMessage = Challenge | Welcome | Assign | Stop | Ack | Goodbye;
