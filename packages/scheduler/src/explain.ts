import {
  budgetMax,
  explainInstance,
  explainRun,
  runWaitKinds,
  settleOffline,
  type Amount,
  type ExplainableGroup,
  type InstanceWait,
} from "@courier/core";
import type {
  BudgetHold,
  Explanation,
  ExplainedGroup,
  RolloutWait,
  RunWait,
} from "@courier/protocol";
import {
  findInstance,
  findRun,
  listAbsentNodes,
  listBudgetWaits,
  listGroups,
  selectPendingRuns,
  summariseInFlight,
  type BudgetWait,
  type Db,
  type GroupRow,
  type InFlightKind,
} from "@courier/store";
import { countOnline, rulesOf } from "./advance-group.ts";
import { withDetails } from "./explain-examples.ts";
import { GroupDraft } from "./group-draft.ts";
import { examplesMax, explainedRunsMax, lostAfterMs, redeliverAfterMs } from "./limits.ts";

interface Moment {
  readonly now: number;
  readonly presenceSettledAt: number;
}

/**
 * Says for every group of an instance what it waits for, from what a turn would load and by what a turn would ask. Reads a
 * bounded number of rows, changes nothing. Undefined: there is no such instance.
 */
export async function explain(
  db: Db,
  instanceId: string,
  moment: Moment,
): Promise<Explanation | undefined> {
  const instance = await findInstance(db, instanceId);
  if (instance === undefined) return undefined;
  const rows = await listGroups(db, instanceId);
  const groups = await Promise.all(rows.map((row) => explainable(db, row)));
  const isPaused = instance.pausedAt !== null;
  const explained = explainInstance({ ...instance, isPaused }, groups, moment.now);
  const inFlight = await summariseInFlight(db, {
    ...{ instanceId, looked: explainedRunsMax, examples: examplesMax },
  });
  const isOpen = instance.finishedAt === null;
  const isHeld = rows.some((row) => row.heldAt !== null);
  const held = isHeld ? await listBudgetWaits(db, { instanceId, holdersMax: examplesMax }) : [];
  const answer: ExplainedGroup[] = [];
  for (const [index, row] of rows.entries()) {
    const own = inFlight.kinds.filter(({ groupNumber }) => groupNumber === row.groupNumber);
    const waits = explained[index]?.waits ?? [];
    answer.push({
      groupNumber: row.groupNumber,
      waits: isOpen
        ? [...(await withPresence(db, { row, waits, moment })), ...budgetHolds(row, held)]
        : [],
      runs: await withDetails(db, runWaits(own, row)),
      absentNodes: await absentNodes(db, row, waits),
    });
  }
  const inFlightCount = rows.reduce((sum, { counts }) => sum + counts.inFlight, 0);
  const isPartial = inFlight.count >= explainedRunsMax && inFlightCount > inFlight.count;
  return { at: moment.now, groups: answer, isPartial };
}

async function explainable(db: Db, row: GroupRow): Promise<ExplainableGroup> {
  const { groupNumber } = row;
  const rules = rulesOf(row);
  const snapshot = new GroupDraft(row).snapshot();
  return { groupNumber, rules, snapshot, onlineCount: await countOnline(db, row, rules) };
}

interface WaitingGroup {
  readonly row: GroupRow;
  readonly waits: readonly InstanceWait[];
  readonly moment: Moment;
}

/** A group that nothing keeps back starts runs, unless the first of them may still find its node coming back. */
async function withPresence(db: Db, group: WaitingGroup): Promise<readonly RolloutWait[]> {
  const { row, moment } = group;
  // Which budgets they are is said beside this.
  const waits = group.waits.filter((wait) => wait.kind !== "budget");
  const { offlinePolicy: policy } = rulesOf(row);
  const isSettled = moment.now >= moment.presenceSettledAt;
  if (group.waits.length > 0 || policy === "wait" || isSettled || row.finishedAt !== null)
    return waits;
  const fromPosition = row.cursor;
  const [run] = await selectPendingRuns(db, { ...row, fromPosition, limit: 1 });
  if (run === undefined) return waits;
  const candidates = [{ isOnline: run.nodeSessionId !== null }];
  const { waitUntil } = settleOffline(candidates, { ...moment, policy });
  if (waitUntil === null) return waits;
  const found = await findRun(db, run.id);
  return [{ kind: "presence", until: waitUntil, nodeName: found?.nodeName ?? "" }];
}

/** Which budgets keep back runs of a group, and who uses them. */
function budgetHolds(row: GroupRow, waits: readonly BudgetWait[]): BudgetHold[] {
  return waits
    .filter(({ groupNumber }) => groupNumber === row.groupNumber)
    .map(({ groupNumber: _groupNumber, maxAmount, holders, ...wait }) => ({
      ...{ kind: "budget", ...wait, since: row.heldAt },
      // The column holds an amount that was validated when the budget was saved.
      maxCount: budgetMax(JSON.parse(maxAmount) as Amount, wait.nodeCount),
      holders: holders.map(({ status: _status, ...holder }) => holder),
    }));
}

async function absentNodes(
  db: Db,
  row: GroupRow,
  waits: readonly InstanceWait[],
): Promise<ExplainedGroup["absentNodes"]> {
  if (!waits.some(({ kind }) => kind === "quorum")) return [];
  return await listAbsentNodes(db, { ...row, limit: examplesMax });
}

/** The kinds that need somebody first come first. */
function runWaits(kinds: readonly InFlightKind[], row: GroupRow): readonly RunWait[] {
  const waits = kinds.map((kind) => runWait(kind, row));
  return waits
    .reduce(joinSame, [])
    .toSorted((a, b) => runWaitKinds.indexOf(a.kind) - runWaitKinds.indexOf(b.kind));
}

/** Facts that differ may mean the same wait. */
function joinSame(joined: readonly RunWait[], wait: RunWait): RunWait[] {
  const same = joined.find(({ kind }) => kind === wait.kind);
  if (same === undefined) return [...joined, wait];
  const both: RunWait = {
    ...wait,
    count: same.count + wait.count,
    since: earlier(same.since, wait.since),
    until: earlier(same.until, wait.until),
    examples: [...same.examples, ...wait.examples].slice(0, examplesMax),
  };
  return joined.map((one) => (one === same ? both : one));
}

function earlier(left: number | null, right: number | null): number | null {
  if (left === null || right === null) return left ?? right;
  return Math.min(left, right);
}

function runWait({ facts, count, earliest, examples }: InFlightKind, row: GroupRow): RunWait {
  const kind = explainRun(facts);
  const isAbsence = kind === "delivery" || kind === "return";
  const isBegun = kind === "execution" || kind === "retry" || kind === "boot";
  const since = (of: Omit<InFlightKind["earliest"], "stopDeadlineAt">): number | null => {
    if (isAbsence) return of.offlineSince;
    return isBegun ? of.startedAt : of.dispatchedAt;
  };
  return {
    ...{ kind, count },
    since: since(earliest),
    until: untilOf(kind, { earliest, deadlineAt: row.deadlineAt }),
    examples: examples.map((one) => ({
      ...{ runId: one.runId, nodeId: one.nodeId, nodeName: one.nodeName },
      since: since(one),
    })),
  };
}

/** When the loops of this package take the matter in hand: `expire` and `rescue`. */
function untilOf(
  kind: RunWait["kind"],
  times: { readonly earliest: InFlightKind["earliest"]; readonly deadlineAt: number | null },
): number | null {
  const { earliest, deadlineAt } = times;
  switch (kind) {
    case "stop":
      return earliest.stopDeadlineAt;
    case "return":
    case "boot":
      return earlier(lostAt(earliest.offlineSince), deadlineAt);
    case "acceptance":
      return earliest.dispatchedAt + redeliverAfterMs;
    case "approval":
    case "delivery":
    case "busy":
    case "retry":
    case "execution":
      return deadlineAt;
  }
}

/** When a run that was being executed is given up; null: its node is here. */
function lostAt(offlineSince: number | null): number | null {
  return offlineSince === null ? null : offlineSince + lostAfterMs;
}
