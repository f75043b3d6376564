import type { InstanceStatus, PauseEvent, RunOutcome } from "@courier/core";
import type { Explanation } from "./explanation.ts";

/** Who asks for a change, from where and in which request: the audit trail keeps it in the change's own transaction. */
export interface Asker {
  readonly tokenId: string;
  readonly remoteAddress: string;
  readonly requestId: string;
}

/** Which runs are executed again: those of an ended instance by outcome, or one run that has ended. */
export type RerunSelection =
  | { readonly instanceId: string; readonly outcomes: readonly RunOutcome[] }
  | { readonly runId: string };

/** Asks for a new instance of runs that have ended. */
export interface RerunOrder {
  readonly selection: RerunSelection;
  /** The first step to execute, by number or name; absent: all steps. */
  readonly fromStep?: number | string;
  /** Start in spite of global exceptions; the caller has checked that the asker may. */
  readonly ignoresExceptions?: boolean;
  /** The same key and body make one instance, however often they are sent. */
  readonly idempotency?: { readonly key: string; readonly bodyHash: string };
}

/** The instance that executes runs again. */
export interface Rerun {
  readonly instanceId: string;
  readonly jobId: string;
  readonly originInstanceId: string;
  readonly runCount: number;
}

/** What came of asking for a rerun; anything but `created` changes nothing. */
export type RerunAnswer =
  | { readonly kind: "created" | "replayed"; readonly rerun: Rerun }
  | { readonly kind: "not-found" | "not-ended" | "key-reused" }
  /** A global exception forbids it until an instant (Unix ms), if that is known. */
  | { readonly kind: "frozen"; readonly label: string; readonly until: number | null }
  /** `fromStep` names no step, or more than one. */
  | { readonly kind: "no-step"; readonly reason: string }
  /** `archivedCount`: runs that were selected, but whose nodes are archived. */
  | { readonly kind: "nothing"; readonly archivedCount: number };

/** What came of asking for a pause or a resume. `pausedAt` (Unix ms) is null when the instance dispatches. */
export type PauseAnswer =
  | { readonly kind: "accepted"; readonly status: InstanceStatus; readonly pausedAt: number | null }
  | { readonly kind: "not-found" | "ended" | "cancelling" };

/** Asks to start an instance of a job now, beside its schedule. */
export interface StartOrder {
  readonly jobId: string;
  /** Start in spite of global exceptions; the caller has checked that the asker may. */
  readonly ignoresExceptions: boolean;
  /** The same key and body make one instance, however often they are sent. */
  readonly idempotency?: { readonly key: string; readonly bodyHash: string };
}

/** The instance that was started, or that waits. */
export interface StartedJob {
  readonly instanceId: string;
  readonly jobId: string;
  readonly isStarted: boolean;
  /** When it starts at the earliest (Unix ms); null when that is not known. */
  readonly notBefore: number | null;
  /** Why it waits; "" when it has started. */
  readonly reason: string;
}

/** What came of asking for a start; anything but `accepted` changes nothing. */
export type StartAnswer =
  | { readonly kind: "accepted" | "replayed"; readonly start: StartedJob }
  | { readonly kind: "not-found" | "not-allowed" | "key-reused" }
  /** The job's overlap policy, or a start that waits already, is in the way. */
  | { readonly kind: "overlaps"; readonly reason: string };

/**
 * What came of asking for a cancel. `cancelling`: accepted, ends when every node confirmed or its grace ran out. `withdrawn`: it
 * had not started, and never will.
 */
export type CancelAnswer = "cancelling" | "withdrawn" | "ended" | "not-found";

/** What the API asks of the scheduler beyond writing rows; implemented by the scheduler. */
export interface JobControl {
  /** Stops an instance: queued runs end at once, running ones are stopped on their nodes. Who asked is recorded as cause. */
  cancelInstance(instanceId: string, asker: Asker): Promise<CancelAnswer>;
  /** Stops a single run. */
  cancelRun(runId: string, asker: Asker): Promise<CancelAnswer>;
  /** Lets an instance dispatch nothing more, or go on; runs in flight finish. Asking twice changes nothing more. */
  pauseInstance(instanceId: string, event: PauseEvent, asker: Asker): Promise<PauseAnswer>;
  /** Starts an instance of a job now, or lets it wait for the end of a freeze or of an instance under way. */
  startJob(order: StartOrder, asker: Asker): Promise<StartAnswer>;
  /** Executes runs again, on the same nodes, as a new instance of the same job with the origin's frozen template. */
  rerun(order: RerunOrder, asker: Asker): Promise<RerunAnswer>;
  /** Why an instance stands where it stands; changes nothing. Undefined: there is no such instance. */
  explain(instanceId: string): Promise<Explanation | undefined>;
}

/** Published on `workTopic`: something may be due. */
export type WorkMessage =
  | { readonly kind: "job"; readonly jobId: string }
  | { readonly kind: "exceptions" }
  | { readonly kind: "budget"; readonly budgetId: string }
  | { readonly kind: "instance"; readonly instanceId: string };
