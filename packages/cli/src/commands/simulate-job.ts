import { playRounds, roundsFor, summariseRounds, type Round } from "@courier/core";
import type { CanonicalJob } from "@courier/schema";
import type { CommandSpec } from "../command.ts";
import type { CommandContext } from "../context.ts";
import { simulatedRoundsMax } from "../limits.ts";
import { simulationItem, simulationRows } from "../render/simulation-rows.ts";
import { assumptionOptions, readAssumptions } from "../simulation/read-assumptions.ts";
import {
  chooseTarget,
  nodesOption,
  readNodeCounts,
  resolveOption,
} from "../simulation/choose-target.ts";
import { templateOptions, readBody } from "../template/read-body.ts";

/** `scheduler jobs simulate` */
export const simulateJob: CommandSpec = {
  options: [
    ...templateOptions,
    ...assumptionOptions,
    nodesOption,
    resolveOption,
    {
      flag: "--rounds <N>",
      summary: `how often to play it, up to ${simulatedRoundsMax} (default: 20 to 1000, the more the fewer nodes)`,
    },
    { flag: "--seed <TEXT>", summary: "the same seed gives the same result (default: 1)" },
  ],
  notes:
    "The decisions are those of the service, on a virtual clock: nothing is executed and no time passes. Rates are of runs, retries included.\n" +
    "LATENCY is how long a run takes: 5s, 2s..30s (evenly spread) or p50=5s,p99=60s[,max=2m] (log-normal). Units: ms, s, m, h.\n" +
    "Needs no service when every group names its nodes or --nodes is given; otherwise, and with --resolve, the service resolves the\n" +
    "targets and says which disruption budgets hold; without it budgets are not considered.",
  run: async (context, flags) => {
    const { assumptions, asGiven } = readAssumptions(flags);
    const rounds = flags.integer("rounds", { min: 1, max: simulatedRoundsMax });
    const seed = flags.text("seed") ?? "1";
    const counts = readNodeCounts(flags);
    const body = await readBody(flags, context.world.stdin);
    // Loaded late: the validator is the heaviest module of the CLI.
    const { checkTemplate } = await import("../template/check-template.ts");
    const { job } = await checkTemplate(body, context.world.now());
    const { target, offline, nodesFrom, budgets } = await chooseTarget(context, {
      ...{ job, body, counts },
      mustResolve: flags.isOn("resolve"),
    });
    const nodeCount = target.groups.reduce((sum, group) => sum + group.nodeCount, 0);
    const order = {
      ...{ target, seed, rounds: rounds ?? roundsFor(nodeCount) },
      assumptions: { ...assumptions, offline, stepLimitMs: stepLimitOf(job) },
    };
    const played: Round[] = [];
    for (const round of playRounds(order)) {
      played.push(round);
      await breathe(context);
    }
    const offlineCount = offline.reduce((sum, { size }) => sum + size, 0);
    const given = { name: job.name, seed, nodesFrom, offlineCount, budgets, assumptions: asGiven };
    const item = simulationItem(summariseRounds(order, played), given);
    await context.printItem({ item }, simulationRows(item));
    return 0;
  },
};

/** A run that hangs is ended by the limit of one of its steps; which one hangs is not known, so the longest counts. */
function stepLimitOf({ actions }: CanonicalJob): number | null {
  const longest = Math.max(...actions.steps.map(({ limits }) => limits.timeoutSeconds));
  return longest === 0 ? null : longest * 1000;
}

/** Lets Ctrl-C through between two rounds. */
async function breathe({ world }: CommandContext): Promise<void> {
  await world.delay(0, world.signal);
}
