import {
  batchAt,
  endedCount,
  findHalt,
  isGroupFinal,
  isInstanceFinal,
  isRunOutcome,
  noRuns,
  pendingCount,
  resolveGroupRules,
  type GroupRules,
  type GroupSpec,
  type RunCounts,
  type RunStatus,
} from "@courier/core";
import {
  findInstance,
  listGroups,
  listInstances,
  listOutput,
  listRuns,
  type Database,
  type GroupRow,
  type RunRow,
} from "@courier/store";

/** What the simulation has seen from outside the database. */
export interface Witness {
  /** Executions per run and token. */
  readonly executions: ReadonlyMap<string, number>;
  /** Acknowledged output bytes per run. */
  readonly ackedOutput: ReadonlyMap<string, number>;
  /** The outcome each run had when it was first seen with one. */
  readonly outcomes: Map<string, RunStatus>;
  /** How many runs of a group had been dispatched when it was first seen halted. */
  readonly begunAtHalt: Map<string, number>;
  /** The nodes of the disruption budget, and how many of them may be under change at once. */
  readonly budgetNodes: ReadonlySet<string>;
  readonly budgetMax: number;
}

/** Checks everything that must hold at any moment; throws with what is broken. */
export async function checkAlways(db: Database, witness: Witness): Promise<void> {
  for (const [key, count] of witness.executions) {
    if (count > 1) throw new Error(`(a) attempt ${key} was executed ${count} times`);
  }
  const { items: instances } = await listInstances(db, { page: 1, size: 100 });
  const fired = new Set<string>();
  const underChange = new Set<string>();
  for (const { id, jobId, nominalAt } of instances) {
    const occurrence = `${jobId} at ${nominalAt}`;
    if (fired.has(occurrence)) throw new Error(`(f) ${occurrence} fired twice`);
    fired.add(occurrence);
    const { items: runs } = await listRuns(db, { instanceId: id, page: 1, size: 1000 });
    for (const group of await listGroups(db, id)) {
      const own = runs.filter((run) => run.groupNumber === group.groupNumber);
      checkGroup(group, own);
      checkHalt(group, own, witness);
    }
    for (const run of runs) {
      checkFinal(run, witness);
      const isInFlight = run.status === "dispatched" || run.status === "running";
      if (isInFlight && witness.budgetNodes.has(run.nodeId)) underChange.add(run.nodeId);
    }
  }
  if (underChange.size > witness.budgetMax) {
    throw new Error(
      `(k) ${underChange.size} nodes of a budget of ${witness.budgetMax} are under change`,
    );
  }
}

function checkGroup(group: GroupRow, runs: readonly RunRow[]): void {
  const name = `group ${group.instanceId}/${group.groupNumber}`;
  const recount = count(runs);
  if (JSON.stringify(recount) !== JSON.stringify({ ...noRuns, ...group.counts })) {
    throw new Error(
      `(i) ${name} counts ${JSON.stringify(group.counts)}, its runs ${JSON.stringify(recount)}`,
    );
  }
  // Written by the simulation itself as a canonical group.
  const rules = resolveGroupRules(JSON.parse(group.spec) as GroupSpec, group.nodeCount);
  const room = roomOf(rules, group);
  if (recount.inFlight > room) {
    throw new Error(`(d) ${name} has ${recount.inFlight} in flight, batch size ${room}`);
  }
  const haltReason = findHalt(rules.haltOn, recount, group.nodeCount);
  if (haltReason !== undefined && group.status === "success") {
    throw new Error(`(j) ${name} succeeded: ${haltReason}`);
  }
  if (isGroupFinal(group.status) && pendingCount(recount, group.nodeCount) + recount.inFlight > 0) {
    throw new Error(`(c) ${name} is ${group.status} with open runs`);
  }
}

/** Nothing is dispatched any more once a group is halted. */
function checkHalt(group: GroupRow, runs: readonly RunRow[], { begunAtHalt }: Witness): void {
  if (group.haltReason === "") return;
  const name = `${group.instanceId}/${group.groupNumber}`;
  const begun = runs.filter((run) => run.dispatchedAt !== null).length;
  const before = begunAtHalt.get(name) ?? begun;
  begunAtHalt.set(name, before);
  if (begun > before) throw new Error(`(j) group ${name} started ${begun - before} after its halt`);
}

/** How many runs the group's current batch, or its window, holds. */
function roomOf(rules: GroupRules, { batchEnd, nodeCount }: GroupRow): number {
  if (rules.distributionMethod === "rolling") return rules.batchSizes[0];
  const { start, end } = batchAt(rules.batchSizes, {
    position: Math.max(0, batchEnd - 1),
    nodeCount,
  });
  return end - start;
}

function count(runs: readonly RunRow[]): RunCounts {
  const counts = { ...noRuns };
  for (const { status } of runs) {
    if (status === "pending") continue;
    counts[status === "dispatched" || status === "running" ? "inFlight" : status] += 1;
  }
  return counts;
}

function checkFinal(run: RunRow, { outcomes }: Witness): void {
  const seen = outcomes.get(run.id);
  if (seen !== undefined && seen !== run.status) {
    throw new Error(`(e) run ${run.id} went from ${seen} to ${run.status}`);
  }
  if (isRunOutcome(run.status)) outcomes.set(run.id, run.status);
}

/** Checks what must hold once faults have stopped and time has passed. */
export async function checkEnded(
  db: Database,
  witness: Witness,
  accepted: readonly string[],
): Promise<void> {
  await checkAlways(db, witness);
  const { items: instances } = await listInstances(db, { page: 1, size: 100 });
  if (instances.length !== accepted.length) {
    throw new Error(
      `(b) ${accepted.length} jobs were accepted, ${instances.length} instances exist`,
    );
  }
  for (const { id } of instances) {
    const instance = await findInstance(db, id);
    if (instance === undefined || !isInstanceFinal(instance.status)) {
      throw new Error(`(b) instance ${id} is still ${instance?.status}`);
    }
    for (const group of await listGroups(db, id)) {
      if (endedCount(group.counts) !== group.nodeCount) {
        throw new Error(`(c) group ${id}/${group.groupNumber} has runs without an outcome`);
      }
    }
  }
  await checkOutput(db, witness);
}

async function checkOutput(db: Database, { ackedOutput }: Witness): Promise<void> {
  for (const [runId, bytes] of ackedOutput) {
    const { items } = await listOutput(db, { runId, limit: 1000 });
    const stored = Math.max(0, ...items.map((chunk) => chunk.offset + chunk.data.length));
    if (stored < bytes) {
      throw new Error(`(g) run ${runId}: ${bytes} bytes acknowledged, ${stored} stored`);
    }
  }
}
