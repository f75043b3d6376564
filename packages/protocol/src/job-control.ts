/** What came of asking for a cancel. `cancelling`: accepted, ends when every node confirmed or its grace ran out. */
export type CancelAnswer = "cancelling" | "ended" | "not-found";

/** What the API asks of the scheduler beyond writing rows; implemented by the scheduler. */
export interface JobControl {
  /** Stops an instance: queued runs end at once, running ones are stopped on their nodes. `actor` is recorded as cause. */
  cancelInstance(instanceId: string, actor: string): Promise<CancelAnswer>;
  /** Stops a single run. */
  cancelRun(runId: string, actor: string): Promise<CancelAnswer>;
}

/** Published on `workTopic`: something may be due. */
export type WorkMessage =
  | { readonly kind: "job"; readonly jobId: string }
  | { readonly kind: "instance"; readonly instanceId: string };
