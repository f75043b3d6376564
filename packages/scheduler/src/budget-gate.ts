import { admitRuns, budgetMax, budgetRoom, type Admission, type Amount } from "@courier/core";
import {
  addHolders,
  dropEndedHolders,
  findCoveredNodes,
  listHoldingNodes,
  lockBudgets,
  readBudgets,
  recountBudget,
  type BudgetUse,
  type Db,
  type HeldPick,
} from "@courier/store";
import type { Effects } from "./effects.ts";
import { budgetCountedMs } from "./limits.ts";

interface Candidate {
  readonly id: string;
  readonly nodeId: string;
}

type Coverage = ReadonlyMap<string, readonly number[]>;

/** A locked budget and the nodes that are under change. */
interface Standing {
  readonly maxCount: number;
  readonly nodeIds: Set<string>;
}

interface GateContext {
  readonly tx: Db;
  readonly now: number;
  readonly effects: Effects;
}

/**
 * What disruption budgets let an instance dispatch in one transaction. Without budgets it costs one read. Budgets are locked only when
 * a run is about to start on a node of one, and then until the transaction ends, so that two schedulers cannot use the same room.
 */
export class BudgetGate {
  readonly #context: GateContext;
  #budgets: readonly BudgetUse[] | undefined;
  #standings: ReadonlyMap<number, Standing> | undefined;
  #coverage: Coverage = new Map();

  constructor(context: GateContext) {
    this.#context = context;
  }

  /** Admits runs in their order as far as their nodes' budgets have room. What is dispatched then is told to `use`. */
  async admit<Run extends Candidate>(runs: readonly Run[], limit: number): Promise<Admission<Run>> {
    this.#coverage = await this.#cover(runs);
    const standings = this.#coverage.size === 0 ? new Map<number, Standing>() : await this.#lock();
    const budgetsOf = (nodeId: string): readonly number[] => this.#coverage.get(nodeId) ?? [];
    return admitRuns(runs, { limit, budgetsOf, standings });
  }

  /** Makes runs of the last admission, which were dispatched, the holders of their nodes' budgets. */
  async use(runs: readonly Candidate[]): Promise<void> {
    const holders = runs.flatMap(({ id, nodeId }) =>
      (this.#coverage.get(nodeId) ?? []).map((budgetSeq) => ({ budgetSeq, runId: id, nodeId })),
    );
    await addHolders(this.#context.tx, holders);
    for (const { budgetSeq, nodeId } of holders) {
      this.#standings?.get(budgetSeq)?.nodeIds.add(nodeId);
    }
  }

  /** Which of the runs that wait may be tried now: as many as their budget has room for, and those whose budget has changed. */
  async picks(limit: number): Promise<HeldPick[]> {
    const standings = await this.#lock();
    const picks = [...standings].map(([budgetSeq, standing]) => ({
      budgetSeq,
      limit: Math.min(limit, budgetRoom(standing)),
    }));
    return [{ budgetSeq: null, limit }, ...picks.filter((pick) => pick.limit > 0)];
  }

  async #cover(runs: readonly Candidate[]): Promise<Coverage> {
    const coverage = new Map<string, number[]>();
    if (runs.length === 0) return coverage;
    this.#budgets ??= await readBudgets(this.#context.tx);
    if (this.#budgets.length === 0) return coverage;
    const nodeIds = [...new Set(runs.map(({ nodeId }) => nodeId))];
    for (const budget of this.#budgets) {
      for (const nodeId of await findCoveredNodes(this.#context.tx, budget, nodeIds)) {
        coverage.set(nodeId, [...(coverage.get(nodeId) ?? []), budget.seq]);
      }
    }
    return coverage;
  }

  async #lock(): Promise<ReadonlyMap<number, Standing>> {
    if (this.#standings !== undefined) return this.#standings;
    const { tx, effects } = this.#context;
    const locked = await lockBudgets(tx);
    if ((await dropEndedHolders(tx)) > 0) effects.haveBudgetsFreed = true;
    const standings = new Map<number, Standing>();
    for (const budget of locked) {
      const nodeCount = await this.#count(budget);
      // The column holds an amount that was validated when the budget was saved.
      const maxCount = budgetMax(JSON.parse(budget.maxAmount) as Amount, nodeCount);
      const nodeIds = new Set(await listHoldingNodes(tx, budget.seq));
      standings.set(budget.seq, { maxCount, nodeIds });
    }
    this.#standings = standings;
    return standings;
  }

  /** The count of a budget's nodes may be a little old; who is under change may not. */
  async #count(budget: BudgetUse): Promise<number> {
    const { tx, now } = this.#context;
    const ageMs = now - budget.countedAt;
    if (ageMs >= 0 && ageMs < budgetCountedMs) return budget.nodeCount;
    return await recountBudget(tx, { budget, now });
  }
}
