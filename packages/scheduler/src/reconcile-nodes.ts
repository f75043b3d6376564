import type { Hello, NodeSession } from "@courier/protocol";
import { markSent, openRunsOfNode, setNodesOnline, type OpenRun } from "@courier/store";
import { endInFlight } from "./end-in-flight.ts";
import type { Arrival, Turn } from "./turn.ts";

/**
 * Marks nodes online and settles, from their journals and the database alone, what became of their runs
 * (semantics.md section 7). Returns the instances whose runs ended by that.
 */
export async function reconcileNodes(turn: Turn, arrivals: readonly Arrival[]): Promise<string[]> {
  if (arrivals.length === 0) return [];
  const previous = await setNodesOnline(
    turn.tx,
    arrivals.map((arrival) => connection(arrival, turn.now)),
  );
  const journals = new Map(previous.map(({ nodeId, journalId }) => [nodeId, journalId]));
  const lost: string[] = [];
  for (const { hello, session } of arrivals) {
    const open = await openRunsOfNode(turn.tx, hello.nodeId);
    const journalBefore = journals.get(hello.nodeId) ?? "";
    const isJournalLost = journalBefore !== "" && journalBefore !== hello.journalId;
    lost.push(...reconcileNode(turn, { hello, session, open, isJournalLost }));
  }
  await markSent(
    turn.tx,
    turn.effects.dispatched.map((run) => run.id),
  );
  return endInFlight(turn, {
    ids: lost,
    status: "unknown",
    reason:
      "the node came back without this run in its journal; whether it was executed cannot be known",
  });
}

function connection(
  { hello, session }: Arrival,
  now: number,
): Parameters<typeof setNodesOnline>[1][number] {
  return {
    nodeId: hello.nodeId,
    sessionId: session.sessionId,
    bootId: hello.bootId,
    journalId: hello.journalId,
    agentVersion: hello.agentVersion,
    attributes: JSON.stringify(hello.attributes),
    skills: JSON.stringify(hello.skills ?? []),
    now,
  };
}

interface Reconciliation {
  readonly hello: Hello;
  readonly session: NodeSession;
  readonly open: readonly OpenRun[];
  readonly isJournalLost: boolean;
}

/** Returns the ids of the runs whose outcome cannot be known. */
function reconcileNode(turn: Turn, arrival: Reconciliation): string[] {
  const { hello, session, open, isJournalLost } = arrival;
  const journalled = new Map(hello.runs.map((run) => [run.runId, run]));
  const lost: string[] = [];
  for (const run of open) {
    const known = journalled.get(run.id);
    journalled.delete(run.id);
    const isKnown = known !== undefined && known.token === run.token;
    if (run.stopOutcome !== null && (isKnown || run.status === "dispatched")) {
      stop(turn, hello.nodeId, { ...run, outcome: run.stopOutcome });
    } else if (!isKnown && (isJournalLost || run.status === "running")) {
      lost.push(run.id);
    } else if (!isKnown) {
      turn.effects.dispatched.push({ ...run, ...session });
    }
  }
  // What is left in the journal has an outcome in the database already: its execution, if any, has lost its purpose.
  for (const { runId, token, state } of journalled.values()) {
    if (state !== "ended") stop(turn, hello.nodeId, { id: runId, token, outcome: "canceled" });
  }
  return lost;
}

function stop(
  turn: Turn,
  nodeId: string,
  run: { readonly id: string; readonly token: number; readonly outcome: "canceled" | "timeout" },
): void {
  turn.effects.stopped.push({ id: run.id, nodeId, token: run.token, outcome: run.outcome });
}
