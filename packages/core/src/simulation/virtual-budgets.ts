import { budgetRoom, hasBudgetRoom } from "../budget/budget.ts";

/** Disruption budgets that a simulated target falls under. */
export interface SimulatedBudgets {
  /** How many nodes each lets be under change at once; other jobs are taken to leave it all of that. */
  readonly maxCounts: readonly number[];
  /** The node at a position of a group, when it is in a budget. */
  readonly memberAt: (groupNumber: number, position: number) => BudgetMember | undefined;
}

/** A node that is in budgets. */
export interface BudgetMember {
  /** The same in every group that the node is in: it counts once. */
  readonly nodeId: string;
  /** Indexes of `maxCounts`. */
  readonly budgets: readonly number[];
}

/** Which nodes use which budgets in one round. */
export class VirtualBudgets {
  readonly #standings: readonly {
    readonly maxCount: number;
    /** With how many runs each node is under change. */
    readonly nodeIds: Map<string, number>;
  }[];

  constructor(maxCounts: readonly number[]) {
    this.#standings = maxCounts.map((maxCount) => ({ maxCount, nodeIds: new Map() }));
  }

  /** How many more nodes of a budget may come under change now. */
  room(budget: number): number {
    const standing = this.#standings[budget];
    return standing === undefined ? 0 : budgetRoom(standing);
  }

  /** The first of a node's budgets that has no room for it. */
  fullFor({ nodeId, budgets }: BudgetMember): number | undefined {
    return budgets.find((budget) => {
      const standing = this.#standings[budget];
      return standing !== undefined && !hasBudgetRoom(standing, nodeId);
    });
  }

  /** A run of the node has started. */
  take({ nodeId, budgets }: BudgetMember): void {
    for (const budget of budgets) {
      const nodes = this.#standings[budget]?.nodeIds;
      nodes?.set(nodeId, (nodes.get(nodeId) ?? 0) + 1);
    }
  }

  /** A run of the node has ended. */
  giveBack({ nodeId, budgets }: BudgetMember): void {
    for (const budget of budgets) {
      const nodes = this.#standings[budget]?.nodeIds;
      const left = (nodes?.get(nodeId) ?? 1) - 1;
      if (left === 0) nodes?.delete(nodeId);
      else nodes?.set(nodeId, left);
    }
  }
}

/** Positions of runs that were passed over, by the budget that each waits for, first come first. */
export class HeldPositions {
  readonly #queues = new Map<number, { readonly positions: number[]; next: number }>();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** A run waits for this budget, in the order of the positions. */
  add(budget: number, position: number): void {
    const queue = this.#queues.get(budget) ?? { positions: [], next: 0 };
    let index = queue.positions.length;
    while (index > queue.next && (queue.positions[index - 1] ?? 0) > position) index -= 1;
    queue.positions.splice(index, 0, position);
    this.#queues.set(budget, queue);
    this.#count += 1;
  }

  /** Takes out the first runs of each budget, as many as `limitOf` says, and tries them by position until `tryOne` returns false. */
  tryFirst(limitOf: (budget: number) => number, tryOne: (position: number) => boolean): void {
    const taken = [...this.#queues].flatMap(([budget, queue]) => {
      const first = queue.positions.slice(queue.next, queue.next + limitOf(budget));
      queue.next += first.length;
      if (queue.next === queue.positions.length) this.#queues.delete(budget);
      return first.map((position) => ({ budget, position }));
    });
    this.#count -= taken.length;
    let isOver = false;
    for (const { budget, position } of taken.toSorted((a, b) => a.position - b.position)) {
      if (isOver) this.add(budget, position);
      else isOver = !tryOne(position);
    }
  }

  clear(): void {
    this.#queues.clear();
    this.#count = 0;
  }
}
