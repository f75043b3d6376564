import type { Hello, NodeSession, RunReport } from "@courier/protocol";
import { lockInstances, setNodesOffline, type Database, type Db } from "@courier/store";
import { advanceInstance } from "./advance-instance.ts";
import { BudgetGate } from "./budget-gate.ts";
import { Effects } from "./effects.ts";
import { PendingWrites } from "./pending-writes.ts";
import { recordFrames } from "./record-frames.ts";
import { byWait, listReleased } from "./release-held.ts";
import { reconcileNodes } from "./reconcile-nodes.ts";

/** A node that has just proved its identity. */
export interface Arrival {
  readonly hello: Hello;
  readonly session: NodeSession;
}

/** The run reports of one frame of one node. */
export interface ReportFrame {
  readonly nodeId: string;
  readonly reports: readonly RunReport[];
}

/** Everything one transaction takes care of. */
export interface TurnWork {
  readonly arrivals: readonly Arrival[];
  readonly departures: readonly NodeSession[];
  readonly frames: readonly ReportFrame[];
  readonly instanceIds: ReadonlySet<string>;
}

/** What a turn is told about the outside. */
export interface TurnContext {
  readonly now: number;
  readonly presenceSettledAt: number;
}

/**
 * One transaction: records what nodes said, reconciles the nodes that came back, and advances every instance that is
 * affected or due. Returns what has to happen after the commit; throws, with nothing recorded, when it cannot commit.
 */
export async function takeTurn(
  db: Database,
  work: TurnWork,
  context: TurnContext,
): Promise<Effects> {
  return db.transaction(async (tx) => {
    const effects = new Effects();
    const turn: Turn = { tx, effects, ...context };
    const touched = new Set(work.instanceIds);
    // Arrivals first: a session that came and went within one turn must end offline.
    for (const id of await reconcileNodes(turn, work.arrivals)) touched.add(id);
    await markDepartures(turn, work.departures);
    for (const id of await recordFrames(turn, work.frames)) touched.add(id);
    const writes = new PendingWrites();
    const gate = new BudgetGate(turn);
    for (const locked of byWait(await lockInstances(tx, [...touched]))) {
      await advanceInstance(locked, { ...turn, writes, gate });
    }
    await writes.flush(turn);
    for (const id of await listReleased(turn)) effects.again.add(id);
    return effects;
  });
}

/** A turn under way. */
export interface Turn extends TurnContext {
  readonly tx: Db;
  readonly effects: Effects;
}

async function markDepartures(turn: Turn, sessions: readonly NodeSession[]): Promise<void> {
  if (sessions.length === 0) return;
  const now = turn.now;
  await setNodesOffline(
    turn.tx,
    sessions.map(({ nodeId, sessionId }) => ({ nodeId, sessionId, now })),
  );
}
