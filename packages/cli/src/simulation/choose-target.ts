import { counted, CourierError, resolveGroupRules, type SimulatedTarget } from "@courier/core";
import type { CanonicalJob } from "@courier/schema";
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
}

/** How many nodes the groups have. */
export const nodesOption: OptionSpec = {
  flag: "--nodes <LIST>",
  summary: "number of nodes of each group, separated by commas, instead of resolving targets",
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
  },
): Promise<ChosenTarget> {
  const { job, body, counts } = given;
  const { groups } = job.target;
  if (counts !== undefined) {
    if (counts.length !== groups.length) {
      const message = `--nodes has ${counted(counts.length, "number")}, the template has ${counted(groups.length, "group")}`;
      throw new CourierError("USAGE", message);
    }
    return { target: targetOf(job, counts), offline: [], nodesFrom: "--nodes" };
  }
  if (groups.every(({ nodeListType }) => nodeListType === "nodes")) {
    const named = groups.map(({ nodeIdentifiers }) => new Set(nodeIdentifiers).size);
    return { target: targetOf(job, named), offline: [], nodesFrom: "template" };
  }
  return resolveTarget(context, job, body);
}

/** Nodes that are offline now are taken to stay so. */
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
  return { target: targetOf(job, counts), offline, nodesFrom: "service" };
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
