/** What is known about a run that its node was given and that has not ended. */
export interface InFlightFacts {
  readonly status: "dispatched" | "running";
  /** Its node was asked to stop it. */
  readonly isStopping: boolean;
  readonly isNodeOnline: boolean;
  /** Its node has been admitted, and nobody has approved it yet. */
  readonly isNodeUnapproved: boolean;
  /** Its node executes another run. */
  readonly isNodeBusy: boolean;
  /** `rebooting`: a restart step waits for the boot; `retrying`: a step waits for its next attempt. */
  readonly step: "rebooting" | "retrying" | "none";
}

/**
 * What a run in flight waits for. `stop`: the node's word that it has stopped; `boot`: the node's restart; `return`: the node is
 * offline and executing; `approval`: somebody's approval of the node; `delivery`: the node is offline and has not got it; `busy`: the node's other run; `acceptance`: the
 * node's word that it has begun; `retry`: the delay before a step's next attempt; `execution`: its steps.
 */
export type RunWaitKind =
  | "stop"
  | "boot"
  | "return"
  | "approval"
  | "delivery"
  | "busy"
  | "acceptance"
  | "retry"
  | "execution";

/** Every kind, the ones that may need somebody first. */
export const runWaitKinds: readonly RunWaitKind[] = [
  "stop",
  "return",
  "approval",
  "delivery",
  "boot",
  "busy",
  "acceptance",
  "retry",
  "execution",
];

/** Says what a run in flight waits for; exactly one thing, the one that has to happen first. */
export function explainRun(run: InFlightFacts): RunWaitKind {
  if (run.isStopping) return "stop";
  if (run.status === "dispatched") {
    if (run.isNodeUnapproved) return "approval";
    if (!run.isNodeOnline) return "delivery";
    return run.isNodeBusy ? "busy" : "acceptance";
  }
  if (run.step === "rebooting") return "boot";
  if (!run.isNodeOnline) return "return";
  return run.step === "retrying" ? "retry" : "execution";
}
