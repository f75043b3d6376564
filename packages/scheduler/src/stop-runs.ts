import type { StopOutcome } from "@courier/protocol";
import { endRuns, requestStops } from "@courier/store";
import type { AdvanceContext } from "./advance-group.ts";
import type { GroupDraft } from "./group-draft.ts";
import { stopGraceMs } from "./limits.ts";

/** What to stop and what it is to be recorded as. */
export interface StopOrder {
  readonly outcome: StopOutcome;
  /** Only this run; absent: every run of the group that is in flight. */
  readonly runId?: string;
}

/**
 * Asks the nodes to stop a group's runs in flight.
 * A run that no session existed for since it was dispatched never reached its node and ends at once.
 */
export async function stopRuns(
  draft: GroupDraft,
  context: AdvanceContext,
  { outcome, runId }: StopOrder,
): Promise<void> {
  const requested = await requestStops(context.tx, {
    instanceId: draft.instanceId,
    groupNumber: draft.groupNumber,
    ...(runId === undefined ? {} : { runId }),
    outcome,
    stopDeadlineAt: context.now + stopGraceMs,
    now: context.now,
  });
  const unsent = requested.filter((run) => run.status === "dispatched" && !run.sent);
  const unsentIds = new Set(unsent.map((run) => run.id));
  for (const run of requested) {
    if (unsentIds.has(run.id)) continue;
    context.effects.stopped.push({ id: run.id, nodeId: run.nodeId, token: run.token, outcome });
  }
  if (unsent.length === 0) return;
  const status = outcome === "canceled" ? "canceled" : "undeliverable";
  const ended = await endRuns(context.tx, {
    ids: [...unsentIds],
    status,
    reason: "the node was offline, the run never reached it",
    now: context.now,
    from: ["dispatched"],
  });
  draft.count("inFlight", -ended.length);
  draft.count(status, ended.length);
  context.effects.countOutcome(status, ended.length);
  for (const run of ended) context.effects.moved(run.instanceId, run.id);
}
