import {
  counted,
  CourierError,
  resolveGroupRules,
  type SimulatedBudgets,
  type SimulatedTarget,
} from "@courier/core";
import type { CanonicalJob, PlanResponse } from "@courier/schema";
import type { CommandContext } from "../context.ts";
import type { OptionSpec } from "../command.ts";
import { simulatedNodesMax } from "../limits.ts";
import type { Body } from "../template/read-body.ts";
import type { Flags } from "../usage/flags.ts";

/** What a simulation is about, and how its nodes were counted. */
export interface ChosenTarget {
  readonly target: SimulatedTarget;
  /** Positions of nodes that are offline, by group. */
  readonly offline: readonly ReadonlySet<number>[];
  readonly nodesFrom: "--nodes" | "template" | "service";
  /** The budgets that hold it back; null: nobody was asked for them. */
  readonly budgets: readonly SimulatedBudget[] | null;
}

/** A disruption budget that some of the nodes fall under. */
export interface SimulatedBudget {
  readonly budgetId: string;
  readonly name: string;
  readonly maxCount: number;
  /** Nodes that it is about, of this target and of others. */
  readonly nodeCount: number;
  /** Those of them that the target has. */
  readonly plannedNodeCount: number;
}

/** How many nodes the groups have. */
export const nodesOption: OptionSpec = {
  flag: "--nodes <LIST>",
  summary: "number of nodes of each group, separated by commas, instead of resolving targets",
};

/** Whom to ask. */
export const resolveOption: OptionSpec = {
  flag: "--resolve",
  summary:
    "ask the service also when every group names its nodes: who is offline, and which budgets hold",
};

/** Reads `--nodes`. */
export function readNodeCounts(flags: Flags): readonly number[] | undefined {
  return flags
    .text("nodes")
    ?.split(",")
    .map((text) => {
      const count = /^\s*\d{1,9}\s*$/.test(text) ? Number(text) : Number.NaN;
      if (count <= simulatedNodesMax) return count;
      const message = `--nodes must be whole numbers up to ${simulatedNodesMax}, separated by commas, not "${text}"`;
      throw new CourierError("USAGE", message);
    });
}

/** Counts the nodes of each group: as the flag says, by the names in the template, or as the service resolves the targets. */
export async function chooseTarget(
  context: CommandContext,
  given: {
    readonly job: CanonicalJob;
    readonly body: Body;
    readonly counts: readonly number[] | undefined;
    /** Whether the service has to be asked. */
    readonly mustResolve: boolean;
  },
): Promise<ChosenTarget> {
  const { job, body, counts, mustResolve } = given;
  const { groups } = job.target;
  if (counts !== undefined) {
    if (mustResolve) {
      throw new CourierError(
        "USAGE",
        "--nodes and --resolve exclude each other: who says which nodes there are?",
      );
    }
    if (counts.length !== groups.length) {
      const message = `--nodes has ${counted(counts.length, "number")}, the template has ${counted(groups.length, "group")}`;
      throw new CourierError("USAGE", message);
    }
    return { target: targetOf(job, counts), ...unasked, nodesFrom: "--nodes" };
  }
  if (!mustResolve && groups.every(({ nodeListType }) => nodeListType === "nodes")) {
    const named = groups.map(({ nodeIdentifiers }) => new Set(nodeIdentifiers).size);
    return { target: targetOf(job, named), ...unasked, nodesFrom: "template" };
  }
  return resolveTarget(context, job, body);
}

const unasked = { offline: [], budgets: null } as const;

/** Nodes that are offline now are taken to stay so, budgets to be left to this job alone. */
async function resolveTarget(
  context: CommandContext,
  job: CanonicalJob,
  body: Body,
): Promise<ChosenTarget> {
  const client = await context.client();
  // Loaded late, as the client is: it knows the errors of the service.
  const { locateProblems } = await import("../template/locate-problems.ts");
  const { item } = await locateProblems(body, () =>
    client.planJob(body, { signal: context.world.signal }),
  );
  const offline = item.groups.map(({ nodes }) => {
    const absent = nodes.filter(({ healthStatus }) => healthStatus === "offline");
    return new Set(absent.map(({ position }) => position));
  });
  const counts = item.groups.map(({ nodeCount }) => nodeCount);
  const target = { ...targetOf(job, counts), budgets: budgetsOf(item) };
  return { target, offline, nodesFrom: "service", budgets: item.budgets };
}

function budgetsOf({ budgets, groups }: PlanResponse["item"]): SimulatedBudgets {
  const indexes = new Map(budgets.map(({ budgetId }, index) => [budgetId, index]));
  const members = groups.map(({ nodes }) =>
    nodes.map(({ nodeId, budgetIds }) =>
      budgetIds.length === 0
        ? undefined
        : { nodeId, budgets: budgetIds.flatMap((id) => indexes.get(id) ?? []) },
    ),
  );
  return {
    maxCounts: budgets.map(({ maxCount }) => maxCount),
    memberAt: (groupNumber, position) => members[groupNumber]?.[position],
  };
}

function targetOf({ target }: CanonicalJob, counts: readonly number[]): SimulatedTarget {
  return {
    executionType: target.executionType,
    groups: target.groups.map((group, index) => {
      const nodeCount = counts[index] ?? 0;
      return { nodeCount, rules: resolveGroupRules(group, nodeCount) };
    }),
  };
}
